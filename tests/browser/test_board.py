"""The board in Chromium, on the demo's history."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
from playwright.async_api import Page, Route, expect

from events.schema import ProgressReported
from tests.browser.reader import Readers
from tests.browser.submitting import submit
from tests.deployment import LEDGER, Deployment, reading


async def test_one_sentence_says_how_it_stands_and_its_numbers_filter(page: Page, played: Deployment) -> None:
    """The sentence has the figures of /overview; each number leads to the rows that it counts."""
    async with reading(played) as http:
        lights = (await http.get(played.address("status", "overview"))).json()["lights"]
    sentence = page.locator("h1.lede")
    await expect(sentence).to_contain_text("截至2021年1月2日，27项任务：")
    for light, words in (("red", "逾期{}项"), ("yellow", "预警{}项"), ("green", "正常{}项"), ("blue", "办结{}项")):
        await expect(sentence.locator(f"a.{light}")).to_have_text(words.format(lights[light]))
    await sentence.locator("a.blue").click()
    await expect(page).to_have_url(re.compile(r"\?light=blue$"))
    await expect(page.locator("tbody tr")).to_have_count(lights["blue"])
    await expect(page.locator("caption")).to_contain_text(f"符合条件的有{lights['blue']}项")
    await expect(page.get_by_role("button", name="办结")).to_have_attribute("aria-pressed", "true")
    await page.go_back()
    await expect(page.locator("tbody tr")).to_have_count(27)


async def test_the_register_has_the_columns_of_its_source_and_says_how_it_is_sorted(page: Page) -> None:
    """A table with caption and headings; a press on a heading sorts, and `aria-sort` says so."""
    columns = page.get_by_role("columnheader")
    await expect(columns).to_have_text(
        [re.compile(name) for name in ("序号", "工作任务", "责任单位", "时间进度", "进展与序时", "灯", "最近反馈")]
    )
    await expect(page.get_by_role("rowheader")).to_have_count(27)
    await expect(columns.nth(0)).to_have_attribute("aria-sort", "ascending")
    await columns.nth(3).get_by_role("button").click()
    await expect(page).to_have_url(re.compile("sort=due"))
    await expect(columns.nth(3)).to_have_attribute("aria-sort", "ascending")
    await columns.nth(3).get_by_role("button").click()
    await expect(columns.nth(3)).to_have_attribute("aria-sort", "descending")
    row = page.get_by_role("row").filter(has_text="完善社区康园网络建设")
    await expect(row).to_contain_text("2020年12月底前完成")
    await expect(row).to_contain_text("2020年12月31日（含）")


async def test_every_choice_is_in_the_address(page: Page, readers: Readers, played: Deployment) -> None:
    """Search, filters and order: whoever opens the address sees the same rows."""
    await page.get_by_label("查找").fill("残疾人")
    await expect(page).to_have_url(re.compile("q="))
    await page.get_by_role("combobox", name="牵头").select_option("市残联")
    await page.get_by_role("combobox", name="状态").select_option("closed")
    await expect(page).to_have_url(re.compile("state=closed"))
    async with reading(played) as http:
        query = {"q": "残疾人", "lead": "市残联", "state": "closed"}
        total = (await http.get(played.address("status", "tasks"), params=query)).json()["total"]
    await expect(page.locator("caption")).to_contain_text(f"符合条件的有{total}项")
    rows = await page.locator("tbody tr").all_inner_texts()
    assert rows
    assert all("市残联" in row and "已销号" in row for row in rows)
    other = await readers.page(page.url.removeprefix(readers.base))
    await expect(other.locator("tbody td.row")).to_have_text(await page.locator("tbody td.row").all_inner_texts())
    await page.get_by_role("button", name="清除筛选").click()
    await expect(page.locator("tbody tr")).to_have_count(27)


async def test_the_search_leaves_the_text_to_who_types_it(page: Page) -> None:
    """What an input method has not composed is not searched; rows that come meanwhile do not undo letters."""
    field = page.get_by_label("查找")
    await field.focus()
    keyboard = await page.context.new_cdp_session(page)
    await keyboard.send("Input.imeSetComposition", {"text": "can ji", "selectionStart": 6, "selectionEnd": 6})
    await asyncio.sleep(0.6)  # longer than the page waits after a letter
    assert "q=" not in page.url
    await page.route("**/tasks?*", _late)
    await keyboard.send("Input.insertText", {"text": "残"})
    await expect(page).to_have_url(re.compile(r"q=%E6%AE%8B$"))
    await keyboard.send("Input.imeSetComposition", {"text": "ji ren", "selectionStart": 6, "selectionEnd": 6})
    await asyncio.sleep(1.5)  # the rows of the first search come
    await expect(field).to_have_value("残ji ren")
    await keyboard.send("Input.insertText", {"text": "疾人"})
    await expect(page).to_have_url(re.compile(r"q=%E6%AE%8B%E7%96%BE%E4%BA%BA$"))
    await expect(field).to_have_value("残疾人")
    await page.get_by_role("button", name="清除筛选").click()
    await expect(field).to_have_value("")


async def test_choices_made_in_quick_succession_are_all_kept(page: Page) -> None:
    """Also where the rows of the first have not come when the second is made."""
    await page.route("**/tasks?*", _late)
    await page.get_by_role("combobox", name="牵头").select_option("市残联")
    await page.get_by_role("combobox", name="状态").select_option("closed")
    await expect(page).to_have_url(re.compile("lead=.*state=closed"))
    await expect(page.locator("caption")).to_contain_text("符合条件的有5项")


async def test_lights_by_the_names_of_the_ledger(readers: Readers) -> None:
    """A ledger's own words and colours are shown wherever a light is, in both languages and themes."""
    rename = _renaming({"red": {"word": "超期", "word_en": "Late", "colours": ["#9c1f2e", "#ff9a9a"]}})
    for choices, word, sentence, colour in (
        ({}, "超期", re.compile(r"超期\d+项"), "rgb(156, 31, 46)"),
        ({"lang": "en", "theme": "dark"}, "Late", re.compile(r"\d+ late"), "rgb(255, 154, 154)"),
    ):
        context = await readers.reader(choices=choices)
        await context.route("**/overview", rename)
        page = await readers.show(context, f"/{LEDGER}/?light=red")
        await expect(page.locator("h1.lede a.red")).to_have_text(sentence)
        await expect(page.locator("tbody td.light em").first).to_have_text(word)
        await expect(page.locator("tbody .light.red em").first).to_have_css("color", colour)


async def test_lights_by_the_names_of_the_ledger_from_any_page(readers: Readers) -> None:
    """A page that opens on a task names the lights too, and the board after it; in one language if need be."""
    context = await readers.reader()
    await context.route("**/overview", _renaming({"red": {"word": "超期", "word_en": None, "colours": None}}))
    page = await readers.show(context, f"/{LEDGER}/?light=red")
    task = await page.locator("tbody a").first.get_attribute("href")
    page = await readers.show(context, task or "")
    await expect(page.locator("dd.lamp em")).to_have_text("超期")
    await page.locator(".crumb a").click()
    await expect(page.locator("h1.lede a.red")).to_have_text(re.compile(r"超期\d+项"))
    await page.get_by_role("button", name="English").click()
    await expect(page.locator("h1.lede a.red")).to_have_text(re.compile(r"\d+ overdue"))


def _renaming(names: dict[str, Any]) -> Callable[[Route], Awaitable[None]]:
    """Return what answers a request for the overview with a ledger's own names of lights."""

    async def rename(route: Route) -> None:
        answer = await route.fetch()
        await route.fulfill(response=answer, json={**await answer.json(), "light_names": names})

    return rename


async def test_the_slider_shows_a_past_day_by_keyboard(page: Page, played: Deployment) -> None:
    """At 2018-12-31 the sentence, the counts and each light are those that a reader was shown then."""
    slider = page.get_by_role("slider")
    await page.get_by_label("日期").fill("2018-12-31")
    await expect(page).to_have_url(re.compile("as_of=2018-12-31"))
    await expect(page.locator("h1.lede")).to_contain_text("截至2018年12月31日")
    await expect(slider).to_have_attribute("aria-valuetext", "2018年12月31日")
    async with reading(played) as http:
        instant = "2018-12-31T23:59:59+08:00"
        rows = (await http.get(played.address("status", "tasks"), params={"as_of": instant})).json()["items"]
    names = {"red": "逾期", "yellow": "预警", "green": "正常", "blue": "办结"}
    await expect(page.locator("tbody td.light em")).to_have_text([names[row["light"]] for row in rows])
    await slider.focus()
    await page.keyboard.press("ArrowLeft")
    await expect(page.locator("h1.lede")).not_to_contain_text("12月31日")
    await expect(page).to_have_url(re.compile("as_of=2018-12-"))
    await page.keyboard.press("End")
    await expect(page).not_to_have_url(re.compile("as_of"))
    await expect(page.locator("h1.lede")).to_contain_text("截至2021年1月2日")


async def test_a_change_shows_without_a_reload(page: Page, played: Deployment) -> None:
    """A report changes its row in place, and the position in the header."""
    row = page.get_by_role("row").filter(has_text="完善社区康园网络建设")
    await expect(page.locator("p.live")).to_contain_text("实时")
    await page.evaluate("window.same = true")
    position = await submit(played, "zj-2017-08", ProgressReported("市残联", "进展", 77))
    await expect(row).to_contain_text("77%")
    await expect(page.locator("p.live")).to_contain_text(f"日志序号 {position}")
    assert await page.evaluate("window.same")


async def test_a_row_that_would_leave_waits_until_the_reader_asks(readers: Readers, played: Deployment) -> None:
    """It changes in place and is counted in words, for a screen reader, too; a press moves it."""
    page = await readers.page(f"/{LEDGER}/?sort=-position")
    await expect(page.locator("p.live")).to_contain_text("实时")
    before = await page.locator("tbody th").all_inner_texts()
    await submit(played, "zj-2017-06", ProgressReported("市残联", "进展"))
    await expect(page.locator("p.pending")).to_contain_text("有1项变化")
    await expect(page.locator("#announcer")).to_have_text("有1项变化")
    assert await page.locator("tbody th").all_inner_texts() == before
    await page.locator("p.pending").get_by_role("button").click()
    await expect(page.locator("p.pending")).to_have_count(0)
    assert await page.locator("tbody th").all_inner_texts() != before


async def test_both_languages(readers: Readers) -> None:
    """The words are English after one press and stay so; the ledger's own texts remain Chinese, and say so."""
    page = await readers.page()
    await page.get_by_role("button", name="English").click()
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    await expect(page.locator("h1.lede")).to_contain_text("As of 2 Jan 2021, 27 tasks:")
    await expect(page.locator("tbody th").first).to_have_attribute("lang", "zh-CN")
    await page.reload()
    await expect(page.get_by_role("columnheader", name="Task")).to_be_visible()
    await expect(page).to_have_title(re.compile("^Register · 湛江市"))


async def test_an_address_that_leads_nowhere(readers: Readers) -> None:
    """A page that does not exist says so and leads back; a ledger that does not exist is not found."""
    page = await readers.page(f"/{LEDGER}/tasks/no-such-task")
    await expect(page.locator("main h1")).to_contain_text("没有这项任务或单位：no-such-task")
    heading = await page.locator("main h1").inner_text()
    assert (await page.title()).startswith(f"{heading} · ")
    await page.get_by_role("link", name="返回台账").click()
    await expect(page.locator("tbody tr")).to_have_count(27)
    await page.goto(f"/{LEDGER}/?cursor=none")
    await expect(page.locator("main h1")).to_have_text("读取失败。")
    await expect(page.locator("main p[lang=en]")).to_contain_text("cursor 'none'")  # the service's own words
    async with httpx.AsyncClient(base_url=readers.base) as http:
        assert (await http.get("/elsewhere/")).status_code == 404


async def _late(route: Route) -> None:
    await asyncio.sleep(1)
    await route.continue_()
