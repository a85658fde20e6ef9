"""Notify's wiring: per ledger one fold that announces alerts and one sender, and the alerts over HTTP."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import httpx
import msgspec
import structlog
from litestar import Litestar, Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, FromQuery, QueryParameter

from events.ledger import EVERYBODY, Ledger, Trigger
from events.log import stored
from services import runtime
from services.notify.channels import fault
from services.notify.core import State
from services.notify.sender import Sender
from services.notify.store import Alerts, Outbox, Query, Told
from services.settings import Settings, SettingsError, load_ledgers
from services.web import application

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
        await projection.wake(stored(entries or []))
        if len(projection.cuts) != self._cuts:  # the log had other events than were folded: a failover
            self._cuts = len(projection.cuts)
            self.sender.forget()
            if self.reader is not None:
                self.reader.go_on_from(f"{projection.position}-0")


def build(settings: Settings) -> Litestar:
    """Make the service; it connects when it starts. Raises SettingsError where a channel cannot be used."""
    ledgers = load_ledgers(settings.ledgers)
    for name, ledger in ledgers.items():
        _check_channels(settings.ledgers / f"{name}.toml", ledger)
    desks: dict[str, Desk] = {}

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        redis = runtime.connect(settings.redis_url)
        broker = runtime.make_broker(settings.redis_url)
        await runtime.until_reachable(redis)
        tasks = []
        async with httpx.AsyncClient(follow_redirects=False) as http:
            for name, ledger in ledgers.items():
                clock = await runtime.ledger_clock(redis, name, settings.clock)
                desk = Desk(
                    Alerts(redis, name, ledger),
                    Sender(Outbox(redis, name, settings.replicas), name, ledger, clock, http),
                )
                await desk.alerts.projection.load()
                await desk.wake()
                desks[name] = desk
                tasks += [
                    asyncio.create_task(runtime.repeat(CATCH_UP_SECONDS, desk.wake)),
                    asyncio.create_task(runtime.repeat(PAUSE_SECONDS, desk.sender.turn)),
                ]
                log = desk.alerts.projection.log
                after = f"{desk.alerts.projection.position}-0"
                desk.reader = runtime.follow(broker, log.key, after, FOLLOW_BATCH, desk.wake)
            await broker.start()
            watch = runtime.Watch(settings.redis_url, redis, await broker.connect())
            tasks.append(asyncio.create_task(runtime.repeat(runtime.WATCH_SECONDS, watch.look)))
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

    @get("/v1/{ledger:str}/alerts", summary="Alerts, newest first, with what became of them")
    async def alerts(
        ledger: FromPath[str],
        recipient: FromQuery[str | None] = None,
        task: FromQuery[str | None] = None,
        on: FromQuery[Trigger | None] = None,
        in_state: Annotated[State | None, QueryParameter(name="state")] = None,  # Litestar keeps `state` for itself
        limit: Annotated[int, QueryParameter(ge=1, le=1_000)] = 100,
        cursor: Annotated[str | None, QueryParameter(pattern=r"^\d{1,15}-\d{1,15}$")] = None,
    ) -> Response[bytes]:
        desk = desk_of(ledger)
        position = desk.alerts.projection.saved
        items, following = await desk.alerts.select(Query(recipient, task, on, in_state, limit, cursor))
        return Response(
            msgspec.json.encode({"items": [_item(told) for told in items], "next": following}),
            media_type="application/json",
            headers={"Duban-Position": str(position)},
        )

    async def unready() -> str | None:
        return None if set(desks) == set(ledgers) else "the rows are not loaded"

    return application("notify", [alerts], lifespan, unready)


def _item(told: Told) -> dict[str, Any]:
    digest = told.digest
    ways = digest.deliveries or () if digest is not None else ()
    deliveries = [
        {"channel": delivery.shown, "state": delivery.state, "attempts": delivery.attempts} for delivery in ways
    ]
    item: dict[str, Any] = msgspec.structs.asdict(told.alert)
    return item | {
        "state": told.state,
        "digest": digest.id if digest is not None else None,
        "deliveries": deliveries,
    }


def _check_channels(path: object, ledger: Ledger) -> None:
    for recipient, channels in ledger.alerts.channels.items():
        if recipient not in {EVERYBODY, ledger.alerts.supervisor} and not ledger.knows(recipient):
            log.warning("a channel for somebody the directory does not know", ledger=str(path), recipient=recipient)
        for channel in channels:
            wrong = fault(channel)
            if wrong is not None:
                raise SettingsError(f"{path}: alerts.channels.{recipient!r}: {wrong}")
