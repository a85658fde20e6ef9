"""The page on paper: what Chromium prints, read back from the PDF."""

import re
from io import BytesIO
from unicodedata import normalize

import pytest
from playwright.async_api import Page
from pypdf import PdfReader

from tests.browser.reader import Readers
from tests.deployment import LEDGER

FOOT = r"湛江市残疾人工作重点任务\s*·\s*截至2021年1月2日 \d\d:\d\d\s*·\s*日志序号 \d+"


async def sheets(page: Page) -> list[str]:
    """Return the text of each sheet that a page is printed on; fonts have radicals in place of some ideographs."""
    pdf = await page.pdf(prefer_css_page_size=True)
    return [normalize("NFKC", sheet.extract_text()) for sheet in PdfReader(BytesIO(pdf)).pages]


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_the_register_on_paper(readers: Readers, theme: str) -> None:
    """Each sheet has the headings, the day and the position; lights are words; no address and no button is printed."""
    page = await readers.page(choices={"theme": theme})
    texts = await sheets(page)
    assert len(texts) > 1
    for number, text in enumerate(texts, 1):
        for heading in ("序号", "工作任务", "责任单位", "时间进度", "进展与序时", "灯", "最近反馈"):
            assert heading in text, (number, heading)
        assert re.search(FOOT, text), text
        assert re.search(rf"{number}\s*/\s*{len(texts)}", text), text
        assert "http" not in text
        assert "大字版" not in text
        assert "查找" not in text
    whole = "".join(texts)
    for word in ("逾期", "预警", "正常", "办结"):
        assert whole.count(word) > 1, word


async def test_lights_on_paper_are_shapes_without_colour(readers: Readers) -> None:
    """Urgent ones are solid, the others outlines, all in black: they are told apart on any printer."""
    page = await readers.page()
    await page.emulate_media(media="print")
    for light, fill in (("red", "rgb(0, 0, 0)"), ("yellow", "rgb(0, 0, 0)"), ("green", "none"), ("blue", "none")):
        shape = page.locator(f"tbody .shape.{light}").first
        assert await shape.evaluate("shape => getComputedStyle(shape).fill") == fill, light
        assert await shape.evaluate("shape => getComputedStyle(shape).stroke") == "rgb(0, 0, 0)"


async def test_a_tasks_file_on_paper(readers: Readers) -> None:
    """The whole history with its positions, and the units' table with its headings on each of its sheets."""
    page = await readers.page(f"/{LEDGER}/tasks/zj-2017-11")
    entries = await page.locator(".history li").count()
    texts = await sheets(page)
    assert len(texts) > 1
    assert all(re.search(FOOT, text) for text in texts)
    history = "".join(texts).partition("办理过程")[2].partition("已发提醒")[0]
    assert len(re.findall(r"^.*日志序号 \d+$", history, re.MULTILINE)) >= entries
    assert "http" not in "".join(texts)


async def test_a_ranking_and_a_calendar_on_paper(readers: Readers) -> None:
    """Tables are printed as tables; of a month only the days on which something is due; lights in words there, too."""
    units = await readers.page(f"/{LEDGER}/units")
    for text in await sheets(units):
        assert "按时率" in text
    calendar = await readers.page(f"/{LEDGER}/calendar?month=2018-12")
    first = (await sheets(calendar))[0]
    assert re.search(r"2018年12月", first)
    assert re.search(r"办结|逾期", first)
    assert "上一月" not in first
