"""The form that a message links to: what it shows, needs and records, and what a scanner of mail can do with it."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import pytest_asyncio

from services.common.clock import sleep
from tests.notify.acknowledging import (
    NOW,
    PUBLIC,
    alert_of,
    close_task,
    everything_kept,
    link_of,
    recorded,
)
from tests.notify.scanner import read_page, scan
from tests.patience import PATIENCE
from tests.served import Served, browser, served

TYPED = {"by": "李明", "word": "已联系，周五前报"}


@pytest_asyncio.fixture
async def running(redis: Any, server_url: str, tmp_path: Path) -> AsyncIterator[Served]:
    async with served(redis, server_url, tmp_path, public_url=PUBLIC) as running:
        yield running


@pytest_asyncio.fixture(params=["status", "notify"])
async def address(request: pytest.FixtureRequest, running: Served) -> str:
    """Return the address of the form, as people reach it, and at notify itself."""
    return running.bases[request.param] + await link_of(running, await alert_of(running))


@pytest_asyncio.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with browser() as http:
        yield http


def fields_of(answer: httpx.Response) -> dict[str, str]:
    """Return the fields of the one form in a page."""
    (form,) = read_page(answer).forms
    return form.fields


def action_of(address: str, answer: httpx.Response) -> str:
    """Return where the one form in a page is sent."""
    (form,) = read_page(answer).forms
    return str(httpx.URL(address).join(form.action))


async def test_a_person_acknowledges_by_a_link(running: Served, http: httpx.AsyncClient, address: str) -> None:
    """The form names the task and needs a name and a word; what is typed is recorded as by link, once."""
    shown = await http.get(address)
    text = "".join(read_page(shown).texts)
    assert (shown.status_code, "全市至少建立两个规模化残疾人集中就业基地" in text) == (200, True)
    fields = fields_of(shown)
    assert (fields["by"], fields["word"], fields["lang"]) == ("", "", "zh")
    assert await recorded(running) == []
    action = action_of(address, shown)
    assert "key" not in action
    done = await http.post(action, data=fields | TYPED)
    assert (done.status_code, "已确认" in done.text, read_page(done).forms) == (200, True, [])
    again = await http.post(action, data=fields | TYPED)
    assert again.status_code == 200
    (entry,) = await recorded(running)
    event, data = entry.event, entry.event.data
    assert (event.source, event.authid) == ("notify/link", "notify")
    assert (data.by, data.word) == ("李明", "已联系，周五前报")  # type: ignore[union-attr]
    assert data.until.isoformat() == "2018-04-03T00:00:00+08:00"  # type: ignore[union-attr]
    assert "李明" in (await http.get(address)).text  # the next reader sees that it is taken on


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({}, ["请填写姓名", "请填写办理说明"]),
        ({"by": " \u3000", "word": "x"}, ["请填写姓名"]),
        ({"by": "李明", "word": ""}, ["请填写办理说明"]),
        ({"by": "李" * 51, "word": "x" * 201}, ["姓名不超过", "办理说明不超过"]),
        ({**TYPED, "until": ""}, ["请选择日期"]),
        ({**TYPED, "until": "2018-04-03T00:00:00"}, ["请选择日期"]),
        (
            {**TYPED, "until": (NOW + timedelta(days=15)).isoformat()},
            ['未能记录，请更正后重新提交。 <span lang="en">', "14 days"],
        ),
        ({**TYPED, "until": "0001-01-01T00:00:00+00:00"}, ["请选择日期"]),
        ({"by": "李\u200b明", "word": "x"}, ["U+200B"]),
        ({"by": "<script>alert(1)</script>", "word": ""}, ["&lt;script&gt;"]),
    ],
)
async def test_what_is_wrong_stands_beside_the_fields(
    running: Served, http: httpx.AsyncClient, address: str, typed: dict[str, str], words: list[str]
) -> None:
    """The form comes back with what was typed and what is wrong; nothing is recorded."""
    shown = await http.get(address)
    answer = await http.post(action_of(address, shown), data=fields_of(shown) | typed)
    assert answer.status_code == 422
    assert [word for word in words if word not in answer.text] == []
    assert fields_of(answer).get("by") == typed.get("by", "").strip()
    assert "<script" not in answer.text
    assert await recorded(running) == []


@pytest.mark.parametrize("by", ["", "李\u200b明"])
async def test_the_day_that_was_chosen_stays_chosen(http: httpx.AsyncClient, address: str, by: str) -> None:
    """Whether the form or the ledger finds something wrong: nobody records another day than the one chosen."""
    shown = await http.get(address)
    *_, last = re.findall(r'name="until" value="([^"]+)"', shown.text)
    answer = await http.post(action_of(address, shown), data=fields_of(shown) | TYPED | {"by": by, "until": last})
    assert answer.status_code == 422
    assert re.findall(r'value="([^"]+)" checked', answer.text) == [last]


async def test_a_scanner_acknowledges_nothing(running: Served, http: httpx.AsyncClient, address: str) -> None:
    """It fetches everything and submits every form as it finds it: nothing comes of it, and people still can."""
    answers = await scan(http, address)
    assert len(answers) >= 10
    assert {answer.status_code for answer in answers} <= {200, 404, 415, 422}
    assert await recorded(running) == []
    shown = await http.get(address)
    assert (await http.post(action_of(address, shown), data=fields_of(shown) | TYPED)).status_code == 200
    assert len(await recorded(running)) == 1


async def test_english_is_a_switch_away(running: Served, http: httpx.AsyncClient, address: str) -> None:
    """A link in the page leads to the same form in English; what is posted from there is answered in English."""
    (switch,) = read_page(await http.get(address)).links
    shown = await http.get(str(httpx.URL(address).join(switch)))
    assert ("Acknowledge an alert" in shown.text, 'lang="en"' in shown.text) == (True, True)
    answer = await http.post(action_of(address, shown), data=fields_of(shown))
    assert "Please enter your name" in answer.text
    done = await http.post(action_of(address, shown), data=fields_of(shown) | TYPED)
    assert "Nobody further is alerted until 2 April 2018" in done.text


async def test_no_page_is_kept_or_told_to_others(http: httpx.AsyncClient, address: str) -> None:
    """Whatever the answer: not stored, no referrer, no scripts, no frames, nothing but its own style."""
    wrong = str(httpx.URL(address).copy_set_param("key", "5c3e." + "a" * 22))
    shown = await http.get(address)
    answers = [
        shown,
        await http.get(wrong),
        await http.post(action_of(address, shown), data=fields_of(shown)),
        await http.post(action_of(address, shown), data=fields_of(shown) | TYPED),
    ]
    assert [answer.status_code for answer in answers] == [200, 404, 422, 200]
    for answer in answers:
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        assert "frame-ancestors 'none'" in policy
        assert "Set-Cookie" not in answer.headers


async def test_a_link_ends(running: Served, http: httpx.AsyncClient) -> None:
    """After 14 days, and with its task; another alert's secret, or none, is as good as no alert."""
    alert, other = await alert_of(running), await alert_of(running, "市民政局")
    base = running.bases["status"]
    old = await http.get(base + await link_of(running, alert, NOW - timedelta(days=14)))
    assert (old.status_code, "链接已失效" in old.text) == (410, True)
    link = await link_of(running, alert)
    for wrong in (link.replace(alert, other), link.partition("?")[0], f"{link}x", link.replace(alert, "nothing")):
        answer = await http.get(base + wrong)
        assert (answer.status_code, "链接无效" in answer.text) == (404, True)
    shown = await http.get(base + link)
    await close_task(running)
    late = await http.post(action_of(base, shown), data=fields_of(shown) | TYPED)
    assert (late.status_code, "链接已失效" in late.text) == (410, True)
    async with asyncio.timeout(PATIENCE):
        while (await http.get(base + link)).status_code != 410:
            await sleep(0.05)
    assert await recorded(running) == []


async def test_a_link_signs_nobody_in_and_a_session_adds_nothing(running: Served, address: str) -> None:
    """It works beside the cookie of somebody who is signed in, and gives no other access."""
    async with browser() as http:
        await running.signed_in(http, "audit")
        shown = await http.get(address)
        headers = {"Origin": "null"}  # as browsers send it from a page without referrer
        done = await http.post(action_of(address, shown), data=fields_of(shown) | TYPED, headers=headers)
        assert done.status_code == 200
    (entry,) = await recorded(running)
    assert entry.event.source == "notify/link"
    async with browser() as http:
        key = parse_qs(urlsplit(address).query)["key"][0]
        assert (await http.get(running.url("status", "alerts"), params={"key": key})).status_code == 401


async def test_what_is_no_form_is_refused(running: Served, http: httpx.AsyncClient, address: str) -> None:
    """JSON, a large body, many fields, or nothing at all."""
    action = address.partition("?")[0]
    key = parse_qs(urlsplit(address).query)["key"][0]
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert (await http.post(action, json={"key": key, **TYPED})).status_code == 415
    assert (await http.post(action, content="a=1&" * 50, headers=form)).status_code == 400
    assert (await http.post(action, data={"key": key, "word": "x" * 20_000})).status_code == 413
    assert (await http.post(action, content=b"", headers=form)).status_code == 404
    assert (await http.post(action, content=b"key=%ff%00&by=\xff", headers=form)).status_code == 404
    assert await recorded(running) == []


async def test_the_secret_is_in_no_log_and_no_record(
    running: Served,
    http: httpx.AsyncClient,
    address: str,
    caplog: pytest.LogCaptureFixture,
    capfd: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Neither in what the services log, errors included, nor anywhere on the server."""
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr(logging.getLogger("uvicorn.access"), "handlers", [])  # pytest adds one, which no service has
    for library in ("httpx", "httpcore"):
        logging.getLogger(library).setLevel(logging.WARNING)  # the test's own client
    key = parse_qs(urlsplit(address).query)["key"][0]
    shown = await http.get(address)
    await http.post(action_of(address, shown), data=fields_of(shown))
    await http.post(action_of(address, shown), data=fields_of(shown) | TYPED)
    await http.get(f"{address}&key={key}")
    await http.request("DELETE", address)
    await http.get(address.replace("/ack/form", "/ack/form/more"))
    out, error = capfd.readouterr()
    secret = key.partition(".")[2]
    assert secret not in caplog.text + out + error
    assert secret.encode() not in await everything_kept(running.redis)
