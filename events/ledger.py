"""A ledger's configuration: its directory of units, its sources, and the rules for lights and alerts. Pure.

One TOML file per ledger; the file's stem is the ledger's name. Data only: nothing here reads a file or a clock.
"""

from collections.abc import Container, Iterable, Mapping
from datetime import date, datetime
from functools import cached_property
from typing import Annotated, Literal, TypeAlias
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct, field
from msgspec.structs import replace

from events.local import local_data
from events.names import united
from events.schema import EventData, Name, Role, TaskAssigned, TaskReassigned, TaskUrged, Text, Unit
from events.text import name_fault, name_of, quoted

SourceRole: TypeAlias = Literal["assigner", "reporter", "auditor", "dashboard"]
Days: TypeAlias = Annotated[int, Meta(ge=0, le=3_650)]
Trigger: TypeAlias = Literal["assigned", "neared", "passed"]
Audience: TypeAlias = Literal["units", "lead", "cooperating", "supervisor"]

Festival: TypeAlias = Annotated[str, Meta(pattern=r"^[0-9]{4}年[^0-9\n]+$(?!\n)", max_length=50)]

CLOCK = "duban"
"""The authenticated name of the ledger's own clock; no source may have it."""

EVERYBODY = "*"
"""In the channels: whoever has none of their own."""

EVERY_UNIT = "*"
"""In a source's units: it speaks for every unit."""


class Source(Struct, frozen=True, forbid_unknown_fields=True):
    """A system that may submit or read: its role and, for a reporter, the units it speaks for."""

    role: SourceRole
    units: tuple[Name, ...] = ()

    def speaks_for(self, unit: str) -> bool:
        return EVERY_UNIT in self.units or unit in self.units


class LightRules(Struct, frozen=True, forbid_unknown_fields=True):
    """When a task turns yellow: days before its due, part of proportional progress, days of silence when ongoing."""

    yellow_days: Days = 30
    behind: Annotated[float, Meta(ge=0, le=1)] = 0.7
    silent_days: Days = 90


class AlertRule(Struct, frozen=True, forbid_unknown_fields=True):
    """Which kind of event is told to whom."""

    on: Trigger
    to: tuple[Audience, ...]


class Channel(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a recipient is reached: an Apprise URL, or `webhook` with a Standard Webhooks `secret` (whsec_…)."""

    apprise: str | None = None
    webhook: str | None = None
    secret: str | None = None

    def __post_init__(self) -> None:
        if (self.apprise is None) == (self.webhook is None):
            raise ValueError("a channel has either apprise or webhook")
        if (self.webhook is None) != (self.secret is None):
            raise ValueError("a webhook is signed: it needs a secret, and only it has one")


class AlertRules(Struct, frozen=True, forbid_unknown_fields=True):
    """Who is told what and where; alerts to one recipient within `window_minutes` of the first become one digest.

    `channels` maps a recipient to its channels; "*" is for those not named.
    """

    supervisor: Name = "督查室"
    window_minutes: Annotated[float, Meta(ge=0)] = 10.0
    rules: tuple[AlertRule, ...] = (
        AlertRule("assigned", ("units",)),
        AlertRule("neared", ("units",)),
        AlertRule("passed", ("units", "supervisor")),
    )
    channels: dict[Name, tuple[Channel, ...]] = field(default_factory=dict)

    def channels_of(self, recipient: str) -> tuple[Channel, ...]:
        return self.channels.get(recipient, self.channels.get(EVERYBODY, ()))


class Succession(Struct, frozen=True, forbid_unknown_fields=True):
    """A reorganisation (合并、更名): from the day `on`, `to` does what the units in `from` did.

    `source` says where that is written; not `verified` is what could not be found there, the day above all.
    """

    on: date
    predecessors: Annotated[tuple[Name, ...], Meta(min_length=1)] = field(name="from")
    to: Name
    source: Text
    verified: bool = True


class Ledger(Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """One ledger (台账), with its directory of units.

    `groups` expand to units, `units` are the other known names; an alias is another name of one of them, and wherever
    units are compared it counts as that one. A succession changes nothing by itself: a task has to be reassigned.
    `festivals` are the days that move (春节前, 两会前): the year with the name as documents write it ("2018年春节" =
    2018-02-16), and the day on which it begins. A deadline before one that is missing waits.
    """

    title: str
    timezone: str = "Asia/Shanghai"
    remind_days: tuple[Days, ...] = (30, 7, 1)
    units: tuple[Name, ...] = ()
    groups: dict[Name, tuple[Name, ...]] = field(default_factory=dict)
    aliases: dict[Name, Name] = field(default_factory=dict)
    successions: tuple[Succession, ...] = ()
    sources: dict[Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$(?!\n)")], Source] = field(
        default_factory=dict
    )
    lights: LightRules = LightRules()
    alerts: AlertRules = AlertRules()
    festivals: dict[Festival, date] = field(default_factory=dict)

    def __post_init__(self) -> None:
        ZoneInfo(self.timezone)  # raises ZoneInfoNotFoundError, a KeyError, where there is no such zone
        if CLOCK in self.sources:
            raise ValueError(f"no source can be named {CLOCK!r}: that is the ledger's own clock")
        for group, members in self.groups.items():
            if not self.groups.keys().isdisjoint(members):
                raise ValueError(f"the group {group!r} has a group among its members; they can only be units")
        self._check_names()
        self._check_aliases()
        self._check_successions()

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    def day(self, instant: datetime) -> date:
        """Return the day that an instant is in the ledger's zone."""
        return instant.astimezone(self.zone).date()

    @cached_property
    def names(self) -> frozenset[str]:
        """Every unit of the directory under its own name: no groups, no aliases."""
        members = (member for group in self.groups.values() for member in group)
        return frozenset([*self.units, *members, *(succession.to for succession in self.successions)])

    def canonical(self, name: str) -> str:
        """Return the directory's name for a unit or group that is called by an alias; any other name as it is."""
        return self.aliases.get(name, name)

    def named(self, text: str) -> str:
        """Return the directory's name for what somebody asks for, in whichever spelling (NFC, white space)."""
        return self.canonical(name_of(text))

    def resolve(self, data: EventData) -> EventData:
        """Return what happened with the directory's names in place of aliases; the same object if there are none.

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

    def own(self, data: EventData) -> EventData:
        """Return what happened as the ledger has it: with the directory's names, and instants in its zone."""
        return local_data(self.resolve(data), self.zone)

    def knows(self, unit: str) -> bool:
        """Tell whether the directory has this unit, as itself, in a group or as a successor, by whatever name."""
        return self.canonical(unit) in self.names

    def successor(self, name: str, on: date) -> str | None:
        """Return the unit that on a day does what this one did; None if it has not ended by then."""
        last, name = None, self.canonical(name)
        while (end := self._ends.get(name)) is not None and end.on <= on:
            last = name = end.to
        return last

    def heirs(self, before: Iterable[str], after: Container[str], on: date) -> dict[str, str]:
        """Return for units of a task that is reassigned who goes on for them: those that leave, with their successors.

        One unit goes on for one: for the first of those that were merged into it, and for none if it was there itself.
        """
        before = list(before)
        heirs: dict[str, str] = {}
        for name in before:
            heir = self.successor(name, on) if name not in after else None
            if heir is not None and heir in after and heir not in before and heir not in heirs.values():
                heirs[name] = heir
        return heirs

    def has_duty(self, unit: str, units: Iterable[Unit]) -> bool:
        """Tell whether `unit` is one of `units`, or a member of a group among them.

        A group itself has no duty, nor has an open name, behind which nobody in particular stands.
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
        """Return the units that lead where `lead` does: all members of a group, which lead together."""
        return self.groups.get(lead, (lead,))

    def obligations(self, units: Iterable[Unit]) -> Mapping[str, Role]:
        """Return each unit that has a duty, groups expanded, with its role; the first mention of a unit decides."""
        duties: dict[str, Role] = {}
        for unit in units:
            own = self.canonical(unit.name)
            for name in self.groups.get(own, (own,)):
                duties.setdefault(name, unit.role)
        return duties

    @cached_property
    def _ends(self) -> Mapping[str, Succession]:
        return {name: succession for succession in self.successions for name in succession.predecessors}

    def _check_names(self) -> None:
        """Raise ValueError for a name that no event can name: events are compared in one spelling."""
        successions = ((*succession.predecessors, succession.to) for succession in self.successions)
        spoken = (source.units for source in self.sources.values())
        lists = (self.units, *self.groups.values(), *successions, *spoken)
        single = (*self.groups, *self.aliases, *self.aliases.values(), *self.alerts.channels, self.alerts.supervisor)
        for name in (*single, *(name for names in lists for name in names)):
            if (fault := name_fault(name)) is not None:
                raise ValueError(f"the name {quoted(name)} {fault}")
            if name_of(name) != name:
                raise ValueError(f"the name {quoted(name)} has white space at its ends or is not in Unicode's NFC")

    def _check_aliases(self) -> None:
        """Raise ValueError for an alias that is not another name of one unit or group."""
        for alias, name in self.aliases.items():
            if alias in self.names or alias in self.groups:
                raise ValueError(f"the alias {alias!r} is itself the name of a unit or group")
            if name in self.aliases:
                raise ValueError(f"the alias {alias!r} stands for {name!r}, which is an alias, too")
            if name not in self.names and name not in self.groups:
                raise ValueError(f"the alias {alias!r} stands for {name!r}, which the directory does not have")
        spoken = (unit for source in self.sources.values() for unit in source.units)
        for name in (*spoken, *self.alerts.channels):
            if name in self.aliases:
                raise ValueError(f"sources and channels have units by their own names: {name!r} is an alias")

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
