"""Alerts and digests in Redis: a projection named `notify` announces alerts, the outbox keeps their deliveries.

Keys in addition to the projection's (events/projection.py), written by keep.lua alone:

    duban:{L}:notify:alerts   stream  <position>-<n>, its place -> e: the alert as JSON; written by save.lua
    duban:{L}:notify:alerts:ids
                              hash    alert id -> its place in the stream; written by save.lua, so each is there once
    duban:{L}:notify:planned  string  place of the last alert that went into a digest
    duban:{L}:notify:digests  hash    digest id -> digest, deliveries and attempts as MessagePack
    duban:{L}:notify:pending  set     ids of the digests that are not done
    duban:{L}:notify:grouped  hash    alert id -> digest id
    duban:{L}:notify:dead     stream  e: a delivery that was abandoned, as JSON

    duban:{L}:notify:lease    string  token of the one instance that sends            written by its holder
    duban:{L}:notify:holder   string  token of the last instance that took the lease  written by its holder
"""

import uuid
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from redis.asyncio.lock import Lock
from redis.exceptions import LockError

from events.alert_rule import Trigger
from events.entries import Recorded
from events.keys import key
from events.ledger import Ledger
from events.log import Log
from events.projection import Projection
from events.replicas import Confirmed
from events.rules import Announcement, Change, Evolve, Rules
from events.scripts import lua_text, script
from events.working_days import WorkingDays
from services.notify.alerts import Alert
from services.notify.deliveries import Delivery, Digest, State, state_of
from services.notify.elapsed import caused
from services.notify.known import PRESENT, KnownMoment, digest_at
from services.notify.notified_task import VERSION, NotifiedTask, evolve
from services.notify.timers import AlertTimers

LEASE_SECONDS = 15.0
"""The delay of the next sender after one that died: longer than the longest send."""

READ_BATCH = 500
"""Alerts that are read at once."""

CONSIDERED = timedelta(minutes=1)
"""Of the ledger's time: how often is saved up to when it was considered, where nothing arises."""

NAME = "notify"
FEED = "alerts"


class DeadLetter(Struct, frozen=True):
    """A delivery that was abandoned (死信)."""

    digest: str
    recipient: str
    delivery: Delivery


class AlertStatus(NamedTuple):
    """An alert, its place in the stream, its state, and the digest that has it."""

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
    return Rules(NAME, version, NotifiedTask, partial(evolve, ledger), partial(_announce, ledger, days), FEED)


class Alerts:
    """The alerts of one ledger."""

    def __init__(self, redis: Any, name: str, ledger: Ledger, days: WorkingDays) -> None:
        own = rules(ledger, days)
        self.ledger = ledger
        self._touched: set[str] = set()
        self.projection = Projection(
            redis, Log(redis, name), replace(own, evolve=partial(_noted, self._touched, own.evolve))
        )
        self._timers = AlertTimers(ledger, days)
        self._redis = redis
        self._digests = key(name, NAME, "digests")
        self._grouped = key(name, NAME, "grouped")

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
            alerts = self._timers.arisen(projection.rows, considered, now)
            return [Announcement(f"{projection.position}-*", msgspec.json.encode(alert), alert.id) for alert in alerts]

        if await projection.elapse(now, derive):
            self._timers.forget(projection.rows, now)

    async def select(self, query: AlertQuery) -> tuple[list[AlertStatus], str | None]:
        """Return a page of alerts with their states, and the cursor that the next ones follow."""
        found: list[AlertStatus] = []
        before = query.cursor
        while len(found) <= query.limit:
            end = "+" if before is None else f"({before}"
            alerts = _decoded(await self._redis.xrevrange(self.projection.feed, max=end, count=READ_BATCH))
            if not alerts:
                return found, None
            before = alerts[-1][0]
            wanted = [(place, alert) for place, alert in alerts if _matches(query, alert)]
            statuses = await self._statuses(wanted, query.as_of)
            found += [one for one in statuses if query.state in {None, one.state}]
        page = found[: query.limit]
        return page, page[-1].place

    async def find(self, id: str) -> Alert | None:
        """Return an alert, None where there is none with this id."""
        place = await self._redis.hget(f"{self.projection.feed}:ids", id)
        entries = await self._redis.xrange(self.projection.feed, min=place, max=place) if place is not None else []
        return _decoded(entries)[0][1] if entries else None

    async def _statuses(self, alerts: Sequence[tuple[str, Alert]], as_of: KnownMoment) -> list[AlertStatus]:
        if not alerts:
            return []
        groups = await self._redis.hmget(self._grouped, [alert.id for _, alert in alerts])
        ids = sorted({group for group in groups if group is not None})
        rows = await self._redis.hmget(self._digests, ids) if ids else []
        digests = {id: digest_at(_digest.decode(row), as_of) for id, row in zip(ids, rows, strict=True)}
        return [
            AlertStatus(place, alert, state_of(digests.get(group)), digests.get(group))
            for (place, alert), group in zip(alerts, groups, strict=True)
        ]


class Outbox:
    """The data of a ledger's one sender; every write is refused once another instance has the lease.

    A delivery is sent only after so many `replicas` have its start on disk: a failover takes back nothing that was
    sent.
    """

    def __init__(self, redis: Any, name: str, replicas: int = 0) -> None:
        def of_notify(what: str) -> str:
            return key(name, NAME, what)

        self._redis = redis
        self._token = uuid.uuid4().hex
        self._lease = Lock(redis, of_notify("lease"), timeout=LEASE_SECONDS)
        self._holder = of_notify("holder")
        self._unrecorded = False  # whether another instance may be recorded as the holder
        self._feed = of_notify(FEED)
        self._planned, self._digests, self._pending = map(of_notify, ("planned", "digests", "pending"))
        names = ("lease", "planned", "digests", "pending", "grouped", "dead")
        self._keys = [of_notify(what) for what in names]
        self._keep = script(redis, __file__, "keep.lua")
        self._confirmed_keep = Confirmed(redis, self._keep, replicas) if replicas else None

    async def hold(self) -> bool | None:
        """Acquire or renew the lease: True where no other instance held it since, else False; None if not acquired."""
        try:
            if await self._lease.owned():
                if await self._lease.reacquire() and not self._unrecorded:
                    return True
                return await self._record_holder()
        except LockError:
            pass  # it has just expired
        if not await self._lease.acquire(blocking=False, token=self._token):
            return None
        return await self._record_holder()

    async def _record_holder(self) -> bool:
        """Record the holder of the lease; True where this instance was the last, False where that is not certain."""
        unsure, self._unrecorded = self._unrecorded, True
        last = await self._redis.set(self._holder, self._token, get=True)
        self._unrecorded = False
        return not unsure and last is not None and last.decode() == self._token

    async def release(self) -> None:
        """Release the lease, so that another instance can acquire it at once."""
        if await self._lease.owned():
            await self._lease.release()

    async def pending(self) -> list[Digest]:
        """Return the digests that are not done."""
        ids = sorted(await self._redis.smembers(self._pending))
        rows = await self._redis.hmget(self._digests, ids) if ids else []
        return [_digest.decode(row) for row in rows]

    async def unplanned(self) -> list[tuple[str, Alert]]:
        """Return the next alerts without a digest, with their places in the stream."""
        planned = await self._redis.get(self._planned)
        start = "-" if planned is None else f"({planned.decode()}"
        return _decoded(await self._redis.xrange(self._feed, min=start, count=READ_BATCH))

    async def alerts(self, ids: Sequence[str]) -> list[Alert]:
        """Return alerts by their ids."""
        places = await self._redis.hmget(f"{self._feed}:ids", list(ids))
        async with self._redis.pipeline(transaction=False) as pipe:
            for place in places:
                if place is not None:
                    pipe.xrange(self._feed, min=place, max=place)
            return [alert for entries in await pipe.execute() for _, alert in _decoded(entries)]

    async def keep(
        self,
        digests: Sequence[Digest],
        grouped: Sequence[tuple[str, str]] = (),
        dead: Sequence[DeadLetter] = (),
        planned: str = "",
    ) -> bool:
        """Write digests, (alert, digest) pairs, dead letters, and the place of the last alert that was planned.

        Return False where the lease is lost.
        """
        packed = msgspec.msgpack.encode(
            (
                self._token,
                planned,
                [(digest.id, lua_text(msgspec.msgpack.encode(digest)), digest.done) for digest in digests],
                grouped,
                [lua_text(msgspec.json.encode(letter)) for letter in dead],
            )
        )
        if self._confirmed_keep is None:
            return bool(await self._keep(keys=self._keys, args=[packed]))
        kept, _ = await self._confirmed_keep(self._keys, [packed])
        return bool(kept)


_alert = msgspec.json.Decoder(Alert)
_digest = msgspec.msgpack.Decoder(Digest)


def _announce(
    ledger: Ledger, days: WorkingDays, changes: Sequence[Change[NotifiedTask]], considered: datetime | None
) -> Iterator[Announcement]:
    for change in changes:
        if change.event is not None:
            entry = Recorded(change.position, change.event)
            alerts = caused(ledger, days, change.before, change.row, entry, considered)
            for number, alert in enumerate(alerts):
                yield Announcement(f"{change.position}-{number}", msgspec.json.encode(alert), alert.id)


def _noted(
    touched: set[str], evolve: Evolve[NotifiedTask], task: NotifiedTask | None, entry: Recorded
) -> NotifiedTask | None:
    """Evolve a task, and note that it was touched."""
    touched.add(entry.event.subject)
    return evolve(task, entry)


def _decoded(entries: Sequence[tuple[bytes, dict[bytes, bytes]]]) -> list[tuple[str, Alert]]:
    return [(place.decode(), _alert.decode(fields[b"e"])) for place, fields in entries]


def _matches(query: AlertQuery, alert: Alert) -> bool:
    return (
        query.recipient in {None, alert.recipient}
        and query.task in {None, alert.task}
        and query.on in {None, alert.on}
        and (query.since is None or query.since <= alert.at)
        and (query.until is None or alert.at < query.until)
        and query.as_of.has(alert)
    )
