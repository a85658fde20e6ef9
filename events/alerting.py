"""Who is alerted of what, when and on which channels, as a ledger's file has it. Pure."""

from datetime import time, timedelta
from functools import cached_property
from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Struct, field

from events.alert_matching import Inhibition, Silence
from events.alert_rule import DEFAULTS, AlertRule, check_steps
from events.alert_times import QuietHours, duration, quiet_hours, repeat_interval, time_of_day
from events.channel import Channel, check_allowed
from events.mail_server import MailServer
from events.schema import Name

EVERYBODY = "*"
"""In the channels: any recipient without channels of its own."""

Label: TypeAlias = Literal["recipient", "task", "on", "rule", "lead"]

DEFAULT_WAIT = "10m"
"""How long a digest collects alerts after its first one."""


class AlertRules(Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """The rules of a ledger's alerts, in the words of Alertmanager.

    Alerts that agree in `group_by` become one digest, which closes `group_wait` after its first alert and at least
    `group_interval` after the digest of that group before it. Alerts that may wait are sent in working time only: not
    in `quiet_hours`, and at the times `at` of working days if there are any. `leader` receives what is for a task's
    leading official, unless `people` has channels for that official's name. `window_minutes` is an older name of
    `group_wait`. `channels` maps a recipient to its channels; "*" is for recipients that are not named. `mail` is the
    server that sends mail. Messages go to public addresses, and to those that `allow` names as host:port; with
    `allow_private` to any.
    """

    supervisor: Name = "督查室"
    window_minutes: Annotated[float, Meta(ge=0)] | None = None
    rules: tuple[AlertRule, ...] = DEFAULTS
    channels: dict[Name, tuple[Channel, ...]] = field(default_factory=dict)
    leader: Name | None = None
    people: dict[Name, tuple[Channel, ...]] = field(default_factory=dict)
    group_by: tuple[Label, ...] = ("recipient",)
    group_wait: str | None = None
    group_interval: str = "0m"
    repeat_interval: str | None = None
    at: tuple[str, ...] = ()
    quiet_hours: str = ""
    inhibit: tuple[Inhibition, ...] = (Inhibition("passed", ("neared",)),)
    silence: tuple[Silence, ...] = ()
    mail: MailServer | None = None
    allow: tuple[str, ...] = ()
    allow_private: bool = False

    def __post_init__(self) -> None:
        check_allowed(self.allow)
        for recipient, channels in (*self.channels.items(), *self.people.items()):
            if self.mail is None and any(channel.mail is not None for channel in channels):
                raise ValueError(
                    f"{recipient!r} has a mail channel, and there is no server for it: add"
                    ' [alerts.mail] with host = "smtp.example.cn" and from = "duban@example.cn"'
                )
        if self.window_minutes is not None and self.group_wait is not None:
            raise ValueError("window_minutes: is an older name of group_wait, which is given, too; remove it")
        if "recipient" not in self.group_by:
            raise ValueError("group_by: lacks recipient; a digest has one recipient")
        _ = self.wait, self.interval, self.times, self.quiet  # each raises ValueError
        if self.quiet is not None and (odd := next((at for at in self.times if self.quiet.has(at)), None)):
            raise ValueError(f"at: {odd:%H:%M} is in the quiet hours {self.quiet_hours}; nothing would be sent then")
        if self.repeat_interval is not None:
            repeat_interval(self.repeat_interval)
        check_steps(self.rules)

    @cached_property
    def wait(self) -> timedelta:
        """How long a digest collects alerts."""
        if self.window_minutes is not None:
            return timedelta(minutes=self.window_minutes)
        return duration("group_wait", self.group_wait or DEFAULT_WAIT)

    @cached_property
    def interval(self) -> timedelta:
        """The least time between two digests of one group."""
        return duration("group_interval", self.group_interval)

    @cached_property
    def times(self) -> tuple[time, ...]:
        """The times of a working day at which alerts are sent that may wait; none: at any time."""
        return tuple(sorted(time_of_day("at", at) for at in self.at))

    @cached_property
    def quiet(self) -> QuietHours | None:
        """The hours in which nothing is sent that may wait."""
        return quiet_hours("quiet_hours", self.quiet_hours)

    @property
    def in_working_time(self) -> bool:
        """Whether alerts that may wait are held until the next working time."""
        return bool(self.times) or self.quiet is not None

    @cached_property
    def timed(self) -> tuple[AlertRule, ...]:
        """The rules by which time alone gives rise to alerts about a task."""
        return tuple(
            rule
            for rule in self.rules
            if rule.on in {"open", "silent"} or (rule.on == "passed" and self.repeats(rule) is not None)
        )

    def steps(self, rule: AlertRule) -> tuple[AlertRule, ...]:
        """Return the steps of the escalation that a rule is one of."""
        return tuple(one for one in self.rules if (one.on, one.called) == (rule.on, rule.called))

    def repeats(self, rule: AlertRule) -> timedelta | None:
        """Return after which time a rule's last alert is repeated while it holds; None: never."""
        text = rule.repeat_interval or self.repeat_interval
        return repeat_interval(text) if text is not None else None

    def channels_of(self, recipient: str) -> tuple[Channel, ...]:
        """Return the channels of a unit, an office or an official; none if it has none."""
        own = self.channels.get(recipient, self.people.get(recipient))
        return own if own is not None else self.channels.get(EVERYBODY, ())
