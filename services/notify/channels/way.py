"""A way: how the parts of a letter are sent on one channel."""

from collections.abc import Sequence
from typing import Protocol

from services.notify.channels.limit import Limit
from services.notify.channels.part import Part
from services.notify.channels.result import Result
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
