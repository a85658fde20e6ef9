"""Queries on a past board: which tasks match, in which order, from which cursor on. Pure.

The answer is that of `services.status.views.select` on the same tasks; a property test compares the two.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import UTC
from typing import NamedTuple

import numpy as np

from events.text import composed
from services.status.order import Place, Sort, cursor_at, descends, name_of_order, place, place_of
from services.status.past.board import PastBoard, PastTask
from services.status.past.facts import LIGHTS, STATES
from services.status.past.table import Numbers
from services.status.turns import NEVER, SECOND, micros
from services.status.views import TaskQuery


class ChosenTasks(NamedTuple):
    """A page of tasks as indexes into a board, the cursor of the next page, and how many tasks match in all."""

    indexes: Numbers
    next: str | None
    total: int


def choose(board: PastBoard, query: TaskQuery, among: Numbers | None = None) -> ChosenTasks:
    """Return the page of tasks that a query asks for, `among` those of a mask; raises BadCursorError."""
    reached = place_of(query.cursor, query.sort) if query.cursor is not None else None
    mask = matching(board, query)
    found = np.flatnonzero(mask if among is None else mask & among)
    by_id = board.shared.task_ranks.places(board.shared.tasks)[board.facts["task"][found]]
    ordered = found[np.lexsort((by_id, _keys(board, query.sort)[found]))]

    def place_at(index: int) -> Place:
        return place(query.sort, _task(board, index))

    if descends(query.sort):
        end = bisect_left(ordered, reached, key=place_at) if reached is not None else len(ordered)
        rest = ordered[:end][::-1]
    else:
        start = bisect_right(ordered, reached, key=place_at) if reached is not None else 0
        rest = ordered[start:]
    page, more = rest[: query.limit], len(rest) > query.limit
    return ChosenTasks(page, cursor_at(query.sort, _task(board, page[-1])) if more else None, len(found))


def matching(board: PastBoard, query: TaskQuery) -> Numbers:
    """Return which tasks match the filters of a query."""
    facts, shared = board.facts, board.shared
    mask: Numbers = np.ones(len(facts), bool)
    if query.state is not None:
        mask &= facts["state"] == STATES.index(query.state)
    if query.light is not None:
        mask &= board.lights == LIGHTS.index(query.light)
    if query.due_before is not None:
        mask &= (facts["due"] != NEVER) & (facts["due"] < micros(query.due_before))
    if query.due_after is not None:
        mask &= (facts["due"] != NEVER) & (facts["due"] > micros(query.due_after))
    if query.lead is not None:
        mask &= _where([one.lead == query.lead for one in shared.assignments])[facts["assignment"]]
    if query.unit is not None:
        mask &= _where([query.unit in one.unit_names for one in shared.assignments])[facts["assignment"]]
    if query.section is not None:
        number = shared.headings.sections.number(query.section)
        mask &= board.headings["section"][facts["heading"]] == (-1 if number is None else number)
    if query.q is not None:
        text = composed(query.q)
        titles, tasks = [text in title for title in shared.headings.titles], [text in task for task in shared.tasks]
        mask &= _where(titles)[facts["heading"]] | _where(tasks)[facts["task"]]
    return mask


def _where(holds: Sequence[bool]) -> Numbers:
    return np.array(holds, bool)


def _keys(board: PastBoard, sort: Sort) -> Numbers:
    """Return what a sort compares, as numbers in the same order."""
    facts = board.facts
    keys: Numbers
    match name_of_order(sort):
        case "row":
            keys = board.shared.headings.ranks()[facts["heading"]]
        case "due":
            keys = facts["due"] / SECOND
        case "percent":
            keys = np.nan_to_num(facts["percent"])
        case "position":
            keys = board.positions
        case _:
            keys = np.zeros(len(facts), "u1")  # the id alone
    return keys


def _task(board: PastBoard, index: int) -> PastTask:
    (task,) = board.listed(UTC, np.array([index]))
    return task
