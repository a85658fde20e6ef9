"""The writer: turns submissions into outcomes in batches, over one ledger's log.

Keys beside the log's own (events/log.py) and the projection's (events/projection.py, name `ingest`):

    duban:{L}:inbox:<source>     stream  e: an event                              written by the source
    duban:{L}:receipts:<source>  stream  e: outcome, inbox: entry id              written by append.lua
    duban:{L}:refused            stream  e: outcome, by, at, door, raw: as sent   written by append.lua
"""

import asyncio
import hashlib
import heapq
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias

import msgspec
import structlog
from msgspec import Struct
from redis.exceptions import RedisError

from events.envelope import Event, InvalidEvent, encode, read, seal
from events.ledger import CLOCK, Ledger
from events.log import Entry, InboxMovedError, Known, Log, Move, Note, Recorded, StaleTailError, digest, key
from events.projection import Change, Projection, Rules
from services.clock import cancelled
from services.ingest.core import (
    VERSION,
    Outcome,
    Refusal,
    Task,
    authentic,
    clock_events,
    decide,
    evolve,
    same_timing,
)

BATCH = 500
"""Submissions decided and appended at once: beyond this the script's own work, not the flush to disk, is the limit."""

AHEAD = 2
"""Batches being appended at once: the server works on one while the next is packed and on its way."""

SAVE_EVERY = 20_000
"""Events between two saves of the write model: what a restart has to fold again at most, a tenth of a second's work."""

RECEIPTS_KEPT = 100_000
"""Receipts a source can still read; sending an event again tells its outcome at any time."""

RULES = Rules("ingest", VERSION, Task, evolve)

log = structlog.get_logger()


class Submission(Struct, frozen=True, gc=False):
    """Bytes from an authenticated source; `event` is what they say, or why they say nothing."""

    raw: bytes
    authid: str
    event: Event | InvalidEvent
    inbox: str | None = None
    entry: str | None = None


class UnavailableError(Exception):
    """The log cannot be written now; nothing of the submission was accepted as far as is known: send it again."""


class Waiting(Struct):
    """Submissions of one source that wait for their outcomes."""

    submissions: Sequence[Submission]
    move: Move | None
    outcomes: "asyncio.Future[list[Outcome]]"


Ids: TypeAlias = dict[tuple[str, str], Known]
"""Where a source and id already is."""


class Lookup(NamedTuple):
    """The submissions of a batch that the log knew, in the epoch (between two failures) in which it was asked."""

    epoch: int
    known: Ids


class Draft:
    """A batch being decided: what it will append and how tasks will stand; the state it starts from stays untouched.

    `ahead` is the draft that is being appended meanwhile: this one holds only if that one succeeds. `known` are the
    submissions of the batch that are in the log, `before` those of the last draft, which the look-up may have missed.
    """

    def __init__(
        self, batch: list[Waiting], ahead: "Draft | None", tasks: dict[str, Task], tail: int, now: datetime
    ) -> None:
        self.batch = batch
        self.ahead = ahead
        self.after: Entry | None = ahead.last if ahead is not None else None
        self.epoch = 0
        self.known: Ids = {}
        self.before: tuple[Ids, ...] = ()
        self.ids: Ids = {}
        self.now = now
        self.recorded = now.isoformat().replace("+00:00", "Z")
        self.tail = tail
        self.outcomes: list[list[Outcome]] = []
        self._tasks = tasks
        self._changed: dict[str, Task] = {}
        self.entries: list[Entry] = []
        self.changes: list[Change[Task] | None] = []
        self.notes: list[Note] = []

    @property
    def last(self) -> Entry | None:
        """Return the entry that whatever is decided on top of this has to follow."""
        return self.entries[-1] if self.entries else self.after

    def task(self, subject: str) -> Task | None:
        found = self._changed.get(subject)
        if found is None:
            found = self.ahead.task(subject) if self.ahead is not None else self._tasks.get(subject)
        return found

    def earlier(self, id: tuple[str, str]) -> Known | None:
        found = self.known.get(id) or self.ids.get(id)
        return found or next((ids[id] for ids in self.before if id in ids), None)

    def add(self, task: Task | None, event: Event, raw: bytes, authid: str, fingerprint: str) -> int:
        """Take an event in that `task` accepts and return the position it will have."""
        position = self.tail + len(self.entries) + 1
        subject = event.subject
        sealed = Event(event.id, event.source, subject, event.time, event.data, self.now, authid)
        self.entries.append(Entry(event.source, event.id, fingerprint, seal(raw, self.recorded, authid)))
        self.ids[event.source, event.id] = Known(position, fingerprint)
        task = evolve(task, Recorded(position, sealed))
        if task is not None:
            self._changed[subject] = task
        self.changes.append(Change(position, subject, task, sealed) if task is not None else None)
        return position


class Writer:
    """The one writer of a ledger: submissions wait here, are decided in order of arrival and appended in batches."""

    def __init__(self, redis: Any, name: str, ledger: Ledger, now: Callable[[], datetime]) -> None:
        self.name = name
        self.ledger = ledger
        self.log = Log(redis, name)
        self.state = Projection(redis, self.log, RULES)
        self._now = now
        self._last: datetime | None = None
        self._receipts = {source: key(name, "receipts", source) for source in ledger.sources}
        self._waiting: deque[Waiting] = deque()
        self._arrived = asyncio.Event()
        self._timers: list[tuple[datetime, str]] = []
        self._scheduled: dict[str, datetime] = {}
        self._appending: Draft | None = None
        self._recent: deque[Ids] = deque(maxlen=AHEAD + 1)
        self._epoch = 0
        self._at = 0
        self._synced = False

    @property
    def ready(self) -> bool:
        """Whether the write model stands at the log's tail, as far as is known."""
        return self._synced

    async def submit(self, submissions: Sequence[Submission], move: Move | None = None) -> list[Outcome]:
        """Return an outcome for each submission, in order.

        `move` says how far an inbox is decided by this. Raises UnavailableError where the log cannot be written, and
        InboxMovedError where another instance decided these entries.
        """
        parts = [submissions[start : start + BATCH] for start in range(0, len(submissions), BATCH)] or [()]
        waiting = [Waiting(part, move, asyncio.get_running_loop().create_future()) for part in parts]
        if move is not None and len(parts) > 1:
            raise ValueError(f"an inbox is read in batches of at most {BATCH}")
        self._waiting.extend(waiting)
        self._arrived.set()
        decided = await asyncio.gather(*(one.outcomes for one in waiting))
        return [outcome for outcomes in decided for outcome in outcomes]

    async def sync(self) -> None:
        """Bring the write model to the log's tail; a position beyond the tail means the log was cut: RuntimeError."""
        if not self._synced:
            await self.state.load()
        await self.state.wake()
        tail = await self.log.tail()
        if self.state.position > tail:
            self._synced = False
            raise RuntimeError(
                f"ledger {self.name}: the log ends at {tail}, the write model knows {self.state.position}"
            )
        if not self._synced:
            for last in await self.log.read(tail - 1, 1):
                self._last = read(last.raw).recorded
            self._timers.clear()
            self._scheduled.clear()
            for subject, task in self.state.rows.items():
                self._set_timer(subject, task)
            self._at = self.state.position
            self._synced = True

    async def run(self) -> None:
        """Decide and append what arrives until cancelled; a failure is told to those who wait, never swallowed.

        While some batches are being appended, the next is decided on top of them; a small one waits and grows.
        """
        under_way: deque[tuple[Draft, asyncio.Task[list[Waiting]]]] = deque()
        draft: Draft | None = None
        batch: list[Waiting] = []
        looked_up: asyncio.Task[Lookup] | None = None
        try:
            while not cancelled():
                if not under_way and not batch and not self._waiting:
                    self._arrived.clear()
                    await self._arrived.wait()
                large = sum(len(one.submissions) for one in batch or self._waiting) >= BATCH // 2
                again = await _ended(under_way, AHEAD if large and self._synced else 0)
                draft = await self._draft(again + (batch or self._take()), None if again else looked_up)
                batch, looked_up = [], None
                again = await _ended(under_way, AHEAD - 1)
                if again or (draft is not None and draft.epoch != self._epoch):
                    again += await _ended(under_way, 0)
                    draft = await self._draft(again + (draft.batch if draft is not None else []))
                if draft is not None:
                    batch = self._take()
                    if batch:  # on its way before the append, which the server would finish first
                        looked_up = asyncio.create_task(self._look_up(batch))
                        await asyncio.sleep(0)
                    self._appending = draft
                    self._recent.append(draft.ids)
                    under_way.append((draft, asyncio.create_task(self._append(draft))))
        finally:
            for task in (looked_up, *(append for _, append in under_way)):
                if task is not None:
                    task.cancel()
            drafts = [*(one for one, _ in under_way), *([draft] if draft is not None else [])]
            left = [waiting for one in drafts for waiting in one.batch]
            self._fail([*left, *batch, *self._waiting], UnavailableError("ingest is stopping"))

    async def tick(self) -> None:
        """Record what the clock has to say by now; raises UnavailableError where the log cannot be written."""
        if not self._synced or (self._timers and self._timers[0][0] <= self._now()):
            await self.submit(())

    async def save(self) -> None:
        """Save the write model, so that a restart need not fold far, and notice what another instance has appended.

        The clock must know of the dues in it even if nothing is submitted here.
        """
        if not self._synced:
            return
        if self.state.position > self.state.saved:
            await self.state.save()
        tail = await self.log.tail()
        if self._appending is None and (tail > self.state.position or self._overtaken()):
            self._void()

    def _take(self) -> list[Waiting]:
        """Take what waits, up to a batch."""
        taken: list[Waiting] = []
        size = 0
        while self._waiting and (not taken or size + len(self._waiting[0].submissions) <= BATCH):
            taken.append(self._waiting.popleft())
            size += len(taken[-1].submissions)
        return taken

    def _fail(self, batch: Sequence[Waiting], error: Exception) -> None:
        for one in batch:
            if not one.outcomes.done():
                one.outcomes.set_exception(error)

    async def _draft(self, batch: list[Waiting], looked_up: "asyncio.Task[Lookup] | None" = None) -> Draft | None:
        """Decide a batch; None if it is empty, or where it cannot be decided, which those who wait have been told.

        `looked_up` may have begun before the last batch was appended: what that one holds is known from its draft.
        """
        if not batch:
            return None
        try:
            if self._appending is None and self._overtaken():
                self._void()
            if not self._synced:
                await self.sync()
            found = await (looked_up or self._look_up(batch))
            if found.epoch != self._epoch:
                found = await self._look_up(batch)
            ahead = self._appending
            tail = self.state.position if ahead is None else ahead.tail + len(ahead.entries)
            draft = Draft(batch, ahead, self.state.rows, tail, self._advance_clock())
            draft.epoch, draft.known = found
            draft.before = tuple(self._recent)
            self._add_clock_events(draft)
            draft.outcomes = [[self._outcome(draft, one) for one in waiting.submissions] for waiting in batch]
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told and logged, and the writer goes on
            self._unavailable(batch, error)
            return None
        return draft

    async def _append(self, draft: Draft) -> list[Waiting]:
        """Append what was decided and tell the outcomes; return those for whom it has to be decided again."""
        moves = [waiting.move for waiting in draft.batch if waiting.move is not None]
        try:
            if draft.entries or draft.notes or moves:
                positions = await self.log.append(draft.tail, draft.entries, draft.notes, moves, draft.after)
                if positions and positions[-1] != draft.tail + len(draft.entries):
                    raise RuntimeError(f"ledger {self.name}: the log knew a submission that the look-up did not")  # noqa: TRY301
        except StaleTailError:
            self._void()
            return draft.batch
        except InboxMovedError as moved:
            self._void()
            passed_by = [one for one in draft.batch if one.move is not None and one.move.inbox == str(moved)]
            self._fail(passed_by, moved)
            return [one for one in draft.batch if one not in passed_by]
        except Exception as error:  # noqa: BLE001 - told and logged, and the writer goes on
            self._void()
            self._unavailable(draft.batch, error)
            return []
        if self.state.position == draft.tail:
            self._commit(draft)
        else:  # a save has found another instance ahead, and has taken up what it knows
            self._void()
        for waiting, outcomes in zip(draft.batch, draft.outcomes, strict=True):
            if not waiting.outcomes.done():
                waiting.outcomes.set_result(outcomes)
        return []

    def _void(self) -> None:
        """Forget what was decided on top of a batch that was not appended."""
        self._epoch += 1
        self._synced = False
        self._appending = None
        self._recent.clear()

    def _overtaken(self) -> bool:
        """Tell whether a save has found another instance ahead and taken up its events, which have no timers here."""
        return self._synced and self.state.position != self._at

    def _unavailable(self, batch: Sequence[Waiting], error: Exception) -> None:
        self._synced = False
        away = isinstance(error, RedisError | OSError)
        log.warning("log not writable", ledger=self.name, error=f"{type(error).__name__}: {error}", exc_info=not away)
        self._fail(batch, UnavailableError(str(error)))

    async def _look_up(self, batch: Sequence[Waiting]) -> Lookup:
        epoch = self._epoch
        ids = [
            (one.event.source, one.event.id)
            for waiting in batch
            for one in waiting.submissions
            if isinstance(one.event, Event)
        ]
        found = await self.log.known(ids)
        return Lookup(epoch, {id: known for id, known in zip(ids, found, strict=True) if known is not None})

    def _outcome(self, draft: Draft, one: Submission) -> Outcome:
        event = one.event
        if isinstance(event, InvalidEvent):
            outcome = Outcome(event.source, event.id, "refused", code=event.code, detail=event.detail)
        else:
            outcome = self._outcome_of_event(draft, one, event)
        if outcome.outcome == "refused":
            draft.notes.append(self._refused(draft, one, outcome))
        if one.entry is not None:
            fields = {"e": msgspec.json.encode(outcome), "inbox": one.entry.encode()}
            draft.notes.append(Note(self._receipts[one.authid], fields, RECEIPTS_KEPT))
        return outcome

    def _outcome_of_event(self, draft: Draft, one: Submission, event: Event) -> Outcome:
        refusal = authentic(event, one.authid)
        if refusal is None:
            fingerprint = digest(one.raw)
            earlier = draft.earlier((event.source, event.id))
            if earlier is not None:
                if earlier.digest == fingerprint:
                    return Outcome(event.source, event.id, "duplicate", earlier.position)
                refusal = Refusal("id-reused", f"position {earlier.position} has this source and id with other bytes")
            else:
                source = self.ledger.sources.get(one.authid)
                task = draft.task(event.subject)
                refusal = decide(task, event, one.authid, source, self.ledger, draft.now)
                if refusal is None:
                    position = draft.add(task, event, one.raw, one.authid, fingerprint)
                    return Outcome(event.source, event.id, "accepted", position)
        return Outcome(event.source, event.id, "refused", code=refusal.code, detail=refusal.detail)

    def _refused(self, draft: Draft, one: Submission, outcome: Outcome) -> Note:
        return Note(
            key(self.name, "refused"),
            {
                "e": msgspec.json.encode(outcome),
                "by": one.authid.encode(),
                "at": draft.recorded.encode(),
                "door": (one.inbox or "http").encode(),
                "raw": one.raw,
            },
        )

    def _add_clock_events(self, draft: Draft) -> None:
        """Put what the clock has to say by now before what others say."""
        while self._timers and self._timers[0][0] <= draft.now:
            instant, subject = heapq.heappop(self._timers)
            if self._scheduled.get(subject) == instant:
                del self._scheduled[subject]
            task = draft.task(subject)
            for event in clock_events(subject, task, self.ledger) if task is not None else ():
                if event.time > draft.now:
                    self._schedule(subject, event.time)
                    break
                raw = encode(event)
                draft.add(draft.task(subject), event, raw, CLOCK, digest(raw))

    def _advance_clock(self) -> datetime:
        """Return the ledger's instant, which never runs back behind what was recorded."""
        now = self._now()
        last = self._appending.now if self._appending is not None else self._last
        return now if last is None else max(now, last)

    def _commit(self, draft: Draft) -> None:
        draft.ahead = None
        if self._appending is draft:
            self._appending = None
        for position, change in enumerate(draft.changes, draft.tail + 1):
            before = self.state.rows.get(change.key) if change is not None else None
            self.state.adopt(position, change)
            if change is not None and (before is None or not same_timing(before, change.row)):
                self._set_timer(change.key, change.row)
        self._at = self.state.position
        if draft.entries:
            self._last = draft.now

    def _set_timer(self, subject: str, task: Task) -> None:
        event = next(clock_events(subject, task, self.ledger), None)
        if event is not None:
            self._schedule(subject, event.time)

    def _schedule(self, subject: str, instant: datetime) -> None:
        if self._scheduled.get(subject) != instant:
            self._scheduled[subject] = instant
            heapq.heappush(self._timers, (instant, subject))


async def _ended(under_way: "deque[tuple[Draft, asyncio.Task[list[Waiting]]]]", most: int) -> list[Waiting]:
    """Wait until at most `most` appends are under way; return those for whom it has to be decided again, in order."""
    again: list[Waiting] = []
    while len(under_way) > most or (under_way and under_way[0][1].done()):
        again += await under_way[0][1]
        under_way.popleft()
    return again


async def keep_stranger(redis: Any, ledger: str, address: str, body: bytes) -> None:
    """Keep a trace of a submission without a valid token, bounded: strangers must not be able to fill the memory.

    duban:{L}:strangers  stream  address, size, sha256, head: the first bytes; the latest 10,000
    """
    trace = {"address": address, "size": len(body), "sha256": hashlib.sha256(body).hexdigest(), "head": body[:500]}
    await redis.xadd(key(ledger, "strangers"), trace, maxlen=10_000, approximate=True)
