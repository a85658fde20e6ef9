"""A file of events, one per line, plain or gzip, read as a stream."""

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
from services.common.sizes import MIB

STDIN = Path("-")

CHUNK = MIB
"""Bytes per read; a longer line is not an event, even if most of it is white space."""

GZIP = b"\x1f\x8b"
"""The first bytes of every gzip file (RFC 1952, 2.3.1)."""

BOM = b"\xef\xbb\xbf"
"""The byte order mark that some programs write before the first line; it is skipped."""


class EventLine(NamedTuple):
    """A non-blank line: its number, from 1, its size in bytes, and its bytes, None if it is too large."""

    number: int
    size: int
    raw: bytes | None


class LineReader:
    """The lines of a stream; `number`, `offset` and `digest` cover the uncompressed bytes read so far."""

    def __init__(self, stream: io.BufferedIOBase, name: str) -> None:
        self.number = 0
        self.offset = 0
        self._stream = stream
        self._name = name
        self._hash = hashlib.sha256()

    @property
    def digest(self) -> str:
        """SHA-256 of the bytes read so far, hex."""
        return self._hash.hexdigest()

    def take(self, count: int, size: int) -> list[EventLine]:
        """Return the next lines, at most `count`, until they have `size` bytes; none at the end."""
        taken: list[EventLine] = []
        total = 0
        while len(taken) < count and total < size and (line := self.next()) is not None:
            taken.append(line)
            total += line.size
        return taken

    def next(self) -> EventLine | None:
        """Return the next non-blank line, None at the end; raises OSError if the gzip file is corrupt."""
        while chunk := self._read():
            self.number += 1
            size = len(chunk)
            raw: bytes | None = chunk
            while not chunk.endswith(b"\n") and (chunk := self._read()):  # the line is longer than a chunk
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
            raise OSError(f"{self._name}: after line {self.number} the gzip file is corrupt: {error}") from error
        self._hash.update(chunk)
        return chunk


class EventFile(NamedTuple):
    """An open file of events: its lines, its size on disk in bytes (None for a pipe), and the bytes read so far."""

    lines: LineReader
    size: int | None
    raw: io.BufferedReader

    @property
    def read(self) -> int:
        return self.raw.tell() if self.size is not None else self.lines.offset


@contextmanager
def open_events(path: Path) -> Iterator[EventFile]:
    """Open a file of events, or standard input for `-`, plain or gzip."""
    with contextlib.ExitStack() as stack:
        if path == STDIN:
            raw = stack.enter_context(open(sys.stdin.fileno(), "rb", closefd=False))
        else:
            raw = stack.enter_context(path.open("rb"))
        status = os.fstat(raw.fileno())
        size = status.st_size if stat.S_ISREG(status.st_mode) else None
        zipped = raw.peek(len(GZIP)).startswith(GZIP)
        stream = stack.enter_context(gzip.GzipFile(fileobj=raw)) if zipped else raw
        yield EventFile(LineReader(stream, str(path)), size, raw)
