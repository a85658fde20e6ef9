"""The instants at which tasks next change by time alone, so that only those are looked at. Pure."""

from collections.abc import Mapping
from datetime import datetime

from sortedcontainers import SortedList


class Upcoming:
    """For each task, the instant at which something next comes of time alone; a task of which nothing does has none."""

    def __init__(self, instants: Mapping[str, datetime | None] | None = None) -> None:
        self._seconds = {name: at.timestamp() for name, at in (instants or {}).items() if at is not None}
        self._order = SortedList((seconds, name) for name, seconds in self._seconds.items())

    def put(self, name: str, at: datetime | None) -> None:
        """Set the instant of a task in place of an earlier one."""
        before = self._seconds.pop(name, None)
        if before is not None:
            self._order.remove((before, name))
        if at is not None:
            self._seconds[name] = at.timestamp()
            self._order.add((self._seconds[name], name))

    def until(self, now: datetime) -> list[str]:
        """Return the tasks whose instants have come by `now`, the earliest first."""
        return [name for _, name in self._order.irange(maximum=(now.timestamp(), chr(0x10FFFF)))]
