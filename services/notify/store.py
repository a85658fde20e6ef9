"""The alerts of one ledger: a projection named `notify` raises them into the ledger's record, clients read them there.

The record is described in services/notify/record.py, what the sender keeps in services/notify/outbox.py.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from events.alert_rule import Trigger
from events.entries import Recorded, Stored
from events.ledger import Ledger
from events.log import Log
from events.projection import Projection
from events.record import Record
from events.rules import Announcement, Change, Evolve, Rules
from events.seal.eras import SealedEras
from events.working_days import WorkingDays
from services.notify.alerts import Alert
from services.notify.deliveries import Digest, State, state_of
from services.notify.elapsed import caused
from services.notify.known import PRESENT, KnownMoment, digest_at
from services.notify.notified_task import VERSION, NotifiedTask, evolve
from services.notify.outbox import NAME, OutboxReader, alert_decoder
from services.notify.record import alert_entry, is_alert
from services.notify.timers import AlertTimers

CONSIDERED = timedelta(minutes=1)
"""Of the ledger's time: how often is saved up to when it was considered, where nothing arises."""


class AlertStatus(NamedTuple):
    """An alert, its place in the record, its state, and the digest that has it."""

    place: str
    alert: Alert
    state: State
    digest: Digest | None


class AlertQuery(Struct, frozen=True):
    """A client's query for alerts, newest first; None matches any.

    They arose not before `since`, and before `until`. `as_of` is the moment at which a reader would have been shown
    them.
    """

    recipient: str | None = None
    task: str | None = None
    on: Trigger | None = None
    state: State | None = None
    limit: int = 100
    cursor: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    as_of: KnownMoment = PRESENT


def rules(ledger: Ledger, days: WorkingDays) -> Rules[NotifiedTask]:
    """Return the rules by which a ledger's events announce alerts; the version has its directory.

    The rules of alerts themselves are none of the version: what arises follows from the rows, and from those.
    """
    version = f"{VERSION}-{ledger.directory.hash}"
    announce = partial(_announce, ledger, days)
    return Rules(NAME, version, NotifiedTask, partial(evolve, ledger), announce, recorded=True)


class Alerts:
    """The alerts of one ledger."""

    def __init__(
        self,
        redis: Any,
        name: str,
        ledger: Ledger,
        days: WorkingDays,
        archive: SealedEras | None = None,
        record: Record | None = None,
    ) -> None:
        """Take what reads the ledger's sealed log, None if there is none, and the record, None if it is untrimmed."""
        own = rules(ledger, days)
        self.ledger = ledger
        self.days = days
        self._touched: set[str] = set()
        self.projection = Projection(
            redis, Log(redis, name, archive=archive), replace(own, evolve=partial(_noted, self._touched, own.evolve))
        )
        self._timers = AlertTimers(ledger, days)
        self._outbox = OutboxReader(redis, name, record)

    async def load(self, now: datetime) -> None:
        """Load the saved rows; where time was never considered for a ledger that has some, it is so from now on."""
        await self.projection.load()
        if self.projection.considered is None and self.projection.position:
            await self.projection.elapse(now, lambda _: ())

    async def elapse(self, now: datetime) -> None:
        """Announce what time alone gives rise to up to an instant, at most once."""
        projection = self.projection
        self._timers.refresh(projection.rows, self._touched, projection.considered)
        self._touched.clear()
        known = projection.considered
        if known is not None and (now <= known or (now - known < CONSIDERED and not self._timers.due(known, now))):
            return

        def derive(considered: datetime | None) -> list[Announcement]:
            self._timers.refresh(projection.rows, self._touched, considered)
            self._touched.clear()
            return [_announced(alert) for alert in self._timers.arisen(projection.rows, considered, now)]

        if await projection.elapse(now, derive):
            self._timers.forget(projection.rows, now)

    async def select(self, query: AlertQuery) -> tuple[list[AlertStatus], str | None]:
        """Return a page of alerts with their states, and the cursor that the next ones follow; raises TrimmedError."""
        found: list[AlertStatus] = []
        before = _number_of(query.cursor) if query.cursor is not None else None
        while len(found) <= query.limit:
            entries = await self._outbox.record.read_back(before)
            if not entries:
                return found, None
            before = entries[-1].position
            wanted = [(place, alert) for place, alert in _decoded(entries) if _matches(query, alert)]
            statuses = await self._statuses(wanted, query.as_of)
            found += [one for one in statuses if query.state in {None, one.state}]
        page = found[: query.limit]
        return page, page[-1].place

    async def find(self, id: str) -> Alert | None:
        """Return an alert, None where there is none with this id."""
        return (await self._outbox.alerts([id])).get(id)

    async def _statuses(self, alerts: Sequence[tuple[str, Alert]], as_of: KnownMoment) -> list[AlertStatus]:
        ids = await self._outbox.digests_of([alert.id for _, alert in alerts])
        # one of the version before the record may not be carried over yet: its alerts are shown without it
        kept = await self._outbox.digests(id for id in ids if id is not None)
        digests = {digest.id: digest_at(digest, as_of) for digest in kept}
        found = [digests.get(id) if id is not None else None for id in ids]
        return [
            AlertStatus(place, alert, state_of(digest, alert.id), digest)
            for (place, alert), digest in zip(alerts, found, strict=True)
        ]


def _announce(
    ledger: Ledger, days: WorkingDays, changes: Sequence[Change[NotifiedTask]], considered: datetime | None
) -> Iterator[Announcement]:
    for change in changes:
        if change.event is not None:
            entry = Recorded(change.position, change.event)
            for alert in caused(ledger, days, change.before, change.row, entry, considered):
                yield _announced(alert)


def _announced(alert: Alert) -> Announcement:
    """Return an alert as an entry of the record."""
    return Announcement("", alert_entry(alert), alert.id)


def _noted(
    touched: set[str], evolve: Evolve[NotifiedTask], task: NotifiedTask | None, entry: Recorded
) -> NotifiedTask | None:
    """Evolve a task, and note that it was touched."""
    touched.add(entry.event.subject)
    return evolve(task, entry)


def _number_of(cursor: str) -> int:
    """Return the number before which the entries are that follow a cursor; a second part counts as one more."""
    number, _, rest = cursor.partition("-")
    return int(number) + (int(rest) > 0)


def _decoded(entries: Sequence[Stored]) -> Iterator[tuple[str, Alert]]:
    for number, raw in entries:
        if is_alert(raw):
            yield f"{number}-0", alert_decoder.decode(raw)


def _matches(query: AlertQuery, alert: Alert) -> bool:
    return (
        query.recipient in {None, alert.recipient}
        and query.task in {None, alert.task}
        and query.on in {None, alert.on}
        and (query.since is None or query.since <= alert.at)
        and (query.until is None or alert.at < query.until)
        and query.as_of.has(alert)
    )
