"""The saved rows of a projection, and all that is written with them.

Keys of the projection `name`, all written by save.lua and switch.lua alone:

    duban:{L}:<name>:checkpoint     hash    generation, position, version (of the rules that folded the rows);
                                            mark: the hash of the event at that position; begun: the last generation
                                            that a rebuild began; considered: the ledger's instant (microseconds since
                                            1970) up to which all that time alone gives rise to has been announced
    duban:{L}:<name>:rows:<gen>     hash    row key -> the row as JSON, which keeps the offsets of instants
    duban:{L}:<name>:<feed>         stream  <position>-<n> -> e: an announcement, in the order of the log
                                            (if the rules are `recorded`: duban:{L}:record, and duban:{L}:<name>:known,
                                            a hash: id of an announcement -> number of its entry)
    duban:{L}:<name>:history:<key>  list    the positions of a row's events, if the rules ask for a `history`

Those of its timeline are in saved_timeline.py.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, Literal, NamedTuple, TypeAlias

import msgspec

from events.keys import key
from events.log import Log
from events.rules import Announcement, Change, R, Rules, Timeline
from events.saved_timeline import SavedTimeline, chunks
from events.scripts import lua_text, script

WRITE_BATCH = 4_000
"""Rows of a new generation that are written at once (~3 MB)."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

READ_BATCH = 2_000
"""Rows that are loaded at once (~6 MB)."""


_HEAD = ("generation", "position", "mark", "version")
"""Members of the checkpoint that are loaded."""


RECORD = "record"
"""The last part of the name of a ledger's record."""

KNOWN = "known"


class Checkpoint(NamedTuple):
    """The generation of rows, the position they reflect, and the hash of the event there (empty: not known)."""

    generation: int = 0
    position: int = 0
    event_hash: str = ""


class Saved(NamedTuple, Generic[R]):
    """The rows on the server; `version` of the rules that folded them is None before the first save.

    The timeline is empty if other rules folded them.
    """

    checkpoint: Checkpoint
    version: str | None
    rows: dict[str, R]
    timeline: Timeline[R] | None


class Stale(NamedTuple):
    """The verdict on a save if other rows are saved than it expected; nothing was written."""

    checkpoint: Checkpoint
    version: str


Verdict: TypeAlias = Literal["ok", "rolled-back"] | Stale
"""What became of a save; it is `rolled-back` if the log no longer has the events that were folded."""


class SavedRows(Generic[R]):
    """Reads and writes the saved rows of one projection; every write is atomic.

    `considered` is the instant up to which the ledger's clock has been considered, as far as is known: it is read with
    the rows, and never later than they are, so that what is announced twice has the same name.
    """

    def __init__(self, redis: Any, log: Log, rules: Rules[R]) -> None:
        self.redis = redis
        self.feed = key(log.ledger, RECORD) if rules.recorded else key(log.ledger, rules.name, rules.feed)
        self.log = log
        self.considered: datetime | None = None
        self._rules = rules
        self._checkpoint = key(log.ledger, rules.name, "checkpoint")
        self._decoder = msgspec.json.Decoder(rules.row)
        self._timeline = SavedTimeline(log.ledger, rules)
        self._save = script(redis, __file__, "save.lua")
        self._switch = script(redis, __file__, "switch.lua")

    def rows_key(self, generation: int) -> str:
        """Return the key of the rows of a generation."""
        return key(self.log.ledger, self._rules.name, "rows", str(generation))

    async def checkpoint(self) -> Checkpoint:
        """Return the saved checkpoint."""
        return _checkpoint(*await self.redis.hmget(self._checkpoint, "generation", "position", "mark"))

    async def load(self) -> Saved[R]:
        """Read the checkpoint, its rows and its timeline; rows of other rules are left out if they cannot be decoded.

        They are read in parts, as all at once take the memory of all rows once more; and in one transaction only if
        another instance saves meanwhile, again if it also switches the generation or begins a chunk.
        """
        considered = await self.redis.hget(self._checkpoint, "considered")
        self.considered = EPOCH + int(considered) * timedelta.resolution if considered is not None else None
        head = await self._head()
        rows = await self._read_in_parts(*head)
        parts = [await self.redis.get(name) for name in self._timeline.keys(head[0].generation, head[0].position)]
        now = await self._head()
        if now == head:
            return self._loaded(*head, rows, parts)
        while True:
            generation, position = now[0].generation, now[0].position
            async with self.redis.pipeline(transaction=True) as pipe:
                pipe.hmget(self._checkpoint, *_HEAD)
                pipe.hgetall(self.rows_key(generation))
                for name in self._timeline.keys(generation, position):
                    pipe.get(name)
                found, whole, *parts = await pipe.execute()
            now = _read_head(found)
            if now[0].generation == generation and chunks(now[0].position) == chunks(position):
                return self._loaded(*now, self._decode(whole, now[1]), parts)

    def _loaded(
        self, checkpoint: Checkpoint, version: str | None, rows: dict[str, R], parts: Sequence[bytes | None]
    ) -> Saved[R]:
        """Return what was read; the timeline of other rules is left out.

        Rows without their whole timeline count as those of other rules: they have to be rebuilt.
        """
        own = version == self._rules.version
        timeline = self._timeline.read(parts if own else ())
        if own and timeline is not None and timeline.position != checkpoint.position:
            timeline, version = self._timeline.read(()), f"{version} without a whole timeline"
        return Saved(checkpoint, version, rows, timeline)

    async def _head(self) -> tuple[Checkpoint, str | None]:
        """Return the checkpoint, and the version of the rules that folded its rows."""
        return _read_head(await self.redis.hmget(self._checkpoint, *_HEAD))

    async def _read_in_parts(self, checkpoint: Checkpoint, version: str | None) -> dict[str, R]:
        key, rows = self.rows_key(checkpoint.generation), dict[str, R]()
        names = await self.redis.hkeys(key)
        for start in range(0, len(names), READ_BATCH):
            part = names[start : start + READ_BATCH]
            found = zip(part, await self.redis.hmget(key, part), strict=True)
            decoded = self._decode({name: raw for name, raw in found if raw is not None}, version)
            if not decoded:
                return {}
            rows |= decoded
        return rows

    def _decode(self, rows: Mapping[bytes, bytes], version: str | None) -> dict[str, R]:
        """Return saved rows; none if other rules folded them and one cannot be decoded."""
        share = self._rules.shared or (lambda row: row)
        try:
            return {name.decode(): share(self._decoder.decode(raw)) for name, raw in rows.items()}
        except msgspec.DecodeError:
            if version in {None, self._rules.version}:
                raise
            return {}

    def pack(
        self,
        expected: Checkpoint,
        reached: Checkpoint,
        changes: Sequence[Change[R]],
        histories: Mapping[str, Sequence[int]],
        timeline: Timeline[R] | None = None,
        considered: datetime | None = None,
        elapsed: Sequence[Announcement] = (),
    ) -> bytes:
        """Encode for `save` the changes between two checkpoints.

        These are the latest of each row, announcements, histories, and the timeline of the events; `elapsed` are
        announcements of what time alone gave rise to up to the instant `considered`.
        """
        appended = self._timeline.appended(reached.generation, timeline, expected.position, reached.position)
        latest = {change.key: change.row for change in changes}
        announced = self._rules.announce(changes, considered) if self._rules.announce is not None else ()
        return msgspec.msgpack.encode(
            (
                reached.generation,
                expected.position,
                reached.position,
                self._rules.version,
                [(name, lua_text(msgspec.json.encode(row))) for name, row in latest.items()],
                [(place, lua_text(value), name) for place, value, name in (*announced, *elapsed)],
                self._rules.cap,
                [(self._history_key(name), *positions) for name, positions in histories.items()],
                expected.event_hash,
                reached.event_hash,
                self.log.key,
                [(name, lua_text(raw)) for name, raw in appended],
                str((considered - EPOCH) // timedelta.resolution) if considered is not None else "",
            )
        )

    async def save(self, generation: int, packed: bytes) -> Verdict:
        """Write what was packed for a generation, all or nothing."""
        keys = [self._checkpoint, self.rows_key(generation), self.feed]
        if self._rules.recorded:
            keys.append(key(self.log.ledger, self._rules.name, KNOWN))
        verdict, *found = await self._save(keys=keys, args=[packed])
        if verdict == b"ok":
            return "ok"
        if verdict == b"rolled-back":
            return "rolled-back"
        *checkpoint, version = found
        return Stale(_checkpoint(*checkpoint), version.decode())

    async def switch(self, expected: Checkpoint, rows: Mapping[str, R], timeline: Timeline[R] | None = None) -> bool:
        """Write `rows` as a new generation and switch to it; False, with the new rows dropped, if others have saved.

        The switch succeeds only from the checkpoint `expected`, whose position the rows reflect.
        """
        position = expected.position
        generation = await self.redis.hincrby(self._checkpoint, "begun", 1)  # unique among concurrent rebuilds
        new = self.rows_key(generation)
        names = list(rows)
        for start in range(0, len(names), WRITE_BATCH):
            chunk = {name: msgspec.json.encode(rows[name]) for name in names[start : start + WRITE_BATCH]}
            await self.redis.hset(new, mapping=chunk)
        for name, part in self._timeline.appended(generation, timeline, 0, position):
            await self.redis.set(name, part)
        # dropped on success: the generation that is left, and those of interrupted rebuilds
        left = [name for old in range(expected.generation, generation) for name in self._keys_of(old, position)]
        args = [expected.generation, position, generation, self._rules.version, expected.event_hash]
        switched = bool(await self._switch(keys=[self._checkpoint, *left], args=args))
        if not switched:
            await self.redis.unlink(*self._keys_of(generation, position))
        return switched

    async def history(self, name: str) -> list[int]:
        """Return the positions of a row's events."""
        return [int(position) for position in await self.redis.lrange(self._history_key(name), 0, -1)]

    def _keys_of(self, generation: int, position: int) -> list[str]:
        """Return the keys of a generation's rows and of its timeline up to a position."""
        return [self.rows_key(generation), *self._timeline.keys(generation, position)]

    def _history_key(self, name: str) -> str:
        return key(self.log.ledger, self._rules.name, "history", name)


def _read_head(found: Sequence[bytes | None]) -> tuple[Checkpoint, str | None]:
    *checkpoint, version = found
    return _checkpoint(*checkpoint), version.decode() if version is not None else None


def _checkpoint(generation: Any = None, position: Any = None, event_hash: bytes | None = None) -> Checkpoint:
    return Checkpoint(int(generation or 0), int(position or 0), event_hash.decode() if event_hash is not None else "")


async def saved_position(redis: Any, ledger: str, name: str) -> int:
    """Return the position that the saved rows of a projection reflect, 0 if there are none."""
    return int(await redis.hget(key(ledger, name, "checkpoint"), "position") or 0)
