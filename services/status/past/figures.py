"""The figures of a past board, summed from its records without making its tasks. Pure."""

from collections.abc import Mapping
from datetime import datetime, tzinfo
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from events.deadline import last_day
from services.status.figures.board import BoardFigures, Sums
from services.status.figures.verdict import judged
from services.status.figures.week import WEEK, Kind
from services.status.moments import Completion
from services.status.past.board import PastBoard
from services.status.past.facts import CLOSED, LIGHT_OF, LIGHTS, OVERDUE, REASONS, STATES
from services.status.past.happenings import CLOSED as HAS_CLOSED
from services.status.past.happenings import (
    EXTENDED,
    HANDED_OVER,
    OPENED,
    PASSED,
    REPLACED,
    REPORTED,
    RETURNED,
    SUBMITTED,
)
from services.status.past.table import Numbers
from services.status.turns import ALWAYS, NEVER, SECOND, instant_of, micros

_DUE_SOON = REASONS.index("due-soon")


class LastHappenings(NamedTuple):
    """Columns of happenings: their kinds, tasks and recorded instants, and the rest of their records."""

    kind: Numbers
    task: Numbers
    at: Numbers
    unit: Numbers
    due: Numbers

    def of(self, *kinds: int) -> "LastHappenings":
        """Return those of some kinds."""
        mask = np.isin(self.kind, kinds)
        return LastHappenings(*(column[mask] for column in self))


def past_figures(board: PastBoard, zone: tzinfo) -> BoardFigures:
    """Return the figures of a board, in a zone."""
    sums = Sums(zone)
    last = _last_of_each(board)
    _sum_units(board, sums)
    _judge_leads(board, sums, last, zone)
    _sum_reports(board, sums, last, zone)
    _sum_sections(board, sums)
    _sum_due_days(board, sums, zone)
    _sum_happenings(board, sums, last)
    sums.due_soon = int(np.count_nonzero(board.reasons == _DUE_SOON))
    return BoardFigures(zone, sums)


def _last_of_each(board: PastBoard) -> LastHappenings:
    """Return the last happening of each kind and unit to each task."""
    found = board.happenings
    tasks = board.events[found["position"] - 1]
    keys = (tasks.astype("<i8") * len(REPLACED) + REPLACED[found["kind"]]) * len(board.shared.units) + found["unit"]
    _, newest_first = np.unique(keys[::-1], return_index=True)
    last = found[len(found) - 1 - newest_first]
    events = last["position"] - 1
    return LastHappenings(last["kind"], board.events[events], board.recorded[events], last["unit"], last["due"])


def _sum_units(board: PastBoard, sums: Sums) -> None:
    """Count the tasks of each unit, assignments that show the same together."""
    facts = board.facts
    states = len(STATES)
    keys = (facts["assignment"].astype("<i8") * len(REASONS) + board.reasons) * states + facts["state"]
    for key, number in zip(*(column.tolist() for column in np.unique(keys, return_counts=True)), strict=True):
        rest, state = divmod(key, states)
        assignment, reason = divmod(rest, len(REASONS))
        units = board.shared.assignments[assignment].units
        for unit, role in units:
            sums.units.add(unit, role, STATES[state], REASONS[reason], number)
        sums.obligations += number * len(units)


def _judge_leads(board: PastBoard, sums: Sums, last: LastHappenings, zone: tzinfo) -> None:
    """Judge each unit that leads a task which is closed or past due."""
    submitted, closed = _completions(board, last)
    facts, shared = board.facts, board.shared
    counted = np.flatnonzero((board.reasons == CLOSED) | (board.reasons == OVERDUE))
    columns = [facts[name][counted].tolist() for name in ("task", "assignment", "due", "overdue_since")]
    is_closed = (board.reasons[counted] == CLOSED).tolist()
    leads = {number: _leads(shared.assignments[number].units) for number in set(columns[1])}
    judge = lru_cache(None)(lambda completion, since: judged(completion, since, zone))
    for task, assignment, due, overdue, done in zip(*columns, is_closed, strict=True):
        late = None if done else _since(overdue, due)
        first = submitted.get((task, shared.assignments[assignment].lead))
        for unit in leads[assignment]:
            completion = submitted.get((task, unit)) or first or closed.get(task)
            sums.units.judge(unit, judge(completion, late))


def _completions(
    board: PastBoard, last: LastHappenings
) -> tuple[Mapping[tuple[int, str], Completion], Mapping[int, Completion]]:
    """Return the submissions that count, by task and unit, and the closings, by task."""
    found = last.of(SUBMITTED, HAS_CLOSED)
    submitted: dict[tuple[int, str], Completion] = {}
    closed: dict[int, Completion] = {}
    instant = lru_cache(None)(instant_of)
    for kind, task, at, unit, due in zip(*(column.tolist() for column in found), strict=True):
        completion = Completion(instant(at), instant(due) if due != NEVER else None)
        if kind == SUBMITTED:
            submitted[task, board.shared.units[unit]] = completion
        else:
            closed[task] = completion
    return submitted, closed


def _sum_reports(board: PastBoard, sums: Sums, last: LastHappenings, zone: tzinfo) -> None:
    """Find the latest report of each unit in its tasks."""
    found = last.of(REPORTED, HANDED_OVER)
    known = found.due != NEVER
    latest = np.full(len(board.shared.units), ALWAYS)
    np.maximum.at(latest, found.unit[known], found.due[known])
    for unit, at in zip(board.shared.units, latest.tolist(), strict=False):
        if at != ALWAYS:
            sums.units.report(unit, instant_of(at).astimezone(zone))


def _sum_sections(board: PastBoard, sums: Sums) -> None:
    columns = (board.facts["heading"].tolist(), board.reasons.tolist(), board.facts["state"].tolist())
    for heading, reason, state in zip(*columns, strict=True):
        section, place = board.shared.headings[heading].section, board.shared.places[heading]
        sums.sections.add(section, place, LIGHTS[LIGHT_OF[reason]], STATES[state])


def _sum_due_days(board: PastBoard, sums: Sums, zone: tzinfo) -> None:
    """Count the tasks by due day and light."""
    for light, name in enumerate(LIGHTS):
        dues, numbers = np.unique(board.facts["due"][board.lights == light], return_counts=True)
        for due, number in zip(dues.tolist(), numbers.tolist(), strict=True):
            sums.due_days.add(last_day(instant_of(due), zone) if due != NEVER else None, name, number)


def _sum_happenings(board: PastBoard, sums: Sums, last: LastHappenings) -> None:
    """Collect when each kind of thing happened last to each task, if within the week that the board shows."""
    if board.moment is None:
        return
    since = micros(board.moment.instant - WEEK)

    def add(kind: Kind, instants: Numbers) -> None:
        sums.happenings.add(kind, [instant / SECOND for instant in instants[instants > since].tolist()])

    kinds: dict[Kind, int] = {"new": OPENED, "closed": HAS_CLOSED, "returned": RETURNED, "extended": EXTENDED}
    for kind, number in kinds.items():
        add(kind, last.of(number).at)
    red = np.zeros(len(board.shared.tasks), bool)
    red[board.facts["task"][board.reasons == OVERDUE]] = True
    passed = last.of(PASSED)
    add("newly_overdue", passed.at[red[passed.task]])
    events = board.happenings["position"][board.happenings["kind"] == REPORTED] - 1
    reported = np.full(len(board.shared.tasks), ALWAYS)
    np.maximum.at(reported, board.events[events], board.recorded[events])
    add("reported", reported)


def _leads(units: tuple[tuple[str, str], ...]) -> list[str]:
    return [unit for unit, role in units if role == "lead"]


def _since(overdue: int, due: int) -> datetime:
    return instant_of(overdue if overdue != NEVER else due)
