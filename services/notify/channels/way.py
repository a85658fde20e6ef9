"""A way: how the parts of a letter are sent on one channel."""

from collections.abc import Sequence
from typing import Protocol, assert_never

from events.channel import Channel
from services.notify.channels.apprise_way import AppriseWay
from services.notify.channels.dingtalk import DINGTALK
from services.notify.channels.feishu import FEISHU
from services.notify.channels.limit import Limit
from services.notify.channels.mail import MailWay
from services.notify.channels.network import Network
from services.notify.channels.part import Part
from services.notify.channels.result import Result
from services.notify.channels.robot import Robot
from services.notify.channels.webhook import WebhookWay
from services.notify.channels.wecom import WECOM
from services.notify.letter import Letter


class Way(Protocol):
    """How one channel is used.

    `kind` is the name that the channel has in a ledger's file (`wecom`, `mail` …). `shown` names the channel for
    people, without its secrets. `key` is a fingerprint of the receiver: the same for all recipients, ledgers and
    instances that send to it, and after its signing secrets have rotated. `repeatable` is whether the receiver
    recognises a repeat by its id.
    """

    @property
    def kind(self) -> str: ...

    @property
    def shown(self) -> str: ...

    @property
    def key(self) -> str: ...

    @property
    def limit(self) -> Limit: ...

    @property
    def repeatable(self) -> bool: ...

    def parts(self, letter: Letter) -> list[Part]:
        """Return the messages of a letter, each within the limit; pure, so the same at every attempt."""
        ...

    async def send(self, part: Part, only: Sequence[str] = ()) -> Result:
        """Attempt to send a part, to `only` these of a mail channel's addresses if any are given; never raises."""
        ...


def way_of(channel: Channel, network: Network) -> Way:
    """Return the way of a channel; raises ValueError for mail where the ledger's file has no server for it."""
    match channel.kind:
        case "wecom":
            return Robot(WECOM, channel.wecom, channel, network)
        case "dingtalk":
            return Robot(DINGTALK, channel.dingtalk, channel, network)
        case "feishu":
            return Robot(FEISHU, channel.feishu, channel, network)
        case "mail":
            if network.mail is None:
                raise ValueError("a mail channel needs the server in [alerts.mail]")
            return MailWay(channel, network, network.mail)
        case "webhook":
            return WebhookWay(channel, network)
        case "apprise":
            return AppriseWay(channel, network)
        case _:
            assert_never(channel.kind)
