"""When each task next gives rise to an alert by time alone, so that only those are looked at. Pure.

They are derived from rows and rules; nothing of them is saved.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from events.ledger import Ledger
from events.working_days import WorkingDays
from services.common.upcoming import Upcoming
from services.notify.alerts import Alert
from services.notify.elapsed import arisen, next_moment, next_weekly, weekly
from services.notify.notified_task import NotifiedTask


class AlertTimers:
    """The next moments of the tasks in one set of rows, as of the instant up to which time was considered."""

    def __init__(self, ledger: Ledger, days: WorkingDays) -> None:
        self._ledger = ledger
        self._days = days
        self._rows: Mapping[str, NotifiedTask] | None = None
        self._upcoming = Upcoming()

    def refresh(self, rows: Mapping[str, NotifiedTask], touched: Iterable[str], considered: datetime | None) -> None:
        """Take the rows as they are: all of them if they are others than before, else those that were touched."""
        if rows is not self._rows:
            self._rows, self._upcoming, touched = rows, Upcoming(), rows
        for name in touched:
            if (task := rows.get(name)) is not None:
                since = task.seen if considered is None else max(task.seen, considered)
                self._upcoming.put(name, next_moment(self._ledger, self._days, task, since))

    def due(self, considered: datetime, now: datetime) -> bool:
        """Return whether something arises after an instant up to another."""
        rules = self._ledger.alerts.rules
        weekly = any(next_weekly(self._ledger, rule, considered) <= now for rule in rules if rule.on == "weekly")
        return weekly or bool(self._upcoming.until(now))

    def arisen(self, rows: Mapping[str, NotifiedTask], considered: datetime | None, now: datetime) -> list[Alert]:
        """Return the alerts that arise by time alone up to an instant, in the order in which they arise."""
        found: list[Alert] = []
        for name in self._upcoming.until(now):
            task = rows[name]
            since = task.seen if considered is None else max(task.seen, considered)
            found += arisen(self._ledger, self._days, name, task, since, now)
        if rows:
            opened = min(task.opened for task in rows.values())
            since = opened if considered is None else max(opened, considered)
            found += weekly(self._ledger, since, now) if since < now else []
        return sorted(found, key=lambda alert: alert.at)

    def forget(self, rows: Mapping[str, NotifiedTask], considered: datetime) -> None:
        """Go on to the moments after an instant up to which all that arises was announced."""
        for name in self._upcoming.until(considered):
            self._upcoming.put(name, next_moment(self._ledger, self._days, rows[name], considered))
