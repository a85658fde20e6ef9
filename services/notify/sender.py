"""The sender: collects alerts in digests and delivers digests, one instance per ledger at a time.

A turn reads what is new in the record (planning.py), closes the digests whose time has come (closing.py), and begins
the attempts that are due (delivering.py). What these change is saved with the record by one script (book.py).
"""

import asyncio
import contextlib

import structlog

from services.common.clock import monotonic
from services.notify.book import Book, LeaseLostError
from services.notify.buckets import Buckets
from services.notify.channel_care import ChannelCare
from services.notify.closing import Closer
from services.notify.delivering import Deliverer
from services.notify.environment import Environment
from services.notify.health import Health
from services.notify.obeying import Obeyer
from services.notify.outbox import Outbox
from services.notify.planning import Planner
from services.notify.store import Alerts

TURN_SECONDS = 0.2
"""The longest time between two turns: the delay that it adds to an alert."""

RENEWALS = 10
"""Renewals of the lease while it lasts: a turn that follows the last one sooner does not ask for it again."""

ORDERS_SECONDS = 1.0
"""Between two looks for orders of operators, and at the health of channels."""

log = structlog.get_logger()


class Sender:
    """Delivers one ledger's alerts."""

    def __init__(self, outbox: Outbox, alerts: Alerts, buckets: Buckets, given: Environment) -> None:
        self._book = Book(outbox, given.clock)
        self._care = ChannelCare(self._book, given)
        self._planner = Planner(self._book, given.ledger, given.days)
        self._closer = Closer(self._book, given, alerts)
        self._deliverer = Deliverer(self._book, given, buckets, self._closer, self._care)
        self._obeyer = Obeyer(self._book, self._care, self._deliverer.add)
        self._given = given
        self._known = False
        self._renewed = 0.0
        self._looked = 0.0

    async def turn(self) -> None:
        """Wait briefly, or until an attempt ends; then plan, close and begin attempts if this one has the lease."""
        ended = self._deliverer.ended
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(ended.wait(), TURN_SECONDS)
        ended.clear()
        if not await self._hold():
            return
        try:
            await self._work()
        except LeaseLostError as error:
            self._known = False
            log.warning("not sent", ledger=self._given.name, error=f"{error}")

    @property
    def health(self) -> list[Health]:
        """The health of the channels, as far as this instance has loaded it."""
        return self._care.health

    def reload(self) -> None:
        """Reload the digests before the next turn: a failover may have taken some of them back."""
        self._known = False

    async def stop(self) -> None:
        """Wait for the attempts under way, save their results, and release the lease."""
        await self._deliverer.stop()
        await self._book.save()
        await self._book.outbox.lease.release()

    async def _hold(self) -> bool:
        """Acquire or renew the lease, if that is due; take over where another instance may have held it."""
        if not self._known or monotonic() - self._renewed >= self._book.outbox.lease.seconds / RENEWALS:
            asked = monotonic()
            held = await self._book.outbox.lease.hold()
            if held is None:
                self._known = False
                return False
            self._renewed = asked
            self._known = self._known and held
        if not self._known:
            await self._take_over()
            self._known = True
        return True

    async def _take_over(self) -> None:
        """Load the digests that another instance, or an earlier run of this one, left."""
        self._deliverer.cancel()
        await self._book.load()
        await self._closer.reopen()
        self._deliverer.take_over()

    async def _work(self) -> None:
        await self._planner.plan()
        if monotonic() - self._looked >= ORDERS_SECONDS:
            self._looked = monotonic()
            self._care.report(self._given.real())
            await self._obeyer.obey()
        for id in await self._closer.close():
            self._deliverer.add(id)
        await self._deliverer.start()
        await self._book.save()
