"""One ledger in notify, as its HTTP handlers have it."""

from collections.abc import Iterable
from typing import Any, NamedTuple, TypeAlias

from litestar.di import NamedDependency
from litestar.params import SkipValidation

from services.common.clock import Clock
from services.common.sample import Sample
from services.notify.acknowledger import Acknowledger
from services.notify.calendar.reader import CalendarReader
from services.notify.reader import AlertReader


class NotifyEndpoint(NamedTuple):
    """The alerts of a ledger, what acknowledges them, and the calendars of its units."""

    reader: AlertReader
    acknowledger: Acknowledger

    def samples(self) -> Iterable[Sample]:
        """Return what is measured of the ledger."""
        return self.reader.samples()

    @property
    def redis(self) -> Any:
        return self.reader.redis

    @property
    def calendars(self) -> CalendarReader:
        return self.reader.calendars

    @property
    def clock(self) -> Clock:
        return self.reader.clock


Notify: TypeAlias = NamedDependency[SkipValidation[NotifyEndpoint]]
"""The type of a handler's `endpoint`."""
