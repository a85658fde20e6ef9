"""The one way to fold: state from a ledger's log, saved with the position it reflects.

Keys of the projection `name`, all written by save.lua and switch.lua alone:

    duban:{L}:<name>:checkpoint     hash    generation, position, version (of the rules that folded it);
                                            mark: of the event at that position; begun: the last generation that a
                                            rebuild began
    duban:{L}:<name>:rows:<gen>     hash    row key -> the row as JSON, which keeps the offsets of instants
    duban:{L}:<name>:<feed>         stream  <position>-<n> -> e: what it announces, in the order of the log
    duban:{L}:<name>:history:<key>  list    the positions of a row's events, where `history` is asked for

A projection always goes on from its own position and reads the log for itself; a message from a stream only wakes it.
So redelivery, reordering, a crash at any point and a second instance are harmless: a save succeeds only from the
position it expects, and two instances that fold the same prefix hold equal rows.

After a failover the log may lack what was folded last, or have other events there. A save notices, as the server looks
whether it has the very events; the projection then takes up what is saved there, which always fits the log beside it.
"""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Generic, NamedTuple

import msgspec

from events.entries import Recorded, Stored, mark
from events.envelope import read
from events.keys import key
from events.log import Log
from events.rules import Change, R, Rules
from events.scripts import lua_text, script

FOLD_BATCH = 4_000
"""Events folded between two saves: bounds the work that a crash repeats and the size of one save (~3 MB)."""


class SupersededError(RuntimeError):
    """Other rules have rebuilt the rows under a running projection: load it again, or end it."""


class Cut(NamedTuple):
    """Rows were given up as the log had other events: those at `known`, for those saved at `position`."""

    position: int
    known: int


class Projection(Generic[R]):
    """Rows folded from the log by `rules`; `rows` and `position` are what it knows, `saved` what the server has.

    `mark` is that of the event at `position`, empty if it is not known; `cuts` tell each time that rows were given up.
    """

    def __init__(self, redis: Any, log: Log, rules: Rules[R]) -> None:
        self.rules = rules
        self.log = log
        self.rows: dict[str, R] = {}
        self.position = 0
        self.saved = 0
        self.generation = 0
        self.mark = ""
        self.cuts: list[Cut] = []
        self.feed = key(log.ledger, rules.name, rules.feed)
        self._redis = redis
        self._checkpoint = key(log.ledger, rules.name, "checkpoint")
        self._decoder = msgspec.json.Decoder(rules.row)
        self._saved_mark = ""
        self._each = rules.announce is not None or rules.history
        self._unsaved: dict[object, Change[R]] = {}
        self._lock = asyncio.Lock()
        self._save = script(redis, __file__, "save.lua")
        self._switch = script(redis, __file__, "switch.lua")

    async def load(self) -> None:
        """Take up the saved rows; rebuild them first where other rules folded them."""
        async with self._lock:
            version = await self._load()
        if version not in {None, self.rules.version}:
            await self.rebuild()

    async def read_saved(self) -> None:
        """Take up the saved rows as they are, whatever rules folded them: to look at them, not to go on from them."""
        async with self._lock:
            await self._load()

    async def wake(self, entries: Sequence[Stored] = ()) -> int:
        """Fold on to the tail, save, and return the events folded; `entries` spare a read if they are the next ones."""
        folded = 0
        async with self._lock:
            batch = [entry for entry in entries if entry.position > self.position]
            if not batch or any(entry.position != next for next, entry in enumerate(batch, self.position + 1)):
                batch = await self.log.read(self.position, FOLD_BATCH)
            while batch:
                self.advance(Recorded(position, read(raw)) for position, raw in batch)
                self.mark = mark(batch[-1].raw)
                await self._save_changes()
                folded += len(batch)
                batch = await self.log.read(self.position, FOLD_BATCH)
            await self._save_changes()  # what an earlier save that failed has left
            if not folded:
                await self._look()
        return folded

    def advance(self, recorded: Iterable[Recorded]) -> None:
        """Fold events that follow `position` into the rows, in memory; raises ValueError at a gap."""
        for entry in recorded:
            name = entry.event.subject
            row = self.rules.evolve(self.rows.get(name), entry)
            change = [Change(entry.position, name, row, entry.event)] if row is not None else []
            self.adopt(entry.position - 1, entry.position, change)

    def adopt(self, after: int, until: int, changes: Iterable[Change[R]], mark: str = "") -> None:
        """Take up what the events after position `after` changed, up to `until`, in order; raises ValueError at a gap.

        Each change where changes are announced or counted; else the last of each row will do. `mark` is that of the
        event at `until`.
        """
        if after != self.position:
            raise ValueError(f"{self.rules.name} is at position {self.position}; {after + 1} does not follow")
        for change in changes:
            self.rows[change.key] = change.row
            self._keep(change)
        self.position = until
        self.mark = mark

    async def revise(self, rows: dict[str, R]) -> None:
        """Save rows that time alone has changed, at the position they already reflect.

        They are made from the present rows, with no await in between. A row that an event has changed by the time it
        can be saved stays as it is: time has to look at it again.
        """
        made_from = {name: self.rows.get(name) for name in rows}
        async with self._lock:
            await self._save_changes()
            revised = {name: row for name, row in rows.items() if self.rows.get(name) is made_from[name]}
            self.rows.update(revised)
            for name, row in revised.items():
                self._keep(Change(self.position, name, row, None))
            await self._save_changes()

    async def save(self) -> None:
        """Save what was folded since the last save."""
        async with self._lock:
            await self._save_changes()

    async def fresh(self, until: int | datetime | None = None) -> "Projection[R]":
        """Return a projection folded anew, in memory only, up to a position or recorded instant (the tail if None)."""
        other = Projection(self._redis, self.log, self.rules)
        async for batch in self.log.scan(0, until):
            other.advance(batch)
            other._unsaved.clear()
        return other

    async def rebuild(self) -> dict[str, tuple[R | None, R | None]]:
        """Fold the whole log into a new generation, switch to it, and return the rows that differ as (before, after).

        Announces nothing. The switch happens only at the very position that is saved, so a running instance never
        announces an event twice.
        """
        async with self._lock:
            await self._load()
            before = dict(self.rows)
            fresh = await self.fresh(self.saved)
            while not await self._switch_to(fresh):  # another instance has saved, or switched
                await self._load()
                before = dict(self.rows)
                async for batch in self.log.scan(fresh.position, self.saved):
                    fresh.advance(batch)
            await self._load(own=True)
            return self.rules.differing(before, fresh.rows)

    async def history(self, name: str) -> list[int]:
        """Return the positions of a row's events."""
        return [int(position) for position in await self._redis.lrange(self._history(name), 0, -1)]

    def _keep(self, change: Change[R]) -> None:
        """Keep a change until it is saved: each where they are announced or counted, else the latest of a row."""
        slot = (change.position, change.key, change.event is None) if self._each else change.key
        self._unsaved[slot] = change

    def _forget(self, position: int) -> None:
        """Forget the changes up to a position: they are saved."""
        self._unsaved = {slot: change for slot, change in self._unsaved.items() if change.position > position}

    async def _look(self) -> None:
        """Take up what is saved, where somebody has rebuilt the rows, or the server has fewer or other events."""
        names = ("generation", "position", "mark")
        generation, position, found = await self._redis.hmget(self._checkpoint, *names)
        if int(generation or 0) != self.generation:
            await self._load(own=True)
        elif int(position or 0) < self.saved or (
            int(position or 0) == self.saved and self._saved_mark and found and found.decode() != self._saved_mark
        ):
            await self._give_up()

    async def _give_up(self) -> None:
        """Take up what is saved instead of what was folded from events that the log does not have."""
        known = self.position
        await self._load(own=True)
        self.cuts.append(Cut(self.position, known))

    def _rows(self, generation: int) -> str:
        return key(self.log.ledger, self.rules.name, "rows", str(generation))

    def _history(self, name: str) -> str:
        return key(self.log.ledger, self.rules.name, "history", name)

    async def _load(self, *, own: bool = False) -> str | None:
        """Read the checkpoint and its rows in one transaction, again if the generation changed in between.

        Raises SupersededError, with nothing taken up, where `own` rows are asked for and other rules folded them. The
        rows of other rules are left out where they cannot be read.
        """
        while True:
            generation = int(await self._redis.hget(self._checkpoint, "generation") or 0)
            async with self._redis.pipeline(transaction=True) as pipe:
                pipe.hmget(self._checkpoint, "generation", "position", "version", "mark")
                pipe.hgetall(self._rows(generation))
                (found, position, version, marked), rows = await pipe.execute()
            if int(found or 0) == generation:
                break
        others = version is not None and version.decode() != self.rules.version
        if own and others:
            raise SupersededError(f"{self.rules.name}: rules {version.decode()!r} took over {self.rules.version!r}")
        try:
            decoded = {name.decode(): self._decoder.decode(row) for name, row in rows.items()}
        except msgspec.DecodeError:
            if not others:
                raise
            decoded = {}
        self.generation = generation
        self.position = self.saved = int(position or 0)
        self.mark = self._saved_mark = marked.decode() if marked is not None else ""
        self.rows = decoded
        self._unsaved.clear()
        return version.decode() if version is not None else None

    async def _save_changes(self) -> None:
        """Save the rows changed since `saved`; where another instance saved further, leave to it what it has.

        What is adopted while the server saves is left for the next time.
        """
        while self.position > self.saved or self._unsaved:
            reached, marked = self.position, self.mark
            changes = [change for change in self._unsaved.values() if change.position >= self.saved]
            latest = {change.key: change.row for change in changes}
            announced = self.rules.announce(changes) if self.rules.announce is not None else ()
            index: dict[str, list[str | int]] = {}
            if self.rules.history:
                for change in changes:
                    if change.event is not None:
                        index.setdefault(change.key, [self._history(change.key)]).append(change.position)
            save = msgspec.msgpack.encode(
                (
                    self.generation,
                    self.saved,
                    reached,
                    self.rules.version,
                    [(name, lua_text(msgspec.json.encode(row))) for name, row in latest.items()],
                    [(id, lua_text(value)) for id, value in announced],
                    self.rules.cap,
                    list(index.values()),
                    self._saved_mark,
                    marked,
                    self.log.key,
                )
            )
            verdict, *at = await self._save(
                keys=[self._checkpoint, self._rows(self.generation), self.feed], args=[save]
            )
            if verdict == b"ok":
                self.saved, self._saved_mark = reached, marked
                self._forget(reached)
                return
            if verdict == b"cut":
                await self._give_up()
                return
            generation, position, found, version = at
            if version not in {b"", self.rules.version.encode()}:  # others began at the same time on an empty log
                await self._load(own=True)
            if generation == self.generation and position < self.saved:
                await self._give_up()
                return
            revised = any(change.event is None for change in self._unsaved.values())  # not to be forgotten: look again
            if generation != self.generation or revised:
                await self._load(own=True)
                return
            self.saved, self._saved_mark = position, found.decode()
            self._forget(position)
            if self.position < position:  # the other one is ahead: fold up to it without saving
                async for batch in self.log.scan(self.position, position):
                    self.advance(batch)
                self.mark = self._saved_mark
                self._unsaved.clear()
                return

    async def _switch_to(self, fresh: "Projection[R]") -> bool:
        generation = await self._redis.hincrby(self._checkpoint, "begun", 1)  # one's own, whoever else rebuilds
        rows = self._rows(generation)
        names = list(fresh.rows)
        for start in range(0, len(names), FOLD_BATCH):
            chunk = {name: msgspec.json.encode(fresh.rows[name]) for name in names[start : start + FOLD_BATCH]}
            await self._redis.hset(rows, mapping=chunk)
        left = [self._rows(old) for old in range(self.generation, generation)]  # with those of rebuilds cut short
        args = [self.generation, fresh.position, generation, self.rules.version]
        switched = bool(await self._switch(keys=[self._checkpoint, *left], args=args))
        if not switched:
            await self._redis.unlink(rows)
        return switched


async def saved_position(redis: Any, ledger: str, name: str) -> int:
    """Return the position that the saved rows of a projection reflect, 0 where there are none."""
    return int(await redis.hget(key(ledger, name, "checkpoint"), "position") or 0)
