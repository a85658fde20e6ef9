"""What a log's alerts come to: which are sent when, and which are not, and why; nothing is sent. Pure.

Events and time go on in the order of the ledger's clock, and a digest closes at its instant.
"""

import heapq
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import count

from msgspec import Struct
from msgspec.structs import replace

from events.entries import Recorded
from events.ledger import Ledger
from events.working_days import WorkingDays
from services.notify.alerts import Alert
from services.notify.deliveries import Digest
from services.notify.elapsed import arisen, caused, next_moment, next_weekly, weekly
from services.notify.gathering import gather, group_of, held_until, missed_its_time
from services.notify.notified_task import NotifiedTask, evolve
from services.notify.settling import settled

LEAST = timedelta.resolution


class AlertVerdict(Struct, frozen=True, gc=False):
    """What becomes of an alert: sent at the instant `at` in a digest, in the facts of then, if there is no `reason`.

    The reason is that of settling.py, or `waits` where the digest had not closed.
    """

    alert: Alert
    at: datetime
    digest: str
    reason: str | None = None


class Simulation:
    """One ledger's alerts by its rules, event by event.

    In the times `down` notify does not run: what should have been sent then is settled and sent when it runs again.
    """

    def __init__(self, ledger: Ledger, days: WorkingDays, down: Sequence[tuple[datetime, datetime]] = ()) -> None:
        self.ledger = ledger
        self._down = down
        self.tasks: dict[str, NotifiedTask] = {}
        self._days = days
        self._known: dict[str, Alert] = {}
        self._last: dict[str, str] = {}
        self._digests: dict[str, Digest] = {}
        self._closings: list[tuple[datetime, int, str]] = []
        self._timers: list[tuple[datetime, int, str]] = []
        self._number = count()

    def run(self, entries: Iterable[Recorded], until: datetime) -> Iterator[AlertVerdict]:
        """Yield what becomes of each alert, by the instant at which its digest closes, up to an instant."""
        for entry in entries:
            now = entry.event.at
            if now > until:
                break
            yield from self._advance(now, until=now - LEAST)
            self._fold(entry, now)
        yield from self._advance(until, until=until)
        yield from self._open()

    def _advance(self, now: datetime, until: datetime) -> Iterator[AlertVerdict]:
        """Let time go on to an instant: alerts arise that time gives rise to, and digests close up to `until`."""
        while True:
            timer = self._timers[0][0] if self._timers else None
            closing = self._closings[0][0] if self._closings else None
            if timer is not None and timer <= now and (closing is None or timer <= closing or closing > until):
                at, _, name = heapq.heappop(self._timers)
                self._arise(at, name)
            elif closing is not None and closing <= until:
                at, _, id = heapq.heappop(self._closings)
                yield from self._close(at, id)
            else:
                return

    def _fold(self, entry: Recorded, now: datetime) -> None:
        name = entry.event.subject
        before = self.tasks.get(name)
        task = evolve(self.ledger, before, entry)
        if task is None:
            return
        if not self.tasks:
            self._weekly_after(now)
        self.tasks[name] = task
        for alert in caused(self.ledger, self._days, before, task, entry, now):
            self._gather(alert)
        self._time(name, now)

    def _arise(self, at: datetime, name: str) -> None:
        """Raise what arises at an instant about a task, or about none (the weekly summary)."""
        if not name:
            alerts = weekly(self.ledger, at - LEAST, at)
            self._weekly_after(at)
        else:
            task = self.tasks[name]
            alerts = arisen(self.ledger, self._days, name, task, max(task.seen, at - LEAST), at)
            self._time(name, at)
        for alert in alerts:
            self._gather(alert)

    def _time(self, name: str, after: datetime) -> None:
        at = next_moment(self.ledger, self._days, self.tasks[name], after)
        if at is not None:
            heapq.heappush(self._timers, (at, next(self._number), name))

    def _weekly_after(self, after: datetime) -> None:
        instants = [next_weekly(self.ledger, rule, after) for rule in self.ledger.alerts.rules if rule.on == "weekly"]
        if instants:
            heapq.heappush(self._timers, (min(instants), next(self._number), ""))

    def _gather(self, alert: Alert) -> None:
        if alert.id in self._known:
            return
        self._known[alert.id] = alert
        group = group_of(self.ledger, alert)
        last = self._digests.get(self._last.get(group, ""))
        digest = gather(last, alert, self.ledger, self._days)
        if last is None or digest.id != last.id:
            self._await(digest)
        self._last[group] = digest.id
        self._digests[digest.id] = digest

    def _await(self, digest: Digest) -> None:
        closes = next((end for start, end in self._down if start <= digest.closes < end), digest.closes)
        heapq.heappush(self._closings, (closes, next(self._number), digest.id))

    def _close(self, at: datetime, id: str) -> Iterator[AlertVerdict]:
        digest = self._digests[id]
        alerts = [self._known[one] for one in digest.alerts]
        if missed_its_time(digest, at) and (held := held_until(alerts, at, self.ledger, self._days)) > at:
            self._digests[id] = replace(digest, closes=held)
            self._await(self._digests[id])
            return
        self._digests[id] = replace(digest, deliveries=())
        true, over = settled(self.ledger, self.tasks, alerts, at)
        yield from (AlertVerdict(alert, at, id) for alert in true)
        yield from (AlertVerdict(alert, at, id, reason) for alert, reason in over)

    def _open(self) -> Iterator[AlertVerdict]:
        for at, _, id in sorted(self._closings):
            for alert in self._digests[id].alerts:
                yield AlertVerdict(self._known[alert], at, id, "waits")
