"""The exports that the page offers: pressed in Chromium, opened, and read back."""

import csv
from io import StringIO
from pathlib import Path
from typing import Any

import docx
import openpyxl
from playwright.async_api import Page

from tests.browser.reader import Readers
from tests.deployment import LEDGER, Deployment, reading

DAY = "2018-12-31"


async def pressed(page: Page, name: str, directory: Path) -> Path:
    """Press a link of the bar of exports, and return the file that the browser keeps."""
    bar = page.get_by_role("navigation", name="导出")
    async with page.expect_download() as started:
        await bar.get_by_role("link", name=name, exact=True).click()
    download = await started.value
    path = directory / download.suggested_filename
    await download.save_as(path)
    return path


async def rows(played: Deployment, **params: Any) -> Any:
    """Return the tasks of the day, as the service answers."""
    async with reading(played) as http:
        params = {"as_of": f"{DAY}T23:59:59+08:00", **params}
        return (await http.get(played.address("status", "tasks"), params=params)).raise_for_status().json()["items"]


async def test_the_exports_of_the_board_have_the_rows_that_it_filters(
    readers: Readers, played: Deployment, tmp_path: Path
) -> None:
    """CSV, Excel and Word have the tasks of the day and the light that the address names, and no others."""
    page = await readers.page(f"/{LEDGER}/?light=yellow&as_of={DAY}")
    expected = {row["title"] for row in await rows(played, light="yellow")}
    others = {row["title"] for row in await rows(played)} - expected
    assert expected
    assert others
    titles: dict[str, set[str]] = {}
    files = [await pressed(page, name, tmp_path) for name in ("CSV", "Excel", "Word 台账")]
    text = files[0].read_text(encoding="utf-8-sig")
    titles["csv"] = {cell for line in csv.reader(StringIO(text)) for cell in line}
    book = openpyxl.load_workbook(files[1])
    titles["xlsx"] = {str(cell) for sheet in book for line in sheet.iter_rows(values_only=True) for cell in line}
    document = docx.Document(str(files[2]))
    titles["docx"] = {cell.text for table in document.tables for line in table.rows for cell in line.cells}
    for form, cells in titles.items():
        assert expected <= cells, form
        assert not others & cells, form
    assert all(DAY in path.name for path in files)


async def test_what_changed_is_exported_from_the_comparison(readers: Readers, tmp_path: Path) -> None:
    """The file has the tasks that the page shows, each with what changed in it."""
    page = await readers.page(f"/{LEDGER}/?compare=2018-06-30&as_of={DAY}")
    shown = await page.locator("table tbody th").all_inner_texts()
    assert shown
    file = await pressed(page, "CSV", tmp_path)
    lines = list(csv.DictReader(StringIO(file.read_text(encoding="utf-8-sig"))))
    assert len(lines) == len(shown)
    assert all(line["变化"] for line in lines)


async def test_the_draft_notice_is_of_the_day_that_is_shown(readers: Readers, tmp_path: Path) -> None:
    """督查通报: a document with the day, the counts and the units."""
    page = await readers.page(f"/{LEDGER}/units?as_of={DAY}")
    document = docx.Document(str(await pressed(page, "督查通报", tmp_path)))
    text = "\n".join(paragraph.text for paragraph in document.paragraphs)
    assert "2018年12月31日" in text
    assert "27项" in text
    assert any("市残联" in cell.text for table in document.tables for line in table.rows for cell in line.cells)


async def test_the_exports_of_the_ranking(readers: Readers, played: Deployment, tmp_path: Path) -> None:
    """Excel has a row for each unit."""
    page = await readers.page(f"/{LEDGER}/units")
    async with reading(played) as http:
        units = (await http.get(played.address("status", "units"))).json()["items"]
    book = openpyxl.load_workbook(await pressed(page, "Excel", tmp_path))
    cells = {str(cell) for sheet in book for line in sheet.iter_rows(values_only=True) for cell in line}
    assert {unit["unit"] for unit in units} <= cells
