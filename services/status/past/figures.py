"""The figures of a past board, summed from its records without making its tasks. Pure."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, tzinfo
from functools import lru_cache
from typing import TypeAlias

import numpy as np

from events.deadline import last_day
from services.status.figures.board import BoardFigures, Sums
from services.status.figures.verdict import judged
from services.status.figures.week import Kind
from services.status.moments import Completion
from services.status.past.board import Numbers, PastBoard
from services.status.past.facts import CLOSED, LIGHT_OF, LIGHTS, OVERDUE, REASONS, STATES
from services.status.past.happenings import CLOSED as HAS_CLOSED
from services.status.past.happenings import EXTENDED, OPENED, PASSED, REPORTED, RETURNED, SUBMITTED
from services.status.past.table import Records
from services.status.past.turns import ALWAYS, NEVER, SECOND, instant_of

DueDay: TypeAlias = Callable[[int], date]

_DUE_SOON = REASONS.index("due-soon")


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


def _last_of_each(board: PastBoard) -> Records:
    """Return the last happening of each kind and unit to each task."""
    found = board.happenings
    if not len(found):
        return found
    units, kinds = len(board.shared.units), int(found["kind"].max()) + 1
    keys = (found["task"].astype("<i8") * kinds + found["kind"]) * units + found["unit"]
    _, first = np.unique(keys[::-1], return_index=True)
    return found[len(found) - 1 - first]


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


def _judge_leads(board: PastBoard, sums: Sums, last: Records, zone: tzinfo) -> None:
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
    board: PastBoard, last: Records
) -> tuple[Mapping[tuple[int, str], Completion], Mapping[int, Completion]]:
    """Return the submissions that count, by task and unit, and the closings, by task."""
    found = last[((last["kind"] == SUBMITTED) | (last["kind"] == HAS_CLOSED)) & (last["at"] != NEVER)]
    submitted: dict[tuple[int, str], Completion] = {}
    closed: dict[int, Completion] = {}
    instant = lru_cache(None)(instant_of)
    for _, task, unit, kind, at, due in found.tolist():
        completion = Completion(instant(at), instant(due) if due != NEVER else None)
        if kind == SUBMITTED:
            submitted[task, board.shared.units[unit]] = completion
        else:
            closed[task] = completion
    return submitted, closed


def _sum_reports(board: PastBoard, sums: Sums, last: Records, zone: tzinfo) -> None:
    """Find the latest report of each unit in its tasks."""
    found = last[(last["kind"] == REPORTED) & (last["due"] != NEVER)]
    latest = np.full(len(board.shared.units), ALWAYS)
    np.maximum.at(latest, found["unit"], found["due"])
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


def _sum_happenings(board: PastBoard, sums: Sums, last: Records) -> None:
    """Collect when each kind of thing happened last to each task."""
    kinds: dict[Kind, int] = {"new": OPENED, "closed": HAS_CLOSED, "returned": RETURNED, "extended": EXTENDED}
    for kind, number in kinds.items():
        found = last[(last["kind"] == number) & (last["at"] != NEVER)]
        sums.happenings.add(kind, _seconds(found["at"]))
    red = np.zeros(len(board.shared.tasks), bool)
    red[board.facts["task"][board.reasons == OVERDUE]] = True
    passed = last[last["kind"] == PASSED]
    sums.happenings.add("newly_overdue", _seconds(passed["at"][red[passed["task"]]]))
    reports = board.happenings[(board.happenings["kind"] == REPORTED) & (board.happenings["at"] != ALWAYS)]
    reported = np.full(len(board.shared.tasks), ALWAYS)
    np.maximum.at(reported, reports["task"], reports["at"])
    sums.happenings.add("reported", _seconds(reported[reported != ALWAYS]))


def _seconds(micros: Numbers) -> list[float]:
    return [number / SECOND for number in micros.tolist()]


def _leads(units: tuple[tuple[str, str], ...]) -> list[str]:
    return [unit for unit, role in units if role == "lead"]


def _since(overdue: int, due: int) -> datetime:
    return instant_of(overdue if overdue != NEVER else due)
