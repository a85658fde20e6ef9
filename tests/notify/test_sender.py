"""Delivering for real: alerts in a real Redis, webhooks over real HTTP, and instances that die in between."""

import asyncio
import contextlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from redis.exceptions import ConnectionError as DisconnectedError

from events.channel import Channel
from events.keys import key
from events.text import Language
from services.notify.deliveries import DIGEST_MOST
from services.notify.lease import Lease
from services.notify.letter import Letter
from services.notify.store import AlertQuery
from tests.examples import assigned
from tests.notify.endpoint import SECRET, Endpoint
from tests.notify.post import NAME, START, WINDOW, Post, everyone, happen, passed
from tests.patience import PATIENCE


async def test_alerts_of_one_window_reach_each_recipient_as_one_signed_digest(redis: Any, endpoint: Endpoint) -> None:
    """Nothing goes out before the window is over; then one message per recipient names all its alerts."""
    post = Post(redis, everyone(endpoint))
    await happen(redis, assigned("t-1", others=("市民政局",)), assigned("t-2"))
    await post.turns()
    assert endpoint.ids == []
    assert {state for _, state in await post.states()} == {"waiting"}
    post.clock.instant = START + timedelta(minutes=WINDOW)
    await post.turns(8)
    assert len(set(endpoint.ids)) == len(endpoint.ids) == 2
    told = {one["data"]["recipient"]: [alert["task"] for alert in one["data"]["alerts"]] for one in endpoint.payloads}
    assert told == {"市残联": ["t-1", "t-2"], "市民政局": ["t-1"]}
    assert {state for _, state in await post.states()} == {"sent"}


async def test_every_attempt_is_recorded_without_the_secret(redis: Any, endpoint: Endpoint) -> None:
    """A refused attempt is tried again after a while under the same id, and both stand in the record."""
    endpoint.answers = iter([(503, {})])
    post = Post(redis, everyone(endpoint))
    post.clock.instant = START + timedelta(hours=1)
    await happen(redis, assigned("t-1"))
    await post.turns()
    assert len(endpoint.ids) == 1
    post.real += 6.0
    await post.turns()
    assert len(endpoint.ids) == 2
    assert len(set(endpoint.ids)) == 1
    results = [("again", "503 Service Unavailable"), ("accepted", "204 No Content")]
    assert [(one.outcome, one.detail) for one in await post.attempts()] == results
    assert [(one.outcome, one.detail) for one in await post.record("attempt")] == results
    kept = b"".join((await redis.hgetall(key(NAME, "notify", "outbox"))).values())
    kept += b"".join(fields[b"e"] for _, fields in await redis.xrange(key(NAME, "record")))
    assert SECRET.encode() not in kept
    assert b"/hook" not in kept


async def test_a_final_answer_ends_in_the_dead_letters(redis: Any, endpoint: Endpoint) -> None:
    """What another attempt would not make better is given up at once, and kept for people to see."""
    endpoint.answers = iter([(410, {})])
    post = Post(redis, everyone(endpoint))
    post.clock.instant = START + timedelta(hours=1)
    await happen(redis, assigned("t-1"))
    await post.turns()
    assert len(endpoint.ids) == 1
    assert await post.states() == [("市残联", "failed")]
    (letter,) = await post.record("dead")
    assert (letter.reason, letter.part, letter.of) == ("410 Gone", 1, 1)
    assert letter.alerts == (await post.digest()).alerts
    assert [digest.id for digest in await post.outbox.failed()] == [letter.digest]


async def test_a_recipient_without_a_channel_is_shown_as_such(redis: Any) -> None:
    """That nobody could be reached is no secret."""
    post = Post(redis, {})
    post.clock.instant = START + timedelta(hours=1)
    await happen(redis, assigned("t-1"))
    await post.turns()
    assert await post.states() == [("市残联", "no-channel")]


@pytest.mark.parametrize("away", ["restarted", "disconnected", "no"])
async def test_a_digest_that_missed_its_time_is_not_sent_in_quiet_hours(
    redis: Any, endpoint: Endpoint, away: str
) -> None:
    """After an outage it waits for the morning; a clock that runs fast is no outage."""
    post = Post(redis, everyone(endpoint), quiet_hours="20:00-08:00")
    post.clock.instant = datetime.fromisoformat("2019-01-02T17:00:00+08:00")
    await happen(redis, assigned("t-1"), at=post.clock.instant)
    await post.turns()
    if away == "restarted":
        await post.sender.stop()
        before, post = post, Post(redis, everyone(endpoint), quiet_hours="20:00-08:00")
        post.clock.instant = before.clock.instant
        await post.alerts.projection.load()
    post.real += 3_600.0 if away == "disconnected" else 0.0
    post.clock.instant += timedelta(hours=6)
    await post.turns()
    assert len(endpoint.ids) == (away == "no")
    post.clock.instant += timedelta(hours=9)
    await post.turns()
    assert len(endpoint.ids) == 1
    closes = "2019-01-02T17:10:00+08:00" if away == "no" else "2019-01-03T08:00:00+08:00"
    assert (await post.digest()).closes == datetime.fromisoformat(closes)


async def test_rebuilding_and_starting_again_send_nothing(redis: Any, endpoint: Endpoint) -> None:
    """Alerts belong to the moment of their event: folding the log again announces none."""
    post = Post(redis, everyone(endpoint))
    post.clock.instant = START + timedelta(hours=1)
    await happen(redis, assigned("t-1"), passed("t-1"))
    await post.turns(12)
    sent = list(endpoint.ids)
    assert len(sent) == 2
    await post.alerts.projection.rebuild()
    await post.turns()
    await post.sender.stop()
    other = Post(redis, everyone(endpoint))
    other.clock.instant = START + timedelta(hours=2)
    await other.alerts.projection.load()
    await other.turns()
    assert endpoint.ids == sent


async def test_a_second_instance_waits_and_then_takes_over(redis: Any, endpoint: Endpoint) -> None:
    """One instance sends at a time; when it ends, another goes on, and nothing is sent twice."""
    first, second = Post(redis, everyone(endpoint)), Post(redis, everyone(endpoint))
    await happen(redis, *(assigned(f"t-{number}", others=("市民政局",)) for number in range(5)))
    for post in (first, second):
        post.clock.instant = START + timedelta(hours=1)
    await asyncio.gather(first.turns(), second.turns())
    await happen(redis, assigned("t-9"), at=START + timedelta(hours=1))
    await first.sender.stop()
    second.clock.instant = START + timedelta(hours=2)
    await second.turns(12)
    assert len(endpoint.ids) == len(set(endpoint.ids)) == 3
    assert {state for _, state in await second.states()} == {"sent"}


async def test_after_a_crash_a_webhook_is_sent_again_under_the_same_id(redis: Any, endpoint: Endpoint) -> None:
    """Whether the first one arrived cannot be known; its receiver can tell by the webhook-id."""
    crashed = Post(redis, everyone(endpoint))
    crashed.clock.instant = START + timedelta(hours=1)
    await happen(redis, assigned("t-1"))
    endpoint.gate.clear()
    await crashed.turns(3, finish=False)
    assert await crashed.states() == [("市残联", "sending")]
    await redis.delete(key(NAME, "notify", "lease"))  # as when it runs out
    after = Post(redis, everyone(endpoint))
    after.clock.instant = START + timedelta(hours=1)
    endpoint.gate.set()
    await after.turns(6)
    assert len(endpoint.ids) == 2
    assert len(set(endpoint.ids)) == 1
    assert [one.outcome for one in await after.attempts()] == ["interrupted", "accepted"]
    await crashed.turns(2)
    assert await after.states() == [("市残联", "sent")]


async def test_after_a_crash_a_chat_message_is_not_sent_again(redis: Any) -> None:
    """Where a repeat would be read as news, the delivery ends as uncertain, in the dead letters."""
    channels = {"*": (Channel(apprise="gotify://127.0.0.1:9/token"),)}
    await happen(redis, assigned("t-1"))
    crashed = Post(redis, channels)
    crashed.clock.instant = START + timedelta(hours=1)
    await crashed.turns(1)
    outbox = key(NAME, "notify", "outbox")
    ((id, kept),) = (await redis.hgetall(outbox)).items()
    sending = msgspec.msgpack.decode(kept)
    sending["deliveries"][0]["parts"][0]["state"] = "sending"
    await redis.hset(outbox, id, msgspec.msgpack.encode(sending))
    await redis.sadd(key(NAME, "notify", "pending"), id)
    await redis.delete(key(NAME, "notify", "lease"))
    after = Post(redis, channels)
    await after.turns(3)
    assert await after.states() == [("市残联", "uncertain")]
    assert [one.reason.partition(":")[0] for one in await after.record("dead")] == ["perhaps delivered"]


async def test_alerts_are_found_by_recipient_task_kind_and_state_page_by_page(redis: Any, endpoint: Endpoint) -> None:
    """Newest first; the pages hold each alert once."""
    post = Post(redis, everyone(endpoint))
    tasks = [f"t-{number}" for number in range(7)]
    await happen(redis, *(assigned(task, others=("市民政局",)) for task in tasks), passed("t-3"))
    await post.turns(1)
    assert await post.states(on="passed", task="t-3") == [
        ("督查室", "waiting"),
        ("市民政局", "waiting"),
        ("市残联", "waiting"),
    ]
    assert await post.states(recipient="市民政局", state="sent") == []
    found: list[str] = []
    cursor: str | None = None
    while True:
        page, cursor = await post.alerts.select(AlertQuery(recipient="市残联", limit=3, cursor=cursor))
        found += [told.alert.task for told in page]
        if cursor is None:
            break
    assert found == ["t-3", *reversed(tasks)]


async def test_very_many_alerts_at_once_go_out_in_several_digests(redis: Any, endpoint: Endpoint) -> None:
    """Each alert is in exactly one digest, and no digest is longer than a reader can take."""
    post = Post(redis, everyone(endpoint))
    post.clock.instant = START + timedelta(hours=1)
    many = DIGEST_MOST * 3 + 1
    await happen(redis, *(assigned(f"t-{number}") for number in range(many)))
    await post.turns(12)
    alerts = [alert["id"] for payload in endpoint.payloads for alert in payload["data"]["alerts"]]
    assert len(endpoint.ids) == 4
    assert len(set(alerts)) == len(alerts) == many


class Losing:
    """The server's client, which loses the answer to the next command that is about a key."""

    def __init__(self, redis: Any, command: str, key: str) -> None:
        self._redis = redis
        self._command = command
        self._key = key
        self.lost = 0

    def __getattr__(self, name: str) -> Any:
        work = getattr(self._redis, name)
        if name != self._command:
            return work

        async def lose(of: str, *args: Any, **words: Any) -> Any:
            answer = await work(of, *args, **words)
            if of == self._key and not self.lost:
                self.lost += 1
                raise DisconnectedError("the answer is lost")
            return answer

        return lose


async def test_who_does_not_know_whether_others_held_the_lease_looks_anew(redis: Any) -> None:
    """Where the answer is lost that would tell, an instance that comes back does not go on from what it knew."""
    losing = Losing(redis, "set", key(NAME, "notify", "holder"))
    losing.lost = 1
    one, other = Lease(losing, NAME), Lease(redis, NAME)
    assert (await one.hold(), await one.hold(), await other.hold()) == (False, True, None)
    await redis.delete(key(NAME, "notify", "lease"))  # as when it runs out
    assert (await other.hold(), await one.hold()) == (False, None)
    await redis.delete(key(NAME, "notify", "lease"))
    losing.lost = 0
    with pytest.raises(DisconnectedError):
        await one.hold()
    assert (await one.hold(), await one.hold()) == (False, True)


async def test_a_server_that_is_away_is_no_attempt(redis: Any, endpoint: Endpoint) -> None:
    """Where the alerts cannot be read before anything was sent, no attempt is recorded, and no back-off waited for."""
    post = Post(redis, everyone(endpoint))
    post.clock.instant = START + timedelta(hours=1)
    await happen(redis, assigned("t-1"))
    away, read = iter(range(5)), post.outbox.letters

    async def letters(digests: Sequence[str]) -> dict[str, dict[Language, Letter]]:
        if next(away, None) is not None:
            raise DisconnectedError("the server is away")
        return await read(digests)

    post.outbox.letters = letters  # type: ignore[method-assign]  # a server that goes away between two commands
    async with asyncio.timeout(PATIENCE):
        while not endpoint.ids:
            with contextlib.suppress(DisconnectedError):
                await post.turns(1)
    await post.turns()
    assert [one.outcome for one in await post.attempts()] == ["accepted"]
