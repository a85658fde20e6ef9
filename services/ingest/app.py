"""Ingest's application: for each ledger a writer, its clock, the inboxes of its sources, and HTTP."""

from collections.abc import Collection, Mapping
from functools import partial
from pathlib import Path
from typing import Annotated

import msgspec
from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.params import PathParameter

from events.contract import schema_of
from events.keys import key
from events.ledger import NOTIFY, Ledger
from events.log import Log
from events.operations import OPS, operations_ledger
from events.schema import TYPES
from events.working_days import WorkingDays
from services.common import steady
from services.common.access import Access
from services.common.calendars import load_working_days, missing_calendars
from services.common.clock import Clock, kind_of
from services.common.connection import writable
from services.common.edge import Service
from services.common.ledger_clock import ahead_of_wall
from services.common.lifespan import Running, lifespan
from services.common.listening import is_loopback
from services.common.sealed_log import sealed_log
from services.common.settings import Settings, load_ledgers
from services.common.web import NeedsOperator, application
from services.contract.ingest import SCHEMA
from services.contract.openapi import answers, problems
from services.ingest import archives
from services.ingest.acknowledged import SAVE_SECONDS as NOTE_SECONDS
from services.ingest.acknowledged import Acknowledged
from services.ingest.budget import MOST_REQUEST, RequestBudget
from services.ingest.documents import Documents
from services.ingest.endpoint import IngestEndpoint
from services.ingest.inbox import Inbox
from services.ingest.schedules import schedule
from services.ingest.sealing.ledgers import Sealing, sealing_of
from services.ingest.sealing.sealer import Stop
from services.ingest.started_rules import record_rules
from services.ingest.state import load, own
from services.ingest.submissions import submit
from services.ingest.writer import Writer

LOOK_SECONDS = 1.0
"""Between two checks of how far each inbox is decided."""

TICK_SECONDS = 0.05
"""Real time between two checks of the ledger's clock; a check costs nothing unless something is due."""

SAVE_SECONDS = 2.0
"""Real time between two saves of the write model while events come slowly."""

FULL_SECONDS = 0.05
"""Real time between two checks of whether so much is unsaved that a save is due at once: a check costs nothing."""


def build(settings: Settings) -> Service:
    """Return the service; it connects when it starts. Raises SettingsError where notes outside Redis cannot be read."""
    ledgers = load_ledgers(settings.ledgers)
    recorded = {**ledgers, OPS: operations_ledger(ledgers.values())}
    days = load_working_days(settings.ledgers)
    if settings.state is not None:
        own(settings.state)
        for name in recorded:
            load(settings.state, name)  # what cannot be read is refused before anything runs
    sealing, endpoints = sealing_of(settings), dict[str, IngestEndpoint]()
    return application(
        "ingest",
        [submit, schedule, event_type, *archives.HANDLERS],
        lifespan(settings, recorded, endpoints, partial(_open, settings, days, RequestBudget(), sealing), records=True),
        partial(_unready, endpoints, by_wall=settings.clock is None),
        MOST_REQUEST,
        limits=settings.limits,
        endpoints=endpoints,
        access=Access(ledgers, settings.public_url, is_loopback(settings.host)),
        warnings=partial(_warnings, settings.ledgers, days, ledgers, endpoints),
    )


async def _open(
    settings: Settings,
    days: WorkingDays,
    budget: RequestBudget,
    sealing: Sealing | None,
    service: Running,
    name: str,
    ledger: Ledger,
    clock: Clock,
) -> IngestEndpoint:
    """Start a ledger's writer, and follow the inboxes of its sources and of notify."""
    redis = service.redis
    archive = sealed_log(settings.archive, name)
    noted = Acknowledged(settings.state, Log(redis, name, archive=archive)) if settings.state is not None else None
    writer = Writer(
        redis,
        name,
        ledger,
        clock.now,
        settings.replicas,
        kind_of(settings.clock_of(name)),
        settings.refused_bytes,
        partial(steady.is_held, clock),
        noted,
        archive,
    )
    sealed = await sealing.open(service, ledger, writer.log) if sealing is not None else None
    _run(service, writer)
    if name != OPS:
        service.start(record_rules(service.redis, name, ledger))
    for source in (*ledger.sources, *(() if name == OPS else (NOTIFY,))):
        await _follow(service, writer, source)
    return IngestEndpoint(writer, Documents(writer, days), budget, redis, clock, sealed)


def _run(service: Running, writer: Writer) -> None:
    """Run a writer and its saves; at the end, it saves once more."""
    service.on_stop(writer.save)
    if writer.noted is not None:
        service.on_stop(writer.noted.save)
        service.repeat(NOTE_SECONDS, writer.noted.save)
    service.start(writer.run())
    service.repeat(TICK_SECONDS, writer.tick)
    service.repeat(SAVE_SECONDS, writer.save)
    service.repeat(FULL_SECONDS, writer.save_if_full)
    service.repeat(steady.LOOK_SECONDS, writer.look_for_acceptance)


async def _follow(service: Running, writer: Writer, source: str) -> None:
    """Have the entries of a source's inbox decided."""
    reached = await writer.log.cursor(key(writer.name, "inbox", source))
    inbox = Inbox(service.redis, writer, source, reached, service.follow)
    service.on_stop(inbox.stop)
    service.repeat(LOOK_SECONDS, inbox.look)


async def _unready(endpoints: Mapping[str, IngestEndpoint], *, by_wall: bool) -> str | None:
    """Return why ingest cannot be used, None if it can; ledgers `by_wall` run by the wall clock."""
    every = endpoints.values()
    if (loss := next(filter(None, (one.writer.loss for one in every)), None)) is not None:
        return NeedsOperator(loss)
    connected = [one.writer.ready and await writable(one.redis) for one in every]
    if not connected or not all(connected):
        return "not connected to the log, or to one that takes no writes"
    faults = (one.writer.noted.fault for one in every if one.writer.noted is not None)
    if (fault := next(filter(None, faults), None)) is not None:
        return fault
    if (stop := await _seal_stop(every)) is not None:
        return NeedsOperator(stop)
    if (hold := next(filter(None, (steady.hold_of(one.clock) for one in every)), None)) is not None:
        return NeedsOperator(hold)
    wrong = [await ahead_of_wall(one.redis, name) for name, one in endpoints.items() if by_wall]
    return next((NeedsOperator(one) for one in wrong if one is not None), None)


async def _seal_stop(endpoints: Collection[IngestEndpoint]) -> Stop | None:
    """Return why a log is not sealed any more, unless an operator has accepted that what was sealed is lost."""
    for one in endpoints:
        if one.sealing is not None and (stop := await one.sealing.unaccepted()) is not None:
            return stop
    return None


def _warnings(
    directory: Path, days: WorkingDays, ledgers: Mapping[str, Ledger], endpoints: Mapping[str, IngestEndpoint]
) -> list[str]:
    """Return what an operator should see to; the ledger of operations counts no working days."""
    dated = {name: one for name, one in endpoints.items() if name in ledgers}
    sealed = [one.sealing for one in endpoints.values() if one.sealing is not None]
    return [
        *missing_calendars(directory, days, ledgers, dated),
        *(warning for one in sealed for warning in one.warnings),
    ]


@get(
    "/v1/schemas/{name:str}",
    operation_id="eventSchema",
    summary="The JSON Schema of an event type",
    media_type=SCHEMA,
    responses={200: answers({"type": "object"}, "The schema (draft 2020-12)", SCHEMA), **problems(400, 404)},
)
async def event_type(
    name: Annotated[str, PathParameter(description="The type", schema_extra={"enum": list(TYPES)})],
) -> Response[bytes]:
    if name not in TYPES:
        raise NotFoundException(f"there is no type {name!r}; the types are: {', '.join(TYPES)}")
    return Response(msgspec.json.encode(schema_of(name)), media_type=SCHEMA)
