"""The log: one Redis stream per ledger, its entry ids the positions 1, 2, 3 … without a gap.

Its beginning may have left the stream for the sealed archive (trimmed.py); readers see one log.

Keys, all with the hash tag `{ledger}`:

    duban:{L}:log         stream  <position>-0 -> e: the stored bytes             written by append.lua, trim.lua
    duban:{L}:seen        hash    source and id -> <position>:<digest>            written by append.lua, trim.lua
    duban:{L}:cursors     hash    inbox key -> id of the last inbox entry decided, and how many were gone from the inbox
                                  by then                                         written by append.lua, set_back.lua
    duban:{L}:clock:kind  string  wall, scaled or file: the clock that records    written by append.lua, with position 1
    duban:{L}:refused     stream  n: 1, 2, 3 …, and what is kept of each refusal  written by append.lua alone
    duban:{L}:refused:bodies:<source>
                          stream  the id in `refused` -> raw: the bytes         written by append.lua alone
    duban:{L}:refused:sizes
                          hash    source -> bytes in its bodies                 written by append.lua alone
    duban:{L}:index       string  the segments of ids that have left `seen`      written by trim.lua alone
    duban:{L}:asked       string  the tail at the last question to the replicas      written by confirm
"""

import itertools
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from events.entries import (
    Appended,
    CursorAdvance,
    Entry,
    Gap,
    PackedBatch,
    Recorded,
    Refusals,
    Seen,
    SideEntries,
    Stored,
    position_of,
    seen_field,
    stored,
    within,
)
from events.envelope import read
from events.keys import LogKeys, key
from events.recorded_rules import RulesOnRecord, RulesStep
from events.replicas import Confirmed, confirmed
from events.scripts import lua_text, script
from events.seal.eras import SealedEras
from events.trimmed import TrimmedPart

READ_BATCH = 2_000
"""Entries fetched by one read: enough to hide the round trip, too few (~1 MB) to block the server."""

XRANGE = b"XRANGE"
"""As bytes, the client does not know the command, and leaves the reply as it is: it would make a dictionary of each
entry's fields, which takes a third of the time of a read."""


class StaleTailError(Exception):
    """The log does not end with the event that the writer expects, or other rules are on record, or it was trimmed.

    Nothing was written.
    Either another instance has appended, or a failover has replaced the log by one that is shorter or holds another
    event at that position.
    """

    def __init__(self, expected: int, tail: int) -> None:
        super().__init__(
            f"the writer expected the tail at {expected}; it is at {tail}, or is another event, under other rules, or"
            " trimmed"
        )
        self.tail = tail


class AlreadyRecordedError(Exception):
    """An event of a batch of new events is already in the log; nothing was written."""


class InboxMovedError(Exception):
    """Another instance has decided entries of this inbox; nothing was written."""


class Log:
    """One ledger's log; `pack` and `append` are for its one writer, the rest for every reader.

    A batch is acknowledged once `replicas` replicas have it on disk. `clock` is the kind of clock that records it.
    `archive` reads the sealed log, None if nothing is sealed.
    """

    def __init__(
        self, redis: Any, ledger: str, replicas: int = 0, clock: str = "wall", archive: SealedEras | None = None
    ) -> None:
        self.ledger = ledger
        self.trimmed = TrimmedPart(redis, ledger, archive)
        self._keys = LogKeys.of(ledger)
        self._clock = clock
        self._redis = redis
        self._replicas = replicas
        self._append = script(redis, __file__, "append.lua")
        self._confirmed_append = Confirmed(redis, self._append, replicas)
        self._find_seen = script(redis, __file__, "known.lua")
        self._set_back = script(redis, __file__, "set_back.lua")

    @property
    def key(self) -> str:
        """The key of the stream."""
        return self._keys.log

    async def tail(self) -> int:
        """Return the last position, 0 if the log is empty."""
        last = await self._redis.xrevrange(self.key, count=1)
        return position_of(last[0][0]) if last else 0

    async def server(self) -> str:
        """Return the id of this run of the server; another run may have another log."""
        return str((await self._redis.info("server"))["run_id"])

    def pack(
        self,
        tail: int,
        entries: Sequence[Entry],
        side_entries: Sequence[SideEntries] = (),
        advances: Sequence[CursorAdvance] = (),
        event_hash: str = "",
        *,
        only_new: bool = False,
        refusals: Refusals | None = None,
        rules: RulesOnRecord | None = None,
        trimmed: str = "",
    ) -> PackedBatch:
        """Encode a batch for `append`; the next batch can be packed while one is being appended.

        `event_hash` is that of the event at `tail`; an empty one is not compared. With `only_new` nothing is appended
        if the log has one of the events. `rules` are those by which the batch was decided. `trimmed` is the list of
        segments of ids that have left the server, in which the events were not found (TrimmedPart.index).
        """
        first = tail == 0 and bool(entries)
        empty = not (entries or side_entries or advances or refusals)
        keys = [self.key, self._keys.seen, self._keys.cursors, self._keys.refused]
        keys += [self._keys.rules, self._keys.texts, self._keys.segments]
        keys += self._other_keys(side_entries, advances, refusals, first=first)
        index = {name: number for number, name in enumerate(keys, 1)}
        batch = msgspec.msgpack.encode(
            (
                tail,
                [(seen_field(one.source, one.id), one.digest, lua_text(one.raw)) for one in entries],
                [self._packed_advance(one, index) for one in advances],
                [(index[one.key], one.cap, one.entries) for one in side_entries],
                event_hash,
                only_new,
                (index[self._keys.clock_kind], self._clock) if first else False,
                self._packed_refusals(refusals, index) if refusals is not None else False,
                self._packed_rules(rules.step(tail + 1), index) if rules is not None and not empty else False,
                (index[self._keys.segments], trimmed),
            )
        )
        return PackedBatch(tail, len(entries), keys, batch, empty)

    def _other_keys(
        self,
        side_entries: Sequence[SideEntries],
        advances: Sequence[CursorAdvance],
        refusals: Refusals | None,
        *,
        first: bool,
    ) -> list[str]:
        """Return, once each, the keys of a batch besides those that every batch has."""
        keys = [one.inbox for one in advances] + [one.gap.receipts for one in advances if one.gap]
        keys += [one.key for one in side_entries]
        if first:
            keys.append(self._keys.clock_kind)
        if refusals is not None:
            keys.append(self._keys.refused_sizes)
            keys += [self._bodies_of(one.source) for one in refusals.entries if one.raw is not None]
        return list(dict.fromkeys(keys))

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
        return index[self._keys.refused], index[self._keys.refused_sizes], refusals.most, entries

    def _packed_rules(self, step: RulesStep, index: Mapping[str, int]) -> tuple[object, ...]:
        new = step.new
        entry = (lua_text(step.entry), new.sha256, lua_text(new.text)) if new is not None else False
        return index[self._keys.rules], index[self._keys.texts], step.last, entry

    def _packed_advance(self, one: CursorAdvance, index: Mapping[str, int]) -> tuple[object, ...]:
        return index[one.inbox], one.expected, one.reached, one.count, self._packed_gap(one.gap, index)

    def _packed_gap(self, gap: Gap | None, index: Mapping[str, int]) -> list[tuple[int, Sequence[str]]]:
        if gap is None:
            return []
        return [(index[self._keys.refused], gap.refusal), (index[gap.receipts], gap.receipt)]

    def _bodies_of(self, source: str) -> str:
        return key(self.ledger, "refused", "bodies", source)

    async def append(self, packed: PackedBatch) -> Appended:
        """Append a batch, all or nothing, and return the positions of its events.

        An event that the log already has is not appended again; its position is returned negative. Raises
        StaleTailError, InboxMovedError or AlreadyRecordedError with nothing written; and UnconfirmedError if too few
        replicas confirm in time, although the batch is in this server's log.
        """
        replicas = None
        if self._replicas:
            (verdict, *reply), replicas = await self._confirmed_append(packed.keys, [packed.batch])
        else:
            verdict, *reply = await self._append(keys=packed.keys, args=[packed.batch])
        if verdict == b"stale":
            raise StaleTailError(packed.tail, reply[0])
        if verdict == b"known":
            raise AlreadyRecordedError(f"the log has event {reply[0]} of the batch at position {reply[1]}")
        if verdict == b"moved":
            raise InboxMovedError(reply[0].decode())
        seen = dict(zip(reply[::2], reply[1::2], strict=True))
        new = itertools.count(packed.tail + 1)
        positions = [-seen[number] if number in seen else next(new) for number in range(1, packed.count + 1)]
        return Appended(positions, replicas)

    async def confirm(self, tail: int) -> int | None:
        """Wait until the replicas have the log up to now, for an answer that appends nothing; return how many do.

        None if no replicas are asked for. Raises UnconfirmedError if too few confirm in time.
        """
        if not self._replicas:
            return None
        _, replicas = await confirmed(self._redis, ("SET", self._keys.asked, tail), self._replicas)
        return replicas

    async def seen(self, ids: Sequence[tuple[str, str]]) -> list[Seen | None]:
        """Return the position and digest of each source and id, None if the log does not have it.

        Raises TrimmedError if the archive is needed and not there.
        """
        if not ids:
            return []
        found = await self.seen_in_stream(ids)
        left = [id for id, one in zip(ids, found, strict=True) if one is None]
        if left:
            await self.trimmed.load()
            trimmed = self.trimmed.find(left)
            return [one or trimmed.get(id) for id, one in zip(ids, found, strict=True)]
        return found

    async def seen_in_stream(self, ids: Sequence[tuple[str, str]]) -> list[Seen | None]:
        """Return as `seen` does, None also for what has left the server."""
        fields = msgspec.msgpack.encode([seen_field(source, id) for source, id in ids])
        reply = await self._find_seen(keys=[self._keys.seen], args=[fields])
        found: list[Seen | None] = [None] * len(ids)
        for number, value in zip(reply[::2], reply[1::2], strict=True):
            found[number - 1] = _read_seen(value)
        return found

    async def cursor(self, inbox: str) -> str:
        """Return the id of the last decided entry of an inbox."""
        reached = await self._redis.hget(self._keys.cursors, inbox)
        return reached.split()[0].decode() if reached is not None else "0-0"

    async def set_back(self, inbox: str, expected: str, gap: Gap) -> bool:
        """Reset the cursor of an inbox that was recreated with lower ids; return whether it was reset."""
        keys = [self._keys.cursors, inbox, self._keys.refused, gap.receipts]
        index = {name: number for number, name in enumerate(keys, 1)}
        args = [msgspec.msgpack.encode((expected, self._packed_gap(gap, index)))]
        return bool(await self._set_back(keys=keys, args=args))

    async def read(self, after: int, count: int = READ_BATCH) -> list[Stored]:
        """Return up to `count` events that follow position `after`; raises TrimmedError."""
        entries = await self._redis.execute_command(XRANGE, self.key, f"{after + 1}-0", "+", "COUNT", count)
        found = [Stored(position_of(id), fields[1]) for id, fields in entries]
        if found and found[0].position != after + 1:
            return await self.trimmed.read(after, min(count, found[0].position - after - 1)) or found
        return found

    async def read_at(self, positions: Sequence[int]) -> list[Stored]:
        """Return the events at these positions, in one round trip; raises TrimmedError."""
        async with self._redis.pipeline(transaction=False) as pipe:
            for position in positions:
                pipe.xrange(self.key, min=f"{position}-0", max=f"{position}-0")
            found = [one for entries in await pipe.execute() for one in stored(entries)]
        if len(found) == len(positions):
            return found
        present = {one.position for one in found}
        trimmed = await self.trimmed.read_at([position for position in positions if position not in present])
        by_position = {one.position: one for one in (*found, *trimmed)}
        return [by_position[position] for position in positions if position in by_position]

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


def _read_seen(value: bytes) -> Seen:
    position, _, found = value.partition(b":")
    return Seen(int(position), found.decode())
