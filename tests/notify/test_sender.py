"""Delivering for real: alerts in a real Redis, webhooks over real HTTP, and instances that die in between."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest
import pytest_asyncio
from redis.exceptions import ConnectionError as DisconnectedError

from events.alerting import AlertRules
from events.channel import Channel
from events.entries import Entry, digest
from events.envelope import Event
from events.keys import key
from events.ledger import Ledger
from events.log import Log
from events.schema import DeadlinePassed
from events.working_days import LIBRARY
from services.notify.alerts import Alert
from services.notify.deliveries import DIGEST_MOST, TRIES
from services.notify.sender import Sender
from services.notify.store import AlertQuery, Alerts, Outbox
from tests.events.appending import append
from tests.examples import EXAMPLES, assigned, store
from tests.fixed_clock import FixedClock
from tests.notify.endpoint import SECRET, Endpoint

NAME = "zhanjiang"
START = datetime(2018, 12, 31, 16, tzinfo=UTC)
WINDOW = 10.0


class Post:
    """One instance of notify on the test's ledger, with a clock that the test sets."""

    def __init__(self, redis: Any, channels: Mapping[str, tuple[Channel, ...]], http: httpx.AsyncClient) -> None:
        self.ledger = Ledger("湛江市", alerts=AlertRules("督查室", WINDOW, channels=dict(channels)))
        self.clock = FixedClock(START)
        self.alerts = Alerts(redis, NAME, self.ledger, LIBRARY)
        self.sender = Sender(Outbox(redis, NAME), NAME, self.ledger, self.clock, http, LIBRARY)

    async def turns(self, count: int = 4) -> None:
        """Fold, and let the sender take turns until its deliveries have ended."""
        await self.alerts.projection.catch_up()
        for _ in range(count):
            await self.sender.turn()

    async def states(self, **query: Any) -> list[tuple[str, str]]:
        """Return (recipient, state) of the alerts, newest first."""
        told, _ = await self.alerts.select(AlertQuery(**query))
        return [(one.alert.recipient, one.state) for one in told]


@pytest_asyncio.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    """Return a webhook that is listening."""
    async with Endpoint().listening() as endpoint:
        yield endpoint


@pytest_asyncio.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    """Return the client the senders share."""
    async with httpx.AsyncClient() as client:
        yield client


def everyone(endpoint: Endpoint) -> dict[str, tuple[Channel, ...]]:
    """Return channels that send everything to the endpoint."""
    return {"*": (Channel(webhook=endpoint.url, secret=SECRET),)}


async def happen(redis: Any, *events: Event, at: datetime = START) -> None:
    """Append events to the log as recorded at an instant."""
    log = Log(redis, NAME)
    raws = [store(event, at.isoformat().replace("+00:00", "Z")) for event in events]
    entries = [Entry(event.source, event.id, digest(raw), raw) for event, raw in zip(events, raws, strict=True)]
    await append(log, await log.tail(), entries)


def passed(task: str, due: datetime = START) -> Event:
    """Return what the clock says when a task's due instant comes."""
    example = EXAMPLES["duban.deadline.passed.v1"]
    return msgspec.structs.replace(example, id=f"passed:{task}", subject=task, data=DeadlinePassed(due))


async def test_alerts_of_one_window_reach_each_recipient_as_one_signed_digest(
    redis: Any, endpoint: Endpoint, http: httpx.AsyncClient
) -> None:
    """Nothing goes out before the window is over; then one message per recipient names all its alerts."""
    post = Post(redis, everyone(endpoint), http)
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


async def test_every_attempt_is_recorded_without_the_secret(
    redis: Any, endpoint: Endpoint, http: httpx.AsyncClient
) -> None:
    """A refused attempt is tried again after a while under the same id, and both stand in the record."""
    endpoint.answers = iter([(503, {})])
    post = Post(redis, everyone(endpoint), http)
    post.clock.instant = START + timedelta(hours=1)
    await happen(redis, assigned("t-1"))
    await post.turns(15)
    assert len(endpoint.ids) == 2
    assert len(set(endpoint.ids)) == 1
    told, _ = await post.alerts.select(AlertQuery())
    (delivery,) = told[0].digest.deliveries or () if told[0].digest is not None else ()
    assert [(one.result, one.detail) for one in delivery.attempts] == [
        ("failed", "503 Service Unavailable"),
        ("sent", "204 No Content"),
    ]
    kept = b"".join((await redis.hgetall(key(NAME, "notify", "digests"))).values())
    assert SECRET.encode() not in kept
    assert b"/hook" not in kept


async def test_a_final_answer_ends_in_the_dead_letters(redis: Any, endpoint: Endpoint, http: httpx.AsyncClient) -> None:
    """What another attempt would not make better is given up at once, and kept for people to see."""
    endpoint.answers = iter([(410, {})])
    post = Post(redis, everyone(endpoint), http)
    post.clock.instant = START + timedelta(hours=1)
    await happen(redis, assigned("t-1"))
    await post.turns()
    assert len(endpoint.ids) == 1
    assert await post.states() == [("市残联", "failed")]
    ((_, letter),) = await redis.xrange(key(NAME, "notify", "dead"))
    assert msgspec.json.decode(letter[b"e"])["delivery"]["attempts"][0]["detail"] == "410 Gone"


async def test_a_recipient_without_a_channel_is_shown_as_such(redis: Any, http: httpx.AsyncClient) -> None:
    """That nobody could be reached is no secret."""
    post = Post(redis, {}, http)
    post.clock.instant = START + timedelta(hours=1)
    await happen(redis, assigned("t-1"))
    await post.turns()
    assert await post.states() == [("市残联", "no-channel")]


async def test_rebuilding_and_starting_again_send_nothing(
    redis: Any, endpoint: Endpoint, http: httpx.AsyncClient
) -> None:
    """Alerts belong to the moment of their event: folding the log again announces none."""
    post = Post(redis, everyone(endpoint), http)
    post.clock.instant = START + timedelta(hours=1)
    await happen(redis, assigned("t-1"), passed("t-1"))
    await post.turns(12)
    sent = list(endpoint.ids)
    assert len(sent) == 2
    await post.alerts.projection.rebuild()
    await post.turns()
    await post.sender.stop()
    other = Post(redis, everyone(endpoint), http)
    other.clock.instant = START + timedelta(hours=2)
    await other.alerts.projection.load()
    await other.turns()
    assert endpoint.ids == sent


async def test_a_second_instance_waits_and_then_takes_over(
    redis: Any, endpoint: Endpoint, http: httpx.AsyncClient
) -> None:
    """One instance sends at a time; when it ends, another goes on, and nothing is sent twice."""
    first, second = Post(redis, everyone(endpoint), http), Post(redis, everyone(endpoint), http)
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


async def test_after_a_crash_a_webhook_is_sent_again_under_the_same_id(
    redis: Any, endpoint: Endpoint, http: httpx.AsyncClient
) -> None:
    """Whether the first one arrived cannot be known; its receiver can tell by the webhook-id."""
    crashed = Post(redis, everyone(endpoint), http)
    crashed.clock.instant = START + timedelta(hours=1)
    await happen(redis, assigned("t-1"))
    endpoint.gate.clear()
    await crashed.turns(3)
    assert await crashed.states() == [("市残联", "sending")]
    await redis.delete(key(NAME, "notify", "lease"))  # as when it runs out
    after = Post(redis, everyone(endpoint), http)
    after.clock.instant = START + timedelta(hours=1)
    endpoint.gate.set()
    await after.turns(6)
    assert len(endpoint.ids) == 2
    assert len(set(endpoint.ids)) == 1
    told, _ = await after.alerts.select(AlertQuery())
    (delivery,) = told[0].digest.deliveries or () if told[0].digest is not None else ()
    assert [one.result for one in delivery.attempts] == ["interrupted", "sent"]
    await crashed.turns(2)
    assert await after.states() == [("市残联", "sent")]


async def test_after_a_crash_a_chat_message_is_not_sent_again(redis: Any, http: httpx.AsyncClient) -> None:
    """Where a repeat would be read as news, the delivery ends as uncertain, in the dead letters."""
    channels = {"*": (Channel(apprise="json://127.0.0.1:9/"),)}
    await happen(redis, assigned("t-1"))
    crashed = Post(redis, channels, http)
    crashed.clock.instant = START + timedelta(hours=1)
    await crashed.turns(1)
    ((id, kept),) = (await redis.hgetall(key(NAME, "notify", "digests"))).items()
    sending = msgspec.msgpack.decode(kept)
    sending["deliveries"][0]["state"] = "sending"
    await redis.hset(key(NAME, "notify", "digests"), id, msgspec.msgpack.encode(sending))
    await redis.sadd(key(NAME, "notify", "pending"), id)
    await redis.delete(key(NAME, "notify", "lease"))
    after = Post(redis, channels, http)
    await after.turns(3)
    assert await after.states() == [("市残联", "uncertain")]
    assert await redis.xlen(key(NAME, "notify", "dead")) == 1


async def test_alerts_are_found_by_recipient_task_kind_and_state_page_by_page(
    redis: Any, endpoint: Endpoint, http: httpx.AsyncClient
) -> None:
    """Newest first; the pages hold each alert once."""
    post = Post(redis, everyone(endpoint), http)
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


async def test_very_many_alerts_at_once_go_out_in_several_digests(
    redis: Any, endpoint: Endpoint, http: httpx.AsyncClient
) -> None:
    """Each alert is in exactly one digest, and no digest is longer than a reader can take."""
    post = Post(redis, everyone(endpoint), http)
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
    one, other = Outbox(losing, NAME), Outbox(redis, NAME)
    assert (await one.hold(), await one.hold(), await other.hold()) == (False, True, None)
    await redis.delete(key(NAME, "notify", "lease"))  # as when it runs out
    assert (await other.hold(), await one.hold()) == (False, None)
    await redis.delete(key(NAME, "notify", "lease"))
    losing.lost = 0
    with pytest.raises(DisconnectedError):
        await one.hold()
    assert (await one.hold(), await one.hold()) == (False, True)


async def test_a_server_that_is_away_is_no_attempt(redis: Any, endpoint: Endpoint, http: httpx.AsyncClient) -> None:
    """Where the alerts cannot be read before anything was sent, no attempt is recorded, and no back-off waited for."""
    post = Post(redis, everyone(endpoint), http)
    post.clock.instant = START + timedelta(hours=1)
    await happen(redis, assigned("t-1"))
    outbox, away = post.sender._outbox, iter(range(TRIES + 2))
    read = outbox.alerts

    async def alerts(ids: Sequence[str]) -> list[Alert]:
        if next(away, None) is not None:
            raise DisconnectedError("the server is away")
        return await read(ids)

    outbox.alerts = alerts  # type: ignore[method-assign]  # a server that goes away between two commands
    async with asyncio.timeout(20):
        while not endpoint.ids:
            await post.turns(1)
    await post.turns()
    told, _ = await post.alerts.select(AlertQuery())
    (delivery,) = told[0].digest.deliveries or () if told[0].digest is not None else ()
    assert [one.result for one in delivery.attempts] == ["sent"]
