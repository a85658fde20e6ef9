"""Closing: a digest whose time has come drops what is settled, and becomes a letter and its parts on each channel."""

import heapq
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from events.text import Language
from services.notify.alerts import Alert
from services.notify.book import Book
from services.notify.channels.way import Way
from services.notify.deliveries import Delivery, Digest, PartDelivery
from services.notify.environment import Environment
from services.notify.gathering import held_until, missed_its_time
from services.notify.health import TROUBLE
from services.notify.letter import Letter
from services.notify.record import Dropped
from services.notify.settling import settled
from services.notify.store import Alerts
from services.notify.words.composing import compose

CLOSE_BATCH = 200
"""Digests that are closed in one turn: about 50 ms."""


AWAY_SECONDS = 60.0
"""Of real time without a look, after which the sender was away, and digests have missed their times."""


class Look(NamedTuple):
    """When digests were last closed: the ledger's instant, and the real one."""

    at: datetime
    real: float


class ClosedDigest(NamedTuple):
    """A digest that closes, and its encoded letters; None where it has no deliveries."""

    digest: Digest
    letters: bytes | None


class Closer:
    """Closes one ledger's digests; the tasks are those of the fold that raises the alerts."""

    def __init__(self, book: Book, given: Environment, alerts: Alerts) -> None:
        self._book = book
        self._given = given
        self._alerts = alerts
        self._closings: list[tuple[datetime, str]] = []
        self._looked: Look | None = None

    async def reopen(self) -> None:
        """Close again the digests whose recipients had no channel and have one now: their alerts may still be true."""
        for digest in await self._book.outbox.unreached():
            if self._given.ways.of(digest.recipient):
                self._book.set(replace(digest, deliveries=None, dropped=()))

    async def close(self) -> list[str]:
        """Close the digests whose time has come, and return the ids of those that have deliveries."""
        now = self._given.clock.now()
        due = self._due(now)
        closed: list[ClosedDigest] = []
        try:
            if due:
                facts = await self._book.outbox.alerts([alert for digest in due for alert in digest.alerts])
                closed = [self._closed(digest, facts, now) for digest in due if not self._hold(digest, facts, now)]
        except BaseException:
            self._book.opened |= {digest.id for digest in due}
            raise
        for one in closed:
            self._keep(one, now)
        self._looked = Look(now, self._given.real())
        return [one.digest.id for one in closed if one.digest.deliveries]

    def letters(self, digest: Digest, alerts: Sequence[Alert], languages: Iterable[Language]) -> dict[Language, Letter]:
        """Return the letter of a digest in each language, in the words of now; its id is the same at any time."""
        given = self._given
        id = f"{given.name}-{digest.id}"
        url, now = given.public_url, given.clock.now()
        acks = given.links.of(alerts, now) if given.links is not None else {}
        letter = partial(
            compose,
            given.ledger,
            given.name,
            digest.recipient,
            alerts,
            public_url=url,
            now=now,
            days=given.days,
            acks=acks,
        )
        return {language: replace(letter(language=language), id=id) for language in languages}

    def _due(self, now: datetime) -> list[Digest]:
        """Return some of the digests that are open and whose time has come, the earliest first."""
        book = self._book
        for id in book.opened:
            if (digest := book.digests.get(id)) is not None:
                heapq.heappush(self._closings, (digest.closes, id))
        book.opened.clear()
        due: dict[str, Digest] = {}
        while self._closings and self._closings[0][0] <= now and len(due) < CLOSE_BATCH:
            _, id = heapq.heappop(self._closings)
            digest = book.digests.get(id)
            if digest is not None and digest.deliveries is None and digest.closes <= now:
                due[id] = digest
        return list(due.values())

    def _hold(self, digest: Digest, facts: Mapping[str, Alert], now: datetime) -> bool:
        """Put a digest off that has missed its time, if it is to be held; return whether it is.

        One whose time came since the last look is closed now, as a ledger's clock may run fast.
        """
        looked = self._looked
        if not missed_its_time(digest, now):
            return False
        if looked is not None and looked.at < digest.closes and self._given.real() - looked.real < AWAY_SECONDS:
            return False
        alerts = [facts[alert] for alert in digest.alerts if alert in facts]
        held = held_until(alerts, now, self._given.ledger, self._given.days)
        if held > now:
            self._book.set(replace(digest, closes=held))
        return held > now

    def _closed(self, digest: Digest, facts: Mapping[str, Alert], now: datetime) -> ClosedDigest:
        """Return a digest without what is settled, with its deliveries; nothing is changed yet."""
        alerts = [facts[alert] for alert in digest.alerts if alert in facts]
        true, dropped = settled(self._given.ledger, self._alerts.projection.rows, alerts, now)
        reasons = tuple((alert.id, reason) for alert, reason in dropped)
        digest = replace(digest, dropped=reasons, deliveries=())
        ways = self._ways_of(digest, true)
        if not true or not ways:
            return ClosedDigest(digest, None)
        of = self._given.ways.languages
        letters = self.letters(digest, true, {of[way.key] for way in ways})
        deliveries = tuple(delivery_of(way, letters[of[way.key]]) for way in ways)
        return ClosedDigest(replace(digest, deliveries=deliveries), msgspec.msgpack.encode(letters))

    def _keep(self, closed: ClosedDigest, now: datetime) -> None:
        """Change a digest that closes, and record what was dropped."""
        book, digest = self._book, closed.digest
        for alert, reason in digest.dropped:
            book.record(Dropped(digest.id, alert, now, reason))
        if closed.letters is not None:
            book.changes.letters[digest.id] = closed.letters
        book.set(digest)

    def _ways_of(self, digest: Digest, alerts: Iterable[Alert]) -> tuple[Way, ...]:
        if any(alert.on == TROUBLE for alert in alerts):
            failing = [one.channel for one in self._book.health.values() if one.since]
            return self._given.ways.other(digest.recipient, failing)
        return self._given.ways.of(digest.recipient)


def delivery_of(way: Way, letter: Letter) -> Delivery:
    """Return the delivery of a letter on a channel."""
    return Delivery(way.key, way.shown, (PartDelivery(),) * len(way.parts(letter)))
