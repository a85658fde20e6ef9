"""Access for all on the board: axe-core's rules, and what it cannot see: reflow, focus, keyboard, motion."""

import re
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.axe import violations
from tests.browser.reader import Readers
from tests.deployment import LEDGER

BOARD = f"/{LEDGER}/"

BOARDS = (BOARD, f"{BOARD}?as_of=2018-12-31&light=yellow")
"""Now, and a past day with a filter."""

COVERED = """() => {
  const one = document.activeElement;
  const head = document.querySelector('thead').getBoundingClientRect();
  const { top, bottom } = one.getBoundingClientRect();
  return one.closest('tbody') !== null && top < head.bottom && bottom > head.top;
}"""
"""Whether a focused link of a row lies under the heads of the columns."""


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("width", [360, 1280])
async def test_no_rule_is_broken(readers: Readers, theme: Any, lang: str, width: int) -> None:
    """On the board, in both themes and languages, on a phone and on a desk, now and on a past day."""
    context = await readers.reader(
        choices={"lang": lang}, color_scheme=theme, viewport={"width": width, "height": 800}, reduced_motion="reduce"
    )
    for path in BOARDS:
        page = await readers.show(context, path)
        await expect(page.locator("tbody tr").first).to_be_visible()
        assert await violations(page) == []
        await page.close()


@pytest.mark.parametrize("choices", [{}, {"size": "large"}, {"size": "large", "lang": "en"}], ids=str)
async def test_the_page_reflows_at_320_pixels(readers: Readers, choices: dict[str, str]) -> None:
    """Nothing has to be scrolled sideways, also in large print."""
    page = await readers.page(choices=choices, viewport={"width": 320, "height": 640})
    await expect(page.locator("tbody tr")).to_have_count(27)
    assert await page.evaluate("document.documentElement.scrollWidth") <= 320


async def test_zoom_to_200_percent_hides_nothing(readers: Readers) -> None:
    """On a desk, a page twice as large is as wide as its window, and no word is cut off."""
    page = await readers.page(viewport={"width": 640, "height": 450}, device_scale_factor=2)
    await expect(page.locator("tbody tr")).to_have_count(27)
    assert await page.evaluate("document.documentElement.scrollWidth") <= 640
    cut = await page.evaluate(
        """() => [...document.querySelectorAll('button, label, h1, nav a, td')]
          .filter((one) => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).overflow === 'hidden')
          .map((one) => one.outerHTML.slice(0, 100))"""
    )
    assert cut == []


async def test_a_task_and_back_by_keyboard_only(page: Page) -> None:
    """The skip link leads to the content; a task opens with Enter, its heading has the focus, and back returns."""
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="跳到正文")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("main")).to_be_focused()
    task = page.get_by_role("rowheader").first.get_by_role("link")
    for _ in range(40):
        await page.keyboard.press("Tab")
        if await task.evaluate("(link) => link === document.activeElement"):
            break
    await expect(task).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile("/tasks/zj-2017-01$"))
    await expect(page.locator("main h1")).to_be_focused()
    await page.go_back()
    await expect(page.locator("h1.lede")).to_be_focused()
    await expect(page.locator("tbody tr")).to_have_count(27)


async def test_focus_is_never_under_the_heads_of_columns(page: Page) -> None:
    """Going up and down through the rows by Tab, what has the focus can be seen."""
    links = page.get_by_role("rowheader").get_by_role("link")
    await links.last.focus()
    for _ in range(25):
        await page.keyboard.press("Shift+Tab")
        assert not await page.evaluate(COVERED)


async def test_reduced_motion_and_forced_colours(readers: Readers) -> None:
    """Nothing moves for those who ask for that; where the system sets colours, lights have shape and word."""
    page = await readers.page(reduced_motion="reduce", forced_colors="active")
    await expect(page.locator("tbody tr")).to_have_count(27)
    assert await page.evaluate("document.getAnimations().length") == 0
    await expect(page.locator("td.light em").first).to_be_visible()
    await expect(page.locator("td.light svg").first).to_be_visible()


async def test_choices_stay(readers: Readers) -> None:
    """Large print and theme are kept by the browser, and applied before anything is drawn."""
    page = await readers.page()
    await page.get_by_role("button", name="大字版").click()
    await page.get_by_role("button", name="夜间").click()
    await page.reload()
    root = page.locator("html")
    await expect(root).to_have_attribute("data-size", "large")
    await expect(root).to_have_attribute("data-theme", "dark")
    await expect(page.get_by_role("button", name="大字版")).to_have_attribute("aria-pressed", "true")
