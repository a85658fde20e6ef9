"""One ledger in notify: the fold that announces alerts, and the sender that delivers them."""

from collections.abc import Iterator
from typing import Any

from events.entries import stored
from services.common.runtime import Follow, StreamEntry
from services.common.sample import Sample
from services.notify.calendar.reader import CalendarReader
from services.notify.environment import Environment
from services.notify.sender import Sender
from services.notify.store import Alerts

FOLLOW_BATCH = 1_000
"""Entries of the log that are folded at once."""


class AlertReader:
    """Folds one ledger's log into alerts, and reads them; after a failover the sender reloads what it keeps."""

    def __init__(
        self, redis: Any, given: Environment, alerts: Alerts, sender: Sender, follow: Follow, calendars: CalendarReader
    ) -> None:
        self.redis = redis
        self.clock = given.clock
        self.alerts = alerts
        self.sender = sender
        self.calendars = calendars
        self._log = follow(self.alerts.projection.log.key, "0-0", FOLLOW_BATCH, self.catch_up)
        self._rollbacks = 0

    async def load(self) -> None:
        """Load the saved rows, fold the log to its tail, and follow it from there."""
        await self.alerts.load(self.clock.now())
        await self.catch_up()
        self._log.skip_to(f"{self.alerts.projection.position}-0")

    def samples(self) -> Iterator[Sample]:
        """Yield the position, and how many calendars of working days are missing."""
        yield Sample("duban_position", "Position of the log that is reflected", self.alerts.projection.position)
        missing = len(list(self.alerts.days.lacking(self.alerts.ledger.day(self.clock.now()))))
        yield Sample("duban_calendars_missing", "Years whose calendar of working days is needed and missing", missing)

    async def catch_up(self, entries: "list[StreamEntry] | None" = None) -> None:
        """Fold the log to its tail and announce alerts; `entries` are those that a follower has read."""
        projection = self.alerts.projection
        await projection.catch_up(stored(entries or []))
        if len(projection.rollbacks) != self._rollbacks:  # the log had other events than were folded: a failover
            self._rollbacks = len(projection.rollbacks)
            self.sender.reload()
            self._log.go_on_from(f"{projection.position}-0")

    async def elapse(self) -> None:
        """Announce what time alone gives rise to up to now."""
        await self.alerts.elapse(self.clock.now())
