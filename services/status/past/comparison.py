"""What differs in each task between two boards: the one that is shown, and the one that it is compared with. Pure."""

from collections.abc import Iterable, Mapping
from datetime import tzinfo
from typing import Literal, TypeAlias, get_args

import numpy as np

from services.status.past.board import PastBoard, PastTask
from services.status.past.facts import LIGHTS, STATES
from services.status.past.table import Numbers

Change: TypeAlias = Literal["new", "closed", "newly-overdue", "light", "percent", "deadline", "units"]
"""`new`, `closed` and `newly-overdue`: true of the task on the shown board and not on the other. The others: the task
is on both boards with different values; `deadline` is the deadline or its due instant, `units` are the lead, the units
and their roles."""

ChangeCounts: TypeAlias = dict[Change | Literal["absent"], int]
"""How many tasks have each change; `absent` are those that only the other board has."""

KINDS: tuple[Change, ...] = get_args(Change)

_CLOSED, _RED = STATES.index("closed"), LIGHTS.index("red")


class Comparison:
    """The changes of each task on the board that is shown, and the tasks that only the other board has."""

    def __init__(self, shown: PastBoard, other: PastBoard) -> None:
        self.shown = shown
        self.other = other
        size = len(shown.shared.tasks)
        index = np.full(size, -1)
        index[other.facts["task"]] = np.arange(len(other.facts))
        self._found = index[shown.facts["task"]]
        here = self._found >= 0
        self.masks: Mapping[Change, Numbers] = _masks(shown, other, np.flatnonzero(here), self._found[here])
        there = np.zeros(size, bool)
        there[shown.facts["task"]] = True
        self.absent: Numbers = ~there[other.facts["task"]]

    def any_of(self, kinds: Iterable[Change]) -> Numbers:
        """Return which tasks of the board that is shown have one of the changes."""
        found: Numbers = np.logical_or.reduce([self.masks[kind] for kind in kinds])
        return found

    def before(self, indexes: Numbers, zone: tzinfo) -> dict[str, PastTask]:
        """Return the tasks of the board that is shown as the other has them, by task."""
        found = self._found[indexes]
        return {task.task: task for task in self.other.listed(zone, found[found >= 0])}

    def changes(self, index: int) -> list[Change]:
        """Return the changes of one task of the board that is shown."""
        return [kind for kind in KINDS if self.masks[kind][index]]

    def counts(self, among: Numbers, absent_among: Numbers) -> ChangeCounts:
        """Return how many tasks have each change, among those of a mask, and how many only the other board has."""
        counts: ChangeCounts = {kind: int(np.count_nonzero(self.masks[kind] & among)) for kind in KINDS}
        return {**counts, "absent": int(np.count_nonzero(self.absent & absent_among))}


def _masks(shown: PastBoard, other: PastBoard, here: Numbers, there: Numbers) -> dict[Change, Numbers]:
    """Return which tasks have each change; `here` and `there` are the indexes of the tasks that both boards have."""
    size = len(shown.facts)

    def among_both(differs: Numbers) -> Numbers:
        mask = np.zeros(size, bool)
        mask[here] = differs
        return mask

    now, then = shown.facts[here], other.facts[there]
    lights, lights_then = shown.lights, other.lights[there]
    percent, percent_then = now["percent"], then["percent"]
    same_percent = (percent == percent_then) | (np.isnan(percent) & np.isnan(percent_then))
    return {
        "new": ~among_both(np.ones(len(here), bool)),
        "closed": (shown.facts["state"] == _CLOSED) & ~among_both(then["state"] == _CLOSED),
        "newly-overdue": (lights == _RED) & ~among_both(lights_then == _RED),
        "light": among_both(lights[here] != lights_then),
        "percent": among_both(~same_percent),
        "deadline": among_both((now["deadline"] != then["deadline"]) | (now["due"] != then["due"])),
        "units": among_both(now["assignment"] != then["assignment"]),
    }
