"""The writer: turns submissions into outcomes in batches, over one ledger's log.

Keys beside the log's own (events/log.py), the notes' (draft.py) and the projection's (events/projection.py, `ingest`):

    duban:{L}:inbox:<source>  stream  e: an event                                  written by the source
    duban:{L}:strangers       stream  address, head: method, path, some headers    written by keep_stranger
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any, TypeVar

import structlog
from msgspec import Struct
from msgspec.structs import replace
from redis.exceptions import RedisError

from events.entries import Move, Packed, mark
from events.envelope import read
from events.keys import key
from events.ledger import CLOCK, Ledger
from events.log import InboxMovedError, KnownError, Log, StaleTailError
from events.projection import Projection
from events.rules import Rules
from services.common.accepted import LossAccepted, accepted, wait_for
from services.common.clock import cancelled, monotonic, sleep
from services.common.limits import REFUSED_BYTES
from services.common.loss import Loss
from services.ingest.acknowledged import Acknowledged
from services.ingest.core import Outcome
from services.ingest.draft import Base, Draft, Ids, Submission
from services.ingest.lookup import Lookup, Lookups
from services.ingest.queue import Part, Queue, Waiting, in_slices
from services.ingest.task import VERSION, Task, evolve
from services.ingest.timers import Timers

LAST_ID = "18446744073709551615-18446744073709551615"
"""After which a stream takes no entry any more: that of an inbox which is closed."""

STRANGERS_KEPT = 10_000
"""Traces of submissions without a valid token; strangers must not be able to fill the memory."""

log = structlog.get_logger()
S = TypeVar("S")


class UnavailableError(Exception):
    """The log cannot be written now; nothing of the submission was accepted as far as is known: send it again."""


class Decided(Struct, frozen=True):
    """A batch that is ready to be appended, and what to answer then."""

    batch: list[Part]
    found: Lookup
    draft: Draft
    outcomes: list[Outcome]
    packed: Packed


class Writer:
    """The one writer of a ledger: what sources submit is decided in turn and appended in batches.

    `now` is the ledger's instant, and `held` whether its clock was held at the last `now`: its events wait then.
    `noted` is what was acknowledged, outside of the server. `loss` is what of it the log does not have: nothing is
    appended until that is accepted.
    """

    def __init__(
        self,
        redis: Any,
        name: str,
        ledger: Ledger,
        now: Callable[[], datetime],
        replicas: int = 0,
        clock: str = "wall",
        refused_bytes: int = REFUSED_BYTES,
        held: Callable[[], bool] = lambda: False,
        noted: Acknowledged | None = None,
    ) -> None:
        self.name = name
        self.ledger = ledger
        self.log = Log(redis, name, replicas, clock)
        self.state = Projection(redis, self.log, rules(ledger))
        self.now = now
        self._refused_bytes = refused_bytes
        self._held = held
        self._last: datetime | None = None
        self._queue = Queue(monotonic)
        self._lookups = Lookups(self.log)
        self._timers = Timers(ledger)
        self._appending: Draft | None = None
        self._before: Ids = {}
        self._epoch = 0
        self._at = 0
        self._told = 0
        self._told_mark = ""
        self._synced = False
        self._server = ""
        self._redis = redis
        self.loss: Loss | None = None
        self.noted = noted

    @property
    def ready(self) -> bool:
        """Whether the write model stands at the log's tail, as far as is known."""
        return self._synced

    async def submit(self, submissions: Sequence[Submission], move: Move | None = None) -> list[Outcome]:
        """Return an outcome for each submission of one source, in order.

        `move` says how far an inbox is decided by this. Raises UnavailableError where the log cannot be written, and
        InboxMovedError where another instance decided these entries.
        """
        source = submissions[0].authid if submissions else CLOCK
        size = sum(len(one.raw) for one in submissions)
        return await self.hand_in(source, submissions, size, lambda submission: submission, move)

    async def hand_in(
        self, source: str, sent: Sequence[S], size: int, read: Callable[[S], Submission], move: Move | None = None
    ) -> list[Outcome]:
        """Do what `submit` does with `size` bytes, whatever their number, each of it read when its turn comes."""
        told: asyncio.Future[list[Outcome]] = asyncio.get_running_loop().create_future()
        self._queue.put(Waiting(source, sent, size, read, move, told))
        return await told

    async def sync(self) -> None:
        """Bring the write model to the log's tail; saved rows beyond the tail mean the log was cut: RuntimeError.

        Where the log lacks what was acknowledged, that is the `loss`, and the write model stays as it is. After a
        failover the log may end before what was known here without that: what is saved on the server fits its log, so
        that is gone on from.
        """
        known = self.state.position
        if not self._synced:
            await self._compare()
            if self.loss is not None:
                return
            await self.state.load()
        await self.state.wake()
        tail = await self.log.tail()
        if tail < known:
            log.warning("log ends earlier than it did", ledger=self.name, now=tail, before=known)
        if self.state.position > tail:
            self._synced = False
            raise RuntimeError(
                f"ledger {self.name}: the log ends at {tail}, the write model knows {self.state.position}"
            )
        if not self._synced:
            for last in await self.log.read(tail - 1, 1):
                self._last = read(last.raw).recorded
            self._timers.clear()
            for subject, task in self.state.rows.items():
                self._timers.set(subject, task)
            self._at = self.state.position
            self._synced = True

    async def run(self) -> None:
        """Decide and append what arrives until cancelled; a failure is told to those who wait, never swallowed.

        While one batch is being appended, the one before it is answered, and the next is decided on top of it and
        packed.
        """
        append: asyncio.Task[list[Part] | None] | None = None
        sent: Decided | None = None
        done: Decided | None = None
        decided: Decided | None = None
        batch: list[Part] = []
        looked_up: asyncio.Task[Lookup] | None = None
        try:
            while not cancelled():
                if append is None and not batch:
                    await self._queue.ready()
                batch = batch or self._queue.take()
                decided = await self._decide(batch, looked_up)
                batch, looked_up = [], None
                again = await append if append is not None else None
                done, append, sent = (sent if again is None else None), None, None
                if again or (decided is not None and decided.found.epoch != self._epoch):
                    if done is not None:
                        self._settle(done)
                        done = None
                    batch = (again or []) + (decided.batch if decided is not None else [])
                    decided = await self._decide(batch)
                    batch = []
                if decided is not None:
                    if self._lookups.wary:
                        batch = self._queue.take()
                        batch = await self._read(batch)
                        if batch:  # on its way before the append, which the server would finish first
                            looked_up = asyncio.create_task(self._lookups.ask(batch, self._epoch))
                            await sleep(0)
                    self._appending, self._before = decided.draft, decided.draft.ids
                    append, sent = asyncio.create_task(self._append(decided)), decided
                    await sleep(0)
                if done is not None:
                    self._settle(done)
                    done = None
        finally:
            if done is not None:
                self._settle(done)
            for task in (append, looked_up):
                if task is not None:
                    task.cancel()
            left = [part for one in (sent, decided) if one is not None for part in one.batch]
            self._fail([*left, *batch, *self._queue.clear()], UnavailableError("ingest is stopping"))

    async def tick(self) -> None:
        """Record what the clock has to say by now; raises UnavailableError where the log cannot be written."""
        if self.loss is not None:
            return
        due = self._timers.next
        if not self._synced or (due is not None and due <= self.now() and not self._held()):
            await self.submit(())

    async def save(self) -> None:
        """Save the write model, so that a restart need not fold far, and notice what another instance has appended.

        The clock must know of the dues in it even if nothing is submitted here.
        """
        if not self._synced:
            return
        if self.state.position > self.state.saved:
            await self.state.save()
        known = self.state.position
        tail = await self.log.tail()
        moved = tail > self.state.position or tail < known or self._overtaken()
        if self._appending is None and (moved or self._server != await self.log.server()):
            self._void()

    async def look_for_acceptance(self) -> None:
        """Have it known what is lost, if anything; go on where that was accepted, or another server answers."""
        await wait_for(self._redis, self.name, self.loss)
        if self.loss is None:
            return
        if self._server != await self.log.server():
            self._server, self.loss = "", None
            self._void()
        elif any(
            isinstance(one, LossAccepted) and one.loss == self.loss for one in await accepted(self._redis, self.name)
        ):
            if self.noted is not None:
                await self.noted.take()
            self._told, self._told_mark, self.loss = self.loss.tail, "", None
            self._void()
            await wait_for(self._redis, self.name, None)

    async def _compare(self) -> None:
        """Compare the log with what was acknowledged: the whole where another server answers, else the last of it."""
        server = await self.log.server()
        if self._server != server and self.noted is not None:
            self.loss = await self.noted.compare()
        if self.loss is None and self._told:
            found = await self.log.pick([self._told])
            if not found or (self._told_mark and mark(found[0].raw) != self._told_mark):
                self.loss = (await self.noted.compare() if self.noted is not None else None) or await self._last_lost()
        self._server = server
        if self.loss is not None:
            log.error("acknowledged events are lost", ledger=self.name, what=str(self.loss))

    async def _last_lost(self) -> Loss:
        """Return the loss of the last event that was acknowledged here, where nothing else is known of them."""
        tail = await self.log.tail()
        since = [read(one.raw).recorded for one in await self.log.read(tail - 1, 1)] if tail < self._told else []
        first = tail + 1 if tail < self._told else 1
        return Loss(tail, self._told, first, self._told, next(iter(since), None), self._last, self._told_mark)

    def _fail(self, batch: Sequence[Part], error: Exception) -> None:
        for part in batch:
            part.fail(error)

    async def _decide(self, batch: list[Part], looked_up: "asyncio.Task[Lookup] | None" = None) -> Decided | None:
        """Decide a batch; None if it is empty, or where it cannot be decided, which those who wait have been told.

        `looked_up` may have begun before the last batch was appended: what that one holds is known from its draft.
        """
        batch = batch if looked_up is not None else await self._read(batch)
        if not batch:
            return None
        try:
            if self._appending is None and self._overtaken():
                self._void()
            if not self._synced and self.loss is None:
                await self.sync()
            if self.loss is not None:
                self._fail(batch, UnavailableError(str(self.loss)))
                return None
            found = await (looked_up or self._lookups.ask(batch, self._epoch))
            if found.epoch != self._epoch:
                found = await self._lookups.ask(batch, self._epoch)
            now = self._advance_clock()
            due = [] if self._held() else list(self._timers.due(now))
            draft, outcomes = await self._draft(batch, found, now, due)
            if draft.doubtful and not found.whole:
                self._lookups.beware()
                found = await self._lookups.ask(batch, self._epoch)
                draft, outcomes = await self._draft(batch, found, now, due)
            moves = [
                replace(part.move, gap=draft.gap(part.move.inbox, part.waiting.source))
                for part in batch
                if part.move is not None
            ]
            packed = self.log.pack(
                draft.base.tail,
                draft.entries,
                draft.notes,
                moves,
                draft.base.mark,
                only_new=True,
                refusals=draft.refusals,
            )
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told and logged, and the writer goes on
            self._unavailable(batch, error)
            return None
        return Decided(batch, found, draft, outcomes, packed)

    async def _draft(
        self, batch: Sequence[Part], found: Lookup, now: datetime, due: Sequence[str]
    ) -> tuple[Draft, list[Outcome]]:
        """Decide what the clock has to say of the tasks that are `due`, and a batch, in the light of a look-up."""
        ahead = self._appending
        tail = self.state.position if ahead is None else ahead.tail
        mark = self.state.mark if ahead is None else ahead.mark
        base = Base(self.state.rows, tail, now, found.known | self._before, found.cited, mark)
        draft = Draft(self.name, self.ledger, base, ahead, self._refused_bytes)
        for subject in due:
            instant = draft.say(subject)
            if instant is not None:
                self._timers.schedule(subject, instant)
        submissions = [one for part in batch for one in part.submissions]
        return draft, await in_slices(draft.outcome, submissions)

    async def _read(self, batch: list[Part]) -> list[Part]:
        """Read what was taken, and return that for which somebody waits."""
        for part in batch:
            try:
                await part.read()
            except Exception as error:  # noqa: BLE001 - raised where it was handed in, and the writer goes on
                part.fail(error)
        return [part for part in batch if not part.waiting.told.done()]

    async def _append(self, decided: Decided) -> list[Part] | None:
        """Append what was decided; where that failed, return those for whom it has to be decided again."""
        batch, draft = decided.batch, decided.draft
        try:
            if decided.packed.empty:
                draft.replicas = await self.log.confirm(draft.tail)
            else:
                _, draft.replicas = await self.log.add(decided.packed)
        except KnownError:
            self._void()
            if decided.found.whole:
                self._unavailable(batch, RuntimeError("the log knows a submission that the look-up did not find"))
                return []
            self._lookups.beware()
            return batch
        except StaleTailError:
            self._void()
            return batch
        except InboxMovedError as moved:
            self._void()
            passed_by = [part for part in batch if part.move is not None and part.move.inbox == str(moved)]
            self._fail(passed_by, moved)
            return [part for part in batch if part not in passed_by]
        except Exception as error:  # noqa: BLE001 - told and logged, and the writer goes on
            self._void()
            self._unavailable(batch, error)
            return []
        return None

    def _settle(self, decided: Decided) -> None:
        """Take up what was appended, and tell the outcomes."""
        if self.state.position == decided.draft.base.tail:
            self._commit(decided.draft)
        else:  # a save has found another instance ahead, and has taken up what it knows
            self._void()
        if decided.draft.tail >= self._told:
            self._told, self._told_mark = decided.draft.tail, decided.draft.mark
        if self.noted is not None:
            self.noted.add(decided.draft.base.tail, [entry.raw for entry in decided.draft.entries])
        outcomes = iter(_confirmed(decided.outcomes, decided.draft.replicas))
        for part in decided.batch:
            part.tell(list(islice(outcomes, len(part.submissions))))

    def _void(self) -> None:
        """Forget what was decided on top of a batch that was not appended."""
        self._epoch += 1
        self._synced = False
        self._appending = None
        self._before = {}

    def _overtaken(self) -> bool:
        """Tell whether a save has found another instance ahead and taken up its events, which have no timers here."""
        return self._synced and self.state.position != self._at

    def _unavailable(self, batch: Sequence[Part], error: Exception) -> None:
        self._synced = False
        away = isinstance(error, RedisError | OSError)
        log.warning("log not writable", ledger=self.name, error=f"{type(error).__name__}: {error}", exc_info=not away)
        self._fail(batch, UnavailableError(str(error)))

    def _advance_clock(self) -> datetime:
        """Return the ledger's instant, which never runs back behind what was recorded."""
        now = self.now()
        last = self._appending.base.now if self._appending is not None else self._last
        return now if last is None else max(now, last)

    def _commit(self, draft: Draft) -> None:
        draft.ahead = None  # the log has it, and so have the rows
        if self._appending is draft:
            self._appending = None
        self.state.adopt(draft.base.tail, draft.tail, draft.changes.values(), draft.mark)
        for subject in draft.retimed:
            self._timers.set(subject, self.state.rows[subject])
        self._at = self.state.position
        if draft.entries:
            self._last = draft.base.now


def _confirmed(outcomes: list[Outcome], replicas: int | None) -> list[Outcome]:
    """Return outcomes that tell how many replicas have them, where that was asked."""
    return outcomes if replicas is None else [replace(outcome, replicas=replicas) for outcome in outcomes]


def rules(ledger: Ledger) -> Rules[Task]:
    """Return how the write model is folded in a ledger; the directory is part of the version."""
    return Rules("ingest", f"{VERSION}-{ledger.directory.hash}", Task, partial(evolve, ledger))


def is_closed(inbox: Mapping[str, Any]) -> bool:
    """Tell from what XINFO STREAM says of an inbox whether it takes nothing, as it was full."""
    return bool(inbox["last-generated-id"].decode() == LAST_ID)


async def keep_stranger(redis: Any, ledger: str, address: str, head: bytes) -> None:
    """Keep a trace of a submission without a valid token, whose body is not read."""
    trace = {"address": address, "head": head}
    await redis.xadd(key(ledger, "strangers"), trace, maxlen=STRANGERS_KEPT, approximate=True)
