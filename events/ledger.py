"""A ledger's configuration: its directory of units, its sources, and the rules for lights, alerts and reading. Pure.

One TOML file per ledger; the file's stem is the ledger's name.
"""

from datetime import date, datetime
from functools import cached_property
from typing import Annotated, Literal, TypeAlias
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct, field
from msgspec.structs import replace

from events.alerting import AlertRules
from events.archive_rules import ArchiveRules
from events.directory import Directory, Succession, check_names
from events.envelope import Event
from events.light_names import LightColour, LightName
from events.local import local_data
from events.reading import ReadingRules
from events.schema import EventData, Name, ProgressReported

SourceRole: TypeAlias = Literal["assigner", "reporter", "auditor", "dashboard"]
AnyRole: TypeAlias = SourceRole | Literal["operations"]
Days: TypeAlias = Annotated[int, Meta(ge=0, le=3_650)]

Festival: TypeAlias = Annotated[str, Meta(pattern=r"^[0-9]{4}年[^0-9\n]+$(?!\n)", max_length=50)]

CLOCK = "duban"
"""The authenticated name of the ledger's own clock; no source can have it."""

NOTIFY = "notify"
"""The authenticated name of notify, which submits acknowledgements for people; no source can have it."""

RESERVED = {CLOCK: "that is the ledger's own clock", NOTIFY: "notify submits acknowledgements by that name"}
"""Names that no source can have, and why."""

EVERY_UNIT = "*"
"""In a source's units: it speaks for every unit."""


class Source(Struct, frozen=True, forbid_unknown_fields=True):
    """A system that may submit or read: its role and, for a reporter, the units that it reports for.

    The role `operations` is that of duban's own parts in the ledger `ops`, and none that a file can give.
    """

    role: AnyRole
    units: tuple[Name, ...] = ()

    def speaks_for(self, unit: str) -> bool:
        return EVERY_UNIT in self.units or unit in self.units


class LightRules(Struct, frozen=True, forbid_unknown_fields=True):
    """When a task turns yellow: days before its due, part of proportional progress, days of silence when ongoing."""

    yellow_days: Days = 30
    behind: Annotated[float, Meta(ge=0, le=1)] = 0.7
    silent_days: Days = 90


class Ledger(Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """One ledger (台账), as its file has it; `units`, `groups`, `aliases` and `successions` make up its directory.

    `festivals` are the days that move (春节前, 两会前): the year with the name as documents write it ("2018年春节" =
    2018-02-16), and the day on which it begins. A deadline before a festival that is missing here is a triggered one.
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
    light_names: dict[LightColour, LightName] = field(default_factory=dict)
    alerts: AlertRules = AlertRules()
    reading: ReadingRules = ReadingRules()
    archive: ArchiveRules = ArchiveRules()
    festivals: dict[Festival, date] = field(default_factory=dict)

    def __post_init__(self) -> None:
        ZoneInfo(self.timezone)  # raises ZoneInfoNotFoundError, a KeyError, for a zone that does not exist
        for name, why in RESERVED.items():
            if name in self.sources:
                raise ValueError(f"no source can be named {name!r}: {why}; give it another name")
        _ = self.directory  # raises ValueError for names that contradict each other
        self._check_recipients()

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    def day(self, instant: datetime) -> date:
        """Return the day of an instant in the ledger's zone."""
        return instant.astimezone(self.zone).date()

    def has_offset(self, instant: datetime) -> bool:
        """Return whether an instant is written with the offset of the ledger's zone then.

        The zone reads wall time, which is ambiguous or missing where its offset changes: `fold` picks either reading.
        """
        zone, offset = self.zone, instant.utcoffset()
        return zone.utcoffset(instant) == offset == zone.utcoffset(instant.replace(fold=1))

    @cached_property
    def directory(self) -> Directory:
        """The names of its units."""
        return Directory(self.units, self.groups, self.aliases, self.successions)

    def own(self, data: EventData) -> EventData:
        """Return an event's data as the ledger compares them: own names of units, and instants in the ledger's zone."""
        return local_data(self.directory.resolve(data), self.zone)

    def own_event(self, event: Event) -> Event:
        """Return an event with its data as the ledger compares them; the same object if they are so already."""
        data = event.data
        if isinstance(data, ProgressReported) and data.unit not in self.aliases:  # as most events are
            return event
        own = self.own(data)
        return event if own is data else replace(event, data=own)

    def _check_recipients(self) -> None:
        """Raise ValueError for a source's unit or a recipient that is not named as in the directory."""
        spoken = [unit for source in self.sources.values() for unit in source.units]
        others = filter(None, (self.alerts.supervisor, self.alerts.leader))
        check_names((*spoken, *self.alerts.channels, *self.alerts.people, *others))
        for name in (*spoken, *self.alerts.channels):
            if name in self.aliases:
                raise ValueError(f"sources and channels have units by their own names: {name!r} is an alias")
        self._check_silences()

    def _check_silences(self) -> None:
        """Raise ValueError, naming the silence, for one of a recipient that there is not."""
        others = [name for name in (self.alerts.supervisor, self.alerts.leader, *self.alerts.people) if name]
        for index, silence in enumerate(self.alerts.silence):
            for name in silence.recipient:
                if name not in self.directory.names and name not in others:
                    raise ValueError(
                        f"alerts.silence[{index}].recipient: {name!r} is no unit of the directory, and none of: "
                        f"{', '.join(others)}"
                    )
