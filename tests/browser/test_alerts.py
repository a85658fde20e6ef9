"""A task's alerts in Chromium: what became of them, acknowledging them on the page, and by the link in a message."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

import httpx
import pytest
import pytest_asyncio
from msgspec.structs import replace
from playwright.async_api import Browser, Page, Route, expect
from pypdf import PdfReader

from events.deadline import Fixed
from events.envelope import Event, encode
from events.schema import TaskClosed
from services.common.connection import connected
from services.notify.ack_links import load_links
from tests.browser.axe import violations
from tests.browser.conftest import deployed
from tests.browser.history import START
from tests.browser.reader import Readers, answered
from tests.deployment import LEDGER, Deployment, reading
from tests.examples import assigned

DUE = datetime.fromisoformat("2018-01-01T00:00:00+08:00")

TODAY = datetime.fromisoformat("2018-02-12T09:30:00+08:00")
"""Six weeks later: the escalation has begun."""

TASKS = ("late-1", "late-2", "late-3")

PHONE = {"width": 390, "height": 800}


@pytest_asyncio.fixture(scope="module")
async def late(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Deployment]:
    """Return a deployment in which a few tasks are overdue."""
    del browser
    async with deployed(tmp_path_factory.mktemp("late")) as (deployment, clock):
        for name in TASKS:
            await post(deployment, replace(assigned(name, deadline=Fixed("2017年12月底前完成", DUE)), time=START))
        for instant in (DUE, DUE + timedelta(days=8), TODAY):
            clock.set(instant)
            async with reading(deployment) as reader:
                await _until_alerted(reader, deployment, instant)
        yield deployment


async def post(deployment: Deployment, event: Event) -> None:
    """Submit an event of the office."""
    headers = deployment.headers("office", "application/cloudevents+json")
    async with httpx.AsyncClient() as http:
        answer = await http.post(deployment.address("ingest", "events"), content=encode(event), headers=headers)
    assert answer.status_code == 201, answer.text


async def _until_alerted(http: httpx.AsyncClient, deployment: Deployment, instant: datetime) -> None:
    """Wait until notify has considered an instant: an escalation arises on days 7 and 30."""
    steps = sum(instant >= DUE + timedelta(days=days) for days in (7, 30))
    for task in TASKS:
        while True:
            answer = await http.get(deployment.address("notify", "alerts"), params={"task": task})
            found = {(item["on"], item["step"]) for item in answer.json()["items"]}
            if ("passed", 0) in found and len([one for one in found if one[0] == "open"]) >= steps:
                break


@pytest_asyncio.fixture
async def desk(browser: Browser, late: Deployment) -> AsyncIterator[Readers]:
    """Return what opens browsers of people who read that ledger."""
    async with Readers(browser, late).open() as readers:
        yield readers


async def opened(readers: Readers, task: str, **options: Any) -> Page:
    """Return a task's page with the form of its first escalation open."""
    page = await readers.page(f"/{LEDGER}/tasks/{task}", **options)
    await page.locator("button.acknowledge").first.click()
    await expect(page.locator("#ack-by")).to_be_focused()
    return page


async def test_a_person_acknowledges_by_keyboard(desk: Readers, late: Deployment) -> None:
    """Name, word and a day; then it is on the page and in the history, read out, and the focus is where it was."""
    page = await desk.page(f"/{LEDGER}/tasks/late-1")
    button = page.locator("button.acknowledge").first
    await expect(button).to_have_attribute("aria-expanded", "false")
    await button.focus()
    await page.keyboard.press("Enter")
    await expect(button).to_have_attribute("aria-expanded", "true")
    await expect(page.locator("#ack-by")).to_be_focused()
    await page.keyboard.type("李明")
    await page.keyboard.press("Tab")
    await page.keyboard.type("已联系，周五前报")
    await page.keyboard.press("Tab")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(page.locator(".ack-form")).to_have_count(0)
    await expect(button).to_be_focused()
    await expect(button).to_contain_text("再次确认")
    line = page.locator(".alerts .ack")
    await expect(line).to_contain_text("李明已确认：已联系，周五前报；2018年2月18日前（含当日）不再提级")
    await expect(line).to_contain_text("经本页")
    await expect(page.locator(".alerts [role=status]")).to_contain_text("已确认，2018年2月18日前（含当日）不再提级")
    await expect(page.locator(".history li[data-type='duban.alert.acknowledged.v1']")).to_contain_text("李明已确认")
    async with reading(late) as http:
        history = (await http.get(late.address("status", "tasks/late-1/events"))).json()["items"]
    assert (history[-1]["source"], history[-1]["authid"]) == ("notify/session/board", "notify")
    assert history[-1]["data"]["until"] == "2018-02-19T00:00:00+08:00"


@pytest.mark.parametrize(
    ("lang", "size", "words"),
    [
        ("zh", {"width": 1280, "height": 900}, ["请填写姓名", "请填写办理说明"]),
        ("en", PHONE, ["Please enter your name", "Please say what is being done"]),
    ],
)
async def test_what_is_missing_stands_beside_its_field(
    desk: Readers, lang: str, size: dict[str, int], words: list[str]
) -> None:
    """Nothing is sent; the first field that is wrong has the focus, and breaks no rule of WCAG. Escape closes it."""
    page = await opened(desk, "late-2", choices={"lang": lang}, viewport=size, reduced_motion="reduce")
    sent = answered(page, "/ack")
    assert await violations(page) == []
    await page.locator("#ack-word").fill("   ")
    await page.locator(".ack-form button.main").click()
    for name, text in zip(("by", "word"), words, strict=True):
        await expect(page.locator(f"#ack-{name}")).to_have_attribute("aria-invalid", "true")
        await expect(page.locator(f"#ack-{name}")).to_have_accessible_description(re.compile(text))
    await expect(page.locator("#ack-by")).to_be_focused()
    assert await violations(page) == []
    width = await page.evaluate("document.documentElement.scrollWidth")
    assert width <= size["width"]
    await page.keyboard.press("Escape")
    await expect(page.locator(".ack-form")).to_have_count(0)
    await expect(page.locator("button.acknowledge").first).to_be_focused()
    assert sent == []


async def test_what_the_services_refuse_is_told(desk: Readers, late: Deployment) -> None:
    """A name that cannot be read stands beside its field; what was typed stays; a closed task offers nothing."""
    page = await opened(desk, "late-3")
    await page.locator("#ack-by").fill("李\u200b明")
    await page.locator("#ack-word").fill("已联系")
    await page.locator(".ack-form button.main").click()
    await expect(page.locator("#ack-by-wrong")).to_have_text(re.compile("^姓名有误，请更正。 .*U\\+200B"))
    await expect(page.locator("#ack-by-wrong small")).to_have_attribute("lang", "en")
    await expect(page.locator("#ack-by")).to_be_focused()
    await page.locator("#ack-by").fill("李明")
    late.kill("notify")
    try:
        await page.locator(".ack-form button.main").click()
        await expect(page.locator(".ack-form [role=alert]")).to_contain_text("暂时无法记录")
    finally:
        late.start("notify")
        await late.ready("notify")
    await expect(page.locator("#ack-word")).to_have_value("已联系")
    await post(late, Event("closed-3", "office", "late-3", TODAY, TaskClosed("implemented")))
    await expect(page.locator(".ack-form")).to_have_count(0)
    await expect(page.locator("button.acknowledge")).to_have_count(0)


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [(201, {}, "已确认，2018年2月14日前（含当日）不再提级"), (403, {"detail": "only reads"}, "不能确认。 only reads")],
)
async def test_an_answer_leaves_the_form_that_is_open_by_then(
    desk: Readers, status: int, body: dict[str, Any], said: str
) -> None:
    """Who goes on to another alert before the answer keeps what is typed and the focus; the answer is read out."""
    page = await desk.page(f"/{LEDGER}/tasks/late-2")
    answer = asyncio.Event()

    async def slow(route: Route) -> None:
        await answer.wait()
        await route.fulfill(status=status, json=body)

    await page.route("**/ack", slow)
    first, second = page.locator("button.acknowledge").first, page.locator("button.acknowledge").nth(1)
    await first.click()
    await page.locator("#ack-by").fill("李明")
    await page.locator("#ack-word").fill("已联系")
    await page.locator(".ack-form button.main").click()
    await expect(page.locator(".ack-form button.main")).to_have_text("正在记录……")
    await second.click()
    await page.locator("#ack-word").fill("已约谈")
    answer.set()
    await expect(page.locator(".alerts [role=status]")).to_contain_text(said)
    await expect(page.locator("#ack-word")).to_have_value("已约谈")
    await expect(page.locator("#ack-word")).to_be_focused()
    await expect(page.locator(".ack-form .refused")).to_have_text([""])
    await expect(second).to_have_attribute("aria-expanded", "true")


async def test_an_auditor_and_a_past_day_are_offered_nothing(desk: Readers, late: Deployment) -> None:
    """Who only looks on has no button; a past day has the alerts of then, and none to press."""
    context = await desk.reader(signed_in=False)
    answer = await context.request.post(
        f"/v1/{LEDGER}/session", data={"token": late.tokens["audit"]}, headers={"Origin": desk.base}
    )
    assert answer.status == 200
    page = await desk.show(context, f"/{LEDGER}/tasks/late-2")
    await expect(page.locator(".alerts tbody tr").first).to_be_visible()
    await expect(page.locator("button.acknowledge")).to_have_count(0)
    page = await desk.page(f"/{LEDGER}/tasks/late-2?as_of=2017-09-01")
    await expect(page.locator(".alerts tbody tr")).to_have_count(1)
    await expect(page.locator(".alerts tbody")).to_contain_text("交办")
    await expect(page.locator("button.acknowledge")).to_have_count(0)


async def test_what_the_page_does_not_know_is_shown_as_given(desk: Readers) -> None:
    """Another state, trigger or means of a later version breaks nothing; every state that there is has words."""
    states = {
        "waiting": "待发送",
        "sent": "已送达",
        "handed-over": "已交付渠道",
        "uncertain": "结果不确定",
        "paused": "渠道已暂停",
        "no-channel": "未配置渠道",
        "dropped": "未发送",
        "teleported": "teleported",
    }

    async def alter(route: Route) -> None:
        answer = await route.fetch()
        body = await answer.json()
        first = body["items"][0]
        plain: dict[str, Any] = {"deliveries": [], "dropped": None}
        body["items"] = [{**first, **plain, "id": state, "state": state, "on": f"on-{state}"} for state in states]
        delivery = {"channel": "企业微信 #1", "state": "failed", "attempts": [{"detail": "93000 机器人已停用"}]}
        again = {"channel": "邮件 a@b.cn", "state": "waiting", "attempts": [{"detail": "x"}, {"detail": "y"}]}
        odd = {"channel": "？", "state": "beamed"}
        ack = {"by": "王", "word": "…", "until": first["at"], "at": first["at"], "means": "pigeon", "source": None}
        body["items"].append(
            {**first, "id": "x", "state": "failed", "deliveries": [delivery, again, odd], "acks": [ack]}
        )
        await route.fulfill(response=answer, json=body)

    context = await desk.reader()
    await context.route("**/v1/*/alerts?*", alter)
    page = await desk.show(context, f"/{LEDGER}/tasks/late-2")
    rows = page.locator(".alerts tbody tr")
    await expect(rows).to_have_count(len(states) + 1)
    for number, (state, word) in enumerate(states.items()):
        await expect(rows.nth(number)).to_contain_text(word)
        await expect(rows.nth(number)).to_contain_text(f"on-{state}")
    for text in ("未送达（93000 机器人已停用）", "重试中，已试 2 次", "beamed", "pigeon"):
        await expect(rows.last).to_contain_text(text)


async def test_an_alert_that_was_not_sent_says_why_and_no_alert_repeats_the_title(desk: Readers) -> None:
    """Its reason in words, with that of a silence, and no channel's state; a title that was shortened is one, too."""
    long = "加强残疾人就业服务" * 20
    reasons = {
        "closed": "未发送 任务已销号",
        "silenced: 春节": "未发送 静默期（春节）",
        "of-tomorrow": "未发送 of-tomorrow",
    }

    async def alter(route: Route) -> None:
        answer = await route.fetch()
        body = await answer.json()
        told = {"state": "dropped", "task_title": long, "text": f"{long[:99]}…\n牵头单位：市残联\n请抓紧办理。"}
        sent = [{"channel": "wecom 1a2b3c", "state": "sent", "attempts": []}]
        body["items"] = [
            {**body["items"][0], **told, "id": reason, "dropped": reason, "deliveries": sent} for reason in reasons
        ]
        await route.fulfill(response=answer, json=body)

    context = await desk.reader()
    await context.route("**/v1/*/alerts?*", alter)
    page = await desk.show(context, f"/{LEDGER}/tasks/late-2")
    rows = page.locator(".alerts tbody tr")
    for number, words in enumerate(reasons.values()):
        await expect(rows.nth(number).locator("td").nth(2)).to_contain_text(words)
        await expect(rows.nth(number)).not_to_contain_text("已送达")
        await expect(rows.nth(number)).to_contain_text("请抓紧办理。")
        await expect(rows.nth(number)).not_to_contain_text("加强残疾人就业服务")


async def test_acknowledgements_are_on_paper_and_buttons_are_not(desk: Readers) -> None:
    """Who has taken what on is printed; what is pressed is not."""
    page = await opened(desk, "late-1")
    await page.locator("#ack-by").fill("王芳")
    await page.locator("#ack-word").fill("已约谈")
    await page.locator(".ack-form button.main").click()
    await expect(page.locator(".alerts .ack").filter(has_text="王芳")).to_have_count(1)
    pdf = await page.pdf(prefer_css_page_size=True)
    text = "".join(sheet.extract_text() for sheet in PdfReader(BytesIO(pdf)).pages)
    assert "王芳已确认" in text.replace("⺩", "王")
    assert "再次确认" not in text


@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_the_form_of_a_link_on_a_phone(desk: Readers, late: Deployment, lang: str) -> None:
    """Without JavaScript, without a session: it needs a name and a word, and breaks no rule of WCAG."""
    async with reading(late) as http:
        items = (await http.get(late.address("notify", "alerts"), params={"task": "late-2", "on": "open"})).json()
    async with connected(late.url) as redis:
        links = await load_links(redis, LEDGER, desk.base)
    alert = items["items"][0]["id"]
    link = links.link(alert, TODAY)
    context = await desk.reader(signed_in=False, viewport=PHONE, java_script_enabled=False)
    page = await context.new_page()
    await page.goto(link)
    if lang == "en":
        await page.get_by_role("link", name="English").click()
    heading = {"zh": "确认提醒", "en": "Acknowledge an alert"}[lang]
    await expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    await page.evaluate("for (const input of document.querySelectorAll('input')) input.required = false")
    await page.get_by_role("button").click()
    await expect(page.get_by_role("alert")).to_be_visible()
    await page.locator("#by").fill("陈伟")
    await page.locator("#word").fill(f"已联系（{lang}）")
    await page.get_by_role("button").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text({"zh": "已确认", "en": "Acknowledged"}[lang])
    assert "key=" not in page.url
    measured = await (await desk.reader(signed_in=False, viewport=PHONE)).new_page()
    await measured.goto(f"{link}&lang={lang}")
    assert await violations(measured) == []
    assert await measured.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    async with reading(late) as http:
        history = (await http.get(late.address("status", "tasks/late-2/events"))).json()["items"]
    assert (history[-1]["source"], history[-1]["data"]["by"]) == ("notify/link", "陈伟")
    secret = link.partition("key=")[2].partition(".")[2]
    logged = [path for path in late.logs.iterdir() if secret in path.read_text(encoding="utf-8")]
    assert len(secret) == 22
    assert logged == []
