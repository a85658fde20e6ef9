"""Obeying: the sender carries out the orders of operators (services/notify/orders.py)."""

from collections.abc import Callable
from functools import partial

from services.notify.book import Book
from services.notify.channel_care import ChannelCare
from services.notify.deliveries import Digest
from services.notify.orders import dead_on, order_decoder
from services.notify.retries import ordered


class Obeyer:
    """Carries out one ledger's orders, each once and on record."""

    def __init__(self, book: Book, care: ChannelCare, queue: Callable[[str], None]) -> None:
        self._book = book
        self._care = care
        self._queue = queue

    async def obey(self) -> None:
        """Carry out the orders that are new, and queue the digests of which something waits again.

        They are queued before the order is saved: once it is carried out in memory, the next turn finds nothing dead.
        """
        for id, raw in await self._book.outbox.orders():
            order = order_decoder.decode(raw)
            digests = await self._book.outbox.digests(order.digests)
            if order.channel:
                self._care.resume(order.channel, order.by)
            for digest in digests:
                if self._send_again(self._book.digests.get(digest.id, digest), order.channel, order.by):
                    self._queue(digest.id)
            self._book.changes.obeyed = id
            await self._book.save()

    def _send_again(self, digest: Digest, channel: str, by: str) -> bool:
        """Let the dead parts of a digest wait again, but on paused channels; return whether there are any."""
        record = partial(self._book.record_order, by=by)
        found = False
        for dead in dead_on(digest, channel):
            if not self._care.is_paused(dead.channel):
                current = self._book.digests.get(digest.id, digest)
                found |= self._book.change_parts(current, dead.channel, ordered, record)
        return found
