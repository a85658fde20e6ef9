"""A file of events, a line each, plain or gzip: read on as it is needed, never whole in memory."""

import contextlib
import gzip
import hashlib
import io
import os
import stat
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from events.envelope import MAX_BYTES

STDIN = Path("-")

CHUNK = 1024 * 1024
"""Bytes read at once; a line that has more than this is no event, however much of it is white space."""

GZIP = b"\x1f\x8b"
"""How every gzip file begins (RFC 1952, 2.3.1)."""

BOM = b"\xef\xbb\xbf"
"""What some programs put before the first line; it belongs to no event."""


class EventLine(NamedTuple):
    """A line that is not blank: its number, from 1, its size in bytes, and its bytes unless it is too large."""

    number: int
    size: int
    raw: bytes | None


class Lines:
    """The lines of a stream; `number`, `offset` and `digest` say how far it was read, of the uncompressed bytes."""

    def __init__(self, stream: io.BufferedIOBase, name: str) -> None:
        self.number = 0
        self.offset = 0
        self._stream = stream
        self._name = name
        self._hash = hashlib.sha256()

    @property
    def digest(self) -> str:
        """SHA-256 of what was read, hex."""
        return self._hash.hexdigest()

    def take(self, count: int, size: int) -> list[EventLine]:
        """Return the next lines: at most `count`, and no more once they have `size` bytes; none at the end."""
        taken: list[EventLine] = []
        total = 0
        while len(taken) < count and total < size and (line := self.next()) is not None:
            taken.append(line)
            total += line.size
        return taken

    def next(self) -> EventLine | None:
        """Return the next line that is not blank, None at the end; raises OSError where the file is broken."""
        while chunk := self._read():
            self.number += 1
            size = len(chunk)
            raw: bytes | None = chunk
            while not chunk.endswith(b"\n") and (chunk := self._read()):  # it has more than fits into a chunk
                size += len(chunk)
                raw = None
            self.offset += size
            if raw is None:
                return EventLine(self.number, size, None)
            raw = raw.removeprefix(BOM if self.number == 1 else b"").strip(b" \t\r\n")
            if raw:
                return EventLine(self.number, len(raw), raw if len(raw) <= MAX_BYTES else None)
        return None

    def _read(self) -> bytes:
        try:
            chunk = self._stream.readline(CHUNK)
        except (EOFError, zlib.error) as error:
            raise OSError(f"{self._name}: after line {self.number} the gzip file is broken: {error}") from error
        self._hash.update(chunk)
        return chunk


class Source(NamedTuple):
    """An open file of events: its lines, its size in bytes as it lies on disk, and how many of them were read.

    The size is None where it is not known, as of a pipe.
    """

    lines: Lines
    size: int | None
    raw: io.BufferedReader

    @property
    def read(self) -> int:
        return self.raw.tell() if self.size is not None else self.lines.offset


@contextmanager
def opened(path: Path) -> Iterator[Source]:
    """Open a file of events, or standard input for `-`, gzip or not."""
    with contextlib.ExitStack() as stack:
        if path == STDIN:
            raw = stack.enter_context(open(sys.stdin.fileno(), "rb", closefd=False))
        else:
            raw = stack.enter_context(path.open("rb"))
        status = os.fstat(raw.fileno())
        size = status.st_size if stat.S_ISREG(status.st_mode) else None
        zipped = raw.peek(len(GZIP)).startswith(GZIP)
        stream = stack.enter_context(gzip.GzipFile(fileobj=raw)) if zipped else raw
        yield Source(Lines(stream, str(path)), size, raw)
