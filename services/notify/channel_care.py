"""The care of channels: each attempt changes their health, trouble is reported, what failed for days is paused."""

from datetime import UTC, datetime
from typing import Literal

import msgspec

from events.ledger import Ledger
from services.notify.alerts import Alert, alert_id
from services.notify.book import Book
from services.notify.channels.result import Result
from services.notify.deliveries import delivery_on
from services.notify.health import TROUBLE, Health, after, reported, resumed, unreported
from services.notify.record import ChannelChanged, alert_entry
from services.notify.retries import paused


class ChannelCare:
    """The health of one ledger's channels."""

    def __init__(self, book: Book, ledger: Ledger) -> None:
        self._book = book
        self._ledger = ledger

    def is_paused(self, channel: str) -> bool:
        """Return whether nothing is sent on a channel."""
        health = self._book.health.get(channel)
        return health is not None and bool(health.paused)

    def attempted(self, channel: str, shown: str, result: Result, now: float) -> None:
        """Note an attempt at a real instant; a channel that has failed for too long is paused."""
        before = self._book.health_of(channel, shown)
        health = after(before, result, now)
        self._book.set_health(health)
        if health.paused and not before.paused:
            self._changed(health, "paused")
            for id in list(self._book.digests):
                self.end_paused(id, channel)

    def report(self, now: float) -> None:
        """Alert the supervisor of each channel that has failed for a day, once."""
        for health in list(self._book.health.values()):
            if unreported(health, now):
                self._book.set_health(reported(health, now))
                self._changed(health, "failing")

    def resume(self, channel: str, by: str) -> None:
        """Send on a channel again, by an operator's order."""
        health = self._book.health.get(channel)
        if health is None:
            return
        if health.paused:
            self._book.record(ChannelChanged(health.shown, self._book.clock.now(), "resumed", by=by))
        self._book.set_health(resumed(health))

    def end_paused(self, id: str, channel: str) -> None:
        """End what of a digest waits for a paused channel; an order sends it again."""
        digest = self._book.digests[id]
        delivery = delivery_on(digest, channel)
        for index in range(len(delivery.parts) if delivery is not None else 0):
            digest = self._book.digests[id]
            delivery = delivery_on(digest, channel)
            if delivery is not None and delivery.parts[index].state == "waiting":
                self._book.set_part(digest, delivery, index, paused(delivery.parts[index]))

    def _changed(self, health: Health, state: Literal["failing", "paused"]) -> None:
        """Record that a channel fails or is paused, and alert the supervisor."""
        book = self._book
        now = book.clock.now()
        book.record(ChannelChanged(health.shown, now, state, health.error))
        alert = trouble(self._ledger, health, now, step=1 if state == "failing" else 2)
        book.changes.record_alert(alert.id, alert_entry(msgspec.json.encode(alert)))


def trouble(ledger: Ledger, health: Health, at: datetime, *, step: int) -> Alert:
    """Return the alert that a channel has failed since an instant: step 1 after a day, step 2 when it is paused."""
    since = datetime.fromtimestamp(health.since, UTC).astimezone(ledger.zone)
    recipient = ledger.alerts.supervisor
    return Alert(
        id=alert_id(TROUBLE, step, health.channel, since, recipient),
        at=at.astimezone(ledger.zone),
        on=TROUBLE,
        recipient=recipient,
        rule=TROUBLE,
        title=health.shown,
        step=step,
        due=None,
        detail=health.error,
        waits=False,
    )
