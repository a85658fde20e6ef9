"""Who is alerted of what, and on which channels, as a ledger's file has it. Pure."""

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Struct, field

from events.channel import Channel
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

Audience: TypeAlias = Literal["units", "lead", "cooperating", "supervisor"]

EVERYBODY = "*"
"""In the channels: any recipient without channels of its own."""


class AlertRule(Struct, frozen=True, forbid_unknown_fields=True):
    """The recipients of one kind of alert."""

    on: Trigger
    to: tuple[Audience, ...]


class AlertRules(Struct, frozen=True, forbid_unknown_fields=True):
    """The recipients of alerts; those to one recipient within `window_minutes` of the first become one digest.

    `channels` maps a recipient to its channels; "*" is for recipients that are not named.
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
