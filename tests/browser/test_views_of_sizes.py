"""The further views of a ledger with 5,000 tasks, and of one with none."""

import re

import pytest
from playwright.async_api import Browser, expect

from tests.browser.axe import violations
from tests.browser.conftest import TASKS
from tests.browser.reader import Readers
from tests.deployment import LEDGER, Deployment

EMPTY = {
    "units": "还没有交办任务。",
    "calendar": "没有到期任务。",
    "?compare=": "没有变化。",
    "?view=wall": "没有逾期和预警的任务。",
}
"""What each view of an empty ledger says, by its address."""


@pytest.mark.parametrize("path", EMPTY)
async def test_an_empty_ledger_is_said_in_words(browser: Browser, empty: Deployment, path: str) -> None:
    """A sentence in place of an empty table, which breaks no rule of access either."""
    async with Readers(browser, empty).open() as readers:
        page = await readers.page(f"/{LEDGER}/{path}")
        await expect(page.locator("main")).to_contain_text(EMPTY[path])
        await expect(page.locator("main tbody tr[data-task], .ranking, .gantt")).to_have_count(0)
        assert await violations(page) == []


async def test_a_unit_of_5000_tasks_shows_the_first_and_leads_to_all(browser: Browser, large: Deployment) -> None:
    """Two hundred rows, the number of all in words, and a link to the board that filters by the unit."""
    async with Readers(browser, large).open() as readers:
        page = await readers.page(f"/{LEDGER}/units/赤坎区")
        await expect(page.locator("tr[data-task]")).to_have_count(200)
        await expect(page.locator("caption")).to_contain_text(f"共 {TASKS} 项，按时限列出前 200 项")
        await page.get_by_role("link", name=f"在台账中查看全部 {TASKS} 项").click()
        await expect(page).to_have_url(re.compile(r"\?unit="))
        await expect(page.locator("caption")).to_contain_text(f"{TASKS}项")


async def test_a_month_in_which_5000_tasks_are_due(browser: Browser, large: Deployment) -> None:
    """A day lists eight tasks and folds the rest; what the calendar and the plan leave out, they say."""
    async with Readers(browser, large).open() as readers:
        page = await readers.page(f"/{LEDGER}/calendar?month=2018-12")
        await expect(page.locator("main h1")).to_contain_text(f"2018年12月有{TASKS}项任务到期")
        day = page.locator('.month td:has(time[datetime="2018-12-31"])')
        await expect(day.locator("li:visible")).to_have_count(8)
        await day.locator("summary").click()
        await expect(day.locator("li:visible")).to_have_count(1_000)
        await expect(page.locator("main")).to_contain_text(f"本月共 {TASKS} 项到期，日历列出前 1000 项。")
        await expect(page.locator("main")).to_contain_text("此图只列台账的前 1000 项。")
        await expect(page.locator(".gantt tbody tr")).to_have_count(1_000)
