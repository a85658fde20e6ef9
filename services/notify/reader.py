"""One ledger in notify: the fold that announces alerts, and the sender that delivers them."""

from collections.abc import Iterator
from typing import Any

from services.common.log_follower import LogFollower
from services.common.runtime import Follow, StreamEntry
from services.common.sample import Sample
from services.notify.calendar.reader import CalendarReader
from services.notify.environment import Environment
from services.notify.sender import Sender
from services.notify.store import Alerts


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
        self._log = LogFollower(self.alerts.projection, follow, self.catch_up)

    async def load(self) -> None:
        """Load the saved rows, fold the log to its tail, and follow it from there."""
        await self.alerts.load(self.clock.now())
        await self._log.start()

    def samples(self) -> Iterator[Sample]:
        """Yield the position, and how many calendars of working days are missing."""
        yield Sample("duban_position", "Position of the log that is reflected", self.alerts.projection.position)
        missing = len(list(self.alerts.days.lacking(self.alerts.ledger.day(self.clock.now()))))
        yield Sample("duban_calendars_missing", "Years whose calendar of working days is needed and missing", missing)

    async def catch_up(self, entries: "list[StreamEntry] | None" = None) -> None:
        """Fold the log to its tail and announce alerts; `entries` are those that a follower has read."""
        if await self._log.catch_up(entries):
            self.sender.reload()

    async def elapse(self) -> None:
        """Announce what time alone gives rise to up to now."""
        await self.alerts.elapse(self.clock.now())
