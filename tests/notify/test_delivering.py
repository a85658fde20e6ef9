"""Delivering on channels of every kind: limits, parts, addresses, failures, and receivers that hang."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from msgspec import Struct

from events.channel import Channel
from events.keys import key
from events.text import Language
from services.notify.alerts import Alert
from services.notify.buckets import Buckets
from services.notify.channels.limit import Limit
from services.notify.channels.part import Part
from services.notify.channels.result import Result
from services.notify.letter import Letter
from services.notify.retries import DELAYS
from tests.examples import assigned
from tests.notify.endpoint import SECRET, Endpoint
from tests.notify.post import NAME, START, Post, everyone, happen
from tests.notify.robot import Robot
from tests.patience import PATIENCE

HOUR = timedelta(hours=1)


@pytest_asyncio.fixture
async def robot() -> AsyncIterator[Robot]:
    """Return a robot that is listening."""
    async with Robot().listening() as robot:
        yield robot


def webhook(endpoint: Endpoint, path: str = "") -> Channel:
    return Channel(webhook=endpoint.url + path, secret=SECRET)


async def opened(redis: Any, channels: dict[str, tuple[Channel, ...]], *others: str, tasks: int = 1) -> Post:
    """Return an instance with tasks assigned to 市残联 and others, whose digests may be sent."""
    post = Post(redis, channels)
    post.clock.instant = START + HOUR
    await happen(redis, *(assigned(f"t-{number}", others=others) for number in range(tasks)))
    return post


class Slow(Struct):
    """A way with a limit that a test sets, and that notes what it is sent; `results` come first, then it accepts."""

    key: str
    limit: Limit
    results: list[Result] = []
    parts_of: int = 1
    sent: list[tuple[str, int, tuple[str, ...]]] = []
    at: list[float] = []
    hang: asyncio.Event | None = None
    kind: str = "wecom"
    shown: str = "wecom robot"
    repeatable: bool = False

    def parts(self, letter: Letter) -> list[Part]:
        return [Part(f"{letter.id}.{number}", number, self.parts_of, b"", 1) for number in range(1, self.parts_of + 1)]

    async def send(self, part: Part, only: Sequence[str] = ()) -> Result:
        self.at.append(time.monotonic())
        self.sent.append((part.id, part.number, tuple(only)))
        if self.hang is not None:
            await self.hang.wait()
        return self.results.pop(0) if self.results else Result("accepted", "0 ok")


NO_LIMIT = Limit(0, 0.0, 0)


async def test_a_webhook_that_is_missing_once_gets_it_at_the_second_attempt(redis: Any, endpoint: Endpoint) -> None:
    """404 may be a deployment under way: only 410 ends at once."""
    endpoint.answers = iter([(404, {})])
    post = await opened(redis, everyone(endpoint))
    await post.turns()
    assert await post.states() == [("市残联", "waiting")]
    post.real += DELAYS[0] * 1.2
    await post.turns()
    assert [one.outcome for one in await post.attempts()] == ["again", "accepted"]
    assert await post.states() == [("市残联", "sent")]


async def test_a_closed_port_is_tried_again_by_the_schedule(redis: Any, endpoint: Endpoint) -> None:
    """Attempts spread over hours: five minutes of a closed port cost two attempts more, not the delivery."""
    url, closed = endpoint.url, "http://127.0.0.1:9/hook"
    post = await opened(redis, {"*": (Channel(webhook=closed, secret=SECRET),)})
    instants = []
    for _ in range(3):
        await post.turns()
        part = (await post.digest()).deliveries[0].parts[0]  # type: ignore[index]  # it has closed
        instants.append(part.next - post.real)
        post.real = part.next
    assert [abs(wait - usual) <= usual * 0.2 + 1e-6 for wait, usual in zip(instants, DELAYS, strict=False)] == [
        True
    ] * 3
    assert len(await post.attempts()) == 3
    assert url != closed


async def test_what_is_never_accepted_is_in_the_dead_letters_after_ten_tries(redis: Any) -> None:
    """With its reason, after 75 hours at least."""
    way = Slow("w", NO_LIMIT, [Result("again", "503 Service Unavailable")] * 99, repeatable=True)
    post = Post(redis, {"*": (Channel(webhook="https://example.org/", secret=SECRET),)}, {"https://example.org/": way})
    post.clock.instant = START + HOUR
    await happen(redis, assigned("t-1"))
    began = post.real
    await post.turns()
    while await post.states(recipient="市残联") != [("市残联", "failed")]:
        digest = await post.digest("市残联")
        post.real = max(post.real, digest.deliveries[0].parts[0].next)  # type: ignore[index]  # it has closed
        await post.turns(1)
    assert [id for id, _, _ in way.sent].count(way.sent[0][0]) == 10
    assert 0.8 * sum(DELAYS) < post.real - began < 1.2 * sum(DELAYS)
    assert [one.reason for one in await post.record("dead")] == ["503 Service Unavailable"]


async def test_a_refusal_of_a_robot_is_in_the_attempt_and_the_dead_letters(redis: Any, robot: Robot) -> None:
    """A robot's 200 with a code is a failure: the code and the message are on record."""
    robot.answers = iter([{"errcode": 93000, "errmsg": "invalid webhook url"}])
    post = await opened(redis, {"*": (Channel(wecom=robot.url),)})
    await post.turns()
    (attempt,) = await post.record("attempt")
    assert attempt.outcome == "misconfigured"
    assert "93000" in attempt.detail
    assert "invalid webhook url" in attempt.detail
    assert await post.states() == [("市残联", "failed")]
    assert len(await post.record("dead")) == 1


async def test_a_long_digest_has_parts_with_states_of_their_own(redis: Any, robot: Robot) -> None:
    """An accepted part is not sent again, the failed one alone is; nothing is lost."""
    robot.answers = iter([{"errcode": 0, "errmsg": "ok"}, {"errcode": -1, "errmsg": "system busy"}])
    post = await opened(redis, {"*": (Channel(wecom=robot.url),)}, tasks=40)
    await post.turns()
    digest = await post.digest()
    assert digest.deliveries is not None
    assert len(digest.deliveries[0].parts) > 2
    assert [part.state for part in digest.deliveries[0].parts[:3]] == ["sent", "waiting", "waiting"]
    post.real += 6.0
    await post.turns()
    of = len(digest.deliveries[0].parts)
    assert len(robot.messages) == of + 1  # each part once, and the failed one twice
    assert robot.messages[1] == robot.messages[2]
    assert [(one.part, one.of) for one in await post.record("attempt")] == [
        (number, of) for number in [1, 2, *range(2, of + 1)]
    ]
    assert {state for _, state in await post.states()} == {"sent"}


async def test_one_robot_gets_no_more_than_its_limit_whoever_the_recipients_are(redis: Any) -> None:
    """Recipients, ledgers and instances share the limit; the others wait, in order; a sliding window, not a refill."""
    way = Slow("robot-1", Limit(5, 1.5, 0))
    names = [f"单位{number}" for number in range(12)]
    channel = Channel(wecom="693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa")
    post = Post(redis, {"*": (channel,)}, {"": way})
    post.clock.instant = START + HOUR
    await happen(redis, assigned("t-1", others=tuple(names)))
    async with asyncio.timeout(PATIENCE):
        while len(way.sent) < 13:
            post.real = time.time()
            await post.turns(1)
    for number in range(len(way.at) - 5):
        assert way.at[number + 5] - way.at[number] >= 1.5, way.at
    order = [(digest.closes, digest.id) for digest in await post.outbox.digests(await _ids(redis))]
    assert [id.partition("-")[2].partition(".")[0] for id, _, _ in way.sent] == [id for _, id in sorted(order)]


async def _ids(redis: Any) -> list[bytes]:
    return list(await redis.hkeys(key(NAME, "notify", "outbox")))


async def test_a_limit_is_shared_by_instances_and_survives_a_lost_answer(redis: Any) -> None:
    """A place is taken once by each name; who comes too soon is told how long to wait."""
    one, other = Buckets(redis), Buckets(redis)
    limit = Limit(2, 60.0, 0)
    assert [await one.take("c", limit, "a"), await other.take("c", limit, "b")] == [0.0, 0.0]
    assert await one.take("c", limit, "a") == 0.0  # asked again, as the answer was lost
    wait = await other.take("c", limit, "c")
    assert 59.0 < wait <= 60.1
    assert await other.take("another", limit, "c") == 0.0
    assert 0 < await redis.pttl("duban:limit:c") <= 62_000


async def test_after_too_fast_a_channel_rests_for_all(redis: Any) -> None:
    """No message goes to it from any instance; other channels go on."""
    limit = Limit(20, 60.0, 0)
    buckets = Buckets(redis)
    await buckets.take("c", limit, "a")
    await buckets.ended("c", limit, "a", rest=60.0)
    assert 59.0 < await Buckets(redis).take("c", limit, "b") <= 60.0
    assert await buckets.take("d", limit, "b") == 0.0
    busy = Slow("robot-1", Limit(20, 60.0, 0), [Result("again", "45009 too fast", after=60.0, rest=60.0)])
    free = Slow("robot-2", Limit(20, 60.0, 0))
    channels = {
        "市残联": (Channel(webhook="https://a.cn/", secret=SECRET),),
        "*": (Channel(webhook="https://b.cn/", secret=SECRET),),
    }
    post = Post(redis, channels, {"https://a.cn/": busy, "https://b.cn/": free})
    post.clock.instant = START + HOUR
    await happen(redis, assigned("t-1", others=("市民政局",)), assigned("t-2"))
    await post.turns(8)
    assert (len(busy.sent), len(free.sent)) == (1, 1)
    assert (await post.digest()).deliveries[0].parts[0].tries == 0  # type: ignore[index]  # it has closed


async def test_a_channel_that_hangs_holds_up_no_other(redis: Any, endpoint: Endpoint) -> None:
    """No further attempt is made on it meanwhile; what is for others goes out."""
    hanging = Slow("robot-1", NO_LIMIT, hang=asyncio.Event())
    channels = {"市残联": (Channel(webhook="https://a.cn/", secret=SECRET),), "*": (webhook(endpoint),)}
    post = Post(redis, channels, {"https://a.cn/": hanging})
    post.clock.instant = START + HOUR
    await happen(redis, assigned("t-1", others=("市民政局",)))
    await post.turns(6, finish=False)
    await happen(redis, assigned("t-2", others=("市民政局",)), at=START + timedelta(minutes=30))
    await post.turns(6, finish=False)
    assert len(hanging.sent) == 1
    assert len(endpoint.ids) == 2
    assert hanging.hang is not None
    hanging.hang.set()
    await post.turns(2)
    assert len(hanging.sent) == 2


async def test_of_a_mail_only_the_address_that_failed_is_tried_again(redis: Any) -> None:
    """Both results are on record."""
    first = Result("again", "450", recipients=(("good@b.cn", "accepted", "250 ok"), ("bad@b.cn", "again", "450 later")))
    way = Slow("mail-1", NO_LIMIT, [first, Result("accepted", "", recipients=(("bad@b.cn", "accepted", "250 ok"),))])
    post = Post(redis, {"*": (Channel(webhook="https://a.cn/", secret=SECRET),)}, {"https://a.cn/": way})
    post.clock.instant = START + HOUR
    await happen(redis, assigned("t-1"))
    await post.turns()
    post.real += 6.0
    await post.turns()
    assert [only for _, _, only in way.sent] == [(), ("bad@b.cn",)]
    assert (await post.record("attempt"))[0].recipients == first.recipients
    assert await post.states() == [("市残联", "sent")]


async def test_alerts_from_before_a_channel_was_configured_go_out_once_there_is_one(
    redis: Any, endpoint: Endpoint
) -> None:
    """Only to who had none, and only once."""
    before = await opened(redis, {"市民政局": (webhook(endpoint),)}, "市民政局")
    await before.turns()
    assert sorted(await before.states()) == [("市残联", "no-channel"), ("市民政局", "sent")]
    await before.sender.stop()
    after = Post(redis, {"*": (webhook(endpoint),)})
    after.clock.instant = START + timedelta(days=1)
    await after.alerts.projection.load()
    await after.turns()
    assert {state for _, state in await after.states()} == {"sent"}
    assert len(endpoint.ids) == len(set(endpoint.ids)) == 2
    await after.sender.stop()
    again = Post(redis, {"*": (webhook(endpoint),)})
    await again.turns()
    assert len(endpoint.ids) == 2


async def test_a_lost_answer_records_nothing_twice(redis: Any, endpoint: Endpoint) -> None:
    """A change whose answer is lost is sent again as it was, and saved once."""
    endpoint.answers = iter([(410, {})])
    post = await opened(redis, everyone(endpoint))
    keep, lost = post.outbox.keep, itertools.count()

    async def losing(packed: bytes) -> bool:
        kept = await keep(packed)
        if next(lost) % 3 == 0:
            raise ConnectionError("the answer is lost")
        return kept

    post.outbox.keep = losing  # type: ignore[method-assign]  # a connection that breaks after the server has answered
    await post.alerts.projection.catch_up()
    for _ in range(20):
        try:
            await post.sender.turn()
        except ConnectionError:
            continue
    assert len(await post.record("dead")) == 1
    assert len(await post.record("attempt")) == 1
    entries = [id.decode() for id, _ in await redis.xrange(key(NAME, "record"))]
    assert entries == [f"{number}-0" for number in range(1, len(entries) + 1)]


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_a_message_that_waits_is_sent_in_the_language_that_its_channel_has_now(
    redis: Any, robot: Robot, language: Language
) -> None:
    """It closed in Chinese, and the ledger's file names the language before the second try."""
    robot.answers = iter([{"errcode": -1, "errmsg": "system busy"}])
    before = await opened(redis, {"*": (Channel(wecom=robot.url),)})
    await before.turns()
    await before.sender.stop()
    after = Post(redis, {"*": (Channel(wecom=robot.url, language=language),)})
    after.clock.instant, after.real = before.clock.instant, before.real + 6.0
    await after.alerts.projection.load()
    await after.turns()
    assert await after.states() == [("市残联", "sent")]
    shown = robot.messages[-1]["markdown"]["content"]
    assert ("New task" in shown) == (language == "en")


class Failing(Slow):
    """A way that cannot make the parts of a letter at the calls of these numbers."""

    fails_at: tuple[int, ...] = ()
    calls: int = 0

    def parts(self, letter: Letter) -> list[Part]:
        self.calls += 1
        if self.calls in self.fails_at:
            raise ValueError("the message cannot be made")
        return super().parts(letter)


@pytest.mark.parametrize("at", [1, 2])
async def test_an_error_of_one_turn_is_made_good_by_the_next(redis: Any, at: int) -> None:
    """As the digest closes (1), or as its attempt begins (2): it is not forgotten, and its place is free again."""
    way = Failing("w", NO_LIMIT, fails_at=(at,))
    post = Post(redis, {"*": (Channel(webhook="https://a.cn/", secret=SECRET),)}, {"https://a.cn/": way})
    post.clock.instant = START + HOUR
    await happen(redis, assigned("t-1", others=("市民政局",)))
    with pytest.raises(ValueError, match="cannot be made"):
        await post.turns()
    await post.turns()
    assert {state for _, state in await post.states()} == {"sent"}
    assert len(way.sent) == len({id for id, _, _ in way.sent}) == 2


async def test_a_server_that_is_away_as_digests_close_costs_none_of_them(redis: Any, endpoint: Endpoint) -> None:
    """They close in the next turn."""
    post = await opened(redis, everyone(endpoint), "市民政局")
    read, away = post.outbox.alerts, iter(range(1))

    async def alerts(ids: Sequence[str]) -> dict[str, Alert]:
        if next(away, None) is not None:
            raise ConnectionError("the server is away")
        return await read(ids)

    post.outbox.alerts = alerts  # type: ignore[method-assign]  # a server that goes away between two commands
    with pytest.raises(ConnectionError):
        await post.turns()
    await post.turns()
    assert {state for _, state in await post.states()} == {"sent"}
    assert len(endpoint.ids) == 2
