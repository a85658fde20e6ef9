"""Notify's wiring: per ledger one fold that announces alerts and one sender, and the alerts over HTTP."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Annotated

import httpx
import msgspec
import structlog
from litestar import Litestar, Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, QueryParameter
from msgspec import Struct

from events.entries import stored
from events.ledger import EVERYBODY, Ledger, Trigger
from events.text import name_of
from services.common import runtime, steady
from services.common.callers import Callers
from services.common.connection import WATCH_SECONDS, Watch, connect, until_reachable
from services.common.edge import Service
from services.common.ledger_clock import ledger_clock
from services.common.settings import Settings, SettingsError, load_ledgers
from services.common.web import application
from services.contract.openapi import POSITION, answers, problems
from services.notify.alerts import Alert
from services.notify.channels import fault
from services.notify.deliveries import Attempt, DeliveryState, State
from services.notify.sender import Sender
from services.notify.store import Alerts, Outbox, Query, Told

CATCH_UP_SECONDS = 1.0
"""Between two looks at the log without a message: what a lost message can cost."""

PAUSE_SECONDS = 0.01
"""Between two turns of a sender; more only where a turn fails at once, again and again."""

FOLLOW_BATCH = 1_000


log = structlog.get_logger()


class Desk:
    """What serves one ledger."""

    def __init__(self, alerts: Alerts, sender: Sender) -> None:
        self.alerts = alerts
        self.sender = sender
        self.reader: runtime.Follower | None = None
        self._cuts = 0

    async def wake(self, entries: "list[runtime.StreamEntry] | None" = None) -> None:
        """Fold on and announce; `entries` are those of the log that came."""
        projection = self.alerts.projection
        await projection.catch_up(stored(entries or []))
        if len(projection.rollbacks) != self._cuts:  # the log had other events than were folded: a failover
            self._cuts = len(projection.rollbacks)
            self.sender.forget()
            if self.reader is not None:
                self.reader.go_on_from(f"{projection.position}-0")


def build(settings: Settings) -> Service:
    """Make the service; it connects when it starts. Raises SettingsError where a channel cannot be used."""
    ledgers = load_ledgers(settings.ledgers)
    for name, ledger in ledgers.items():
        _check_channels(settings.ledgers / f"{name}.toml", ledger)
    desks: dict[str, Desk] = {}
    callers = Callers()

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        redis = connect(settings.redis_url)
        broker = runtime.make_broker(settings.redis_url)
        await until_reachable(redis)
        tasks = []
        async with httpx.AsyncClient(follow_redirects=False) as http:
            for name, ledger in ledgers.items():
                clock = await ledger_clock(redis, name, settings.clock)
                desk = Desk(
                    Alerts(redis, name, ledger),
                    Sender(Outbox(redis, name, settings.replicas), name, ledger, clock, http),
                )
                await desk.alerts.projection.load()
                await desk.wake()
                desks[name] = desk
                callers.open(name, redis, clock.now)
                tasks += [
                    asyncio.create_task(runtime.repeat(CATCH_UP_SECONDS, desk.wake)),
                    asyncio.create_task(runtime.repeat(PAUSE_SECONDS, desk.sender.turn)),
                    asyncio.create_task(runtime.repeat(steady.LOOK_SECONDS, partial(steady.look, redis, name, clock))),
                ]
                log = desk.alerts.projection.log
                after = f"{desk.alerts.projection.position}-0"
                desk.reader = runtime.follow(broker, log.key, after, FOLLOW_BATCH, desk.wake)
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
                for desk in desks.values():
                    await desk.sender.stop()
                await redis.aclose()

    def desk_of(ledger: str) -> Desk:
        if ledger not in desks:
            raise NotFoundException(f"there is no ledger {ledger!r} here")
        return desks[ledger]

    @get(
        "/v1/{ledger:str}/alerts",
        operation_id="alerts",
        summary="Alerts, newest first, with what became of them",
        responses={200: answers(Page, "The alerts that are asked for", headers=POSITION), **problems(400, 404)},
    )
    async def alerts(
        ledger: FromPath[str],
        recipient: Annotated[str | None, QueryParameter(description="To whom")] = None,
        task: Annotated[str | None, QueryParameter(description="A task's id")] = None,
        on: Annotated[Trigger | None, QueryParameter(description="What gave rise to it")] = None,
        in_state: Annotated[  # Litestar keeps `state` for itself
            State | None, QueryParameter(name="state", description="What became of it")
        ] = None,
        limit: Annotated[int, QueryParameter(ge=1, le=1_000, description="Alerts in one answer")] = 100,
        cursor: Annotated[
            str | None,
            QueryParameter(pattern=r"^[1-9][0-9]{0,14}-[0-9]{1,15}$(?!\n)", description="`next` of the page before"),
        ] = None,
    ) -> Response[bytes]:
        desk = desk_of(ledger)
        position = desk.alerts.projection.saved
        query = Query(recipient and name_of(recipient), task and name_of(task), on, in_state, limit, cursor)
        items, following = await desk.alerts.select(query)
        return Response(
            msgspec.json.encode(Page([_item(told) for told in items], following)),
            media_type="application/json",
            headers={"Duban-Position": str(position)},
        )

    async def unready() -> str | None:
        return None if set(desks) == set(ledgers) else "the rows are not loaded"

    return application("notify", [alerts], lifespan, unready, limits=settings.limits, callers=callers)


class Way(Struct, frozen=True):
    """How an alert's digest fares on one channel; `channel` names it without its secrets."""

    channel: str
    state: DeliveryState
    attempts: tuple[Attempt, ...]


class Item(Alert, frozen=True):
    """An alert, what became of it, the digest that it went into and that one's deliveries."""

    state: State
    digest: str | None
    deliveries: tuple[Way, ...]


class Page(Struct, frozen=True):
    """Some of the alerts, and the cursor that the next ones follow."""

    items: list[Item]
    next: str | None


def _item(told: Told) -> Item:
    digest = told.digest
    ways = digest.deliveries or () if digest is not None else ()
    return Item(
        **msgspec.structs.asdict(told.alert),
        state=told.state,
        digest=digest.id if digest is not None else None,
        deliveries=tuple(Way(delivery.shown, delivery.state, delivery.attempts) for delivery in ways),
    )


def _check_channels(path: object, ledger: Ledger) -> None:
    for recipient, channels in ledger.alerts.channels.items():
        if recipient not in {EVERYBODY, ledger.alerts.supervisor} and not ledger.directory.knows(recipient):
            log.warning("a channel for somebody the directory does not know", ledger=str(path), recipient=recipient)
        for channel in channels:
            wrong = fault(channel)
            if wrong is not None:
                raise SettingsError(f"{path}: alerts.channels.{recipient!r}: {wrong}")
