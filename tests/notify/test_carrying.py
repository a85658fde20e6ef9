"""The data of the version before the record: carried over once, nothing lost and nothing sent twice.

fixtures/outbox/previous.json is what that version left in the server: `keys` has its keys, their kinds and bytes
(as Latin-1), `url` the webhook of 市残联. One digest of 市残联 was sent, one refused for good, one was under way, one
open. That of 市民政局 waited for its fourth try, 市教育局 had no channel. The alerts of a passed deadline were in no
digest.
"""

import json
from collections import Counter
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from events.channel import Channel
from events.keys import key
from events.record import Record
from services.cli.checks.record import check_record
from services.notify import carrying, previous
from services.notify.carrying import Carrier
from services.notify.store import AlertQuery
from tests.examples import assigned
from tests.notify.endpoint import SECRET, Endpoint
from tests.notify.post import NAME, START, Post, happen

FILE = json.loads((Path(__file__).parents[1] / "fixtures" / "outbox" / "previous.json").read_bytes())

OWN = "5fee601070a720e8"
"""The fingerprint that the webhook of 市残联 had."""

WRITES = 8
"""Batches of two in which ten alerts and six digests are carried over."""

OTHERS = "http://127.0.0.1:9/hook"


def channel(url: str) -> Channel:
    return Channel(webhook=url, secret=SECRET)


async def restored(redis: Any, endpoint: Endpoint) -> Post:
    """Write the recorded keys, with the endpoint as the webhook of 市残联, and return an instance of this version."""
    channels = {"市残联": (channel(endpoint.url),), "市民政局": (channel(endpoint.url + "?other"),)}
    fingerprints = {
        OWN.encode(): previous.fingerprint(channels["市残联"][0]).encode(),
        previous.fingerprint(channel(OTHERS)).encode(): previous.fingerprint(channels["市民政局"][0]).encode(),
    }

    def raw(text: str) -> bytes:
        found = text.encode("latin-1")
        for old, new in fingerprints.items():
            found = found.replace(old, new)
        return found

    for name, (kind, content) in FILE["keys"].items():
        match kind:
            case "stream":
                for id, entry in content:
                    await redis.xadd(name, {"e": raw(entry)}, id=raw(id))
            case "log":
                for id, fields in content:
                    await redis.xadd(name, {raw(field): raw(value) for field, value in fields.items()}, id=raw(id))
            case "hash":
                await redis.hset(name, mapping={raw(field): raw(value) for field, value in content.items()})
            case "set":
                await redis.sadd(name, *map(raw, content))
            case "string":
                await redis.set(name, raw(content))
    post = Post(redis, channels)
    post.clock.instant = START + timedelta(hours=2)
    return post


def carrier(redis: Any, post: Post) -> Carrier:
    return Carrier(redis, NAME, post.ledger, post.ways, post.outbox)


def test_a_channel_has_the_fingerprint_that_it_had() -> None:
    """By it, deliveries of the earlier version find their channel."""
    assert previous.fingerprint(channel(FILE["url"])) == OWN


async def test_everything_is_carried_over_and_nothing_is_sent_twice(redis: Any, endpoint: Endpoint) -> None:
    """What was sent stays sent; what was under way, waited, or was in no digest goes out once, by the same ids."""
    post = await restored(redis, endpoint)
    await carrier(redis, post).carry_over()
    await post.alerts.projection.load()
    post.real = 2_000_000_000.0
    await post.turns(12)
    assert Counter(endpoint.ids)[f"{NAME}-3-0"] == 1  # it was under way
    assert Counter(endpoint.ids)[f"{NAME}-1-1"] == 1  # it waited
    assert Counter(endpoint.ids)[f"{NAME}-4-0"] == 1  # it was open
    assert not {f"{NAME}-1-0", f"{NAME}-2-0"} & set(endpoint.ids)  # it was sent, and refused for good
    assert max(Counter(endpoint.ids).values()) == 1
    found, _ = await post.alerts.select(AlertQuery(limit=100))
    assert {one.alert.id: one.state for one in found} == {
        "1-0": "sent", "1-1": "sent", "1-2": "no-channel", "2-0": "failed", "3-0": "sent", "4-0": "sent",
        **{f"5-{number}": "sent" if number < 2 else "no-channel" for number in range(4)},
    }  # fmt: skip
    ((passed, *_), waited) = [[one for one in found if one.alert.id == id] for id in ("5-0", "1-1")]
    assert (passed.alert.on, passed.alert.due, passed.alert.days) == ("passed", START, 1)
    assert passed.alert.title.startswith("全市至少建立两个规模化残疾人集中就业基地，")
    assert passed.alert.lead == "市残联"
    digest = waited[0].digest
    assert digest is not None
    assert [one.outcome for one in (digest.deliveries or ())[0].parts[0].attempts] == ["again"] * 3 + ["accepted"]


async def test_carrying_over_is_done_once(redis: Any, endpoint: Endpoint) -> None:
    """The record is dense, begins with the alerts in their order, and the keys of the earlier version are gone."""
    post = await restored(redis, endpoint)
    await carrier(redis, post).carry_over()
    await carrier(redis, post).carry_over()
    places = [(one.place, one.alert.id) for one in reversed((await post.alerts.select(AlertQuery()))[0])]
    ids = ["1-0", "1-1", "1-2", "2-0", "3-0", "4-0", "5-0", "5-1", "5-2", "5-3"]
    assert places == [(f"{number}-0", id) for number, id in enumerate(ids, 1)]
    assert await redis.get(key(NAME, "notify", "reached")) == b"6"
    for name in ("alerts", "planned", "digests", "dead", "carried"):
        assert not await redis.exists(key(NAME, "notify", name))
    wrong, recorded = await check_record(redis, Record(redis, NAME))
    assert wrong == []
    assert list(recorded.places) == ids


@pytest.mark.parametrize("after", range(1, WRITES + 1))
async def test_an_interruption_at_any_write_does_no_harm(
    redis: Any, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    """The next instance goes on from there."""
    monkeypatch.setattr(carrying, "BATCH", 2)
    post = await restored(redis, endpoint)
    first = carrier(redis, post)
    write, calls = first._write, iter(range(1, after))

    async def interrupted(*args: Any) -> None:
        if next(calls, None) is None:
            raise ConnectionError("the process ends")
        await write(*args)

    first._write = interrupted  # type: ignore[assignment, method-assign]  # a process that ends between two commands
    with pytest.raises(ConnectionError):
        await first.carry_over()
    assert len(await post.states()) == min(10, 2 * (after - 1))  # shown also where their digests are not there yet
    await carrier(redis, post).carry_over()
    await assert_complete(post)


@pytest.mark.parametrize("at", range(1, WRITES + 1))
async def test_nothing_is_lost_where_another_instance_takes_the_lease(
    redis: Any, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    """A batch that the server refuses is carried over once the lease is free again."""
    monkeypatch.setattr(carrying, "BATCH", 2)
    post = await restored(redis, endpoint)
    first = carrier(redis, post)
    write, numbers = first._write, count(1)

    async def overtaken(*args: Any) -> None:
        if next(numbers) == at:
            await redis.set(key(NAME, "notify", "lease"), "another", px=100)
        await write(*args)

    first._write = overtaken  # type: ignore[assignment, method-assign]  # an instance that acquires an expired lease
    await first.carry_over()
    await assert_complete(post)


async def assert_complete(post: Post) -> None:
    assert len((await post.alerts.select(AlertQuery()))[0]) == 10
    assert len(await post.outbox.pending()) == 3
    assert [one.id for one in await post.outbox.failed()] == ["2-0"]
    assert [one.id for one in await post.outbox.unreached()] == ["1-2"]


async def test_events_after_the_update_raise_alerts_of_the_new_kind(redis: Any, endpoint: Endpoint) -> None:
    """The fold goes on where the earlier version was; it announces nothing anew."""
    post = await restored(redis, endpoint)
    await carrier(redis, post).carry_over()
    await post.alerts.projection.load()
    await happen(redis, assigned("t-9"), at=START + timedelta(hours=1))
    await post.turns(12)
    found, _ = await post.alerts.select(AlertQuery(task="t-9"))
    assert [(one.alert.recipient, one.state) for one in found] == [("市残联", "sent")]
    assert len((await post.alerts.select(AlertQuery()))[0]) == 11
