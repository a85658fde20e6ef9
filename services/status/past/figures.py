"""The figures of a past board, summed from its records without making its tasks. Pure."""

from datetime import datetime, tzinfo
from typing import Any

import numpy as np

from events.deadline import last_day
from services.status.figures.board import BoardFigures, Sums
from services.status.figures.counts import Place
from services.status.figures.verdict import judged
from services.status.figures.week import WEEK, Kind
from services.status.moments import Completion
from services.status.past.board import PastBoard
from services.status.past.facts import LIGHT_OF, LIGHTS, OVERDUE, REASONS, STATES
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
    LastHappenings,
)
from services.status.past.judged_leads import judged_leads
from services.status.past.table import Numbers, groups
from services.status.turns import ALWAYS, NEVER, SECOND, instant_of, micros

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
    """Count the tasks of each unit, those of one assignment that show the same together."""
    assignments, states = board.facts["assignment"], board.facts["state"]
    for one, size in groups(assignments, board.reasons, states):
        units = board.shared.assignments[assignments[one]].units
        for unit, role in units:
            sums.units.add(unit, role, STATES[states[one]], REASONS[board.reasons[one]], size)
        sums.obligations += size * len(units)


def _judge_leads(board: PastBoard, sums: Sums, last: LastHappenings, zone: tzinfo) -> None:
    """Judge each unit that leads a task which is closed or past due, those that are judged by the same together."""
    leads = judged_leads(board, last.of(SUBMITTED, HAS_CLOSED))
    for one, size in groups(*leads[1:]):
        at, due, late = (_instant(column[one]) for column in (leads.at, leads.due, leads.late))
        completion = Completion(at, due) if at is not None else None
        sums.units.judge(leads.names[leads.unit[one]], judged(completion, late, zone), size)


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
    """Count the tasks of each section, those that show the same together."""
    heading, states = board.facts["heading"], board.facts["state"]
    section = board.headings["section"][heading]
    first = _first_places(board, section)
    for one, size in groups(section, board.reasons, states):
        number, light = section[one], LIGHTS[LIGHT_OF[board.reasons[one]]]
        sums.sections.add(board.shared.headings.sections[number], first[number], light, STATES[states[one]], size)


def _first_places(board: PastBoard, section: Numbers) -> dict[int, Place]:
    """Return the place in the tables of the first task of each section, by the section's number."""
    ranks = board.shared.headings.ranks()[board.facts["heading"]]
    order = np.argsort(ranks)
    numbers, at = np.unique(section[order], return_index=True)
    headings = board.facts["heading"][order[at]].tolist()
    return {
        number: board.shared.headings.places[heading]
        for number, heading in zip(numbers.tolist(), headings, strict=True)
    }


def _sum_due_days(board: PastBoard, sums: Sums, zone: tzinfo) -> None:
    """Count the tasks by due day and light."""
    dues, lights = board.facts["due"], board.lights
    for one, size in groups(dues, lights):
        due = _instant(dues[one])
        sums.due_days.add(last_day(due, zone) if due is not None else None, LIGHTS[lights[one]], size)


def _sum_happenings(board: PastBoard, sums: Sums, last: LastHappenings) -> None:
    """Collect when each kind of thing happened last to each task, if within the week that the board shows."""
    if board.moment is None:
        return
    since = micros(board.moment.instant - WEEK)

    def add(kind: Kind, instants: Numbers) -> None:
        sums.happenings.add(kind, (np.sort(instants[instants > since]) / SECOND).tolist())

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


def _instant(number: Any) -> datetime | None:
    return instant_of(int(number)) if number != NEVER else None
