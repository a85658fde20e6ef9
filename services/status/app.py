"""Status' wiring: one board and one feed per ledger behind plain HTTP."""

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, Any

import msgspec
from litestar import Litestar, Request, Response, get
from litestar.exceptions import NotFoundException, ValidationException
from litestar.params import FromPath, PathParameter, QueryParameter
from litestar.response import Stream
from msgspec import Raw

from events.entries import Stored, stored
from events.schema import TYPES
from events.text import name_of
from services.common import runtime, steady
from services.common.callers import Callers
from services.common.clock import Clock
from services.common.connection import WATCH_SECONDS, Watch, connect, until_reachable
from services.common.edge import STREAM, Service
from services.common.ledger_clock import ledger_clock
from services.common.settings import Settings, load_ledgers
from services.common.web import application
from services.contract.openapi import POSITION, Named, answers, event_named, one_of, place, problems
from services.status.feed import Feed
from services.status.row import Light, State, TaskRow
from services.status.store import CHANGES_KEPT, Board, Snapshot
from services.status.views import BadCursorError, Overview, Page, Query, Sort, overview, select

CATCH_UP_SECONDS = 1.0
"""Between two looks at the log without a message: what a lost message can cost."""

LIGHT_SECONDS = (0.25, 5.0)
"""Real time between two looks at the lights, shortest and longest: an hour of the ledger's time in between."""

FOLLOW_BATCH = 1_000

AsOf = Annotated[
    str | None,
    QueryParameter(
        description="As it stood at a position of the log, or at a recorded instant (RFC 3339)",
        schema_extra={"anyOf": [{"pattern": "^[0-9]{1,18}$"}, {"format": "date-time"}]},
    ),
]
Task = Annotated[str, PathParameter(description="A task's id")]

SSE = "text/event-stream"

HISTORY = Named(
    "History",
    {
        "type": "object",
        "properties": {"items": {"type": "array", "items": {"$ref": place("HistoryItem")}}, "next": {"type": "null"}},
        "required": ["items", "next"],
    },
    [one_of("HistoryItem", "A stored event, with its position.", [event_named(name, stored=True) for name in TYPES])],
)

_POSITION = re.compile(r"[0-9]{1,18}")
"""What a stream's id can hold."""


class Desk:
    """What serves one ledger."""

    def __init__(self, redis: Any, board: Board, clock: Clock) -> None:
        self.board = board
        self.clock = clock
        self.feed = Feed(CHANGES_KEPT)
        self.readers: tuple[runtime.Follower, ...] = ()
        self._redis = redis
        self._folding = (0, 0)

    async def start(self) -> None:
        """Take up rows and changes, and fold on to the tail."""
        await self.board.load(self.clock.now())
        self._folding = self._now_folding()
        await self.board.projection.catch_up()
        kept, trimmed = await self._kept_changes()
        self.feed.load(kept, trimmed=trimmed)

    async def wake(self, entries: "list[runtime.StreamEntry] | None" = None) -> None:
        """Fold on; `entries` are those of the log that came."""
        await self.board.projection.catch_up(stored(entries or []))
        folding = self._now_folding()
        if folding[1] != self._folding[1]:  # the log had other events than the rows showed: a failover
            kept, trimmed = await self._kept_changes()
            for cut in self.board.projection.rollbacks[self._folding[1] :]:
                self.feed.forget(*cut)
            self.feed.load(kept, trimmed=trimmed)
            log_, changes = self.readers
            log_.go_on_from(f"{self.board.position}-0")
            changes.go_on_from(self.feed.last)
        elif folding != self._folding:
            self.feed.reset()
        self._folding = folding

    def _now_folding(self) -> tuple[int, int]:
        return self.board.projection.generation, len(self.board.projection.rollbacks)

    async def _kept_changes(self) -> tuple[list[runtime.StreamEntry], bool]:
        """Return the changes that the server keeps, and whether there once were earlier ones."""
        key = self.board.projection.feed
        kept = await self._redis.xrange(key)
        added = (await self._redis.xinfo_stream(key))["entries-added"] if kept else 0
        return kept, added > len(kept)

    async def push(self, entries: "list[runtime.StreamEntry]") -> None:
        """Hand changes on, after the rows show them: another instance may have made them."""
        try:
            position, _, _ = entries[-1][0].partition(b"-")
            if int(position) > self.board.position:
                await self.wake()
        finally:
            self.feed.push(entries)

    async def relight(self) -> None:
        await self.board.relight(self.clock.now())

    async def snapshot(self, as_of: str | None) -> Snapshot:
        """Return the rows now or as of a position or instant; raises ValidationException where `as_of` is neither."""
        if as_of is None:
            return self.board.live()
        position = _position(as_of)
        return await self.board.as_of(position if position is not None else _instant("as_of", as_of, "a position, or "))


def build(settings: Settings) -> Service:
    """Make the service; it connects when it starts."""
    ledgers = load_ledgers(settings.ledgers)
    desks: dict[str, Desk] = {}
    callers = Callers()

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        redis = connect(settings.redis_url)
        broker = runtime.make_broker(settings.redis_url)
        await until_reachable(redis)
        tasks = []
        for name, ledger in ledgers.items():
            clock = await ledger_clock(redis, name, settings.clock)
            desk = Desk(redis, Board(redis, name, ledger), clock)
            await desk.start()
            desks[name] = desk
            callers.open(name, redis, clock.now)
            shortest, longest = LIGHT_SECONDS
            period = min(longest, max(shortest, clock.real_seconds(timedelta(hours=1))))
            tasks += [
                asyncio.create_task(runtime.repeat(CATCH_UP_SECONDS, desk.wake)),
                asyncio.create_task(runtime.repeat(period, desk.relight)),
                asyncio.create_task(runtime.repeat(steady.LOOK_SECONDS, partial(steady.look, redis, name, clock))),
            ]
            desk.readers = (
                runtime.follow(broker, desk.board.log.key, f"{desk.board.position}-0", FOLLOW_BATCH, desk.wake),
                runtime.follow(broker, desk.board.projection.feed, desk.feed.last, FOLLOW_BATCH, desk.push),
            )
        await broker.start()
        watch = Watch(settings.redis_url, redis, await broker.connect())
        tasks.append(asyncio.create_task(runtime.repeat(WATCH_SECONDS, watch.look)))
        try:
            yield
        finally:
            await broker.stop()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await redis.aclose()

    def desk_of(ledger: str) -> Desk:
        if ledger not in desks:
            raise NotFoundException(f"there is no ledger {ledger!r} here")
        return desks[ledger]

    @get(
        "/v1/{ledger:str}/tasks",
        operation_id="tasks",
        summary="Task rows",
        description="A snapshot: /changes after its position misses nothing and repeats nothing.",
        responses={200: answers(Page, "The rows that are asked for", headers=POSITION), **problems(400, 404)},
    )
    async def tasks(
        ledger: FromPath[str],
        unit: Annotated[str | None, QueryParameter(description="A unit of the task, by any of its names")] = None,
        lead: Annotated[str | None, QueryParameter(description="Its lead unit, by any of its names")] = None,
        light: Annotated[Light | None, QueryParameter(description="Its light")] = None,
        in_state: Annotated[  # Litestar keeps `state` for itself
            State | None, QueryParameter(name="state", description="Its state")
        ] = None,
        due_before: Annotated[
            str | None,
            QueryParameter(
                description="Due before this instant (RFC 3339, with offset)", schema_extra={"format": "date-time"}
            ),
        ] = None,
        q: Annotated[str | None, QueryParameter(description="Part of its title or id")] = None,
        sort: Annotated[Sort, QueryParameter(description="The order; - turns it round")] = "row",
        limit: Annotated[int, QueryParameter(ge=1, le=1_000, description="Rows in one answer")] = 100,
        cursor: Annotated[str | None, QueryParameter(description="`next` of the page before")] = None,
        as_of: AsOf = None,
    ) -> Response[bytes]:
        snapshot = await desk_of(ledger).snapshot(as_of)
        before = _instant("due_before", due_before) if due_before is not None else None
        named = desk_of(ledger).board.ledger.directory.named
        query = Query(unit and named(unit), lead and named(lead), light, in_state, before, q, sort, limit, cursor)
        try:
            return _answer(snapshot.position, select(snapshot.rows, query))
        except BadCursorError as error:
            raise ValidationException(str(error)) from error

    @get(
        "/v1/{ledger:str}/tasks/{task:str}",
        operation_id="task",
        summary="One task row",
        responses={200: answers(TaskRow, "The row", headers=POSITION), **problems(400, 404)},
    )
    async def task_row(ledger: FromPath[str], task: Task, as_of: AsOf = None) -> Response[bytes]:
        snapshot = await desk_of(ledger).snapshot(as_of)
        return _answer(snapshot.position, _row(snapshot, name_of(task)))

    @get(
        "/v1/{ledger:str}/tasks/{task:str}/events",
        operation_id="taskEvents",
        summary="A task's history: each event as it is stored, with its position",
        responses={200: answers(HISTORY, "The history, whole", headers=POSITION), **problems(400, 404)},
    )
    async def task_events(ledger: FromPath[str], task: Task, as_of: AsOf = None) -> Response[bytes]:
        desk = desk_of(ledger)
        snapshot = await desk.snapshot(as_of)
        task = name_of(task)
        _row(snapshot, task)
        history = await desk.board.history(task, snapshot.position)
        return _answer(snapshot.position, {"items": [_with_position(entry) for entry in history], "next": None})

    @get(
        "/v1/{ledger:str}/overview",
        operation_id="overview",
        summary="The figures of the ledger",
        responses={200: answers(Overview, "The figures", headers=POSITION), **problems(400, 404)},
    )
    async def ledger_overview(ledger: FromPath[str], as_of: AsOf = None) -> Response[bytes]:
        desk = desk_of(ledger)
        snapshot = await desk.snapshot(as_of)
        at = desk.clock.now().astimezone(desk.board.ledger.zone)
        figures = Overview(desk.board.ledger.title, at, **overview(snapshot.rows), position=snapshot.position)
        return _answer(snapshot.position, figures)

    @get(
        "/v1/{ledger:str}/changes",
        operation_id="changes",
        summary="Task rows as they change, as Server-Sent Events",
        description="`id:` is the position, `event: task` has a row in `data:`, `event: reset` means: take a new"
        " snapshot. A client that comes back with Last-Event-ID goes on from there. Comments come every 15 seconds.",
        media_type=SSE,
        opt={STREAM: True},
        responses={
            200: answers({"type": "string", "description": "Without end."}, "The changes", SSE, POSITION),
            **problems(400, 404),
        },
    )
    async def changes(
        request: Request[Any, Any, Any],
        ledger: FromPath[str],
        after: Annotated[
            int | None,
            QueryParameter(ge=0, description="The position of the snapshot to go on from; now, if not given"),
        ] = None,
    ) -> Stream:
        desk = desk_of(ledger)
        last = request.headers.get("last-event-id")
        if (
            last
        ):  # also in the form of the stream's ids; where it cannot be read and nothing else helps: take a snapshot
            resumed = _position(last.partition("-")[0])
            after = resumed if resumed is not None else sys.maxsize if after is None else after
        position = desk.board.position
        return Stream(
            desk.feed.follow(after, position, resumed=bool(last)),
            media_type=SSE,
            headers={"Duban-Position": str(position), "Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    async def unready() -> str | None:
        return None if set(desks) == set(ledgers) else "the rows are not loaded"

    handlers = [tasks, task_row, task_events, ledger_overview, changes]
    return application("status", handlers, lifespan, unready, limits=settings.limits, callers=callers)


def _answer(position: int, body: object) -> Response[bytes]:
    return Response(msgspec.json.encode(body), media_type="application/json", headers={"Duban-Position": str(position)})


def _row(snapshot: Snapshot, task: str) -> TaskRow:
    if task not in snapshot.rows:
        detail = f"no task {task!r} is assigned at position {snapshot.position}"
        raise NotFoundException(detail, headers={"Duban-Position": str(snapshot.position)})
    return snapshot.rows[task]


def _with_position(entry: Stored) -> Raw:
    """Return a stored event as a history item: its own bytes, and the position as one more member."""
    return Raw(b'%b,"position":%d}' % (entry.raw[:-1], entry.position))


def _position(text: str) -> int | None:
    return int(text) if _POSITION.fullmatch(text) else None


def _instant(name: str, text: str, others: str = "") -> datetime:
    try:
        instant = datetime.fromisoformat(text.replace(" ", "+"))  # an unescaped + reaches us as a space
        if instant.tzinfo is not None:
            return instant
    except ValueError:
        pass
    raise ValidationException(f"{name} {text!r} is not {others}an instant like 2018-12-20T09:00:00+08:00")
