"""The rules by which a projection folds events into rows. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Generic, NamedTuple, Protocol, TypeAlias, TypeVar

from msgspec import Struct

from events.entries import Recorded
from events.envelope import Event

R = TypeVar("R", bound=Struct)

Row_contra = TypeVar("Row_contra", bound=Struct, contravariant=True)

Evolve: TypeAlias = Callable[[R | None, Recorded], R | None]


class Change(Struct, Generic[R], frozen=True, gc=False):
    """A row as it stands after the event at `position` (after time alone, if `event` is None), and `before` it."""

    position: int
    key: str
    row: R
    event: Event | None
    before: R | None = None


class Announcement(NamedTuple):
    """What a projection publishes of a change: `place` is its id in the feed, `<position>-<n>` or `<position>-*`.

    Where rules are `recorded`, it goes into the ledger's record, which numbers its entries itself: `place` is "".
    One with a `name` is published once: of several with one name, at whatever places, the first.
    """

    place: str
    value: bytes
    name: str = ""


Announce: TypeAlias = Callable[[Sequence[Change[R]], datetime | None], Iterable[Announcement]]
"""Gets the changes of a save, and the instant up to which the ledger's clock has been considered, if it ever was."""


class Timeline(Protocol[Row_contra]):
    """What a projection keeps of every event in addition to the rows, so that it can answer for earlier positions.

    It is saved with the rows, as bytes that are appended to each of its `parts`.
    """

    @property
    def parts(self) -> tuple[str, ...]: ...

    @property
    def position(self) -> int:
        """The position of the last event."""

    def add(self, entry: Recorded, before: Row_contra | None, after: Row_contra | None) -> None:
        """Add the event that follows, with its row before and after it."""

    def packed(self, after: int, until: int) -> Iterable[tuple[str, bytes]]:
        """Return what to append to each part for the events after a position up to `until`."""

    def forget(self, until: int) -> None:
        """Forget what is kept only until the events up to a position are saved."""

    def load(self, chunks: Sequence[Mapping[str, bytes]]) -> None:
        """Load saved parts, chunk after chunk, into a timeline that is empty."""


class Rules(Struct, Generic[R], frozen=True):
    """A projection's name, row type, pure `evolve`, and the announcements that it makes of the changes of a save.

    `version` names the rules; rows folded by another version are rebuilt when the projection loads. `feed` is the last
    part of the announcements' key and `cap` the number of them kept (0: all). `alike(saved, fresh)` is the fresh row
    as of the instant of the saved one, where time alone changes rows. If `latest`, a save announces only the latest
    change of each row, else each. If `recorded`, announcements are entries of the ledger's record (events/record.lua)
    instead of a feed, and have ids of their own: the same id is announced once, whoever announces it. `shared` is a row
    just loaded, equal, in less memory. `timeline` makes an empty timeline.
    """

    name: str
    version: str
    row: type[R]
    evolve: Evolve[R]
    announce: Announce[R] | None = None
    feed: str = "feed"
    cap: int = 0
    history: bool = False
    latest: bool = False
    recorded: bool = False
    shared: Callable[[R], R] | None = None
    alike: Callable[[R, R], R] | None = None
    timeline: Callable[[], Timeline[R]] | None = None

    def differing(self, saved: Mapping[str, R], fresh: Mapping[str, R]) -> dict[str, tuple[R | None, R | None]]:
        """Return the rows that differ as of the same instant, as (saved, fresh), by their keys in order."""
        pairs = {name: (saved.get(name), fresh.get(name)) for name in sorted(saved.keys() | fresh.keys())}
        if self.alike is not None:
            pairs = {
                name: (old, self.alike(old, new) if old is not None and new is not None else new)
                for name, (old, new) in pairs.items()
            }
        return {name: (old, new) for name, (old, new) in pairs.items() if old != new}
