"""The care of channels: each attempt changes their health, trouble is reported, what failed for days is paused."""

from datetime import UTC, datetime
from typing import Literal

from msgspec.structs import replace

from events.ledger import Ledger
from services.notify.alerts import Alert, AlertFacts, made
from services.notify.book import Book
from services.notify.channels.result import Result
from services.notify.environment import Environment
from services.notify.health import TROUBLE, Health, after, reported, resumed, unreported
from services.notify.recipients import audience_of
from services.notify.record import ChannelChanged, alert_entry
from services.notify.retries import paused


class ChannelCare:
    """The health of one ledger's channels; of one that its file no longer has, nothing is reported."""

    def __init__(self, book: Book, given: Environment) -> None:
        self._book = book
        self._given = given

    @property
    def health(self) -> list[Health]:
        """The health of the channels that the ledger's file has, as far as it is loaded."""
        return [one for key, one in self._book.health.items() if key in self._given.ways.by_key]

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
        """Raise the alerts of each channel that has failed for a day, once."""
        for health in self.health:
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
        self._book.change_parts(self._book.digests[id], channel, paused)

    def _changed(self, health: Health, state: Literal["failing", "paused"]) -> None:
        """Record that a channel fails or is paused, and raise the alerts of that."""
        book = self._book
        now = book.clock.now()
        book.record(ChannelChanged(health.shown, now, state, health.error))
        for alert in trouble(self._given.ledger, health, now, step=1 if state == "failing" else 2):
            book.changes.record_alert(alert.id, alert_entry(alert))


def trouble(ledger: Ledger, health: Health, at: datetime, *, step: int) -> list[Alert]:
    """Return the alerts that a channel fails, by the ledger's rules: step 1 after a day, step 2 when it is paused."""
    since = datetime.fromtimestamp(health.since, UTC).astimezone(ledger.zone)
    facts = AlertFacts(TROUBLE, since, detail=health.error)
    found: dict[str, Alert] = {}
    for rule in ledger.alerts.rules:
        if rule.on == TROUBLE:
            for recipient in dict.fromkeys(name for word in rule.to for name in audience_of(ledger, word, None)):
                alert = made(rule, step, health.channel, None, recipient, at.astimezone(ledger.zone), facts)
                found.setdefault(recipient, replace(alert, task="", title=health.shown, due=None, waits=False))
    return list(found.values())
