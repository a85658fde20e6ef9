"""One ledger's calendars: a projection named `dues` (keys: events/saved_rows.py) that announces nothing."""

from functools import partial
from typing import Any

from events.ledger import Ledger
from events.log import Log
from events.projection import Projection
from events.rules import Rules
from events.seal.eras import SealedEras
from services.common.clock import Clock
from services.common.log_follower import LogFollower
from services.common.runtime import Follow, StreamEntry
from services.notify.calendar.feed import CalendarRequest, calendar
from services.notify.calendar.links import is_link
from services.notify.calendar.tasks import VERSION, CalendarTask, evolve

NAME = "dues"


def rules(ledger: Ledger) -> Rules[CalendarTask]:
    """Return the rules of a ledger's calendars; the directory is part of their version."""
    return Rules(NAME, f"{VERSION}-{ledger.directory.hash}", CalendarTask, partial(evolve, ledger))


class CalendarReader:
    """Folds one ledger's log into what calendars show, and makes the calendars of units."""

    def __init__(
        self,
        redis: Any,
        name: str,
        ledger: Ledger,
        clock: Clock,
        follow: Follow,
        public_url: str | None,
        archive: SealedEras | None = None,
    ) -> None:
        self.projection = Projection(redis, Log(redis, name, archive=archive), rules(ledger))
        self.ledger = ledger
        self._redis = redis
        self._name = name
        self._clock = clock
        self._public_url = public_url
        self._log = LogFollower(self.projection, follow, self.catch_up)

    async def load(self) -> None:
        """Load the saved rows, fold the log to its tail, and follow it from there."""
        await self.projection.load()
        await self._log.start()

    async def catch_up(self, entries: "list[StreamEntry] | None" = None) -> None:
        """Fold the log to its tail; `entries` are those that a follower has read."""
        await self._log.catch_up(entries)

    async def admits(self, unit: str, secret: str) -> bool:
        """Return whether a key is that of the link of a unit's calendar."""
        return await is_link(self._redis, self._name, unit, secret)

    def calendar(self, unit: str) -> bytes:
        """Return the calendar of a unit as of now."""
        asked = CalendarRequest(self.ledger, self._name, unit, self._clock.now(), self._public_url)
        return calendar(asked, self.projection.rows)
