"""Decisions that `audit verify` makes again: forged logs that are consistent in all but what was allowed."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
import pytest_asyncio
from msgspec.structs import replace

from events.deadline import Fixed
from events.entries import Recorded, digest
from events.envelope import Event, read, submitted
from events.keys import key
from events.ledger import Ledger, Source
from events.log import Log
from events.recorded_rules import RulesEntry, read_rules
from events.schema import DeadlineNeared, DeadlinePassed, ExtensionGranted, ProgressCorrected
from services.cli.checks.decisions import Decisions, cited_in
from services.cli.checks.rules import find_rules, notes
from services.ingest.core import VERSION
from tests.examples import assigned, reported, store
from tests.fixed_clock import FixedClock
from tests.ingest.running_writer import LEDGER, NAME, working

ZONE = ZoneInfo("Asia/Shanghai")
START = datetime(2018, 1, 1, 9, tzinfo=ZONE)
DUE = datetime(2018, 4, 1, tzinfo=ZONE)

LOG, SEEN, TEXTS = key(NAME, "log"), key(NAME, "seen"), key(NAME, "rules", "texts")

OTHER = replace(LEDGER, sources={**LEDGER.sources, "other": Source("reporter", ("*",))}, remind_days=(45, 7))
"""The same ledger for a while: with one more source, and other reminders."""

Edit = Callable[[list[bytes]], object]


def at(day: int, **changes: int) -> datetime:
    """Return the instant of a day after the start."""
    return START + timedelta(days=day, **changes)


async def decisions(redis: Any, ledger: Ledger = LEDGER) -> list[str]:
    """Return the findings on a log as it is, as `<check> <place>: <detail>`."""
    log = Log(redis, NAME)
    decided = Decisions(ledger, await find_rules(redis, NAME), cited_in(log))
    for position, raw in await log.read(0):
        await decided.follow([Recorded(position, read(raw))])
    decided.end(held=False)
    return [f"{one.check} {one.where}: {one.detail}" for one in decided.findings]


async def forge(redis: Any, edit: Edit) -> None:
    """Write a log anew whose bytes, index and order agree with each other."""
    raws = [entry.raw for entry in await Log(redis, NAME).read(0)]
    edit(raws)
    await redis.delete(LOG, SEEN)
    for position, raw in enumerate(raws, 1):
        event = read(raw)
        await redis.xadd(LOG, {"e": raw}, id=f"{position}-0")
        await redis.hset(SEEN, f"{len(event.source)}:{event.source}{event.id}", f"{position}:{digest(submitted(raw))}")


@pytest_asyncio.fixture
async def lived(redis: Any) -> None:
    """Leave a log of a year: three files in turn, reports, a task that is late, one that is closed in time."""
    clock = FixedClock(START)
    deadline = Fixed("2018年3月底前完成", due=DUE)
    async with working(redis, clock) as running:
        await running.submit(
            assigned("late", deadline=deadline, time=at(0)), assigned("met", deadline=deadline, time=at(0))
        )
        clock.instant = at(10)
        await running.submit(reported("late", 1, time=at(10)))
    async with working(redis, clock, ledger=OTHER) as running:
        for day in range(20, 50, 10):
            clock.instant = at(day)
            await running.writer.tick()
            await running.submit(reported("late", day, source="other", time=at(day)), authid="other")
    async with working(redis, clock) as running:
        for day in (70, 88, 100, 110, 120, 130):
            clock.instant = at(day)
            await running.writer.tick()
            await running.submit(reported("met", day, time=at(day)))


async def test_what_ingest_decided_is_allowed(redis: Any, lived: None) -> None:
    """By the file of each position; by today's alone, what the other source reported would not be."""
    assert await decisions(redis) == []
    assert len(await read_rules(redis, NAME)) == 3
    raws = [entry.raw for entry in await Log(redis, NAME).read(0)]
    assert {type(read(raw).data) for raw in raws} >= {DeadlineNeared, DeadlinePassed}
    await redis.delete(key(NAME, "rules"))
    found = await decisions(redis)
    assert len(found) >= 3
    assert all("by the present rules: none are on record" in one for one in found), found


def insert(event: Event, recorded: datetime, place: int | None = None, authid: str | None = None) -> Edit:
    """Return the edit that adds an event, by default at the end."""
    raw = store(event, recorded.isoformat())
    if authid is not None:
        raw = raw.replace(b'"authid":"' + event.source.partition("/")[0].encode(), b'"authid":"' + authid.encode())
    return lambda raws: raws.insert(len(raws) if place is None else place, raw)


def clock_event(data: DeadlinePassed | DeadlineNeared, task: str, id: str) -> Event:
    return Event(id, "duban/clock", task, data.due, data)


def without(what: bytes) -> Edit:
    """Return the edit that removes the one event whose bytes have a text."""

    def edit(raws: list[bytes]) -> None:
        (found,) = [raw for raw in raws if what in raw]
        raws.remove(found)

    return edit


def changed(what: bytes, old: bytes, new: bytes) -> Edit:
    """Return the edit that changes the one event whose bytes have a text."""

    def edit(raws: list[bytes]) -> None:
        (number,) = [number for number, raw in enumerate(raws) if what in raw]
        assert old in raws[number]
        raws[number] = raws[number].replace(old, new)

    return edit


PASSED = b'"passed:late:'

FORGED: dict[str, tuple[str, Edit]] = {
    "a report of a unit without a duty": (
        "not-responsible",
        insert(reported("late", 99, unit="市民政局", time=at(140)), at(140)),
    ),
    "a report on a task that nobody assigned": ("unknown-task", insert(reported("no", 1, time=at(140)), at(140))),
    "a report by a source of another time": (
        "not-permitted",
        insert(reported("late", 99, source="other", time=at(140)), at(140)),
    ),
    "an assignment by a reporter": (
        "not-permitted",
        insert(assigned("new", source="units", time=at(140)), at(140)),
    ),
    "an assignment twice": ("task-exists", insert(assigned("late", id="again", time=at(140)), at(140))),
    "a report from the future": ("from-the-future", insert(reported("late", 99, time=at(141)), at(140))),
    "another sender": ("not-permitted", insert(reported("late", 99, time=at(140)), at(140), authid="office")),
    "a grant that nobody asked for": (
        "no open request",
        insert(replace(assigned("late", id="g", time=at(140)), data=ExtensionGranted("nothing", due=at(400))), at(140)),
    ),
    "a correction of what comes later": (
        "is no event of source",
        insert(
            replace(
                reported("met", 1, time=at(71)),
                id="c",
                data=ProgressCorrected("report-met-市残联-130", "x", "市残联", "x"),
            ),
            at(71),
            -2,
        ),
    ),
    "a deadline passed early": (
        "was not due at",
        changed(PASSED, b'"recordedtime":"2018-04', b'"recordedtime":"2018-03'),
    ),
    "a deadline passed for another day": (
        "was not due at",
        insert(clock_event(DeadlinePassed(DUE - timedelta(days=1)), "late", "passed:late:x"), at(140)),
    ),
    "a deadline that never passed": ("is not in the log", without(PASSED)),
    "a reminder that never came": ("is not in the log", without(b'"neared:late:2018-04-01T00:00:00+08:00:7"')),
    "a reminder with other days": (
        "has other content",
        changed(b'"neared:late:2018-04-01T00:00:00+08:00:7"', b'"days_left":7', b'"days_left":9'),
    ),
    "a passing of a task that was never assigned": (
        "was not due at",
        insert(clock_event(DeadlinePassed(DUE), "no", "passed:no:x"), at(140)),
    ),
    "a passing recorded twice": (
        "was not due at",
        insert(clock_event(DeadlinePassed(DUE), "late", "passed:late:2018-04-01T00:00:00+08:00"), at(140)),
    ),
}


@pytest.mark.parametrize("what", FORGED)
async def test_what_was_not_allowed_is_found(redis: Any, lived: None, what: str) -> None:
    """Though bytes, index, order and rows agree: each with its place and the reason."""
    told, edit = FORGED[what]
    await forge(redis, edit)
    found = await decisions(redis)
    assert any(told in one for one in found), found
    assert all(one.startswith("decisions ") for one in found)


async def test_a_forged_text_of_the_rules_is_found(redis: Any, lived: None) -> None:
    """Altered or removed: named by the position from which it held."""
    second = (await read_rules(redis, NAME))[1]
    text = await redis.hget(TEXTS, second.sha256)
    await redis.hset(TEXTS, second.sha256, text + b" ")
    named = f"rules {second.first}: the text of the rules {second.sha256}, which hold from position {second.first} on,"
    assert f"{named} has the hash" in (await decisions(redis))[0]
    await redis.hdel(TEXTS, second.sha256)
    assert f"{named} is missing" in (await decisions(redis))[0]


async def test_a_record_of_rules_that_was_edited_is_found(redis: Any, lived: None) -> None:
    """An entry deleted, in another order, or that is none."""
    stream = key(NAME, "rules")
    entries = await redis.xrange(stream)
    await redis.xdel(stream, "2-0")
    assert any(one.startswith("rules 3: entry 2 of the record has this number") for one in await decisions(redis))
    assert any("entries were added" in one for one in await decisions(redis))
    await redis.delete(stream)
    for number, (_, fields) in enumerate(reversed(entries), 1):
        await redis.xadd(stream, fields, id=f"{number}-0")
    assert any("the entry before it from" in one for one in await decisions(redis))
    await redis.xadd(stream, {"e": b"{}"}, id="4-0")
    assert any(one.startswith("rules 4: does not decode") for one in await decisions(redis))


async def test_rules_that_were_exchanged_do_not_fit_the_decisions(redis: Any, lived: None) -> None:
    """Whoever puts today's rules in the place of those of then makes what was accepted then impossible."""
    first, second, third = await read_rules(redis, NAME)
    await redis.delete(key(NAME, "rules"))
    for number, entry in enumerate((first, replace(second, sha256=first.sha256), third), 1):
        await redis.xadd(key(NAME, "rules"), {"e": msgspec.json.encode(entry)}, id=f"{number}-0")
    assert any("not-permitted" in one for one in await decisions(redis))


async def test_the_clock_may_be_a_batch_late(redis: Any) -> None:
    """A task assigned when its day was over passes with the next batch, and a log may end before that."""
    clock = FixedClock(at(200))
    async with working(redis, clock) as running:
        await running.submit(assigned("old", deadline=Fixed("2018年3月底前完成", due=DUE), time=at(200)))
        assert await decisions(redis) == []
        clock.instant = at(201)
        await running.writer.tick()
        assert await decisions(redis) == []


@pytest.mark.parametrize(
    ("entries", "tail", "expected"),
    [
        ([], 0, []),
        ([], 7, ["no rules are on record for positions 1 to 7: decided by the present ones"]),
        ([RulesEntry(1, VERSION, "a")], 7, []),
        (
            [RulesEntry(4, VERSION, "a")],
            7,
            ["no rules are on record for positions 1 to 3: decided by the present ones"],
        ),
        (
            [RulesEntry(1, "0", "a"), RulesEntry(5, VERSION, "a")],
            7,
            [f"positions 1 to 4 were decided by version 0 of the code's rules, which {VERSION} does not decide again"],
        ),
        ([RulesEntry(1, "0", "a"), RulesEntry(1, VERSION, "a")], 7, []),
    ],
)
def test_what_cannot_be_decided_again_is_told(entries: list[RulesEntry], tail: int, expected: list[str]) -> None:
    """Logs from before rules were recorded, and other versions of the code."""
    assert notes(entries, tail) == expected
