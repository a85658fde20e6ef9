"""The units that lead a task which is closed or past due on a past board, and by what each is judged. Pure.

`services.status.figures.verdict` has the rule; a property test compares the two.
"""

from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np

from services.status.past.board import PastBoard
from services.status.past.facts import CLOSED, OVERDUE
from services.status.past.happenings import LastHappenings
from services.status.past.shared import SharedValues
from services.status.past.table import Numbers
from services.status.turns import NEVER


class JudgedLeads(NamedTuple):
    """Columns with an entry for each task and unit that leads it: the unit as an index into `names`, and what decides.

    `at` and `due` are those of the completion of a closed task that came too late, `late` is the due instant since
    which an open task is late. All are NEVER for a unit that is on time.
    """

    names: Sequence[str]
    unit: Numbers
    at: Numbers
    due: Numbers
    late: Numbers


class _Leads(NamedTuple):
    """The units that lead: by name, by number, and by the number of the first lead of the same task."""

    task: Numbers
    name: Numbers
    own: Numbers
    first: Numbers


def judged_leads(board: PastBoard, completions: LastHappenings) -> JudgedLeads:
    """Return what each lead is judged by; `completions` are the last submissions and closings that count."""
    counted = np.flatnonzero((board.reasons == CLOSED) | (board.reasons == OVERDUE))
    facts, closed = board.facts[counted], board.reasons[counted] == CLOSED
    late = np.where(facts["overdue_since"] != NEVER, facts["overdue_since"], facts["due"])
    late[closed] = NEVER
    names, leads = _leads(board.shared, facts["assignment"])
    found = _Completions(completions, len(board.shared.units))
    place = found.places(facts["task"][leads.task], leads.own, leads.first)
    at, due, since = found.at[place], found.due[place], late[leads.task]
    in_time = (at != NEVER) & ((due == NEVER) | (at < due))
    too_late = closed[leads.task] & ~in_time
    return JudgedLeads(
        names,
        leads.name,
        np.where(too_late, at, NEVER),
        np.where(too_late, due, NEVER),
        np.where(in_time, NEVER, since),
    )


class _Completions:
    """Submissions by task and unit, and closings by task, under the unit 0; the last place stands for none."""

    def __init__(self, completions: LastHappenings, units: int) -> None:
        self._width = units + 1
        keys = completions.task.astype("<i8") * self._width + completions.unit
        order = np.argsort(keys)
        self._keys = np.append(keys[order], NEVER)
        self.at, self.due = (np.append(column[order], NEVER) for column in (completions.at, completions.due))

    def places(self, task: Numbers, own: Numbers, first: Numbers) -> Numbers:
        """Return where the completion is that counts: a unit's own, else that of the first lead, else the closing."""
        found = self._find(task, np.zeros(len(task), "<i8"))
        for unit in (first, own):
            place = self._find(task, unit)
            found = np.where(self.at[place] != NEVER, place, found)
        return found

    def _find(self, task: Numbers, unit: Numbers) -> Numbers:
        wanted = task.astype("<i8") * self._width + unit
        place = np.searchsorted(self._keys, wanted)
        return np.where(self._keys[place] == wanted, place, len(self._keys) - 1)


def _leads(shared: SharedValues, assignments: Numbers) -> tuple[list[str], _Leads]:
    """Return the units that lead, by name, and an entry for each of them and each task, given by its assignment."""
    used, kind = np.unique(assignments, return_inverse=True)
    units = len(shared.units)
    leads = [[unit for unit, role in shared.assignments[number].units if role == "lead"] for number in used.tolist()]
    names = list(dict.fromkeys(chain.from_iterable(leads)))
    index = {name: place for place, name in enumerate(names)}

    def number(unit: str) -> int:
        known = shared.units.number(unit)
        return known if known is not None and known < units else units  # one that has submitted nothing

    flat = [name for some in leads for name in some]
    name, own = np.array([index[one] for one in flat], "<i8"), np.array([number(one) for one in flat], "<i8")
    first = np.array([number(shared.assignments[one].lead) for one in used.tolist()], "<i8")
    counts = np.array([len(some) for some in leads], "<i8")
    sizes, starts = counts[kind], (np.cumsum(counts) - counts)[kind]
    task = np.repeat(np.arange(len(kind)), sizes)
    entry = np.arange(len(task)) + np.repeat(starts - (np.cumsum(sizes) - sizes), sizes)
    return names, _Leads(task, name[entry], own[entry], first[kind[task]])
