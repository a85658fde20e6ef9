"""The log: one Redis stream per ledger, its entry ids the positions 1, 2, 3 … without a gap.

Keys, all with the hash tag `{ledger}`:

    duban:{L}:log         stream  <position>-0 -> e: the stored bytes             written by append.lua alone
    duban:{L}:seen        hash    source and id -> <position>:<digest>            written by append.lua alone
    duban:{L}:cursors     hash    inbox key -> id of the last inbox entry decided, and how many were gone from the inbox
                                  by then                                         written by append.lua, set_back.lua
    duban:{L}:clock:kind  string  wall, scaled or file: the clock that records    written by append.lua, with position 1
    duban:{L}:refused     stream  n: 1, 2, 3 …, and what is kept of each refusal  written by append.lua alone
    duban:{L}:refused:bodies:<source>
                          stream  the id in `refused` -> raw: the bytes         written by append.lua alone
    duban:{L}:refused:sizes
                          hash    source -> bytes in its bodies                 written by append.lua alone
    duban:{L}:asked       string  the tail when last it was asked what replicas have   written where nothing else was
"""

import itertools
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from events.entries import (
    Added,
    Entry,
    Gap,
    Known,
    Move,
    Notes,
    Packed,
    Recorded,
    Refusals,
    Stored,
    _position,
    stored,
    within,
)
from events.envelope import read
from events.keys import key
from events.replicas import Confirmed, confirmed
from events.scripts import lua_text, script

READ_BATCH = 2_000
"""Entries a read fetches at once: enough to hide the round trip, too few (~1 MB) to hold up the server."""


class StaleTailError(Exception):
    """The log does not end with the event that the writer knows as the last; nothing was written.

    It has grown since the writer looked, or it is another server's after a failover, which may have come to end
    earlier, or at the same position with another event.
    """

    def __init__(self, expected: int, tail: int) -> None:
        super().__init__(f"the writer expected the tail at {expected}, it is at {tail}, or is another event")
        self.tail = tail


class KnownError(Exception):
    """The log has one of the events already, where only new ones were to be added; nothing was written."""


class InboxMovedError(Exception):
    """Another instance has decided entries of this inbox; nothing was written."""


class Log:
    """One ledger's log; `append` is for its one writer, the rest for all.

    What is added counts only when so many `replicas` have it on disk. `clock` is the kind of clock that records it.
    """

    def __init__(self, redis: Any, ledger: str, replicas: int = 0, clock: str = "wall") -> None:
        self.ledger = ledger
        self.key = key(ledger, "log")
        self._seen = key(ledger, "seen")
        self._cursors = key(ledger, "cursors")
        self._asked = key(ledger, "asked")
        self._refused = key(ledger, "refused")
        self._refused_sizes = key(ledger, "refused", "sizes")
        self._clock = clock
        self._clock_key = key(ledger, "clock", "kind")
        self._redis = redis
        self._replicas = replicas
        self._append = script(redis, __file__, "append.lua")
        self._confirmed_append = Confirmed(redis, self._append, replicas)
        self._known = script(redis, __file__, "known.lua")
        self._set_back = script(redis, __file__, "set_back.lua")

    async def tail(self) -> int:
        """Return the last position, 0 where the log is empty."""
        last = await self._redis.xrevrange(self.key, count=1)
        return _position(last[0][0]) if last else 0

    async def server(self) -> str:
        """Return what tells this run of the server from any other: it may have come up with another log."""
        return str((await self._redis.info("server"))["run_id"])

    async def append(
        self, tail: int, entries: Sequence[Entry], notes: Sequence[Notes] = (), moves: Sequence[Move] = ()
    ) -> list[int]:
        """Add `entries` after `tail`, all or nothing, and return their positions.

        A source and id that the log already has is not added again; its position is returned negative. Raises
        StaleTailError or InboxMovedError, with nothing written, where another writer came first.
        """
        return (await self.add(self.pack(tail, entries, notes, moves))).positions

    def pack(
        self,
        tail: int,
        entries: Sequence[Entry],
        notes: Sequence[Notes] = (),
        moves: Sequence[Move] = (),
        last: str = "",
        *,
        only_new: bool = False,
        refusals: Refusals | None = None,
    ) -> Packed:
        """Return what `append` sends: to be made while another batch is still on its way.

        `last` is the mark of the event at `tail`, empty if that need not be looked at. With `only_new` nothing is
        added where the log has one of the events.
        """
        beside = [m.inbox for m in moves] + [m.gap.receipts for m in moves if m.gap] + [n.key for n in notes]
        keys = [self.key, self._seen, self._cursors, self._refused, *dict.fromkeys(beside)]
        if first := tail == 0 and bool(entries):
            keys.append(self._clock_key)
        if refusals is not None:
            bodies = [self._bodies_of(one.source) for one in refusals.entries if one.raw is not None]
            keys += [self._refused_sizes, *dict.fromkeys(bodies)]
        index = {name: number for number, name in enumerate(keys, 1)}
        batch = msgspec.msgpack.encode(
            (
                tail,
                [(_seen_field(e.source, e.id), e.digest, lua_text(e.raw)) for e in entries],
                [(index[m.inbox], m.expected, m.reached, m.count, self._packed_gap(m.gap, index)) for m in moves],
                [(index[n.key], n.cap, n.entries) for n in notes],
                last,
                only_new,
                (index[self._clock_key], self._clock) if first else False,
                self._packed_refusals(refusals, index) if refusals is not None else False,
            )
        )
        return Packed(tail, len(entries), keys, batch, empty=not (entries or notes or moves or refusals))

    def _packed_refusals(self, refusals: Refusals, index: Mapping[str, int]) -> tuple[object, ...]:
        entries = [
            (
                one.fields,
                index[self._bodies_of(one.source)] if one.raw is not None else 0,
                one.source,
                lua_text(one.raw or b""),
            )
            for one in refusals.entries
        ]
        return index[self._refused], index[self._refused_sizes], refusals.most, entries

    def _packed_gap(self, gap: Gap | None, index: Mapping[str, int]) -> list[tuple[int, Sequence[str]]]:
        if gap is None:
            return []
        return [(index[self._refused], gap.refusal), (index[gap.receipts], gap.receipt)]

    def _bodies_of(self, source: str) -> str:
        return key(self.ledger, "refused", "bodies", source)

    async def add(self, packed: Packed) -> Added:
        """Do what `append` does, with a batch that was packed.

        Raises KnownError, too, with nothing written; and UnconfirmedError where too few replicas have it in time,
        although it is in this server's log.
        """
        replicas = None
        if self._replicas:
            (verdict, *reply), replicas = await self._confirmed_append(packed.keys, [packed.batch])
        else:
            verdict, *reply = await self._append(keys=packed.keys, args=[packed.batch])
        if verdict == b"stale":
            raise StaleTailError(packed.tail, reply[0])
        if verdict == b"known":
            raise KnownError(f"the log has event {reply[0]} of the batch at position {reply[1]}")
        if verdict == b"moved":
            raise InboxMovedError(reply[0].decode())
        known = dict(zip(reply[::2], reply[1::2], strict=True))
        added = itertools.count(packed.tail + 1)
        positions = [-known[number] if number in known else next(added) for number in range(1, packed.count + 1)]
        return Added(positions, replicas)

    async def confirm(self, tail: int) -> int | None:
        """Wait until the replicas have what the log has, for an answer that writes nothing; return how many do.

        None where that is not asked. Raises UnconfirmedError where too few have it in time.
        """
        if not self._replicas:
            return None
        _, replicas = await confirmed(self._redis, ("SET", self._asked, tail), self._replicas)
        return replicas

    async def known(self, ids: Sequence[tuple[str, str]]) -> list[Known | None]:
        """Return for each source and id where it already is."""
        if not ids:
            return []
        fields = msgspec.msgpack.encode([_seen_field(source, id) for source, id in ids])
        reply = await self._known(keys=[self._seen], args=[fields])
        found: list[Known | None] = [None] * len(ids)
        for number, value in zip(reply[::2], reply[1::2], strict=True):
            found[number - 1] = _known(value)
        return found

    async def cursor(self, inbox: str) -> str:
        """Return the id of the last entry of an inbox that was decided."""
        reached = await self._redis.hget(self._cursors, inbox)
        return reached.split()[0].decode() if reached is not None else "0-0"

    async def set_back(self, inbox: str, expected: str, gap: Gap) -> bool:
        """Set an inbox's cursor to its start where the inbox was made anew with lower ids; return whether it was."""
        keys = [self._cursors, inbox, self._refused, gap.receipts]
        index = {name: number for number, name in enumerate(keys, 1)}
        args = [msgspec.msgpack.encode((expected, self._packed_gap(gap, index)))]
        return bool(await self._set_back(keys=keys, args=args))

    async def read(self, after: int, count: int = READ_BATCH) -> list[Stored]:
        """Return up to `count` events that follow position `after`."""
        entries = await self._redis.xrange(self.key, min=f"{after + 1}-0", count=count)
        return stored(entries)

    async def pick(self, positions: Sequence[int]) -> list[Stored]:
        """Return the events at these positions, in one round trip."""
        async with self._redis.pipeline(transaction=False) as pipe:
            for position in positions:
                pipe.xrange(self.key, min=f"{position}-0", max=f"{position}-0")
            found = await pipe.execute()
        return [one for entries in found for one in stored(entries)]

    async def scan(self, after: int = 0, until: int | datetime | None = None) -> AsyncIterator[list[Recorded]]:
        """Read the events after `after` in batches, up to a position or recorded instant (the tail if None)."""
        while batch := await self.read(after):
            recorded = [Recorded(position, read(raw)) for position, raw in batch]
            wanted = [entry for entry in recorded if within(entry, until)]
            if wanted:
                yield wanted
            if len(wanted) < len(recorded):
                return
            after = batch[-1].position


def _known(value: bytes) -> Known:
    position, _, found = value.partition(b":")
    return Known(int(position), found.decode())


def _seen_field(source: str, id: str) -> str:
    return f"{len(source)}:{source}{id}"  # the length keeps ("ab", "c") and ("a", "bc") apart
