"""A ledger's configuration: its directory of units, its sources, and the rules for lights and alerts.

One TOML file per ledger; the file's stem is the ledger's name. Data only: nothing here reads a file or a clock.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Annotated, Literal, TypeAlias
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct, field

from events.schema import Name, Role, Unit

SourceRole: TypeAlias = Literal["assigner", "reporter", "auditor", "dashboard"]
Days: TypeAlias = Annotated[int, Meta(ge=0, le=3_650)]
Trigger: TypeAlias = Literal["assigned", "neared", "passed"]
Audience: TypeAlias = Literal["units", "lead", "cooperating", "supervisor"]

Festival: TypeAlias = Annotated[str, Meta(pattern="^[0-9]{4}年[^0-9]+$", max_length=50)]

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


class Ledger(Struct, frozen=True, forbid_unknown_fields=True):
    """One ledger (台账): `groups` expand to units, `units` are the other known names.

    `festivals` are the days that move (春节前, 两会前): the year with the name as documents write it ("2018年春节" =
    2018-02-16), and the day on which it begins. A deadline before one that is missing waits.
    """

    title: str
    timezone: str = "Asia/Shanghai"
    remind_days: tuple[Days, ...] = (30, 7, 1)
    units: tuple[Name, ...] = ()
    groups: dict[Name, tuple[Name, ...]] = field(default_factory=dict)
    sources: dict[Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9._-]{0,63}$")], Source] = field(default_factory=dict)
    lights: LightRules = LightRules()
    alerts: AlertRules = AlertRules()
    festivals: dict[Annotated[str, Meta(pattern="^[0-9]{4}年[^0-9]+$", max_length=50)], date] = field(
        default_factory=dict
    )

    def __post_init__(self) -> None:
        ZoneInfo(self.timezone)  # raises ZoneInfoNotFoundError, a KeyError, where there is no such zone
        if CLOCK in self.sources:
            raise ValueError(f"no source can be named {CLOCK!r}: that is the ledger's own clock")
        for group, members in self.groups.items():
            if not self.groups.keys().isdisjoint(members):
                raise ValueError(f"the group {group!r} has a group among its members; they can only be units")

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    def knows(self, unit: str) -> bool:
        """Tell whether the directory has this unit, as itself or in a group."""
        return unit in self.units or any(unit in members for members in self.groups.values())

    def has_duty(self, unit: str, units: Iterable[Unit]) -> bool:
        """Tell whether `unit` is one of `units`, or a member of a group among them; a group itself has no duty."""
        if unit in self.groups:
            return False
        for named in units:  # noqa: SIM110 - asked of every event, and a generator costs more than the answer
            if named.name == unit or unit in self.groups.get(named.name, ()):
                return True
        return False

    def obligations(self, units: Iterable[Unit]) -> Mapping[str, Role]:
        """Return each unit that has a duty, groups expanded, with its role; the first mention of a unit decides."""
        duties: dict[str, Role] = {}
        for unit in units:
            for name in self.groups.get(unit.name, (unit.name,)):
                duties.setdefault(name, unit.role)
        return duties
