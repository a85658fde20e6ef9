"""A task's page in Chromium: its deadline, its strip, its units, and its history in words."""

import re
from collections.abc import AsyncIterator
from datetime import datetime

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from events.schema import Evidence, ProgressCorrected, ProgressReported
from tests.browser.conftest import deployed
from tests.browser.life import EXTENDED, live
from tests.browser.reader import Readers
from tests.browser.submitting import submit
from tests.deployment import LEDGER, Deployment, reading
from tests.examples import EXAMPLES, TASK

WORDS = {
    "task.assigned": ("交办", "由市残联牵头，市人力资源社会保障局、各县（市、区）政府、湛江开发区管委会配合"),
    "task.signed": ("签收", "市残联已签收"),
    "progress.reported": ("进展", "市残联：廉江市就业基地已挂牌，安置残疾人46名。（50%）"),
    "progress.corrected": ("更正", "市残联：廉江市就业基地已挂牌，安置残疾人38名。（45.5%）"),
    "completion.submitted": ("办结", "市残联：两个基地均已建成，共安置残疾人91名。"),
    "completion.returned": ("退回", "退回市残联提交的办结"),
    "task.closed": ("销号", "予以销号：已落实"),
    "task.reopened": ("恢复督办", "恢复督办，继续办理"),
    "task.reassigned": ("调整分工", "由市人力资源社会保障局牵头"),
    "task.urged": ("催办", "催办市残联、湛江开发区管委会：任务已逾期"),
    "extension.requested": ("申请延期", "市残联申请延期至2019年1月31日（含当日）"),
    "extension.granted": ("准予延期", "准予延期至2018年12月31日（含当日）"),
    "extension.refused": ("不予延期", "不予延期，时限不变"),
    "deadline.clarified": ("明确时限", "时限明确为“2018年11月底前完成”"),
    "alert.acknowledged": ("确认提醒", "李明已确认：已联系，周五前报；2019年4月5日前（含当日）不再提级"),
    "deadline.neared": ("临期", "距到期还有30天，应于2018年12月31日前（含当日）办结"),
    "deadline.passed": ("逾期", "应于2018年12月31日前（含当日）办结，当时尚未销号"),
}
"""The word and the sentence of each event type, for the canonical examples."""


@pytest_asyncio.fixture(scope="module")
async def lived(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Deployment]:
    """Return a deployment whose only task has lived through every type of event."""
    del browser
    async with deployed(tmp_path_factory.mktemp("lived")) as (deployment, clock):
        await live(deployment, clock)
        yield deployment


@pytest_asyncio.fixture
async def life(browser: Browser, lived: Deployment) -> AsyncIterator[Page]:
    """Return the page of the task that has lived through everything."""
    async with Readers(browser, lived).open() as readers:
        yield await readers.page(f"/{LEDGER}/tasks/{TASK}")


def test_each_event_type_has_a_sentence() -> None:
    """The table above has every type that the schema has; a new one fails here."""
    assert {f"duban.{name}.v1" for name in WORDS} == set(EXAMPLES)


async def test_each_event_is_told_in_words_with_position_record_and_sender(life: Page, lived: Deployment) -> None:
    """The entries are those of /tasks/{id}/events, the newest first."""
    async with reading(lived) as http:
        history = (await http.get(lived.address("status", f"tasks/{TASK}/events"))).json()["items"]
    entries = life.locator(".history li")
    await expect(entries).to_have_count(len(history))
    ids = [await entries.nth(number).get_attribute("id") for number in range(len(history))]
    assert ids == [f"p{item['position']}" for item in reversed(history)]
    assert {item["type"] for item in history} == set(EXAMPLES)
    for item in history:
        entry = life.locator(f"#p{item['position']}")
        recorded = datetime.fromisoformat(item["recordedtime"]).astimezone(datetime.fromisoformat(item["time"]).tzinfo)
        await expect(entry).to_contain_text(f"日志序号 {item['position']}")
        await expect(entry).to_contain_text(f"{recorded:%Y-%m-%d %H:%M} 记录")
        await expect(entry).to_contain_text("系统" if item["authid"] == "duban" else item["source"])
    for name, (word, sentence) in WORDS.items():
        entry = life.locator(f'.history li[data-type="duban.{name}.v1"]').filter(has_text=sentence)
        await expect(entry.first).to_contain_text(word)


async def test_what_was_corrected_returned_and_put_off_is_marked_both_ways(life: Page) -> None:
    """Each mark leads to the other entry, which gets the focus; the address stays."""
    corrected = life.locator(".history .settled").filter(has_text="46名")
    await expect(corrected).to_contain_text("已更正，见日志序号")
    await expect(life.locator(".history .settled").filter(has_text="91名")).to_contain_text("已退回，见")
    marks = life.locator("[data-mark]")
    for mark in ("corrected", "corrects", "returned", "returns", "granted", "grants", "refused", "refuses"):
        assert await marks.and_(life.locator(f'[data-mark="{mark}"]')).count() == 1, mark
    address = life.url
    await corrected.locator("[data-mark] a").click()
    focused = life.locator(".history li:focus")
    await expect(focused).to_contain_text("38名")
    assert life.url == address


async def test_the_deadline_as_written_as_read_and_by_which_rule(life: Page, readers: Readers) -> None:
    """A reading that the office changed names the entry; the first wording stays; an ongoing one has no day."""
    facts = life.locator(".facts")
    await expect(facts).to_contain_text("2018年11月底前完成")
    await expect(facts).to_contain_text("识别为2018年12月31日前（含当日）办结")
    await expect(facts).to_contain_text(re.compile(r"依据：准予延期，见日志序号 \d+"))
    await expect(facts).to_contain_text("原定： 2018年12月前完成")
    page = await readers.page(f"/{LEDGER}/tasks/zj-2017-07")
    await expect(page.locator(".facts")).to_contain_text(
        "有两种理解：2018年11月30日前（含当日），或2018年12月31日前（含当日）；按前者提醒，按后者计逾期"
    )
    await page.goto(f"/{LEDGER}/tasks/zj-2017-08")
    await expect(page.locator(".facts")).to_contain_text("依据：“月底前”指该月最后一日")
    await page.goto(f"/{LEDGER}/tasks/zj-2017-01")
    await expect(page.locator(".facts")).to_contain_text("持续推进，不设截止日期")
    await expect(page.locator(".strip line.due")).to_have_count(0)


async def test_a_due_day_that_was_put_off_is_shown_beside_the_first(life: Page) -> None:
    """The strip has both, and so has the plan's strip in the calendar, in words."""
    await life.goto(f"/{LEDGER}/tasks/{EXTENDED}")
    await expect(life.locator(".strip text.first")).to_have_text("原定到期")
    await expect(life.locator(".strip figcaption")).to_contain_text("2019年6月30日 到期（含当日）")
    await life.goto(f"/{LEDGER}/calendar")
    row = life.locator(".gantt tbody tr").filter(has_text="90")
    await expect(row).to_contain_text("2019-06-30 原定 2018-12-31")
    await expect(row.locator("line.granted")).to_have_count(1)


async def test_the_strip_has_each_report_of_the_lead(readers: Readers, played: Deployment) -> None:
    """As many marks as the lead has reported, and the same said in words."""
    async with reading(played) as http:
        history = (await http.get(played.address("status", "tasks/zj-2017-11/events"))).json()["items"]
    lead = history[0]["data"]["lead"]
    reports = [item for item in history if item["type"].startswith("duban.progress") and item["data"]["unit"] == lead]
    page = await readers.page(f"/{LEDGER}/tasks/zj-2017-11")
    await expect(page.locator(".strip line.report")).to_have_count(len(reports))
    await expect(page.locator(".strip svg")).to_have_attribute(
        "aria-label", re.compile(rf"自2017年8月1日交办至到期（2018年12月31日）：.*牵头单位已报送{len(reports)}次")
    )


async def test_each_units_part(readers: Readers, played: Deployment) -> None:
    """One row a unit: when it confirmed receipt, how far it is, when it last reported."""
    async with reading(played) as http:
        row = (await http.get(played.address("status", "tasks/zj-2017-11"))).json()
    page = await readers.page(f"/{LEDGER}/tasks/zj-2017-11")
    names = [f"{part['unit']} 牵头" if part["role"] == "lead" else part["unit"] for part in row["units"]]
    await expect(page.locator(".parts tbody th")).to_have_text(names)
    for part in row["units"]:
        line = page.locator(".parts tbody tr").filter(has=page.get_by_role("link", name=part["unit"], exact=True))
        await expect(line).to_contain_text(part["signed_at"][:10])
        if part["percent"] is not None:
            await expect(line).to_contain_text(f"{part['percent']}%")


async def test_alerts_lead_to_their_causes(life: Page) -> None:
    """Each alert names its recipient, what became of it, and the entry that caused it."""
    rows = life.locator(".alerts tbody tr")
    became = re.compile("未配置渠道|未发送 任务已销号")  # the digest closes before or after the task is closed
    await expect(rows.last).to_contain_text(became)
    assert await rows.count() > 1
    cause = rows.last.get_by_role("link")
    await cause.click()
    await expect(life.locator(".history li:focus")).to_contain_text(await cause.inner_text())


async def test_a_new_entry_shows_without_a_reload(readers: Readers, played: Deployment) -> None:
    """A report and its correction come in, are read out, and the report is marked."""
    page = await readers.page(f"/{LEDGER}/tasks/zj-2017-25")
    await expect(page.locator("p.live")).to_contain_text("实时")
    await page.evaluate("window.same = true")
    position = await submit(played, "zj-2017-25", ProgressReported("市法制局", "执法检查已开展两次。"))
    await expect(page.locator(f"#p{position}")).to_contain_text("执法检查已开展两次。")
    await expect(page.locator("#announcer")).to_contain_text("本任务有新记录")
    async with reading(played) as http:
        history = (await http.get(played.address("status", "tasks/zj-2017-25/events"))).json()["items"]
    report = history[-1]["id"]
    correction = ProgressCorrected(report, "次数有误。", "市法制局", "执法检查已开展三次。")
    await submit(played, "zj-2017-25", correction)
    await expect(page.locator(f"#p{position}")).to_contain_text("已更正，见")
    assert await page.evaluate("window.same")


async def test_a_past_day_has_the_history_of_then(readers: Readers) -> None:
    """As of the end of 2017 nothing later is told, and links stay on that day."""
    page = await readers.page(f"/{LEDGER}/tasks/zj-2017-11?as_of=2017-12-31")
    await expect(page.locator(".history h3")).to_have_text(["2017年"])
    await expect(page.locator(".strip text.now")).to_have_text("当日")
    await page.locator(".parts").get_by_role("link").first.click()
    await expect(page).to_have_url(re.compile(r"/units/[^?]+\?as_of=2017-12-31"))


async def test_a_task_that_does_not_exist(readers: Readers) -> None:
    """The page says so, and leads back."""
    page = await readers.page(f"/{LEDGER}/tasks/zj-2017-99")
    await expect(page.locator("main h1")).to_have_text("没有这项任务或单位：zj-2017-99")
    await page.get_by_role("link", name="返回台账").click()
    await expect(page.locator("tbody tr")).to_have_count(27)


async def test_only_addresses_of_the_web_become_links(readers: Readers, played: Deployment) -> None:
    """Evidence with another scheme is shown as its name: as a link it would run in the reader's session."""
    page = await readers.page(f"/{LEDGER}/tasks/zj-2017-25")
    await expect(page.locator("p.live")).to_contain_text("实时")
    evidence = (Evidence("照片.jpg", "https://example.org/1.jpg"), Evidence("脚本", "javascript:alert(1)"))
    report = ProgressReported("市法制局", "普法宣传教育进了社区。", evidence=evidence)
    position = await submit(played, "zj-2017-25", report)
    entry = page.locator(f"#p{position}")
    await expect(entry).to_contain_text("佐证材料：照片.jpg、脚本")
    await expect(entry.get_by_role("link", name="照片.jpg")).to_have_attribute("rel", "noreferrer noopener")
    await expect(entry.get_by_role("link", name="脚本")).to_have_count(0)


async def test_a_task_can_be_read_while_notify_is_away(browser: Browser, lived: Deployment) -> None:
    """The alerts say that they are not there; everything else is."""
    lived.kill("notify")
    try:
        async with Readers(browser, lived).open() as readers:
            page = await readers.page(f"/{LEDGER}/tasks/{TASK}")
            await expect(page.locator(".alerts")).to_contain_text("提醒服务暂时没有应答")
            await expect(page.locator(".history li")).not_to_have_count(0)
    finally:
        lived.start("notify")
        await lived.ready("notify")
