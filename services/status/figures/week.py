"""What changed in the last seven days: the tasks to which something happened, by what it was. Pure."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Struct
from sortedcontainers import SortedList

from services.status.figures.measured import Measured

WEEK = timedelta(days=7)
"""Up to the instant of the answer: the same weekday and time a week before is no longer part of it."""


class Week(Struct, frozen=True):
    """Tasks to which this happened after the instant `since`, by recorded instants; each task counts once for each."""

    since: datetime
    new: Annotated[int, Meta(ge=0, description="Assigned.")]
    closed: Annotated[int, Meta(ge=0, description="Closed, and closed still.")]
    newly_overdue: Annotated[int, Meta(ge=0, description="A due instant passed, and they are overdue still.")]
    reported: Annotated[int, Meta(ge=0, description="A unit reported, or submitted its completion.")]
    returned: Annotated[int, Meta(ge=0, description="A completion was returned.")]
    extended: Annotated[int, Meta(ge=0, description="An extension was granted.")]


Kind: TypeAlias = Literal["new", "closed", "newly_overdue", "reported", "returned", "extended"]


def _overdue(task: Measured) -> datetime | None:
    return task.moments.passed if task.row.light == "red" else None


def _closed(task: Measured) -> datetime | None:
    return task.moments.closed.at if task.moments.closed is not None else None


def _moment(name: str) -> Callable[[Measured], datetime | None]:
    def read(task: Measured) -> datetime | None:
        found: datetime | None = getattr(task.moments, name)
        return found

    return read


_HAPPENED: dict[Kind, Callable[[Measured], datetime | None]] = {
    "new": _moment("opened"),
    "closed": _closed,
    "newly_overdue": _overdue,
    "reported": _moment("reported"),
    "returned": _moment("returned"),
    "extended": _moment("extended"),
}


class Happenings:
    """The instants, in Unix seconds, at which each kind of thing last happened to each task."""

    def __init__(self, tasks: Sequence[Measured] = ()) -> None:
        self._instants: dict[Kind, SortedList[float]] = {
            kind: SortedList(at.timestamp() for at in map(read, tasks) if at is not None)
            for kind, read in _HAPPENED.items()
        }

    def update(self, old: Measured | None, new: Measured) -> None:
        """Replace the instants of one task."""
        for kind, read in _HAPPENED.items():
            before = read(old) if old is not None else None
            after = read(new)
            if before is after or before == after:
                continue
            if before is not None:
                self._instants[kind].remove(before.timestamp())
            if after is not None:
                self._instants[kind].add(after.timestamp())

    def add(self, kind: Kind, instants: Iterable[float]) -> None:
        """Add the last instants, in Unix seconds, of a kind of happening, one a task."""
        self._instants[kind].update(instants)

    def week(self, at: datetime) -> Week:
        """Return the counts of the seven days up to an instant, and of what is recorded after it."""
        since = at - WEEK
        start = since.timestamp()
        counts = {kind: len(instants) - instants.bisect_right(start) for kind, instants in self._instants.items()}
        return Week(since, **{str(kind): number for kind, number in counts.items()})
