"""The changes that a feed keeps: the latest row of each changed task, in the order of the changes. Pure."""

from collections import deque
from collections.abc import Iterable, Mapping
from typing import NamedTuple, TypeAlias

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from sortedcontainers import SortedDict

from services.common.sizes import MIB

Key: TypeAlias = tuple[int, int]
"""A change's place in the order: its position, and its number among the changes at that position."""

Entry: TypeAlias = tuple[bytes, Mapping[bytes, bytes]]
"""A change as the stream has it: the id, and the fields."""

NOTHING: Key = (0, 0)
"""Before every change."""

PIECE_BYTES = 32 * 1024
"""Bytes that are sent to a connection at once, or one change where that is larger: the memory of a client that does
not read, as a piece is made only after the previous one is sent."""

KEPT_BYTES = 64 * MIB
"""Bytes of the kept rows, or one row where that is larger: 10,000 rows of 4 KB with room to spare, whatever their
size."""

SHARED_PIECES = 64
"""Pieces that are kept for further clients at the same place until the next change: 2 MB at most."""


class Filter(NamedTuple):
    """The rows that a client asks for: those of a unit (by its own name), of a task; all where neither is given."""

    unit: str | None = None
    task: str | None = None


class Piece(NamedTuple):
    """Server-Sent Events, and the last change that they take into account; there may be no event among them."""

    events: bytes
    reached: Key


class _Part(Struct, frozen=True, gc=False):
    unit: str


class _Row(Struct, frozen=True, gc=False):
    """What the feed needs to know of a task row."""

    task: str
    units: tuple[_Part, ...]


class Frame(Struct, frozen=True, gc=False):
    """A change of a task: the row's units, the units that `left` by it, and the event, if no later change replaces it.

    Where the units before the change are unknown, any other unit may have left: it is `unsure`.
    """

    key: Key
    task: str
    units: tuple[str, ...]
    left: tuple[str, ...]
    unsure: bool
    event: bytes

    def event_for(self, unit: str | None, latest: "Frame") -> bytes:
        """Return the event for a client of a unit's rows (None: all), given the `latest` change of the task."""
        if unit is None or unit in self.units:
            return self.event
        if unit not in latest.units and (self.unsure or unit in self.left):
            position = self.key[0]
            data = msgspec.json.encode({"task": self.task, "position": position})
            return b"id: %d\nevent: gone\ndata: %b\n\n" % (position, data)
        return b""


class Window:
    """The latest `kept` changes of one ledger's rows.

    A change that a later one of its task replaces is left out, unless a unit left by it: a client may have the row as
    of before, and be past that change when it comes to the later one.
    """

    def __init__(self, kept: int) -> None:
        self.dropped = NOTHING
        self._most = kept
        self._trimmed = False
        self._keys: deque[Key] = deque()
        self._frames: SortedDict[Key, Frame] = SortedDict()
        self._latest: dict[str, Key] = {}
        self._units: dict[str, tuple[str, ...]] = {}
        self._alike: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._bytes = 0
        self._pieces: dict[tuple[Filter, Key, Key], Piece] = {}

    @property
    def last(self) -> Key:
        """The last change."""
        return self._keys[-1] if self._keys else NOTHING

    def load(self, entries: Iterable[Entry], units: Mapping[str, Iterable[str]], *, trimmed: bool) -> None:
        """Load the changes of the stream, before any other; `trimmed` where it once had earlier ones.

        `units` has the units of each task at a position that the entries include.
        """
        for entry in entries:
            self._add(entry, trimmed=trimmed)
        for task, names in units.items():
            if task not in self._units:
                self._units[task] = self._shared(tuple(names))
        self._trimmed = self._trimmed or trimmed

    def add(self, entries: Iterable[Entry]) -> None:
        """Add further changes, and drop the oldest beyond the bounds."""
        for entry in entries:
            self._add(entry, trimmed=False)
        self._pieces.clear()

    def lacks(self, after: int) -> bool:
        """Return whether changes may have been dropped that a client with the rows at the position `after` needs."""
        return self._trimmed and (not self._keys or (after, 1) < self._keys[0])

    def piece(self, wanted: Filter, cursor: Key, until: Key) -> Piece:
        """Return the next events for a client at the change `cursor`, up to the size of a piece and the change `until`.

        `until` is a later one. A row that matches the filter no longer is sent as `gone`. Clients at the same place
        share one piece.
        """
        if wanted.task is not None and wanted.unit is None:
            frame = self._frames.get(self._latest.get(wanted.task, NOTHING))
            return Piece(frame.event if frame is not None and cursor < frame.key <= until else b"", until)
        place = wanted, cursor, until
        piece = self._pieces.get(place)
        if piece is None:
            if len(self._pieces) == SHARED_PIECES:
                del self._pieces[next(iter(self._pieces))]
            piece = self._pieces[place] = self._joined(wanted, cursor, until)
        return piece

    def _joined(self, wanted: Filter, cursor: Key, until: Key) -> Piece:
        events: list[bytes] = []
        size, reached = 0, cursor
        for key in self._frames.irange(cursor, until, inclusive=(False, True)):
            frame = self._frames[key]
            if wanted.task in {None, frame.task}:
                event = frame.event_for(wanted.unit, self._frames[self._latest[frame.task]])
                size += len(event)
                if events and size > PIECE_BYTES:
                    return Piece(b"".join(events), reached)
                if event:
                    events.append(event)
            reached = key
        return Piece(b"".join(events), until)

    def _add(self, entry: Entry, *, trimmed: bool) -> None:
        """Add a change; where earlier ones were `trimmed`, the units before the first change of a task are unknown.

        One that is there already is left out, as a reader may get it twice.
        """
        id, fields = entry
        position, _, number = id.partition(b"-")
        key = int(position), int(number)
        if key <= self.last:
            return
        row = _ROW.decode(fields[b"e"])
        units = self._shared(tuple(part.unit for part in row.units))
        before = self._units.get(row.task)
        left = tuple(unit for unit in before or () if unit not in units)
        event = b"id: %b\nevent: task\ndata: %b\n\n" % (position, fields[b"e"])
        self._replace(self._frames.get(self._latest.get(row.task, NOTHING)))
        self._frames[key] = Frame(key, row.task, units, left, before is None and trimmed, event)
        self._latest[row.task], self._units[row.task] = key, units
        self._bytes += len(event)
        self._keys.append(key)
        while len(self._keys) > self._most or (self._bytes > KEPT_BYTES and len(self._keys) > 1):
            self._drop()

    def _replace(self, frame: Frame | None) -> None:
        """Forget a change that a later one replaces, but for the units that left by it."""
        if frame is None:
            return
        self._bytes -= len(frame.event)
        if frame.left or frame.unsure:
            self._frames[frame.key] = replace(frame, event=b"")
        else:
            del self._frames[frame.key]

    def _drop(self) -> None:
        self.dropped, self._trimmed = self._keys.popleft(), True
        frame = self._frames.pop(self.dropped, None)
        if frame is not None:
            self._bytes -= len(frame.event)
            if self._latest[frame.task] == self.dropped:
                del self._latest[frame.task]

    def _shared(self, units: tuple[str, ...]) -> tuple[str, ...]:
        """Return one tuple for all tasks of the same units: there are many tasks, and few sets of units."""
        return self._alike.setdefault(units, units)


_ROW = msgspec.json.Decoder(_Row)
