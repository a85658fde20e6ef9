"""Planning: new alerts of the record join digests, and an operator's orders are carried out."""

from events.ledger import Ledger
from events.working_days import WorkingDays
from services.notify.alerts import Alert
from services.notify.book import Book
from services.notify.deliveries import Digest
from services.notify.gathering import gather, group_of
from services.notify.health import TROUBLE


class Planner:
    """Reads the record from where it has read to, and puts each alert into a digest."""

    def __init__(self, book: Book, ledger: Ledger, days: WorkingDays) -> None:
        self._book = book
        self._ledger = ledger
        self._days = days

    async def plan(self) -> None:
        """Put the alerts of the record that are in no digest into one; nothing is saved yet."""
        book = self._book
        while True:
            last, alerts = await book.outbox.entries(book.reached)
            if last == book.reached:
                return
            for alert in alerts:
                self._add(alert)
            book.reached = last
            if alerts:
                await book.save()

    def _add(self, alert: Alert) -> None:
        book = self._book
        if alert.on == TROUBLE:  # at once, and apart from others, as it avoids the channel that fails
            group = f"{TROUBLE}:{alert.id}"
            digest = Digest(alert.id, alert.recipient, alert.at, (alert.id,), group=group)
        else:
            group = group_of(self._ledger, alert)
            digest = gather(book.latest.get(group), alert, self._ledger, self._days)
            book.latest[group] = digest
            book.changes.groups[group] = digest.id
        book.set(digest)
        book.changes.grouped[alert.id] = digest.id
