"""The further views in Chromium, on the demo's history: units, calendar, comparison and wall."""

import os
import re
import signal
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from playwright.async_api import Page, Route, expect

from tests.browser.reader import Readers
from tests.deployment import LEDGER, Deployment, reading

TURN_MS = 10_000
"""Milliseconds that the wall shows one page."""

MANY = 450
"""Changed tasks of a comparison whose answers a test makes up: more than two pages."""


async def read(played: Deployment, path: str, **params: Any) -> Any:
    """Return what the status service answers."""
    async with reading(played) as http:
        answer = await http.get(played.address("status", path), params=params)
        return answer.raise_for_status().json()


async def test_the_ranking_has_every_unit_and_sorts_by_any_figure(readers: Readers, played: Deployment) -> None:
    """The rows are those of /units; the order is in the address and in `aria-sort`; equal figures share a rank."""
    page = await readers.page(f"/{LEDGER}/units")
    units = (await read(played, "units"))["items"]
    rows = page.locator(".ranking tbody tr")
    await expect(rows).to_have_count(len(units))
    for unit in units:
        row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=unit["unit"], exact=True))
        figures = [str(unit[name]) for name in ("led", "joined", "open", "closed", "overdue")]
        assert (await row.get_by_role("cell").all_inner_texts())[1:6] == figures
        if unit["on_time_rate"] is not None:
            await expect(row).to_contain_text(f"{round(100 * unit['on_time_rate'])}%")
            await expect(row).to_contain_text(f"{unit['on_time']}/{unit['counted']} 项")
    heading = page.get_by_role("columnheader", name="牵头")
    await heading.get_by_role("link").click()
    await expect(heading).to_have_attribute("aria-sort", "descending")
    await expect(page).to_have_url(re.compile("sort=-led"))
    led = [int(text) for text in await page.locator(".ranking td:nth-child(3)").all_inner_texts()]
    assert led == sorted(led, reverse=True)
    ranks = [int(text) for text in await page.locator(".ranking td.rank").all_inner_texts()]
    assert all(
        (before == after) == (one == other)
        for (before, after), (one, other) in zip(pairwise(ranks), pairwise(led), strict=True)
    )
    await heading.get_by_role("link").click()
    await expect(heading).to_have_attribute("aria-sort", "ascending")
    other = await readers.page(page.url.removeprefix(readers.base))
    await expect(other.get_by_role("columnheader", name="牵头")).to_have_attribute("aria-sort", "ascending")
    await other.get_by_role("columnheader", name="单位").get_by_role("link").click()
    await expect(other.locator(".ranking td.rank")).to_have_text([""] * len(units))


async def test_a_units_own_page_has_its_figures_and_its_tasks(readers: Readers, played: Deployment) -> None:
    """By keyboard from the ranking: the figures of /units/{name}, and each task with the unit's own part."""
    page = await readers.page(f"/{LEDGER}/units")
    await page.get_by_role("link", name="市残联", exact=True).focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("main h1")).to_have_text("市残联")
    await expect(page.locator("main h1")).to_be_focused()
    tasks = await read(played, "tasks", unit="市残联", sort="due")
    await expect(page.locator("tr[data-task]")).to_have_count(tasks["total"])
    for row in tasks["items"]:
        (part,) = (part for part in row["units"] if part["unit"] == "市残联")
        line = page.locator(f'tr[data-task="{row["task"]}"]')
        await expect(line).to_contain_text("牵头，" if part["role"] == "lead" else "配合，")
    figures = await read(played, "units/市残联")
    await expect(page.locator(".facts dd").first).to_have_text(str(figures["led"]))
    await page.go_back()
    await expect(page.locator(".ranking tbody tr")).not_to_have_count(0)


async def test_the_calendar_has_months_days_and_the_plan(readers: Readers, played: Deployment) -> None:
    """Thirteen months; in a month each task stands on its last day in time; a strip for each task of the plan."""
    page = await readers.page(f"/{LEDGER}/calendar?month=2018-12")
    months = (await read(played, "overview"))["months"]
    await expect(page.locator(".months li")).to_have_count(len(months))
    assert await page.locator(".months b").all_inner_texts() == [str(month["due"]) for month in months]
    rows = (await read(played, "tasks"))["items"]
    due = [row for row in rows if (row["due_day"] or "").startswith("2018-12")]
    assert due
    await expect(page.locator(".month li")).to_have_count(len(due))
    for row in due:
        cell = page.locator(".month td").filter(has=page.locator(f'time[datetime="{row["due_day"]}"]'))
        await expect(cell.locator(f'a[title="{row["title"]}"]')).to_have_count(1)
    await expect(page.locator(".gantt tbody tr")).to_have_count(len(rows))
    await page.get_by_role("link", name="下一月").click()
    await expect(page.locator(".month caption")).to_contain_text("2019年1月")
    await expect(page).to_have_url(re.compile("month=2019-01"))


async def test_two_days_are_compared(readers: Readers, played: Deployment) -> None:
    """Counts of each kind that filter, and each changed task with before and after."""
    page = await readers.page(f"/{LEDGER}/?compare=2018-12-01&as_of=2019-01-05")
    days = {"compare": "2018-12-01T23:59:59+08:00", "as_of": "2019-01-05T23:59:59+08:00"}
    compared = await read(played, "tasks", **days)
    changed = [row for row in compared["items"] if row["changes"]["kinds"]]
    assert changed
    await expect(page.locator("main h1")).to_contain_text("从2018年12月1日到2019年1月5日，")
    await expect(page.locator("tr[data-task]")).to_have_count(len(changed))
    for row in changed:
        line = page.locator(f'tr[data-task="{row["task"]}"]')
        kinds = [await item.get_attribute("data-kind") for item in await line.locator("li[data-kind]").all()]
        assert kinds == row["changes"]["kinds"]
        if "percent" in kinds:
            before = row["changes"]["before"]["percent"]
            await expect(line.locator('[data-kind="percent"] del')).to_have_text(
                "—" if before is None else f"{before:g}%"
            )
            await expect(line.locator('[data-kind="percent"] ins')).to_have_text(f"{row['percent']:g}%")
    overdue = compared["counts"]["newly-overdue"]
    assert overdue
    await page.get_by_role("navigation", name="变化的种类").get_by_role("link", name="新增逾期").click()
    await expect(page).to_have_url(re.compile("changed=newly-overdue"))
    await expect(page.locator("tr[data-task]")).to_have_count(overdue)


async def test_further_changes_come_once_and_stay(readers: Readers, played: Deployment) -> None:
    """Two quick presses bring one more page; when all is read again, as many rows are there."""
    days = {"compare": "2018-12-01T23:59:59+08:00", "as_of": "2019-01-05T23:59:59+08:00"}
    answer = await read(played, "tasks", **days)
    row = next(row for row in answer["items"] if row["changes"]["kinds"])
    asked: list[tuple[int, int]] = []

    async def page_of_many(route: Route) -> None:
        given = {name: int(value) for name, value in parse_qsl(urlsplit(route.request.url).query) if value.isdigit()}
        start, end = given.get("cursor", 0), min(MANY, given.get("cursor", 0) + given["limit"])
        asked.append((start, end))
        items = [{**row, "task": f"t-{number}"} for number in range(start, end)]
        await route.fulfill(json={**answer, "items": items, "total": MANY, "next": str(end) if end < MANY else None})

    page = await (await readers.reader()).new_page()
    await page.route(re.compile(r"/tasks\?.*compare="), page_of_many)
    await page.goto(f"/{LEDGER}/?compare=2018-12-01&as_of=2019-01-05")
    await page.get_by_role("button", name="再显示 200 项").evaluate("button => [button.click(), button.click()]")
    await expect(page.locator("tr[data-task]")).to_have_count(400)
    await page.evaluate("dispatchEvent(new PopStateEvent('popstate'))")
    await expect(page.locator("main h1")).to_be_focused()
    await expect(page.locator("tr[data-task]")).to_have_count(400)
    assert asked == [(0, 200), (200, 400), (0, 400)]
    await page.get_by_role("button", name="再显示 50 项").click()
    await expect(page.locator("tr[data-task]")).to_have_count(MANY)


async def test_the_days_to_compare_are_chosen_by_keyboard(readers: Readers) -> None:
    """Without days: the last week. A day before that lies after the day after is refused where it is entered."""
    page = await readers.page(f"/{LEDGER}/?compare=")
    await expect(page.get_by_label("之前")).to_have_value("2020-12-26")
    await page.get_by_label("之前").fill("2019-06-01")
    await page.get_by_label("之后").fill("2018-06-01")
    await page.keyboard.press("Enter")
    assert (
        await page.get_by_label("之前").evaluate("field => field.validationMessage") == "之前的一天须早于之后的一天。"
    )
    await expect(page).to_have_url(re.compile(r"compare=$"))
    await page.get_by_label("之后").fill("2019-07-01")
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile("compare=2019-06-01&as_of=2019-07-01"))
    await expect(page.locator("main h1")).to_contain_text("从2019年6月1日到2019年7月1日")


async def wall(readers: Readers, **options: Any) -> Page:
    """Return the wall of a day with many warnings, whose clock a test turns."""
    context = await readers.reader(**options)
    page = await context.new_page()
    await page.clock.install()
    await page.goto(f"/{LEDGER}/?view=wall&as_of=2018-12-31")
    await expect(page.locator("main h1")).to_be_visible()
    return page


async def test_the_wall_has_the_figures_and_turns_its_pages(readers: Readers, played: Deployment) -> None:
    """The lights' counts; each page for ten seconds, until somebody pauses."""
    page = await wall(readers)
    lights = (await read(played, "overview", as_of="2018-12-31T23:59:59+08:00"))["lights"]
    figures = page.locator(".figures li")
    for number, light in enumerate(("red", "yellow", "green", "blue")):
        await expect(figures.nth(number).locator("b")).to_have_text(str(lights[light]))
    attention = lights["red"] + lights["yellow"]
    await expect(page.locator("duban-pages li")).to_have_count(attention)
    pages = -(-attention // 8)
    assert pages > 1
    await expect(page.locator(".controls")).to_contain_text(f"第 1 页，共 {pages} 页")
    await page.clock.run_for(TURN_MS)
    await expect(page.locator(".controls")).to_contain_text(f"第 2 页，共 {pages} 页")
    await expect(page.locator("duban-pages ol:visible")).to_have_count(1)
    await page.get_by_role("button", name="暂停翻页").click()
    await expect(page.get_by_role("button", name="暂停翻页")).to_have_attribute("aria-pressed", "true")
    await page.clock.run_for(3 * TURN_MS)
    await expect(page.locator(".controls")).to_contain_text(f"第 2 页，共 {pages} 页")
    await page.get_by_role("button", name="上一页").click()
    await expect(page.locator(".controls")).to_contain_text(f"第 1 页，共 {pages} 页")


async def test_the_wall_keeps_its_controls_when_all_is_read_again(readers: Readers) -> None:
    """As after a reconnection: the page that is shown stays, paused, and can still be turned and set going."""
    page = await wall(readers)
    await page.get_by_role("button", name="暂停翻页").click()
    await page.get_by_role("button", name="下一页").click()
    async with page.expect_response(lambda answer: "light=yellow" in answer.url):
        await page.evaluate("dispatchEvent(new PopStateEvent('popstate'))")
    await expect(page.locator("main h1")).to_be_focused()  # so that all has been drawn again
    await expect(page.locator(".controls")).to_contain_text("第 2 页")
    await expect(page.get_by_role("button", name="暂停翻页")).to_have_attribute("aria-pressed", "true")
    await page.get_by_role("button", name="上一页").click()
    await expect(page.locator(".controls")).to_contain_text("第 1 页")


async def test_the_wall_stands_still_for_those_who_want_less_motion(readers: Readers) -> None:
    """It starts paused, and can be set going."""
    page = await wall(readers, reduced_motion="reduce")
    await expect(page.get_by_role("button", name="暂停翻页")).to_have_attribute("aria-pressed", "true")
    await page.clock.run_for(3 * TURN_MS)
    await expect(page.locator(".controls")).to_contain_text("第 1 页")
    await page.get_by_role("button", name="暂停翻页").click()
    await page.clock.run_for(TURN_MS)
    await expect(page.locator(".controls")).to_contain_text("第 2 页")


async def test_the_wall_says_in_large_letters_that_it_is_offline(readers: Readers, played: Deployment) -> None:
    """A banner while there is no connection, and figures that are up to date by themselves afterwards."""
    page = await readers.page(f"/{LEDGER}/?view=wall")
    await expect(page.locator("p.live")).to_contain_text("实时")
    os.kill(played.pid("status"), signal.SIGSTOP)
    try:
        banner = page.locator("p.stale")
        await expect(banner).to_contain_text("连接已断开", timeout=60_000)
        size = await banner.evaluate("banner => parseFloat(getComputedStyle(banner).fontSize)")
        assert size >= 20
    finally:
        os.kill(played.pid("status"), signal.SIGCONT)
    await expect(banner).to_have_count(0, timeout=60_000)
    await expect(page.locator("p.live")).to_contain_text("实时")
