"""One rule of alerts: which events or which elapsed time alert which recipients. Pure."""

from typing import Literal, TypeAlias, get_args

from msgspec import Struct

from events.alert_times import WEEKDAYS, After, after, repeat_interval, time_of_day
from events.schema import Name

Trigger: TypeAlias = Literal[
    "assigned",
    "neared",
    "passed",
    "open",
    "submitted",
    "returned",
    "requested",
    "granted",
    "refused",
    "urged",
    "reassigned",
    "silent",
    "weekly",
    "trouble",
]
"""What gives rise to an alert: `open` is an escalation step, `trouble` a channel that fails."""

Audience: TypeAlias = Literal["units", "lead", "cooperating", "supervisor", "leader"]

AUDIENCES: tuple[str, ...] = get_args(Audience)

GENERAL = ("supervisor", "leader")
"""The recipients of what is about no single task."""

REPEATING = ("passed", "open", "silent")
"""Triggers that still hold later on."""

SILENT_AFTER = "90d"
"""How long an ongoing task is silent before its lead is alerted."""

WEEKLY = ("mon", "08:30")
"""When the weekly summary arises."""

MOST_STEPS = 99
"""The highest number of a step of an escalation: a larger one is a slip, such as a number of days."""


class AlertRule(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The recipients `to` of one kind of alert, `on`.

    `name` distinguishes the rules of one kind, and is that of the kind if it is not given. `after` is the time since a
    due (`open`), or since the last report (`silent`); `step` numbers the steps of an escalation. The last step, and an
    alert on `passed` or `silent`, is repeated after each `repeat_interval`; on `silent` else after each `after`. The
    weekly summary arises on `day` at the time `at`. `waits` is whether the alert may be held until the next working
    time: all may, except for escalations.
    """

    on: Trigger
    to: tuple[Audience, ...]
    name: Name | None = None
    after: str | None = None
    step: int | None = None
    repeat_interval: str | None = None
    day: str | None = None
    at: str | None = None
    waits: bool | None = None

    def __post_init__(self) -> None:
        if not self.to:
            raise ValueError(f"to: nobody is alerted; name one of: {', '.join(AUDIENCES)}")
        if self.on in {"weekly", "trouble"} and (odd := [word for word in self.to if word not in GENERAL]):
            raise ValueError(f"to: {odd[0]!r} depends on a task; a rule on {self.on} is for: {', '.join(GENERAL)}")
        self._check_belongs("after", ("open", "silent"))
        self._check_belongs("step", ("open",))
        self._check_belongs("repeat_interval", REPEATING)
        for key in ("day", "at"):
            self._check_belongs(key, ("weekly",))
        if self.on == "open" and self.after is None:
            raise ValueError("after: missing; a rule on open says how long after the due, such as 7d or 5wd")
        if self.step is not None and not 1 <= self.step <= MOST_STEPS:
            raise ValueError(f"step: {self.step} is no number of a step; they count from 1 to {MOST_STEPS}")
        if self.day is not None and self.day not in WEEKDAYS:
            raise ValueError(f"day: {self.day!r} is no day of the week; right are: {', '.join(WEEKDAYS)}")
        if self.after is not None:
            after("after", self.after)
        if self.at is not None:
            time_of_day("at", self.at)
        if self.repeat_interval is not None:
            repeat_interval(self.repeat_interval)

    @property
    def called(self) -> str:
        """The rule's name."""
        return self.name or self.on

    @property
    def key(self) -> str:
        """What distinguishes the rule from those of other kinds, which may have the same name."""
        return self.on if self.name is None else f"{self.on}:{self.name}"

    @property
    def number(self) -> int:
        """The number of the step, 0 for a rule that is none."""
        return (self.step or 1) if self.on == "open" else 0

    @property
    def delay(self) -> After:
        """The time since a due or a report."""
        return after("after", self.after or SILENT_AFTER)

    @property
    def may_wait(self) -> bool:
        """Whether its alerts may be held until the next working time."""
        return self.on != "open" if self.waits is None else self.waits

    def _check_belongs(self, key: str, triggers: tuple[str, ...]) -> None:
        """Raise ValueError if a key is given that has no meaning for the rule's trigger."""
        if getattr(self, key) is not None and self.on not in triggers:
            raise ValueError(f"{key}: has no meaning in a rule on {self.on}; it belongs to: {', '.join(triggers)}")


DEFAULTS = (
    AlertRule("assigned", ("units",)),
    AlertRule("neared", ("lead", "cooperating")),
    AlertRule("passed", ("lead", "cooperating", "supervisor")),
    AlertRule("open", ("supervisor",), after="7d", step=1),
    AlertRule("open", ("supervisor", "leader"), after="30d", step=2),
    AlertRule("submitted", ("supervisor",)),
    AlertRule("requested", ("supervisor",)),
    AlertRule("returned", ("units",)),
    AlertRule("granted", ("units",)),
    AlertRule("refused", ("units",)),
    AlertRule("urged", ("units",)),
    AlertRule("reassigned", ("units",)),
    AlertRule("silent", ("lead",), after=SILENT_AFTER),
    AlertRule("weekly", ("supervisor",), day=WEEKLY[0], at=WEEKLY[1]),
    AlertRule("trouble", ("supervisor",)),
)
"""The rules of a ledger whose file has none. `units` of a returned or urged alert are the units that it names."""


def check_steps(rules: tuple[AlertRule, ...]) -> None:
    """Raise ValueError, naming the rule by its index, for steps of one escalation that overlap."""
    steps: dict[tuple[str, int], int] = {}
    for index, rule in enumerate(rules):
        if rule.on != "open":
            continue
        if (before := steps.setdefault((rule.called, rule.number), index)) != index:
            raise ValueError(
                f"rules[{index}].step: step {rule.number} of {rule.called!r} is there already, as rule {before + 1};"
                f" give it another number, or a name of its own"
            )
    for (name, number), index in steps.items():
        earlier = [rules[other] for (called, step), other in steps.items() if called == name and step < number]
        late = next((one for one in earlier if one.delay.calendar_days >= rules[index].delay.calendar_days), None)
        if late is not None:
            raise ValueError(
                f"rules[{index}].after: step {number} of {name!r} is after {rules[index].after}, step {late.number}"
                f" after {late.after}: each step comes later than the one before it"
            )
