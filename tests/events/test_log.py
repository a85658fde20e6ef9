import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from events.entries import CursorAdvance, Entry, Seen, SideEntries, Stored, digest
from events.envelope import encode
from events.keys import key
from events.log import AlreadyRecordedError, InboxMovedError, Log, StaleTailError
from events.scripts import lua_text
from tests.events.appending import append
from tests.events.driver import Driver, contents
from tests.examples import assigned, reported, store
from tests.servers import Server

LEDGER = "zhanjiang"

INBOX = key(LEDGER, "inbox", "units")

RECEIPTS = key(LEDGER, "receipts", "units")


def entry(number: int, source: str = "units", raw: bytes | None = None) -> Entry:
    """Return an entry to append; the same number gives the same one."""
    raw = raw if raw is not None else f"event {number}".encode()
    return Entry(source, f"e-{number}", digest(raw), raw)


async def add(log: Log, *numbers: int) -> list[int]:
    """Append entries at the tail."""
    return await append(log, await log.tail(), [entry(number) for number in numbers])


async def test_positions_are_dense_from_one(redis: Any) -> None:
    """Appended events get the positions 1, 2, 3 …, which are their addresses in the stream."""
    log = Log(redis, LEDGER)
    assert await log.tail() == 0
    assert await add(log, 1, 2) == [1, 2]
    assert await add(log, 3) == [3]
    assert await log.tail() == 3
    assert [id for id, _ in await redis.xrange(log.key)] == [b"1-0", b"2-0", b"3-0"]
    assert await log.read(0) == [Stored(1, b"event 1"), Stored(2, b"event 2"), Stored(3, b"event 3")]


async def test_the_same_batch_again_changes_nothing(redis: Any) -> None:
    """What the log already has is answered with its negative position, and not a byte changes on the server."""
    log = Log(redis, LEDGER)
    await add(log, 1, 2, 3)
    before = await contents(redis)
    assert await add(log, 1, 2, 3) == [-1, -2, -3]
    assert await contents(redis) == before


async def test_known_and_new_events_may_be_mixed(redis: Any) -> None:
    """Only what is new is added, without a gap, also where a batch holds the same source and id twice."""
    log = Log(redis, LEDGER)
    await add(log, 1, 2)
    assert await add(log, 2, 3, 1, 3, 4) == [-2, 3, -1, -3, 4]
    assert [position for position, _ in await log.read(0)] == [1, 2, 3, 4]


async def test_where_only_new_ones_are_wanted_a_known_one_stops_all(redis: Any) -> None:
    """Not a byte changes on the server, also where new ones stand before the known one."""
    log = Log(redis, LEDGER)
    await add(log, 1, 2)
    before = await contents(redis)
    advances, side_entries = [CursorAdvance(INBOX, "0-0", "7-0", 1)], [SideEntries(RECEIPTS, [("e", "x")])]
    for numbers in ((3, 1, 4), (3, 3)):
        with pytest.raises(AlreadyRecordedError, match="event 2 of the batch"):
            await log.append(log.pack(2, [entry(number) for number in numbers], side_entries, advances, only_new=True))
        assert await contents(redis) == before
    assert (await log.append(log.pack(2, [entry(3), entry(4)], side_entries, advances, only_new=True))).positions == [
        3,
        4,
    ]


async def test_an_empty_batch_is_no_event(redis: Any) -> None:
    """Appending nothing gives no positions and leaves the server empty."""
    assert await append(Log(redis, LEDGER), 0, []) == []
    assert await contents(redis) == {}


@pytest.mark.parametrize("expected", [0, 1, 3, 1_000_000])
async def test_a_stale_tail_writes_nothing(redis: Any, expected: int) -> None:
    """A writer who believes the tail elsewhere is told where it is; log, notes and cursors stay as they were."""
    log = Log(redis, LEDGER)
    await add(log, 1, 2)
    await redis.xadd(INBOX, {"e": b"x"}, id="7-0")
    before = await contents(redis)
    with pytest.raises(StaleTailError) as caught:
        await append(
            log, expected, [entry(3)], [SideEntries(RECEIPTS, [("e", "x")])], [CursorAdvance(INBOX, "0-0", "7-0", 1)]
        )
    assert caught.value.tail == 2
    assert await contents(redis) == before


async def test_a_moved_inbox_writes_nothing(redis: Any) -> None:
    """Where another instance decided an inbox, its name is raised; nothing is written, not even for other inboxes."""
    log = Log(redis, LEDGER)
    other = key(LEDGER, "inbox", "office")
    await append(log, 0, [entry(1)], advances=[CursorAdvance(INBOX, "0-0", "5-0", 1)])
    before = await contents(redis)
    with pytest.raises(InboxMovedError) as caught:
        await append(
            log,
            1,
            [entry(2)],
            [SideEntries(RECEIPTS, [("e", "x")])],
            [CursorAdvance(other, "0-0", "1-0", 1), CursorAdvance(INBOX, "0-0", "6-0", 1)],
        )
    assert str(caught.value) == INBOX
    assert await contents(redis) == before


async def test_cursors_and_notes_move_with_the_log(redis: Any) -> None:
    """One step appends, notes and moves the cursors; what is not yet decided stays in the inbox."""
    log = Log(redis, LEDGER)
    for number in range(1, 6):
        await redis.xadd(INBOX, {"e": b"x"}, id=f"{number}-0")
    assert await log.cursor(INBOX) == "0-0"
    notes = [SideEntries(RECEIPTS, [("e", "accepted", "inbox", "1-0"), ("e", "refused")])]
    assert await append(log, 0, [entry(1)], notes, [CursorAdvance(INBOX, "0-0", "3-0", 3)]) == [1]
    assert await log.cursor(INBOX) == "3-0"
    assert [fields for _, fields in await redis.xrange(RECEIPTS)] == [
        {b"e": b"accepted", b"inbox": b"1-0"},
        {b"e": b"refused"},
    ]
    assert {b"4-0", b"5-0"} <= {id for id, _ in await redis.xrange(INBOX)}
    await append(log, 1, [], advances=[CursorAdvance(INBOX, "3-0", "5-0", 2)])
    assert await log.cursor(INBOX) == "5-0"
    assert await log.tail() == 1


async def test_a_cap_bounds_notes(redis: Any) -> None:
    """A note's cap bounds its stream to about that many entries, the latest; without one it keeps them all."""
    log = Log(redis, LEDGER)
    for start in range(0, 1_000, 100):
        numbers = range(start, start + 100)
        notes = SideEntries(RECEIPTS, [("e", str(number)) for number in numbers], cap=50)
        await append(log, 0, [], [notes, SideEntries(key(LEDGER, "refused"), [("e", "x") for _ in numbers])])
    kept = [int(fields[b"e"]) for _, fields in await redis.xrange(RECEIPTS)]
    assert 50 <= len(kept) <= 300
    assert kept == list(range(1_000 - len(kept), 1_000))
    assert await redis.xlen(key(LEDGER, "refused")) == 1_000


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(max_size=200), st.text(), st.text())
@example(bytes(range(256)), "units", "e-1")
@example(b"", "", "")
@example(b"\xff" * 65_535, "市残联", "\x00:\n")
def test_bytes_of_any_value_survive(driver: Driver, raw: bytes, source: str, id: str) -> None:
    """Log and notes give back exactly the bytes they were given, text or not; so do source and id."""
    driver.empty()
    log = Log(driver.redis, LEDGER)
    found = digest(raw)
    assert driver(
        append(log, 0, [Entry(source, id, found, raw)], [SideEntries(RECEIPTS, [("raw", lua_text(raw))])])
    ) == [1]
    assert driver(log.read(0)) == [Stored(1, raw)]
    assert [fields for _, fields in driver(driver.redis.xrange(RECEIPTS))] == [{b"raw": raw}]
    assert driver(log.seen([(source, id)])) == [Seen(1, found)]


async def test_known_tells_where_and_with_which_bytes(redis: Any) -> None:
    """For each source and id asked about, known gives its position and the digest of its bytes, or None."""
    log = Log(redis, LEDGER)
    await append(log, 0, [entry(1), entry(1, "office", b"other")])
    assert await log.seen([]) == []
    assert await log.seen([("office", "e-1"), ("units", "e-2"), ("units", "e-1")]) == [
        Seen(2, digest(b"other")),
        None,
        Seen(1, digest(b"event 1")),
    ]


async def test_sources_and_ids_are_not_run_together(redis: Any) -> None:
    """The source “ab” with the id “c” is another than the source “a” with the id “bc”."""
    log = Log(redis, LEDGER)
    pairs = [("ab", "c"), ("a", "bc"), ("", "abc"), ("abc", ""), ("1:a", "b"), ("1", ":ab")]
    assert await append(log, 0, [Entry(source, id, "", b"x") for source, id in pairs]) == [1, 2, 3, 4, 5, 6]


def test_digests_tell_bytes_apart() -> None:
    """A digest is 16 hexadecimal digits that depend on every byte, and the same everywhere."""
    assert digest(b"event 1") == digest(b"event 1") != digest(b"event 1 ")
    assert digest(b"") == "e4a6a0577479b2b4"


@pytest.mark.parametrize("name", ["zhanjiang", "a", "0", "zj-2017", "a" * 64])
def test_keys_of_a_ledger_share_its_hash_tag(name: str) -> None:
    """Every key of a ledger holds its name in braces, so that a cluster keeps them on one node."""
    assert key(name) == f"duban:{{{name}}}"
    assert key(name, "inbox", "units") == f"duban:{{{name}}}:inbox:units"


@pytest.mark.parametrize("name", ["", "Zhanjiang", "湛江", "-a", "a-", "a}b", "a b", "a:b", "a\n", "a" * 65])
def test_names_that_could_leave_the_hash_tag_are_refused(name: str) -> None:
    """What is no ledger name makes no key, and the message says what one is."""
    with pytest.raises(ValueError, match="lower-case letters, digits and inner hyphens, at most 64"):
        key(name)


def at(minute: int) -> datetime:
    """Return an instant of the ledger's clock."""
    return datetime(2018, 3, 31, tzinfo=UTC) + timedelta(minutes=minute)


async def recorded(log: Log, count: int) -> None:
    """Append an assignment and reports, one a minute, to make `count` events."""
    events = [assigned(), *(reported(number=number) for number in range(1, count))]
    stored = [store(event, at(minute).isoformat()) for minute, event in enumerate(events, 1)]
    entries = [
        Entry(event.source, event.id, digest(encode(event)), raw) for event, raw in zip(events, stored, strict=True)
    ]
    for start in range(0, count, 1_000):
        await append(log, start, entries[start : start + 1_000])


async def scanned(log: Log, after: int = 0, until: int | datetime | None = None) -> list[int]:
    """Return the positions a scan gives."""
    return [found.position async for batch in log.scan(after, until) for found in batch]


async def test_scans_end_where_they_are_told(redis: Any) -> None:
    """A scan gives the events after a position, up to a position or recorded instant, each bound included."""
    log = Log(redis, LEDGER)
    assert await scanned(log) == []
    await recorded(log, 6)
    assert await scanned(log) == [1, 2, 3, 4, 5, 6]
    assert await scanned(log, after=4) == [5, 6]
    assert await scanned(log, after=6) == []
    assert await scanned(log, until=4) == [1, 2, 3, 4]
    assert await scanned(log, after=2, until=4) == [3, 4]
    assert await scanned(log, until=0) == []
    assert await scanned(log, until=99) == [1, 2, 3, 4, 5, 6]
    assert await scanned(log, until=at(3)) == [1, 2, 3]
    assert await scanned(log, until=at(4) - timedelta(microseconds=1)) == [1, 2, 3]
    assert await scanned(log, until=at(0)) == []


async def test_scans_read_on_beyond_one_batch(redis: Any) -> None:
    """A scan gives a log of any length whole, in batches, each event once and in order."""
    log = Log(redis, LEDGER)
    await recorded(log, 4_500)
    assert await scanned(log) == list(range(1, 4_501))
    assert await scanned(log, until=4_000) == list(range(1, 4_001))
    assert [len(batch) async for batch in log.scan(400)] == [2_000, 2_000, 100]


async def test_read_and_pick_address_events_by_position(redis: Any) -> None:
    """Read gives what follows a position, at most as many events as asked for; pick gives single ones, in any order."""
    log = Log(redis, LEDGER)
    await add(log, 1, 2, 3, 4)
    assert [position for position, _ in await log.read(1, 2)] == [2, 3]
    assert await log.read_at([4, 2, 9]) == [Stored(4, b"event 4"), Stored(2, b"event 2")]
    assert await log.read_at([]) == []


async def test_ledgers_are_apart(redis: Any) -> None:
    """Two ledgers on one server have positions, known events and cursors of their own."""
    one, other = Log(redis, "zhanjiang"), Log(redis, "maoming")
    await add(one, 1, 2)
    assert await add(other, 2) == [1]
    assert await other.seen([("units", "e-1")]) == [None]


async def test_writers_at_once_leave_no_gap(redis: Any) -> None:
    """Of many writers at one tail one succeeds; those who look again and try again all get in, once, without a gap."""
    log = Log(redis, LEDGER)

    async def write(number: int) -> int:
        while True:
            try:
                return (await append(log, await log.tail(), [entry(number)]))[0]
            except StaleTailError:
                continue

    positions = await asyncio.gather(*(write(number) for number in range(20)))
    assert sorted(positions) == list(range(1, 21))
    assert [raw for _, raw in await log.read(0)] == [
        b"event %d" % number for _, number in sorted(zip(positions, range(20), strict=True))
    ]


async def test_acknowledged_events_survive_a_killed_server(redis: Any, server: Server) -> None:
    """What append has answered is there after SIGKILL, and appending goes on where it ended."""
    log = Log(redis, LEDGER)
    await append(
        log, 0, [entry(1), entry(2)], [SideEntries(RECEIPTS, [("e", "x")])], [CursorAdvance(INBOX, "0-0", "7-0", 1)]
    )
    server.kill()
    server.start()
    await redis.connection_pool.disconnect()
    assert await log.cursor(INBOX) == "7-0"
    assert await redis.xlen(RECEIPTS) == 1
    assert await add(log, 2, 3) == [-2, 3]
    assert [position for position, _ in await log.read(0)] == [1, 2, 3]


class LogMachine(RuleBasedStateMachine):
    """Two writers on one log, beside lists and dictionaries that say what should be there."""

    driver: Driver
    writers = Bundle("writers")

    def __init__(self) -> None:
        super().__init__()
        self.driver.empty()
        self.events: list[bytes] = []
        self.places: dict[tuple[str, str], int] = {}
        self.notes: list[bytes] = []
        self.cursors = {INBOX: 0, key(LEDGER, "inbox", "office"): 0}
        self.log = Log(self.driver.redis, LEDGER)

    @initialize(target=writers)
    def first(self) -> "Writer":
        """Start a writer."""
        return Writer(Log(self.driver.redis, LEDGER))

    @rule(target=writers)
    def another(self) -> "Writer":
        """Start another writer, which has to find the tail first."""
        return Writer(Log(self.driver.redis, LEDGER))

    @rule(writer=writers)
    def look(self, writer: "Writer") -> None:
        """A writer learns the tail and the cursors."""
        writer.tail = self.driver(writer.log.tail())
        writer.cursors = {
            inbox: int(self.driver(writer.log.cursor(inbox)).removesuffix("-0")) for inbox in self.cursors
        }
        assert writer.tail == len(self.events)
        assert writer.cursors == self.cursors

    @rule(
        writer=writers,
        pairs=st.lists(st.tuples(st.sampled_from(["units", "office"]), st.sampled_from("abcdefgh")), max_size=4),
        notes=st.lists(st.binary(max_size=4), max_size=2),
        steps=st.dictionaries(st.sampled_from([INBOX, key(LEDGER, "inbox", "office")]), st.integers(1, 3)),
        only_new=st.booleans(),
    )
    def append(
        self,
        writer: "Writer",
        pairs: list[tuple[str, str]],
        notes: list[bytes],
        steps: dict[str, int],
        *,
        only_new: bool,
    ) -> None:
        """A writer appends from where it believes to be; all of it happens, or none."""
        entries = [
            Entry(source, id, digest(id.encode()), b"\xff%b at %d" % (id.encode(), len(self.events)))
            for source, id in pairs
        ]
        advances = [
            CursorAdvance(inbox, f"{writer.cursors[inbox]}-0", f"{writer.cursors[inbox] + step}-0", step)
            for inbox, step in steps.items()
        ]
        noted = [SideEntries(RECEIPTS, [("e", lua_text(note)) for note in notes])]
        work = writer.log.append(writer.log.pack(writer.tail, entries, noted, advances, only_new=only_new))
        if writer.tail != len(self.events):
            with pytest.raises(StaleTailError) as stale:
                self.driver(work)
            assert stale.value.tail == len(self.events)
            return
        if any(writer.cursors[inbox] != self.cursors[inbox] for inbox in steps):
            with pytest.raises(InboxMovedError):
                self.driver(work)
            return
        if only_new and (self.places.keys() & set(pairs) or len(set(pairs)) < len(pairs)):
            with pytest.raises(AlreadyRecordedError):
                self.driver(work)
            return
        expected = []
        for pair, one in zip(pairs, entries, strict=True):
            if pair in self.places:
                expected.append(-self.places[pair])
            else:
                self.events.append(one.raw)
                self.places[pair] = len(self.events)
                expected.append(len(self.events))
        assert self.driver(work).positions == expected
        writer.tail = len(self.events)
        self.notes += notes
        for inbox, step in steps.items():
            writer.cursors[inbox] += step
            self.cursors[inbox] += step

    @invariant()
    def holds_what_was_appended(self) -> None:
        """The server holds exactly what the model says."""
        assert self.driver(self.log.tail()) == len(self.events)
        assert self.driver(self.log.read(0)) == [Stored(number, raw) for number, raw in enumerate(self.events, 1)]
        known = self.driver(self.log.seen(list(self.places)))
        assert [one and one.position for one in known] == list(self.places.values())
        assert [fields[b"e"] for _, fields in self.driver(self.driver.redis.xrange(RECEIPTS))] == self.notes
        for inbox, reached in self.cursors.items():
            assert self.driver(self.log.cursor(inbox)) == f"{reached}-0"


class Writer:
    """What one writer believes of the log."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self.tail = 0
        self.cursors = {INBOX: 0, key(LEDGER, "inbox", "office"): 0}


def test_any_sequence_of_appends_is_all_or_nothing(driver: Driver) -> None:
    """Whatever several writers try in whatever order, the log is what one list would be."""

    class Machine(LogMachine):
        pass

    Machine.driver = driver
    run_state_machine_as_test(Machine, settings=settings(max_examples=60, stateful_step_count=30, deadline=None))
