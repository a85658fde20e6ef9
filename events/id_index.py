"""Index segments: the source and id of each event of a range of positions, so that the server can forget them. Pure.

A segment is a file beside the tiles, `index/<first>-<last>`. It follows from the entries of that range alone:

    MAGIC               16 bytes
    first, last         the range of positions
    high, low           for each event the two halves of the BLAKE2b-128 hash of its source and id
    digest              that of the bytes that were submitted (events/entries.py)
    position

All numbers are little-endian uint64. The last four are columns, in the order of the hashes. A hash of 128 bits cannot
be met by chance or on purpose, so the ids themselves are left out: 32 bytes an event.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from events.entries import Seen, Stored, digest, seen_field
from events.envelope import read, submitted
from events.seal.errors import FormatError

MAGIC = b"duban index 1\0\0\0"

HEAD_BYTES = 32

COLUMNS = 4

_NUMBER = np.dtype("<u8")

FIRST_ERA = 1
"""The era of a ledger's archives before any loss (events/seal/eras.py)."""

_ERA = "era-"

_NAME = re.compile(r"([1-9][0-9]{0,18})-([1-9][0-9]{0,18})")

Column = NDArray[np.uint64]


class Range(NamedTuple):
    """The positions of a segment."""

    first: int
    last: int

    def __str__(self) -> str:
        """Return how a range is written in the list of segments."""
        return f"{self.first}-{self.last}"

    @property
    def file(self) -> str:
        """The name of the segment's file in the archive."""
        return f"index/{self}"

    @property
    def size(self) -> int:
        """The number of positions."""
        return self.last - self.first + 1


class IdList(NamedTuple):
    """The segments that a server names, in order: `1-65536 65537-81920`, after `era-2` those of that era's archive."""

    era: int
    ranges: tuple[Range, ...]

    def __str__(self) -> str:
        era = (f"{_ERA}{self.era}",) if self.era != FIRST_ERA else ()
        return " ".join((*era, *map(str, self.ranges)))


class IdHashes(NamedTuple):
    """The hashes of some sources and ids."""

    high: Column
    low: Column


class IdSegment:
    """The ids of a range of positions."""

    def __init__(self, range: Range, columns: Sequence[Column]) -> None:
        """Take the four columns, in the order of the hashes."""
        self.range = range
        self.columns = tuple(columns)
        self._high, self._low, self._digest, self._position = columns

    @classmethod
    def of(cls, entries: Sequence[Stored]) -> "IdSegment":
        """Return the segment of the events of a log that follow each other."""
        ids, digests, positions = list[tuple[str, str]](), list[int](), list[int]()
        for position, raw in entries:
            event = read(raw)
            ids.append((event.source, event.id))
            digests.append(int(digest(submitted(raw)), 16))
            positions.append(position)
        columns = (*hashes_of(ids), np.array(digests, _NUMBER), np.array(positions, _NUMBER))
        return cls(Range(positions[0], positions[-1]), _in_order(columns))

    @classmethod
    def parse(cls, range: Range, data: bytes | None) -> "IdSegment":
        """Return the segment in a file, None being one that is missing; raises FormatError."""
        size = HEAD_BYTES + COLUMNS * _NUMBER.itemsize * range.size
        if data is None or len(data) != size or data[:HEAD_BYTES] != _head(range):
            what = "is missing" if data is None else f"is no index of these positions in {size} bytes"
            raise FormatError(f"{range.file} {what}")
        columns = np.frombuffer(data, _NUMBER, offset=HEAD_BYTES).reshape(COLUMNS, range.size)
        if (columns[0][1:] < columns[0][:-1]).any():
            raise FormatError(f"{range.file} is not in the order of its hashes")
        return cls(range, list(columns))

    def encode(self) -> bytes:
        """Return the bytes of its file."""
        return _head(self.range) + b"".join(column.tobytes() for column in self.columns)

    @classmethod
    def joined(cls, parts: Sequence["IdSegment"]) -> "IdSegment":
        """Return one segment of some that follow each other."""
        columns = [np.concatenate(column) for column in zip(*(part.columns for part in parts), strict=True)]
        return cls(Range(parts[0].range.first, parts[-1].range.last), _in_order(columns))

    def find(self, wanted: IdHashes) -> Iterator[tuple[int, Seen]]:
        """Yield which of the wanted ids it has, each with its number among them."""
        rows = np.searchsorted(self._high, wanted.high)
        inside = np.minimum(rows, self.range.size - 1)
        for number in np.flatnonzero(self._high[inside] == wanted.high).tolist():
            row = int(rows[number])
            while row < self.range.size and self._high[row] == wanted.high[number]:
                if self._low[row] == wanted.low[number]:
                    yield number, Seen(int(self._position[row]), f"{int(self._digest[row]):016x}")
                    break
                row += 1


def hashes_of(ids: Sequence[tuple[str, str]]) -> IdHashes:
    """Return the hashes of sources and ids."""
    joined = b"".join(hashlib.blake2b(seen_field(*id).encode(), digest_size=16).digest() for id in ids)
    both = np.frombuffer(joined, _NUMBER).reshape(len(ids), 2)
    return IdHashes(np.ascontiguousarray(both[:, 0]), np.ascontiguousarray(both[:, 1]))


def parse_list(text: str) -> IdList:
    """Parse the list of segments, which follow each other from position 1 on; raises FormatError."""
    ranges: list[Range] = []
    head, *words = text.split() or [""]
    number = head.removeprefix(_ERA)
    era = int(number) if number != head and number.isascii() and number.isdigit() else FIRST_ERA
    for word in words if era != FIRST_ERA else text.split():
        found = _NAME.fullmatch(word)
        one = Range(int(found[1]), int(found[2])) if found is not None else Range(0, 0)
        if one.first != (ranges[-1].last + 1 if ranges else 1) or one.last < one.first:
            raise FormatError(f"{word!r} in the list of index segments {text!r} does not follow the one before it")
        ranges.append(one)
    return IdList(era, tuple(ranges))


def _in_order(columns: Sequence[Column]) -> list[Column]:
    high, low, _, position = columns
    order: Any = np.lexsort((position, low, high))
    return [column[order] for column in columns]


def _head(range: Range) -> bytes:
    return MAGIC + range.first.to_bytes(8, "little") + range.last.to_bytes(8, "little")
