"""Who is alerted of what, and on which channels, as a ledger's file has it. Pure."""

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Struct, field

from events.channel import Channel, check_allowed
from events.mail_server import MailServer
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

    `channels` maps a recipient to its channels; "*" is for recipients that are not named. `mail` is the server that
    sends mail. Messages go to public addresses, and to those that `allow` names as host:port; with `allow_private` to
    any.
    """

    supervisor: Name = "督查室"
    window_minutes: Annotated[float, Meta(ge=0)] = 10.0
    rules: tuple[AlertRule, ...] = (
        AlertRule("assigned", ("units",)),
        AlertRule("neared", ("units",)),
        AlertRule("passed", ("units", "supervisor")),
    )
    channels: dict[Name, tuple[Channel, ...]] = field(default_factory=dict)
    mail: MailServer | None = None
    allow: tuple[str, ...] = ()
    allow_private: bool = False

    def __post_init__(self) -> None:
        check_allowed(self.allow)
        for recipient, channels in self.channels.items():
            if self.mail is None and any(channel.mail is not None for channel in channels):
                raise ValueError(
                    f"{recipient!r} has a mail channel, and there is no server for it: add"
                    ' [alerts.mail] with host = "smtp.example.cn" and from = "duban@example.cn"'
                )

    def channels_of(self, recipient: str) -> tuple[Channel, ...]:
        return self.channels.get(recipient, self.channels.get(EVERYBODY, ()))
