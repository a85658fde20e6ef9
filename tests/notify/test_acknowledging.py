"""Acknowledging an alert by a token or a session: who may, what is recorded, and that a repeat is none."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.examples import LEAD, TASK
from tests.notify.acknowledging import NOW, WORDS, alert_of, close_task, recorded
from tests.patience import PATIENCE
from tests.served import SAME, Served, browser, served

LATER = (NOW + timedelta(days=14)).isoformat()


@pytest_asyncio.fixture
async def running(redis: Any, server_url: str, tmp_path: Path) -> AsyncIterator[Served]:
    async with served(redis, server_url, tmp_path) as running:
        yield running


@pytest_asyncio.fixture
async def http(running: Served) -> AsyncIterator[httpx.AsyncClient]:
    """Return a client without credentials."""
    async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE) as http:
        yield http


async def test_an_acknowledgement_is_an_event(running: Served, http: httpx.AsyncClient) -> None:
    """It is in the log when it is answered, with who, a word, until when and by what means; its alert shows it."""
    alert = await alert_of(running)
    answer = await http.post(running.url("notify", f"alerts/{alert}/ack"), json=WORDS, headers=running.bearer("office"))
    assert (answer.status_code, answer.json()["outcome"], answer.json()["position"]) == (201, "accepted", 2)
    (entry,) = await recorded(running)
    event, data = entry.event, entry.event.data
    assert (event.source, event.authid, event.subject) == ("notify/token/office", "notify", TASK)
    assert (data.alert, data.by, data.word) == (alert, "李明", "已联系，周五前报")  # type: ignore[union-attr]
    items = (await http.get(running.url("notify", "alerts"), headers=running.bearer("board"))).json()["items"]
    shown = {item["id"]: item["acks"] for item in items}
    (ack,) = shown.pop(alert)
    assert {name: ack[name] for name in (*WORDS, "means", "source", "position")} == {
        **WORDS,
        "means": "token",
        "source": "office",
        "position": 2,
    }
    assert list(shown.values()) == [[]]


async def test_the_same_again_is_a_duplicate(running: Served, http: httpx.AsyncClient) -> None:
    """Whenever it comes: one after the other, or several at once; another word is another acknowledgement."""
    alert = await alert_of(running)
    url, headers = running.url("notify", f"alerts/{alert}/ack"), running.bearer("office")
    answers = await asyncio.gather(*(http.post(url, json=WORDS, headers=headers) for _ in range(4)))
    answers.append(await http.post(url, json=WORDS, headers=headers))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 200, 201]
    assert {(answer.json()["outcome"], answer.json()["position"]) for answer in answers} == {
        ("accepted", 2),
        ("duplicate", 2),
    }
    other = await http.post(url, json={**WORDS, "word": "仍在协调"}, headers=headers)
    assert (other.status_code, other.json()["position"]) == (201, 3)


@pytest.mark.parametrize(
    ("source", "status"), [("office", 201), ("units", 201), ("audit", 403), ("board", 403), ("gone", 401)]
)
async def test_who_may_acknowledge_by_a_token(
    running: Served, http: httpx.AsyncClient, source: str, status: int
) -> None:
    """The office and reporters may; an auditor changes nothing, and a dashboard's program is nobody in particular."""
    alert = await alert_of(running)
    for service in ("notify", "status"):
        answer = await http.post(
            running.url(service, f"alerts/{alert}/ack"), json=WORDS, headers=running.bearer(source)
        )
        assert answer.status_code == (status if service == "notify" or status != 201 else 200), answer.text
    assert len(await recorded(running)) == (status == 201)


async def test_a_person_at_a_dashboard_may_and_a_screen_may_not(running: Served) -> None:
    """A session of a working day is somebody's; one that lasts for days is a screen in a corridor."""
    alert = await alert_of(running)
    async with browser() as desk, browser() as screen:
        await running.signed_in(desk, "board")
        await running.signed_in(screen, "board", days=30)
        url = running.url("status", f"alerts/{alert}/ack")
        assert (await desk.post(url, json=WORDS)).status_code == 403  # not from the page: forged
        assert (await desk.post(url, json=WORDS, headers=SAME)).status_code == 201
        refused = await screen.post(url, json=WORDS, headers=SAME)
        assert (refused.status_code, "session of a working day" in refused.json()["detail"]) == (403, True)
    (entry,) = await recorded(running)
    assert entry.event.source == "notify/session/board"


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({**WORDS, "by": ""}, 400, "$.by"),
        ({**WORDS, "word": "x" * 501}, 400, "$.word"),
        ({**WORDS, "until": "2018-04-03T10:00:00"}, 400, "$.until"),
        ({**WORDS, "until": "0001-01-01T00:00:00Z"}, 400, "1950"),
        ({**WORDS, "extra": 1}, 400, "extra"),
        ({**WORDS, "by": "  "}, 422, "$.by"),
        ({**WORDS, "by": "李\u200b明"}, 422, "U+200B"),
        ({**WORDS, "until": "2018-03-31T09:00:00+08:00"}, 422, "until"),
        ({**WORDS, "until": "2018-04-15T10:00:00+08:00"}, 422, "14 days"),
    ],
)
async def test_what_is_wrong_is_named(
    running: Served, http: httpx.AsyncClient, body: dict[str, str], status: int, words: str
) -> None:
    """By the member, as a problem or as an outcome; nothing is recorded."""
    alert = await alert_of(running)
    answer = await http.post(running.url("notify", f"alerts/{alert}/ack"), json=body, headers=running.bearer("office"))
    assert answer.status_code == status, answer.text
    assert words in answer.json()["detail"]
    assert await recorded(running) == []


async def test_an_alert_that_is_not_there_and_one_of_a_closed_task(running: Served, http: httpx.AsyncClient) -> None:
    """404 for what no alert has as its id; the outcome is task-closed once the task is closed."""
    alert = await alert_of(running)
    headers = running.bearer("office")
    assert (await http.post(running.url("notify", "alerts/x/ack"), json=WORDS, headers=headers)).status_code == 404
    await close_task(running)
    answer = await http.post(running.url("notify", f"alerts/{alert}/ack"), json=WORDS, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "task-closed")


async def test_each_alert_has_its_own(running: Served, http: httpx.AsyncClient) -> None:
    """The alert to another unit of the same task is another one."""
    first, second = await alert_of(running, LEAD), await alert_of(running, "市民政局")
    assert first != second
    for alert in (first, second):
        answer = await http.post(
            running.url("notify", f"alerts/{alert}/ack"),
            json={**WORDS, "until": LATER},
            headers=running.bearer("office"),
        )
        assert answer.status_code == 201
