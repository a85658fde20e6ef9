"""Notify on a record that was trimmed: its list, its digests, and ids of alerts that are known for ever."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from events.keys import key
from events.log import Log
from events.record import Record
from events.seal.errors import TrimmedError
from services.cli.asking.told import told_of
from services.cli.checks.alerts import check_alerts
from services.cli.checks.digests import check_digests
from services.cli.checks.record import check_record
from services.common.sealed_record import record_settled
from services.notify.alerts import Alert
from services.notify.known import KnownMoment
from services.notify.store import AlertQuery, AlertStatus
from tests.examples import assigned
from tests.ingest.trimmed_record import first, seal, sealed_record, trim
from tests.notify.endpoint import Endpoint
from tests.notify.post import NAME, START, WINDOW, Post, everyone, happen, passed

TASKS = 600


async def filled(redis: Any, endpoint: Endpoint, folder: Path) -> Post:
    """Return a notify whose ledger has many tasks, a minute apart, alerts of which no digest has closed yet."""
    for number in range(TASKS):
        await happen(redis, assigned(f"t-{number}"), at=START + timedelta(seconds=number))
    post = Post(redis, everyone(endpoint), record=sealed_record(redis, folder))
    await post.turns()
    return post


async def listed(post: Post, **query: Any) -> list[AlertStatus]:
    """Return all alerts that are asked for, page by page."""
    found: list[AlertStatus] = []
    cursor = None
    while True:
        page, cursor = await post.alerts.select(AlertQuery(**query, limit=70, cursor=cursor))
        found += page
        if cursor is None:
            return found


async def answers(post: Post) -> list[list[AlertStatus]]:
    """Return the lists of everything, of spans, of one task, and of what was known at moments."""
    at = START + timedelta(seconds=250)
    queries: list[dict[str, Any]] = [
        {},
        {"task": "t-3"},
        {"state": "waiting"},
        {"since": at},
        {"until": at},
        {"since": at - timedelta(seconds=30), "until": at + timedelta(seconds=30)},
        {"as_of": KnownMoment(257)},
        {"as_of": KnownMoment(None, at)},
    ]
    return [await listed(post, **query) for query in queries]


async def findings(redis: Any, post: Post, record: Record) -> list[object]:
    """Return what checks of the record, its alerts and the digests find."""
    wrong, recorded = await check_record(redis, record)
    wrong += await check_alerts(redis, Log(redis, NAME), record, post.ledger, post.alerts.days, recorded)
    return [*wrong, *await check_digests(redis, record)]


async def test_the_list_has_no_seam(redis: Any, endpoint: Endpoint, tmp_path: Path) -> None:
    """Whole, of a span, as was known; an alert is found by its id, who had been told is the same, checks are fine."""
    post = await filled(redis, endpoint, tmp_path)
    before, record = await answers(post), sealed_record(redis, tmp_path)
    assert [len(one) for one in before] == [TASKS, 1, TASKS, 350, 250, 60, 257, 251]
    told = await told_of(record, "t-3", START + timedelta(days=1))
    await seal(redis, tmp_path)
    assert (await trim(redis, tmp_path, 80)).last == 512
    assert await answers(post) == before
    assert await told_of(record, "t-3", START + timedelta(days=1)) == told
    oldest = before[0][-1].alert
    assert await post.alerts.find(oldest.id) == oldest
    assert await findings(redis, post, record) == []


@pytest.mark.parametrize("planned", [True, False])
async def test_what_waits_is_sent_from_the_archive(
    redis: Any, endpoint: Endpoint, tmp_path: Path, *, planned: bool
) -> None:
    """Digests that were open when their alerts were trimmed close with all of them, in a sender that takes over.

    Also in one that has planned nothing, as after a restore.
    """
    await filled(redis, endpoint, tmp_path)
    await seal(redis, tmp_path)
    await trim(redis, tmp_path, 1)
    assert await first(redis) == 513
    await redis.delete(key(NAME, "notify", "lease"))
    if not planned:
        await redis.delete(
            *[key(NAME, "notify", name) for name in ("reached", "outbox", "pending", "grouped", "groups")]
        )
    post = Post(redis, everyone(endpoint), record=sealed_record(redis, tmp_path))
    post.clock.instant = START + timedelta(hours=2, minutes=WINDOW)
    await post.turns(40)
    told = {alert["task"] for one in endpoint.payloads for alert in one["data"]["alerts"]}
    assert told == {f"t-{number}" for number in range(TASKS)}
    assert {one.state for one in await listed(post)} == {"sent"}
    await seal(redis, tmp_path)
    assert (await trim(redis, tmp_path, 1)).first == 513
    assert await findings(redis, post, sealed_record(redis, tmp_path)) == []


async def test_what_waits_in_a_digest_is_not_trimmed(redis: Any, endpoint: Endpoint, tmp_path: Path) -> None:
    """Until the digest is done: a sender needs no archive for it."""
    post = await filled(redis, endpoint, tmp_path)
    assert await record_settled(redis, NAME) == 0
    post.clock.instant = START + timedelta(hours=2, minutes=WINDOW)
    await post.turns(40)
    await happen(redis, assigned("t-600"), at=START + timedelta(hours=3))
    await post.turns()
    assert (await post.alerts.select(AlertQuery(limit=1)))[0][0].state == "waiting"
    settled = await record_settled(redis, NAME)
    assert (await redis.hget(key(NAME, "notify", "known"), (await post.digest()).id)).decode() == str(settled + 1)
    assert settled > TASKS


async def test_without_the_archive_nothing_is_left_out(redis: Any, endpoint: Endpoint, tmp_path: Path) -> None:
    """A digest whose alerts cannot be read stays open: it is not sent without them."""
    await filled(redis, endpoint, tmp_path)
    await seal(redis, tmp_path)
    await trim(redis, tmp_path, 1)
    await redis.delete(key(NAME, "notify", "lease"))
    post = Post(redis, everyone(endpoint))
    post.clock.instant = START + timedelta(hours=2, minutes=WINDOW)
    with pytest.raises(TrimmedError, match="set DUBAN_ARCHIVE"):
        await post.turns()
    assert endpoint.ids == []
    with pytest.raises(TrimmedError):
        await listed(post)


async def test_an_alert_that_was_trimmed_is_not_recorded_again(redis: Any, endpoint: Endpoint, tmp_path: Path) -> None:
    """Whoever announces it again, such as a fold whose rows were lost; numbers go on after the last one."""
    post = await filled(redis, endpoint, tmp_path)
    before: list[Alert] = [one.alert for one in await listed(post)]
    await seal(redis, tmp_path)
    await trim(redis, tmp_path, 1)
    await redis.delete(key(NAME, "notify", "checkpoint"))
    again = Post(redis, everyone(endpoint), record=sealed_record(redis, tmp_path))
    await again.alerts.projection.catch_up()
    assert [one.alert for one in await listed(again)] == before
    await happen(redis, passed("t-1"), at=START + timedelta(hours=1))
    await again.alerts.projection.catch_up()
    new = (await listed(again))[: -len(before)]
    assert [one.place for one in new] == [f"{number}-0" for number in range(TASKS + len(new), TASKS, -1)]
    assert {one.alert.on for one in new} == {"passed"}
