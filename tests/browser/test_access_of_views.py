"""The further views for everybody: what axe finds, and what it cannot see."""

import pytest
from playwright.async_api import expect

from tests.browser.axe import violations
from tests.browser.reader import Readers
from tests.deployment import LEDGER

VIEWS = {
    "task": f"/{LEDGER}/tasks/zj-2017-11",
    "units": f"/{LEDGER}/units",
    "unit": f"/{LEDGER}/units/市残联",
    "calendar": f"/{LEDGER}/calendar?month=2018-12",
    "compare": f"/{LEDGER}/?compare=2018-12-01&as_of=2019-01-05",
    "wall": f"/{LEDGER}/?view=wall",
}

WIDER = """() => [...document.querySelectorAll('body *')]
  .filter(element => element.getBoundingClientRect().right > innerWidth + 1 && !element.closest('.unseen, thead'))
  .map(element => element.outerHTML.slice(0, 80))"""

COVERED = """() => {
  const box = document.activeElement.getBoundingClientRect();
  const inside = (value, most) => Math.min(most - 1, Math.max(0, value));
  const on = document.elementFromPoint(inside(box.left + box.width / 2, innerWidth), inside(box.top + 2, innerHeight));
  const seen = box.bottom > 0 && box.top < innerHeight && box.width > 0;
  return seen && (document.activeElement.contains(on) || on.contains(document.activeElement))
    ? null : document.activeElement.outerHTML.slice(0, 120);
}"""


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_axe_finds_nothing(readers: Readers, lang: str, theme: str) -> None:
    """No violation on any of the views, in either language and theme."""
    context = await readers.reader(choices={"lang": lang, "theme": theme})
    found = {}
    for name, path in VIEWS.items():
        page = await readers.show(context, path)
        found[name] = await violations(page)
        await page.close()
    assert found == {name: [] for name in VIEWS}


@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_nothing_is_wider_than_320_pixels(readers: Readers, lang: str) -> None:
    """Reflow (1.4.10): no scrolling in two directions at 320 CSS pixels."""
    context = await readers.reader(choices={"lang": lang}, viewport={"width": 320, "height": 640})
    for name, path in VIEWS.items():
        page = await readers.show(context, path)
        assert await page.evaluate("document.documentElement.scrollWidth") <= 320, (name, await page.evaluate(WIDER))
        await page.close()


async def test_text_of_200_percent_loses_nothing(readers: Readers) -> None:
    """Resized text (1.4.4): at twice the size nothing leaves the page or is cut off."""
    context = await readers.reader()
    for name, path in VIEWS.items():
        page = await readers.show(context, path)
        await page.evaluate("document.documentElement.style.fontSize = '200%'")
        assert await page.evaluate("document.documentElement.scrollWidth") <= 1280, (name, await page.evaluate(WIDER))
        await page.close()


@pytest.mark.parametrize("path", [VIEWS["task"], VIEWS["units"], VIEWS["compare"]])
async def test_the_focus_is_never_hidden(readers: Readers, path: str) -> None:
    """Focus not obscured (2.4.11): whatever the Tab key reaches can be seen, forwards and backwards."""
    page = await readers.page(path)
    await page.locator("body").press("Home")
    for key in ["Tab"] * 40 + ["Shift+Tab"] * 40:
        await page.keyboard.press(key)
        if await page.evaluate("document.activeElement === document.body"):
            continue
        assert await page.evaluate(COVERED) is None


async def test_forced_colours_keep_shapes_and_lines(readers: Readers) -> None:
    """In a high-contrast mode the strips and bars are drawn in the system's colours, not in those of the page."""
    page = await readers.page(VIEWS["task"], forced_colors="active")
    ground, done = page.locator(".strip .ground"), page.locator(".strip .done")
    fills = [await bar.evaluate("bar => getComputedStyle(bar).fill") for bar in (ground, done)]
    assert fills[0] != fills[1]
    ink = await page.locator("main h1").evaluate("heading => getComputedStyle(heading).color")
    assert await page.locator(".lamp .shape").evaluate("shape => getComputedStyle(shape).stroke") == ink


async def test_large_print(readers: Readers) -> None:
    """The large-print mode has text of at least 20 pixels, targets of 44, and full contrast; it stays."""
    page = await readers.page(VIEWS["units"])
    before = await page.locator(".ranking tbody th").first.evaluate(
        "cell => parseFloat(getComputedStyle(cell).fontSize)"
    )
    await page.get_by_role("button", name="大字版").click()
    cell = page.locator(".ranking tbody th").first
    after = await cell.evaluate("cell => parseFloat(getComputedStyle(cell).fontSize)")
    assert after >= 20 > before
    rank, ink = page.locator(".ranking td.rank").first, page.locator("main h1")
    colours = [await one.evaluate("one => getComputedStyle(one).color") for one in (rank, ink)]
    assert colours[0] == colours[1]
    box = await page.get_by_role("button", name="大字版").bounding_box()
    assert box is not None
    assert box["height"] >= 44
    await page.reload()
    await expect(page.locator("html")).to_have_attribute("data-size", "large")


async def test_parts_in_chinese_say_so_in_english(readers: Readers) -> None:
    """Language of parts (3.1.2): every text with Chinese characters on an English page is marked as Chinese."""
    context = await readers.reader(choices={"lang": "en"})
    unmarked = """() => {
      const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      const found = [];
      while (walker.nextNode()) {
        const { data, parentElement: holder } = walker.currentNode;
        if (holder.localName === 'noscript') continue;
        if (/[\\u4e00-\\u9fff]/.test(data) && holder.closest('[lang]').lang === 'en') found.push(data.trim());
      }
      return found;
    }"""
    for name, path in VIEWS.items():
        page = await readers.show(context, path)
        assert await page.evaluate(unmarked) == [], name
        await page.close()
