"""The one way to fold: state from a ledger's log, saved with the position it reflects (saved_rows.py has the keys).

A projection always resumes at its own position and reads the log itself; a message from a stream only triggers it.
Redelivery, reordering, a crash at any point and a second instance are therefore harmless: a save succeeds only from the
position it expects, and two instances that fold the same prefix hold equal rows.

After a failover the log may lack the events that were folded last, or have other events there. A save detects this, as
the server compares the hashes of the events; the projection then reloads the saved rows, which always fit that log.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from datetime import datetime
from typing import Any, Generic, NamedTuple

from events.background import Background
from events.entries import Recorded, Stored, event_hash
from events.envelope import read
from events.log import Log
from events.rules import Announcement, Change, R, Rules, Timeline
from events.saved_rows import Checkpoint, Saved, SavedRows, Stale, Verdict
from events.unsaved import MOST_CHANGES, Unsaved

FOLD_BATCH = 1_000
"""Events read and folded at once: bounds how long nothing else runs (~20 ms), and how far a save exceeds its bounds."""


class SupersededError(RuntimeError):
    """Other rules have rebuilt the rows of a running projection: load it again, or stop it."""


class Rollback(NamedTuple):
    """A failover replaced the log: rows at position `known` were discarded for those saved at `position`."""

    position: int
    known: int


class SaveAttempt(NamedTuple):
    """A save of the changes up to a checkpoint, and what became of it."""

    reached: Checkpoint
    verdict: Verdict


class Projection(Generic[R]):
    """Rows folded from the log by `rules`, in memory, at `position`; the server has them at `saved`.

    `event_hash` is that of the event at `position`, empty if it is not known. `rollbacks` are all that have happened.
    `timeline` is that of the rules, up to `position`; a reload makes a new one, so what was read of the old one stays.
    """

    def __init__(self, redis: Any, log: Log, rules: Rules[R]) -> None:
        self.rules = rules
        self.rows: dict[str, R] = {}
        self.position = 0
        self.event_hash = ""
        self.rollbacks: list[Rollback] = []
        self.timeline: Timeline[R] | None = rules.timeline() if rules.timeline is not None else None
        self._stored = SavedRows(redis, log, rules)
        self._saved = Checkpoint()
        self._unsaved = Unsaved(rules)
        self._lock = asyncio.Lock()

    @property
    def log(self) -> Log:
        """The log that is folded."""
        return self._stored.log

    @property
    def saved(self) -> int:
        """The position of the rows that are saved, as far as is known."""
        return self._saved.position

    @property
    def full(self) -> bool:
        """Whether so much is unsaved that a save should not wait for more."""
        return self._unsaved.full

    @property
    def _batch(self) -> int:
        """Events that are read and folded at once: no more than a save may bring."""
        return min(FOLD_BATCH, self._unsaved.most)

    @property
    def considered(self) -> datetime | None:
        """The instant up to which all that time alone gives rise to has been announced (`elapse`); None: none yet."""
        return self._stored.considered

    @property
    def generation(self) -> int:
        """The generation of the rows; a rebuild starts another."""
        return self._saved.generation

    @property
    def feed(self) -> str:
        """The key of the stream of announcements."""
        return self._stored.feed

    async def load(self) -> dict[str, R] | None:
        """Load the saved rows; if other rules folded them, rebuild them, and return those that were saved before."""
        async with self._lock:
            version = await self._load()
        if version in {None, self.rules.version}:
            return None
        before = self.rows
        await self.rebuild()
        return before

    async def read_saved(self) -> None:
        """Load the saved rows for inspection only, whatever rules folded them."""
        async with self._lock:
            await self._load()

    async def catch_up(self, entries: Sequence[Stored] = ()) -> int:
        """Fold to the tail, save, and return the number of events folded; `entries` save a read if they follow."""
        folded = 0
        async with self._lock:
            batch = [entry for entry in entries if entry.position > self.position]
            if not batch or any(entry.position != next for next, entry in enumerate(batch, self.position + 1)):
                batch = await self.log.read(self.position, self._batch)
            batch = batch[: self._batch]
            async with Background[SaveAttempt]() as saving:
                while batch:
                    self.advance(Recorded(position, read(raw)) for position, raw in batch)
                    self.event_hash = event_hash(batch[-1].raw)
                    folded += len(batch)
                    if self._unsaved.full or len(batch) < self._batch:
                        await self._conclude(await saving.done())
                        if len(batch) < self._batch or self._unsaved.each:
                            await self._save_changes()
                        else:
                            saving.begin(self._attempt())
                    batch = await self.log.read(self.position, self._batch)
                await self._conclude(await saving.done())
            await self._save_changes()  # those that an earlier save failed to write
            if not folded:
                await self._check_saved()
        return folded

    def advance(self, recorded: Iterable[Recorded]) -> None:
        """Fold events that follow `position` into the rows, in memory; raise ValueError at a gap."""
        evolve, rows, keep, each = self.rules.evolve, self.rows, self._unsaved.keep, self._unsaved.each
        add = self.timeline.add if self.timeline is not None else None
        for entry in recorded:
            position, event = entry.position, entry.event
            if position != self.position + 1:
                raise self._gap(position)
            name = event.subject
            before = rows.get(name)
            row = evolve(before, entry)
            if add is not None:
                add(entry, before, row)
            if row is not None:
                rows[name] = row
                keep(Change(position, name, row, event, before if each else None))  # an old row dies while it is warm
            self.position = position
            self.event_hash = ""

    def apply(self, after: int, until: int, changes: Iterable[Change[R]], event_hash: str = "") -> None:
        """Apply the changes of the events after position `after` up to `until`, in order; raise ValueError at a gap.

        Rules that announce changes or keep a history need each change, others the last of each row. `event_hash` is
        that of the event at `until`.
        """
        if after != self.position:
            raise self._gap(after + 1)
        for change in changes:
            self.rows[change.key] = change.row
            self._unsaved.keep(change)
        self.position = until
        self.event_hash = event_hash

    async def update(self, rows: dict[str, R]) -> None:
        """Save rows that time alone has changed, at the position they already reflect.

        They are derived from the present rows, with no await in between. A row that an event changes before the save
        is skipped; the caller derives it again later.
        """
        derived_from = {name: self.rows.get(name) for name in rows}
        async with self._lock:
            await self._save_changes()
            updated = {name: row for name, row in rows.items() if self.rows.get(name) is derived_from[name]}
            self.rows.update(updated)
            for name, row in updated.items():
                self._unsaved.keep(Change(self.position, name, row, None))
            await self._save_changes()

    async def elapse(self, until: datetime, derive: Callable[[datetime | None], Sequence[Announcement]]) -> bool:
        """Announce what time alone gives rise to up to an instant, and save that with the instant.

        `derive` gets the instant up to which time was considered before, and derives the announcements from the present
        rows. Return False if others have saved meanwhile: derive them again later.
        """
        async with self._lock:
            await self._save_changes()
            announcements = derive(self.considered)
            for start in range(0, max(1, len(announcements)), MOST_CHANGES):
                part = announcements[start : start + MOST_CHANGES]
                considered = until if start + MOST_CHANGES >= len(announcements) else self.considered
                here = Checkpoint(self.generation, self.position, self.event_hash)
                packed = self._stored.pack(self._saved, here, (), {}, None, considered, part)
                match await self._stored.save(self.generation, packed):
                    case "ok":
                        self._stored.considered = considered
                    case "rolled-back":
                        await self._discard_and_reload()
                        return False
                    case stale:
                        await self._follow(stale)
                        return False
        return True

    async def save(self) -> None:
        """Save the changes since the last save."""
        async with self._lock:
            await self._save_changes()

    async def replay(self, until: int | datetime | None = None) -> "Projection[R]":
        """Return a projection folded from scratch, in memory only, up to a position or recorded instant (None: all)."""
        other = Projection(self._stored.redis, self.log, self.rules)
        async for batch in self.log.scan(0, until):
            other.advance(batch)
            other._unsaved.clear()
        return other

    async def rebuild(self) -> dict[str, tuple[R | None, R | None]]:
        """Fold the whole log into a new generation, switch to it, and return the rows that differ as (before, after).

        Nothing is announced. The switch succeeds only at exactly the saved position, so a running instance never
        announces an event twice.
        """
        async with self._lock:
            await self._load()
            before, known = dict(self.rows), self._saved
            replayed = await self.replay(self.saved)
            while replayed.position != self.saved or not await self._switch_to(replayed):
                await self._load()  # another instance has saved or switched, or a failover has replaced the log
                before = dict(self.rows)
                if await self._continues(known):
                    async for batch in self.log.scan(replayed.position, self.saved):
                        replayed.advance(batch)
                else:
                    replayed = await self.replay(self.saved)
                known = self._saved
            await self._load_own()
            return self.rules.differing(before, replayed.rows)

    async def history(self, name: str) -> list[int]:
        """Return the positions of a row's events."""
        return await self._stored.history(name)

    async def _switch_to(self, replayed: "Projection[R]") -> bool:
        """Make a replay the saved rows; return False, with nothing written, if others are saved than were loaded."""
        return await self._stored.switch(self._saved, replayed.rows, replayed.timeline)

    async def _continues(self, known: Checkpoint) -> bool:
        """Return whether the log still has the event at an earlier checkpoint, and the saved rows are not before it."""
        if known.position == 0:
            return True
        found = await self.log.read_at([known.position])
        return self.saved >= known.position and bool(found) and event_hash(found[0].raw) == known.event_hash

    def _gap(self, position: int) -> ValueError:
        return ValueError(f"{self.rules.name} is at position {self.position}; {position} does not follow")

    async def _check_saved(self) -> None:
        """Reload if another instance has rebuilt the rows, or a failover has left other saved rows."""
        found = await self._stored.checkpoint()
        if found.generation != self.generation:
            await self._load_own()
        elif found.position < self.saved or (
            found.position == self.saved
            and self._saved.event_hash
            and found.event_hash
            and found.event_hash != self._saved.event_hash
        ):
            await self._discard_and_reload()

    async def _discard_and_reload(self) -> None:
        """Discard the rows in memory and reload: they were folded from events that the log no longer has."""
        known = self.position
        await self._load_own()
        self.rollbacks.append(Rollback(self.position, known))

    async def _load(self) -> str | None:
        """Replace the rows in memory by the saved ones, and return the version of the rules that folded those."""
        saved = await self._stored.load()
        self._load_from(saved)
        return saved.version

    async def _load_own(self) -> None:
        """Load the saved rows; raise SupersededError, with nothing loaded, if other rules folded them."""
        saved = await self._stored.load()
        if saved.version not in {None, self.rules.version}:
            raise SupersededError(f"{self.rules.name}: rules {saved.version!r} took over {self.rules.version!r}")
        self._load_from(saved)

    def _load_from(self, saved: Saved[R]) -> None:
        self._saved = saved.checkpoint
        self.position = saved.checkpoint.position
        self.event_hash = saved.checkpoint.event_hash
        self.rows = saved.rows
        self.timeline = saved.timeline
        self._unsaved.clear()

    async def _save_changes(self) -> None:
        """Save the changes since the last save; leave out what another instance has saved already.

        Changes applied during the save are left for the next one.
        """
        while self.position > self.saved or self._unsaved:
            if await self._conclude(await self._attempt()):
                return

    def _attempt(self) -> Coroutine[Any, Any, SaveAttempt]:
        """Return what saves the changes up to now, whatever is folded before it runs."""
        generation, reached = self.generation, Checkpoint(self.generation, self.position, self.event_hash)
        packed = self._packed(reached)

        async def save() -> SaveAttempt:
            return SaveAttempt(reached, await self._stored.save(generation, packed))

        return save()

    async def _conclude(self, attempt: SaveAttempt | None) -> bool:
        """Do what the verdict on a save asks for; return False if changes beyond what is saved are left."""
        if attempt is None:
            return True
        reached, verdict = attempt
        if isinstance(verdict, Stale):
            return await self._follow(verdict)
        if verdict == "ok":
            self._forget_until(reached)
        else:
            await self._discard_and_reload()
        return True

    def _packed(self, reached: Checkpoint) -> bytes:
        """Encode the changes up to a checkpoint."""
        unsaved, saved = self._unsaved, self.saved
        unsaved.begin_save()
        changes, histories = unsaved.changes(saved), unsaved.histories(saved)
        return self._stored.pack(self._saved, reached, changes, histories, self.timeline, self.considered)

    def _forget_until(self, saved: Checkpoint) -> None:
        """Forget the changes up to a checkpoint, which are saved."""
        self._saved = saved
        if self.timeline is not None:
            self.timeline.forget(saved.position)
        self._unsaved.forget_until(saved.position)

    async def _follow(self, stale: Stale) -> bool:
        """Continue from the rows that another instance has saved; return False if changes beyond those are left."""
        if stale.version not in {"", self.rules.version}:
            await self._load_own()  # raises, unless both began at the same time on an empty log
        found = stale.checkpoint
        if found.generation == self.generation and found.position < self.saved:
            await self._discard_and_reload()
            return True
        if found.generation != self.generation or self._unsaved.by_time:
            await self._load_own()
            return True
        if self.position >= found.position:
            self._forget_until(found)
            return False
        async for batch in self.log.scan(self.position, found.position):  # first, as it may fail on the way
            self.advance(batch)
        if self.position < found.position:  # a failover meanwhile: the log ends before what was saved
            await self._discard_and_reload()
            return True
        self.event_hash = found.event_hash
        self._forget_until(found)
        return True
