"""The alerts of one ledger: a projection named `notify` raises them into the ledger's record, clients read them there.

The record is described in services/notify/record.py, what the sender keeps in services/notify/outbox.py.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from events.alerting import Trigger
from events.entries import Recorded
from events.keys import key
from events.ledger import Ledger
from events.log import Log
from events.projection import Projection
from events.rules import Announcement, Change, Rules
from services.notify.alerts import VERSION, Alert, NotifiedTask, alerts_for, evolve
from services.notify.deliveries import Digest, State, state_of
from services.notify.outbox import NAME, alert_decoder, digest_decoder
from services.notify.record import alert_entry, is_alert

READ_BATCH = 500
"""Entries of the record that are read at once."""


class AlertStatus(NamedTuple):
    """An alert, its place in the record, its state, and the digest that has it."""

    place: str
    alert: Alert
    state: State
    digest: Digest | None


class AlertQuery(Struct, frozen=True):
    """A client's query for alerts, newest first; None matches any."""

    recipient: str | None = None
    task: str | None = None
    on: Trigger | None = None
    state: State | None = None
    limit: int = 100
    cursor: str | None = None


def rules(ledger: Ledger) -> Rules[NotifiedTask]:
    """Return the rules by which a ledger's events announce alerts."""
    return Rules(NAME, VERSION, NotifiedTask, evolve, partial(_announce, ledger), recorded=True)


class Alerts:
    """The alerts of one ledger."""

    def __init__(self, redis: Any, name: str, ledger: Ledger) -> None:
        self.projection = Projection(redis, Log(redis, name), rules(ledger))
        self._redis = redis
        self._digests = key(name, NAME, "outbox")
        self._grouped = key(name, NAME, "grouped")

    async def select(self, query: AlertQuery) -> tuple[list[AlertStatus], str | None]:
        """Return a page of alerts with their states, and the cursor that the next ones follow."""
        found: list[AlertStatus] = []
        before = query.cursor
        while len(found) <= query.limit:
            end = "+" if before is None else f"({before}"
            entries = await self._redis.xrevrange(self.projection.feed, max=end, count=READ_BATCH)
            if not entries:
                return found, None
            before = entries[-1][0].decode()
            wanted = [(place, alert) for place, alert in _decoded(entries) if _matches(query, alert)]
            found += [one for one in await self._statuses(wanted) if query.state in {None, one.state}]
        page = found[: query.limit]
        return page, page[-1].place

    async def _statuses(self, alerts: Sequence[tuple[str, Alert]]) -> list[AlertStatus]:
        if not alerts:
            return []
        groups = await self._redis.hmget(self._grouped, [alert.id for _, alert in alerts])
        ids = sorted({group for group in groups if group is not None})
        rows = await self._redis.hmget(self._digests, ids) if ids else []
        digests = {id: digest_decoder.decode(row) for id, row in zip(ids, rows, strict=True)}
        return [
            AlertStatus(place, alert, state_of(digests.get(group), alert.id), digests.get(group))
            for (place, alert), group in zip(alerts, groups, strict=True)
        ]


def _announce(ledger: Ledger, changes: Sequence[Change[NotifiedTask]]) -> Iterator[Announcement]:
    for change in changes:
        if change.event is not None:
            for alert in alerts_for(ledger, change.row, Recorded(change.position, change.event)):
                yield Announcement("", alert_entry(msgspec.json.encode(alert)), alert.id)


def _decoded(entries: Sequence[tuple[bytes, dict[bytes, bytes]]]) -> Iterator[tuple[str, Alert]]:
    for place, fields in entries:
        if is_alert(fields[b"e"]):
            yield place.decode(), alert_decoder.decode(fields[b"e"])


def _matches(query: AlertQuery, alert: Alert) -> bool:
    return (
        query.recipient in {None, alert.recipient} and query.task in {None, alert.task} and query.on in {None, alert.on}
    )
