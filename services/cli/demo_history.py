"""A synthetic progress history for the table of 2017; every event of it is marked as synthetic. Pure."""

import random
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from events.deadline import next_due
from events.envelope import Event
from events.ledger import Ledger
from events.schema import (
    CompletionReturned,
    CompletionSubmitted,
    EventData,
    ProgressReported,
    TaskAssigned,
    TaskClosed,
    TaskSigned,
)

SYNTHETIC = "【演示数据】"
"""The beginning of every summary and reason, so that nobody takes them for the city's records."""

SEED = 2017
QUARTER = timedelta(days=91)
SILENT = 0.15
"""Share of the reports on an ongoing task that are followed by three quarters without reports."""

RETURNED = 0.3
"""Share of the completions that the office returns once."""


class Step(NamedTuple):
    """An event to submit at its `time`, and the source that submits it."""

    source: str
    event: Event


def synthetic(assigned: Sequence[Event], ledger: Ledger, until: datetime) -> list[Step]:
    """Return plausible submissions of units and office up to `until`, by time; the same tasks give the same steps."""
    steps = [step for event in assigned for step in _task(event, ledger, until)]
    return sorted(steps, key=lambda step: (step.event.time, step.event.id))


def _task(assigned: Event, ledger: Ledger, until: datetime) -> Iterator[Step]:
    data = assigned.data
    assert isinstance(data, TaskAssigned)
    chance = random.Random(f"{SEED}{assigned.subject}")  # noqa: S311 - a fixed seed, so that the invented history can be repeated
    opened = assigned.time
    units = list(ledger.directory.obligations(data.units))
    number = 0

    def step(source: str, at: datetime, what: EventData) -> Step:
        nonlocal number
        number += 1
        return Step(source, Event(f"demo-{assigned.subject}-{number:03}", source, assigned.subject, at, what))

    for unit in units:
        yield step(
            "units", opened + timedelta(days=chance.randint(1, 12), hours=chance.randint(9, 17)), TaskSigned(unit)
        )
    due = next_due(data.deadline)
    finish = due.passes + timedelta(days=chance.choice([-70, -25, -6, 12, 45])) if due is not None else None
    at = opened + timedelta(days=chance.randint(40, 80), hours=10)
    reached: dict[str, int] = {}
    while at < until and (finish is None or at < finish):
        done = (at - opened) / ((finish or until) - opened)
        for unit in dict.fromkeys([data.lead, *chance.sample(units, k=min(2, len(units)))]):
            percent = max(reached.get(unit, 0), min(95, int(100 * done * chance.uniform(0.55, 1.1))))
            reached[unit] = percent
            summary = f"{SYNTHETIC}{unit}：按计划推进，已完成约{percent}%"
            yield step("units", at, ProgressReported(unit, summary, percent if finish is not None else None))
        at += QUARTER * (3 if finish is None and chance.random() < SILENT else 1)
    if finish is None or finish >= until:
        return
    yield from _completion(step, data.lead, finish, until, chance)


def _completion(
    step: Callable[[str, datetime, EventData], Step],
    lead: str,
    finish: datetime,
    until: datetime,
    chance: random.Random,
) -> Iterator[Step]:
    """Yield the last report, the submission, perhaps a return and a second submission, and the closing."""
    yield step("units", finish - timedelta(hours=1), ProgressReported(lead, f"{SYNTHETIC}各项工作已全部完成", 100))
    yield step("units", finish, CompletionSubmitted(lead, f"{SYNTHETIC}任务已办结，申请销号"))
    checked = finish + timedelta(days=5)
    if chance.random() < RETURNED:
        yield step("office", checked, CompletionReturned(lead, f"{SYNTHETIC}佐证材料不全，退回补正"))
        again = checked + timedelta(days=10)
        yield step("units", again, CompletionSubmitted(lead, f"{SYNTHETIC}已补充材料，再次申请销号"))
        checked = again + timedelta(days=5)
    if checked < until:
        yield step("office", checked, TaskClosed("implemented", f"{SYNTHETIC}验收通过"))
