"""The life of the table of 2017, from August 2017 to January 2021: its log, as ingest records it on time or later.

The table is handed out, units report and submit (services/cli/demo_history.py), and the ledger's clock records what
nears and passes. While ingest is down it records nothing; what was submitted meanwhile comes when it is up again.
"""

import heapq
from collections.abc import Sequence
from datetime import date, datetime
from functools import cache

from msgspec.structs import replace

from events.channel import Channel
from events.entries import Entry, Recorded, digest
from events.envelope import Event, encode, parse, read
from events.ledger import Ledger
from services.cli.demo_history import synthetic
from services.common.settings import load_ledger, shipped
from services.ingest.task import Task, evolve
from services.ingest.timers import clock_events
from services.schedule.document import read_document
from services.schedule.plan import Order
from services.schedule.planning import plan_tasks
from tests.examples import seal
from tests.notify.endpoint import SECRET

START = datetime.fromisoformat("2017-08-01T00:00:00+08:00")
END = datetime.fromisoformat("2021-01-02T00:00:00+08:00")

_SHIPPED = load_ledger(shipped("zhanjiang.toml"))

LEDGER = replace(
    _SHIPPED,
    alerts=replace(
        _SHIPPED.alerts,
        quiet_hours="20:00-08:00",
        channels={"*": (Channel(webhook="https://alerts.example.org/", secret=SECRET),)},
    ),
)
"""The shipped ledger with quiet hours, and a channel for everybody."""

Outages = tuple[tuple[datetime, datetime], ...]
"""Times in which the services are down."""


@cache
def submitted() -> list[tuple[datetime, str, bytes]]:
    """Return what is submitted: its time, source and bytes."""
    document = shipped("zhanjiang-2017-key-tasks.txt")
    table = read_document(document.read_bytes(), document.name)
    lines = [
        bytes(line.event) for line in plan_tasks(table, Order("zj-2017", date(2017, 8, 1), "office"), LEDGER).lines
    ]
    assigned = [parse(line) for line in lines]
    steps = [(step.event.time, step.source, encode(step.event)) for step in synthetic(assigned, LEDGER, END)]
    return [*((event.time, "office", line) for event, line in zip(assigned, lines, strict=True)), *steps]


@cache
def log(outages: Outages = ()) -> list[Recorded]:
    """Return the log as ingest records it."""
    return [Recorded(position, read(raw)) for position, raw in enumerate(stored(outages), 1)]


@cache
def stored(outages: Outages = ()) -> list[bytes]:
    """Return the log's bytes."""
    tasks: dict[str, Task] = {}
    raws: list[bytes] = []
    timers: list[tuple[datetime, str]] = []

    def append(raw: bytes, now: datetime, source: str) -> None:
        raws.append(seal(raw, now.isoformat(), source))
        entry = Recorded(len(raws), read(raws[-1]))
        name = entry.event.subject
        task = evolve(LEDGER, tasks.get(name), entry)
        assert task is not None
        tasks[name] = task
        if (upcoming := next(clock_events(name, task, LEDGER), None)) is not None:
            heapq.heappush(timers, (upcoming.time, name))

    def clock(until: datetime) -> None:
        while timers and (now := _up(timers[0][0], outages)) <= until:
            _, name = heapq.heappop(timers)
            event = next(clock_events(name, tasks[name], LEDGER), None)
            if event is not None and event.time <= now:
                append(encode(event), now, "duban")

    for at, source, raw in sorted(submitted(), key=lambda step: _up(step[0], outages)):
        clock(_up(at, outages))
        append(raw, _up(at, outages), source)
    clock(END)
    return raws


def entries(raws: Sequence[bytes]) -> list[Entry]:
    """Return stored bytes as a log's entries."""
    events: list[Event] = [read(raw) for raw in raws]
    return [Entry(event.source, event.id, digest(raw), raw) for event, raw in zip(events, raws, strict=True)]


def ledger_with(toml: str) -> Ledger:
    """Return the shipped ledger with more in its file."""
    import msgspec  # noqa: PLC0415

    text = shipped("zhanjiang.toml").read_text(encoding="utf-8")
    return msgspec.toml.decode(text + toml, type=Ledger)


def _up(instant: datetime, outages: Outages) -> datetime:
    """Return when what is due at an instant is recorded: then, or when the services are up again."""
    return next((end for start, end in outages if start <= instant < end), instant)
