"""Orders of operators: that what is in the dead letters be sent again, and that a paused channel be used again. Pure.

`duban notify retry` and `recover` add them to the stream `duban:{L}:notify:orders`; the sender carries them out, as it
alone changes deliveries.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

import msgspec
from msgspec import Struct

from services.notify.deliveries import DEAD, Delivery, Digest


class Resend(Struct, frozen=True):
    """Send again what failed of these digests, on one channel ("": on all), by the name of who ordered it.

    With a `channel`, it is used again if it was paused, even where no digest is named.
    """

    digests: tuple[str, ...]
    by: str
    channel: str = ""


order_decoder = msgspec.json.Decoder(Resend)


def dead_on(digest: Digest, channel: str) -> Iterator[Delivery]:
    """Yield a digest's deliveries with parts in the dead letters, on one channel ("": on all)."""
    for delivery in digest.deliveries or ():
        if channel in {"", delivery.channel} and any(part.state in DEAD for part in delivery.parts):
            yield delivery


def since(digests: Iterable[Digest], channel: str, instant: datetime) -> list[Digest]:
    """Return the digests of which something is dead on a channel since an instant of the ledger's time."""
    return [digest for digest in digests if any(ended(digest, one) >= instant for one in dead_on(digest, channel))]


def ended(digest: Digest, delivery: Delivery) -> datetime:
    """Return when a delivery was abandoned: at its last attempt, or, without one, when its digest closed."""
    return max((part.attempts[-1].at for part in delivery.parts if part.attempts), default=digest.closes)


def channels_named(digests: Iterable[Digest], name: str) -> set[str]:
    """Return the keys of the channels that are called so: by their key, or as they are shown."""
    deliveries = [one for digest in digests for one in digest.deliveries or ()]
    return {one.channel for one in deliveries if name in {one.channel, one.shown}}
