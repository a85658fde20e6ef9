"""The board with 5,000 tasks, and with none."""

import re

from playwright.async_api import Browser, expect

from tests.browser.reader import Readers
from tests.deployment import LEDGER, Deployment

FIRST_PAINT_BYTES = 100_000
"""Compressed bytes of everything that the board takes until its rows show."""

TAKEN = """() => {
  const shown = performance.getEntriesByName('duban.shown')[0].startTime;
  const [page] = performance.getEntriesByType('navigation');
  const taken = performance.getEntriesByType('resource').filter((one) => one.responseEnd <= shown);
  return taken.reduce((sum, one) => sum + one.transferSize, page.transferSize);
}"""
"""Bytes, headers included, that came until the rows were drawn."""


async def test_the_first_paint_of_5000_tasks_is_small(browser: Browser, large: Deployment) -> None:
    """Shell, styles, scripts and data together are at most 100 kB as they are sent."""
    async with Readers(browser, large).open() as readers:
        context = await readers.reader()
        page = await context.new_page()
        await page.goto(f"/{LEDGER}/")
        await expect(page.locator("tbody tr")).to_have_count(50)
        await expect(page.locator("caption")).to_contain_text("共5000项")
        assert await page.evaluate(TAKEN) <= FIRST_PAINT_BYTES
        await expect(page.locator("tbody td.units").first).to_contain_text("牵头，12个单位配合")


async def test_pages_of_a_long_register(browser: Browser, large: Deployment) -> None:
    """The pages' cursors are in the address: a page can be gone back to, also by whoever is given the address."""
    async with Readers(browser, large).open() as readers:
        page = await readers.page(f"/{LEDGER}/?size=100")
        turning = page.get_by_role("navigation", name="翻页")
        first = page.locator("tbody td.row").first
        await expect(turning).to_contain_text("第1页，共50页")
        await turning.get_by_role("button", name="下一页").click()
        await expect(first).to_have_text("101")
        await turning.get_by_role("button", name="下一页").click()
        await expect(first).to_have_text("201")
        other = await readers.page(page.url.removeprefix(readers.base))
        await expect(other.locator("tbody td.row").first).to_have_text("201")
        await turning.get_by_role("button", name="上一页").click()
        await expect(first).to_have_text("101")
        await turning.get_by_label("每页").select_option("200")
        await expect(page.locator("tbody tr")).to_have_count(200)
        await expect(first).to_have_text("1")
        await page.get_by_label("查找").fill("第4711项")
        await expect(page.locator("tbody td.row")).to_have_text(["4711"])
        await expect(page).to_have_url(re.compile("q="))


async def test_an_empty_ledger_says_what_to_do(browser: Browser, empty: Deployment) -> None:
    """No table without rows, but how tasks get there."""
    async with Readers(browser, empty).open() as readers:
        page = await readers.page()
        await expect(page.locator("main h1")).to_contain_text("还没有交办任务")
        await expect(page.locator("main")).to_contain_text("duban import")
        await expect(page.get_by_role("table")).to_have_count(0)
