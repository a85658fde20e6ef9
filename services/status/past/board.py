"""The board at a past position and instant: which tasks there were, how they stood, and their lights then. Pure.

A board reads views of a timeline that never change, so it can be made and searched in another thread while the timeline
grows.
"""

from collections.abc import Iterator
from datetime import date, datetime, tzinfo
from typing import NamedTuple

import numpy as np
from msgspec import Struct

from events.deadline import Deadline, Percent, last_day
from events.ledger import LightRules
from events.local import local
from events.schema import Role
from services.status.past.facts import FACT, LIGHT_OF, LIGHTS, REASONS, STATES
from services.status.past.happenings import HAPPENING
from services.status.past.other_lights import by_other_rules
from services.status.past.shared import Assignment, TaskHeading
from services.status.past.table import Numbers, Records
from services.status.past.timeline import Moment, TimelineViews
from services.status.row import Light, Reason, State
from services.status.turns import NEVER, instant_of, micros

_CLOSED = STATES.index("closed")


class PastTask(Struct, frozen=True, gc=False):
    """A task on a past board, with what lists and figures show of it (services/status/listed.py)."""

    task: str
    heading: TaskHeading
    assignment: Assignment
    deadline: Deadline
    state: State
    light: Light
    light_reason: Reason
    percent: Percent | None
    due: datetime | None
    overdue_since: datetime | None
    position: int

    @property
    def title(self) -> str:
        return self.heading.title

    @property
    def plan(self) -> str:
        return self.heading.plan

    @property
    def row(self) -> int | None:
        return self.heading.row

    @property
    def section(self) -> str | None:
        return self.heading.section

    @property
    def lead(self) -> str:
        return self.assignment.lead

    @property
    def units(self) -> tuple[tuple[str, Role], ...]:
        """Its units with their roles, in the order of their names."""
        return self.assignment.units

    @property
    def due_day(self) -> date | None:
        """The last day on which it is in time."""
        return last_day(self.due, self.due.tzinfo) if self.due is not None and self.due.tzinfo is not None else None

    @property
    def unit_names(self) -> tuple[str, ...]:
        """The units that have a duty in it."""
        return self.assignment.unit_names


class OtherRules(NamedTuple):
    """The rules for lights with which a timeline was made, and those of a board."""

    own: LightRules
    rules: LightRules


class PastBoard:
    """The tasks at a moment; `facts`, `positions` (of each one's last event) and `reasons` have one entry a task.

    Its lights follow from the rules of the timeline, or from `other` ones.
    """

    def __init__(self, views: TimelineViews, moment: Moment | None, other: OtherRules | None = None) -> None:
        self.moment = moment
        self.shared, self.headings = views.shared, views.headings
        events = views.events[: moment.position if moment is not None else 0]
        self.events, self.recorded = events["task"], events["recorded"]
        self.facts = np.empty(0, FACT)
        self.happenings = np.empty(0, HAPPENING)
        self.positions: Numbers = np.empty(0, "<u4")
        if moment is not None:
            self._find(moment, views.facts)
            known = np.searchsorted(views.happenings["position"], moment.position, side="right")
            self.happenings = views.happenings[:known]
            if other is not None:
                self.facts = by_other_rules(self.facts, self.headings, *other)
        self.reasons = _reasons(self.facts, moment.instant) if moment is not None else np.empty(0, "u1")

    @property
    def position(self) -> int:
        """The position that the board reflects; 0 before the first event."""
        return self.moment.position if self.moment is not None else 0

    @property
    def at(self) -> datetime | None:
        """The instant of its lights; None before the first event."""
        return self.moment.instant if self.moment is not None else None

    @property
    def lights(self) -> Numbers:
        """The index of each light in LIGHTS."""
        return LIGHT_OF[self.reasons]

    def listed(self, zone: tzinfo, indexes: Numbers | None = None) -> Iterator[PastTask]:
        """Yield tasks in the order of the indexes (all of them if None), with instants in a zone."""
        facts, positions, reasons = self.facts, self.positions, self.reasons
        if indexes is not None:
            facts, positions, reasons = facts[indexes], positions[indexes], reasons[indexes]
        shared = self.shared
        columns = [facts[name].tolist() for name in _LISTED]
        for (task, heading, assignment, deadline, state, percent, due, late), position, reason in zip(
            zip(*columns, strict=True), positions.tolist(), reasons.tolist(), strict=True
        ):
            yield PastTask(
                shared.tasks[task],
                shared.headings[heading],
                shared.assignments[assignment],
                shared.deadlines[deadline],
                STATES[state],
                LIGHTS[LIGHT_OF[reason]],
                REASONS[reason],
                percent if percent == percent else None,  # noqa: PLR0124 - NaN stands for unknown
                local(instant_of(due), zone) if due != NEVER else None,
                local(instant_of(late), zone) if late != NEVER else None,
                position,
            )

    def events_of(self, indexes: Numbers) -> dict[str, list[int]]:
        """Return the positions of the events of tasks up to the moment, oldest first, by task."""
        numbers = self.facts["task"][indexes]
        wanted = np.zeros(len(self.shared.tasks), bool)
        wanted[numbers] = True
        found = np.flatnonzero(wanted[self.events])
        positions: dict[str, list[int]] = {self.shared.tasks[number]: [] for number in numbers.tolist()}
        for number, index in zip(self.events[found].tolist(), found.tolist(), strict=True):
            positions[self.shared.tasks[number]].append(index + 1)
        return positions

    def _find(self, moment: Moment, facts: Records) -> None:
        """Find the last fact and the last event of each task up to the moment."""
        known = facts[: np.searchsorted(facts["position"], moment.position, side="right")]
        size = len(self.shared.tasks)
        last_fact, last_event = np.full(size, -1), np.zeros(size, "<u4")
        np.maximum.at(last_fact, known["task"], np.arange(len(known)))
        np.maximum.at(last_event, self.events, np.arange(1, len(self.events) + 1, dtype="<u4"))
        found = np.flatnonzero(last_fact >= 0)
        self.facts = known[last_fact[found]]
        self.positions = last_event[found]


_LISTED = ("task", "heading", "assignment", "deadline", "state", "percent", "due", "overdue_since")


def _reasons(facts: Records, instant: datetime) -> Numbers:
    """Return the index in REASONS of each task's light at an instant."""
    now = micros(instant)
    due = facts["due"] != NEVER
    slow = facts["slow"] <= now
    conditions = [facts["state"] == _CLOSED, facts["red"] <= now, facts["soon"] <= now, slow & due, slow]
    found: Numbers = np.select(conditions, range(len(conditions)), len(conditions)).astype("u1")
    return found
