"""The digests of one ledger that are under way, in memory, and what of them is not saved yet."""

import asyncio
from collections.abc import Callable

from services.common.clock import Clock
from services.notify.deliveries import DEAD, Delivery, Digest, PartDelivery, delivery_on, with_delivery, with_part
from services.notify.health import Health
from services.notify.outbox import Outbox
from services.notify.record import Attempted, Dead, Entry, Resent
from services.notify.unsaved import Changes


class LeaseLostError(RuntimeError):
    """Another instance holds the lease: nothing is written until it is acquired again."""

    def __init__(self) -> None:
        super().__init__("the lease has expired: nothing is written until it is acquired again")


class Book:
    """What the sender knows: digests by id, the latest of each group, the health of channels, and where it has read to.

    Every change to it is saved with the entries of the record that describe it, by one script.
    """

    def __init__(self, outbox: Outbox, clock: Clock) -> None:
        self.outbox = outbox
        self.clock = clock
        self.digests: dict[str, Digest] = {}
        self.latest: dict[str, Digest] = {}
        self.health: dict[str, Health] = {}
        self.reached = "0"
        self.opened: set[str] = set()  # ids of digests that are open, and new or changed
        self.changes = Changes()
        self._sent: tuple[Changes, bytes] | None = None
        self._writing = asyncio.Lock()

    async def load(self) -> None:
        """Load what another instance, or an earlier run of this one, saved; discard what is not saved."""
        self.changes, self._sent = Changes(), None
        self.digests = {digest.id: digest for digest in await self.outbox.pending()}
        self.opened = {id for id, digest in self.digests.items() if digest.deliveries is None}
        self.latest = {digest.group: digest for digest in await self.outbox.latest()}
        self.health = await self.outbox.health()
        self.reached = await self.outbox.reached()

    def set(self, digest: Digest) -> None:
        """Change a digest."""
        self.digests[digest.id] = self.changes.digests[digest.id] = digest
        if digest.deliveries is None:
            self.opened.add(digest.id)
        if digest.done and not digest.dead:
            self.changes.letters[digest.id] = b""
        if (latest := self.latest.get(digest.group)) is not None and latest.id == digest.id:
            self.latest[digest.group] = digest

    def find(self, id: str, channel: str) -> tuple[Digest, Delivery] | None:
        """Return a digest and its delivery on a channel, None if it is done or has none there."""
        digest = self.digests.get(id)
        delivery = delivery_on(digest, channel) if digest is not None else None
        return (digest, delivery) if digest is not None and delivery is not None else None

    def change_parts(
        self,
        digest: Digest,
        channel: str,
        change: Callable[[PartDelivery], PartDelivery],
        record: Callable[[Digest, Delivery, int], None] | None = None,
    ) -> bool:
        """Change the parts of a digest's delivery on a channel; return whether `change` makes any another one.

        `record` records what changes a part, before that it is in the dead letters.
        """
        delivery, changed = delivery_on(digest, channel), False
        for index, part in enumerate(delivery.parts if delivery is not None else ()):
            delivery, after = delivery_on(digest, channel), change(part)
            if delivery is not None and after is not part:
                if record is not None:
                    record(digest, with_part(delivery, index, after), index)
                digest, changed = self.set_part(digest, delivery, index, after), True
        return changed

    def set_part(self, digest: Digest, delivery: Delivery, index: int, part: PartDelivery) -> Digest:
        """Change a part of a digest's delivery, record it among the dead letters if it is, and return the digest."""
        changed = with_part(delivery, index, part)
        digest = with_delivery(digest, changed)
        self.set(digest)
        if part.state in DEAD and part.state != delivery.parts[index].state:
            self.record_dead(digest, changed, index)
        return digest

    def record_dead(self, digest: Digest, delivery: Delivery, index: int) -> None:
        """Record that a part is in the dead letters, if it is."""
        part = delivery.parts[index]
        reason = {
            "failed": part.attempts[-1].detail if part.attempts else "",
            "uncertain": f"perhaps delivered: {part.attempts[-1].detail if part.attempts else ''}",
            "paused": "the channel is paused",
        }.get(part.state)
        if reason is not None:
            self.record(Dead(*self._place(digest, delivery, index), self.clock.now(), reason))

    def record_attempt(self, digest: Digest, delivery: Delivery, index: int) -> None:
        """Record the latest attempt to deliver a part."""
        attempt = delivery.parts[index].attempts[-1]
        place = self._place(digest, delivery, index)
        self.record(Attempted(*place, attempt.at, attempt.outcome, attempt.detail, attempt.recipients))

    def record_order(self, digest: Digest, delivery: Delivery, index: int, by: str) -> None:
        """Record that an operator ordered a part to be sent again."""
        self.record(Resent(*self._place(digest, delivery, index), self.clock.now(), by))

    def record(self, entry: Entry) -> None:
        """Add an entry to the record with the next save."""
        self.changes.record(entry)

    def set_health(self, health: Health) -> None:
        """Change a channel's health."""
        if self.health.get(health.channel) != health:
            self.health[health.channel] = self.changes.channels[health.channel] = health

    def health_of(self, channel: str, shown: str) -> Health:
        """Return a channel's health."""
        return self.health.get(channel) or Health(channel, shown)

    async def save(self) -> None:
        """Save what has changed so far; a change whose answer was lost is sent again, and saved once.

        Raises LeaseLostError where another instance holds the lease.
        """
        async with self._writing:
            if self._sent is not None:
                await self._send(*self._sent)
            if self.changes:
                self._sent = self.changes, self.outbox.packed(self.changes, self.reached)
                self.changes = Changes()
                await self._send(*self._sent)

    async def _send(self, changes: Changes, packed: bytes) -> None:
        kept = await self.outbox.keep(packed)
        self._sent = None
        if not kept:
            raise LeaseLostError
        for id, digest in changes.digests.items():
            if digest.done and self.digests.get(id) is digest:
                del self.digests[id]

    @staticmethod
    def _place(digest: Digest, delivery: Delivery, index: int) -> tuple[str, int, int, tuple[str, ...], str]:
        return digest.id, index + 1, len(delivery.parts), digest.sent_alerts, delivery.shown
