"""The names and ids inside an event's data: how they are compared, and what a submitted one may not have. Pure.

Stored bytes keep the spelling they came in. Whatever reads an event gets its units' names in NFC and without white
space at their ends, and the ids that it cites in NFC: so one unit is one, whichever keyboard wrote it.
"""

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from msgspec.structs import replace

from events.schema import EventData, Unit
from events.text import CACHED, composed, name_fault, name_of, quoted


def folded(data: EventData) -> EventData:
    """Return data with names and cited ids as they are compared; the same object where they are so already."""
    changes = {}
    for member, fold in _folds(type(data)):
        value = getattr(data, member)
        as_compared = fold(value)
        if as_compared != value:
            changes[member] = as_compared
    return replace(data, **changes) if changes else data


def checked(data: EventData) -> EventData:
    """Return submitted data as `folded` does; raises ValueError for a name that people cannot tell from another."""
    if _is_plain(data):
        return data
    for member in _names(type(data)):
        value = getattr(data, member)
        if isinstance(value, str):
            _check(member, value)
        else:
            for number, unit in enumerate(value):
                _check(f"{member}[{number}]" if isinstance(unit, str) else f"{member}[{number}].name", _name(unit))
    result = folded(data)
    if result is not data and len(getattr(result, "units", ())) != len(getattr(data, "units", ())):
        raise ValueError("a unit is named twice in units, in two spellings")
    return result


def united(units: Iterable[Unit]) -> tuple[Unit, ...]:
    """Return each name once, in the order of its first mention; it leads where any mention does."""
    found: dict[str, Unit] = {}
    for unit in units:
        first = found.setdefault(unit.name, unit)
        if unit.role == "lead" != first.role:
            found[unit.name] = replace(first, role="lead")
    return tuple(found.values())


def _units(units: tuple[Unit, ...] | tuple[str, ...]) -> tuple[Any, ...]:
    for unit in units:
        name = _name(unit)
        if name_of(name) != name:
            break
    else:
        return units
    names = [name_of(unit) if isinstance(unit, str) else replace(unit, name=name_of(unit.name)) for unit in units]
    return tuple(dict.fromkeys(names)) if isinstance(names[0], str) else united(names)  # type: ignore[arg-type]


def _name(unit: Unit | str) -> str:
    return unit if isinstance(unit, str) else unit.name


_FOLDS: dict[str, Callable[[Any], Any]] = {
    "unit": name_of,
    "by": name_of,
    "lead": name_of,
    "units": _units,
    "report": composed,
    "request_id": composed,
}
"""The members, of whichever type, that are compared with others."""


@lru_cache
def _folds(data: type[EventData]) -> tuple[tuple[str, Callable[[Any], Any]], ...]:
    return tuple((member, _FOLDS[member]) for member in data.__struct_fields__ if member in _FOLDS)


def _is_plain(data: EventData) -> bool:
    """Return whether nothing is to be folded or refused, as of nearly all events: one look at each name."""
    for member, fold in _folds(type(data)):
        value = getattr(data, member)
        if fold is composed:
            if composed(value) != value:
                return False
        elif isinstance(value, str):
            if not _is_plain_name(value):
                return False
        else:
            for unit in value:
                if not _is_plain_name(_name(unit)):
                    return False
    return True


@lru_cache(CACHED)
def _is_plain_name(name: str) -> bool:
    return name_of(name) == name and name_fault(name) is None


@lru_cache
def _names(data: type[EventData]) -> tuple[str, ...]:
    """Return the members that name units or people."""
    return tuple(member for member in data.__struct_fields__ if member in {"unit", "by", "lead", "units"})


def _check(path: str, name: str) -> None:
    if (fault := name_fault(name)) is not None:
        raise ValueError(f"the name {quoted(name)} {fault} - at `$.{path}`")
