"""A ledger's directory: units, groups, aliases and successions, and the duties of units in a task. Pure."""

import hashlib
from collections.abc import Container, Iterable, Mapping
from datetime import date
from functools import cached_property
from typing import Annotated

import msgspec
from msgspec import Meta, Struct, field
from msgspec.structs import replace

from events.names import united
from events.schema import EventData, Name, Role, TaskAssigned, TaskReassigned, TaskUrged, Text, Unit
from events.text import name_fault, name_of, quoted


class Succession(Struct, frozen=True, forbid_unknown_fields=True):
    """A reorganisation (合并、更名): from the day `on`, `to` has the tasks of the units in `from`.

    `source` is the document that it is taken from; `verified` is false if that does not have all of it, above all the
    day.
    """

    on: date
    predecessors: Annotated[tuple[Name, ...], Meta(min_length=1)] = field(name="from")
    to: Name
    source: Text
    verified: bool = True


class Duties(Struct, frozen=True, gc=False):
    """The units that lead a task, and each unit that has a duty in it with its role; groups are expanded."""

    leading: tuple[str, ...]
    roles: Mapping[str, Role]


class Handover(Struct, frozen=True, gc=False):
    """A reassignment: the duties after it, and the unit that continues the part of each unit before it.

    `kept` has the unit itself where it stays, its successor where it has left; a unit without either is missing.
    `new_leads` are the units that lead now and continue the part of no unit that led before.
    """

    after: Duties
    kept: Mapping[str, str]
    new_leads: frozenset[str]


class Directory(Struct, frozen=True, dict=True):
    """The names of a ledger's units.

    A group expands to its members, `units` are the other known names. An alias is another name of one of them, and
    counts as that one wherever units are compared. A succession changes no task: a task has to be reassigned.
    Raises ValueError for names that contradict each other.
    """

    units: tuple[str, ...] = ()
    groups: Mapping[str, tuple[str, ...]] = {}
    aliases: Mapping[str, str] = {}
    successions: tuple[Succession, ...] = ()

    def __post_init__(self) -> None:
        for group, members in self.groups.items():
            if not self.groups.keys().isdisjoint(members):
                raise ValueError(f"the group {group!r} has a group among its members; they can only be units")
        self._check_names()
        self._check_aliases()
        self._check_successions()

    @cached_property
    def present(self) -> tuple[str, ...]:
        """The units, and the members of groups, in the order of the file: no successors, which may not exist yet."""
        return tuple(dict.fromkeys([*self.units, *(member for group in self.groups.values() for member in group)]))

    @cached_property
    def names(self) -> frozenset[str]:
        """Every unit of the directory under its own name: no groups, no aliases."""
        return frozenset([*self.present, *(succession.to for succession in self.successions)])

    @cached_property
    def hash(self) -> str:
        """A hash of what decides which units have a duty: rows that were folded with another one are out of date."""
        meaning = msgspec.json.encode((self.groups, self.aliases, self.successions))
        return hashlib.blake2b(meaning, digest_size=6).hexdigest()

    def canonical(self, name: str) -> str:
        """Return the own name of the unit or group that an alias stands for; any other name unchanged."""
        return self.aliases.get(name, name)

    def named(self, text: str) -> str:
        """Return the own name of the unit or group that a query names, in any spelling (NFC, white space)."""
        return self.canonical(name_of(text))

    def resolve(self, data: EventData) -> EventData:
        """Return an event's data with own names in place of aliases; the same object if it has none.

        Units that become one by this are one, which leads if either did.
        """
        aliases = self.aliases
        if not aliases:
            return data
        if (unit := getattr(data, "unit", None)) is not None:
            name = aliases.get(unit)
            return data if name is None else replace(data, unit=name)
        match data:
            case TaskAssigned(lead=lead, units=units) | TaskReassigned(lead=lead, units=units):
                if aliases.keys().isdisjoint(unit.name for unit in units):
                    return data
                merged = united(replace(unit, name=self.canonical(unit.name)) for unit in units)
                return replace(data, lead=self.canonical(lead), units=merged)
            case TaskUrged(units=names):
                return replace(data, units=tuple(dict.fromkeys(map(self.canonical, names))))
            case _:
                return data

    def knows(self, unit: str) -> bool:
        """Return whether the directory has this unit, as itself, in a group or as a successor, by any name."""
        return self.canonical(unit) in self.names

    def successor(self, name: str, on: date) -> str | None:
        """Return the unit that has a unit's tasks on a day; None if the unit has not ended by then."""
        last, name = None, self.canonical(name)
        while (end := self._ends.get(name)) is not None and end.on <= on:
            last = name = end.to
        return last

    def heirs(self, before: Iterable[str], after: Container[str], on: date) -> dict[str, str]:
        """Return the successors of the units that leave a task, as far as those join it, by the units that leave.

        A successor continues one part: that of the first unit merged into it, and none if it was there itself.
        """
        before = list(before)
        heirs: dict[str, str] = {}
        for name in before:
            heir = self.successor(name, on) if name not in after else None
            if heir is not None and heir in after and heir not in before and heir not in heirs.values():
                heirs[name] = heir
        return heirs

    def has_duty(self, unit: str, units: Iterable[Unit]) -> bool:
        """Return whether `unit` is one of `units`, or a member of a group among them.

        A group itself has no duty, nor has an open name, which names no unit.
        """
        aliases, groups = self.aliases, self.groups
        unit = aliases.get(unit, unit)
        if unit in groups:
            return False
        for named in units:
            name = aliases.get(named.name, named.name)
            if (name == unit and not named.open) or unit in groups.get(name, ()):
                return True
        return False

    def leading(self, lead: str) -> tuple[str, ...]:
        """Return the units that lead a task: all members of a leading group, or the lead itself."""
        return self.groups.get(lead, (lead,))

    def obligations(self, units: Iterable[Unit]) -> Mapping[str, Role]:
        """Return each unit that has a duty, groups expanded, with its role; the first mention of a unit decides."""
        roles: dict[str, Role] = {}
        for unit in units:
            own = self.canonical(unit.name)
            for name in self.groups.get(own, (own,)):
                roles.setdefault(name, unit.role)
        return roles

    def duties(self, lead: str, units: Iterable[Unit]) -> Duties:
        """Return the duties of a task with this lead and these units."""
        return Duties(self.leading(lead), self.obligations(units))

    def handover(self, before: Duties, after: Duties, day: date) -> Handover:
        """Return which units continue which parts of a task that is reassigned on a day; a lead's part comes first."""
        led = [name for name in before.leading if name in before.roles]
        heirs = self.heirs(dict.fromkeys((*led, *before.roles)), after.roles, day)
        kept = {name: new for name in before.roles if (new := heirs.get(name, name)) in after.roles}
        return Handover(after, kept, frozenset(after.leading) - {kept.get(name) for name in led})

    @cached_property
    def _ends(self) -> Mapping[str, Succession]:
        return {name: succession for succession in self.successions for name in succession.predecessors}

    def _check_names(self) -> None:
        successions = ((*succession.predecessors, succession.to) for succession in self.successions)
        lists = (self.groups, self.aliases, self.aliases.values(), self.units, *self.groups.values(), *successions)
        check_names(name for names in lists for name in names)

    def _check_aliases(self) -> None:
        """Raise ValueError for an alias that is not another name of one unit or group."""
        for alias, name in self.aliases.items():
            if alias in self.names or alias in self.groups:
                raise ValueError(f"the alias {alias!r} is itself the name of a unit or group")
            if name in self.aliases:
                raise ValueError(f"the alias {alias!r} stands for {name!r}, which is an alias, too")
            if name not in self.names and name not in self.groups:
                raise ValueError(f"the alias {alias!r} stands for {name!r}, which the directory does not have")

    def _check_successions(self) -> None:
        """Raise ValueError for a succession of what is no unit, and for one that leads back or to what has ended."""
        named = [name for succession in self.successions for name in succession.predecessors]
        for succession in self.successions:
            for name in (*succession.predecessors, succession.to):
                if name not in self.names or name in self.groups or name in self.aliases:
                    raise ValueError(f"a succession is between units of the directory: {name!r} is none")
                if named.count(name) > 1:
                    raise ValueError(f"{name!r} ends twice; a unit has one successor")
            end = self._ends.get(succession.to)
            if end is not None and end.on <= succession.on:
                raise ValueError(f"{succession.to!r} ends on {end.on}; it cannot succeed anybody on {succession.on}")


def check_names(names: Iterable[str]) -> None:
    """Raise ValueError for a name that no event can name: events are compared in one spelling."""
    for name in names:
        if (fault := name_fault(name)) is not None:
            raise ValueError(f"the name {quoted(name)} {fault}")
        if name_of(name) != name:
            raise ValueError(f"the name {quoted(name)} has white space at its ends or is not in Unicode's NFC")
