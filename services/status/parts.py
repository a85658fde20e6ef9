"""The parts of units in a row, and what follows from them for the task. Pure."""

from datetime import datetime

from msgspec.structs import replace

from events.deadline import Percent
from events.schema import Role
from services.status.row import State, UnitRow


def with_part(units: tuple[UnitRow, ...], place: int, part: UnitRow) -> tuple[UnitRow, ...]:
    """Return the parts with another one in one place."""
    parts = list(units)
    parts[place] = part
    return tuple(parts)


def standing(leading: tuple[str, ...], units: tuple[UnitRow, ...], state: State) -> State:
    """Return an open task's state: submitted when all that lead have submitted, returned while one of them is."""
    states = {part.state for part in units if part.unit in leading}
    return _together(states, state)


def standing_of(part: UnitRow, state: State) -> State:
    """Return what `standing` does for an open task with a single lead, without reading the other parts."""
    return _together({part.state}, state)


def _together(states: set[State], state: State) -> State:
    if "returned" in states:
        return "returned"
    if states == {"submitted"}:
        return "submitted"
    return "assigned" if state == "assigned" else "in-progress"


def percent_of(units: tuple[UnitRow, ...], names: tuple[str, ...]) -> Percent | None:
    """Return the per cent of units together: the lowest, unknown as long as one is."""
    known = [part.percent for part in units if part.unit in names and part.percent is not None]
    return min(known) if known and len(known) == len(names) else None


def handed_over(part: UnitRow | None, unit: str, role: Role, *, leads_newly: bool) -> UnitRow:
    """Return a unit's part after a reassignment, continuing another one if there is one."""
    if part is None:
        return UnitRow(unit, role)
    return replace(part, unit=unit, role=role, state=afresh(part.state) if leads_newly else part.state)


def afresh(state: State) -> State:
    """Return the state of a part that has to be submitted again."""
    return "in-progress" if state in {"submitted", "returned"} else state


def later(one: datetime | None, other: datetime) -> datetime:
    """Return the later of two instants."""
    return other if one is None else max(one, other)
