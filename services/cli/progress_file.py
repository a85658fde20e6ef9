"""The progress of publishing a file of events, next to it: `FILE.progress`.

Append-only NDJSON: the destination, then for each batch its refusals followed by a checkpoint. Lines after the last
complete checkpoint have no recorded acknowledgement; sending them again is safe.
"""

import fcntl
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Self, TypeAlias

import msgspec
from msgspec import Struct

from services.cli.files import check
from services.common.settings import SettingsError

SUFFIX = ".progress"


class Destination(Struct, frozen=True, tag="target"):
    """The address that a file is published to; `source` is None if the token alone identifies it."""

    url: str
    source: str | None


class RefusedLine(Struct, frozen=True, tag="refused"):
    """A refused line: its outcome and its text, None if it was too large to be sent."""

    line: int
    source: str | None
    id: str | None
    code: str
    detail: str
    raw: str | None


class LoggedLine(Struct, frozen=True):
    """A line that the log has, and its position there."""

    line: int
    position: int


class PublishProgress(Struct, frozen=True, tag="reached"):
    """The last line with an outcome, the SHA-256 of all bytes up to it, and the counts of outcomes.

    `first` and `last` are lines that identify the log.
    """

    line: int = 0
    offset: int = 0
    digest: str = ""
    accepted: int = 0
    duplicate: int = 0
    refused: int = 0
    first: LoggedLine | None = None
    last: LoggedLine | None = None


Entry: TypeAlias = Destination | RefusedLine | PublishProgress

_entries = msgspec.json.Decoder(Entry)


_BEGIN = b'{"type":"target","url":'
"""The first bytes of every progress file; a crash may have truncated even these."""


class ProgressFile:
    """The open, locked progress file of one file of events; it is `done` when every event has its outcome."""

    def __init__(self, file: IO[bytes], path: Path | None) -> None:
        self.destination: Destination | None = None
        self.checkpoint = PublishProgress()
        self.done = False
        self._file = file
        self._path = path
        self._end = 0
        for entry, end in self._read():
            if isinstance(entry, Destination):
                self.destination = entry
            elif isinstance(entry, PublishProgress):
                self.checkpoint, self._end = entry, end

    @classmethod
    def open_for(cls, path: Path) -> Self:
        """Open the progress file of a file of events.

        Raises SettingsError if another process publishes the file or the progress file is not duban's, OSError if it
        cannot be opened.
        """
        own = progress_path(path)
        check(own, f"the progress of {path.name}", _is_progress)
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
        file = os.fdopen(os.open(own, flags, 0o666), "a+b")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            raise SettingsError(f"{path}: another duban is publishing it") from None
        try:
            check(own, f"the progress of {path.name}", _is_progress)  # another program may have made it meanwhile
        except SettingsError:
            file.close()
            raise
        return cls(file, own)

    @classmethod
    def temporary(cls) -> Self:
        """Return a progress file that ends with this process, for input that cannot be read twice."""
        return cls(tempfile.TemporaryFile("a+b"), None)

    @property
    def persistent(self) -> bool:
        """Whether a later run can resume here."""
        return self._path is not None

    def start(self, destination: Destination) -> None:
        """Discard all progress: the file is published from line 1."""
        self.destination, self.checkpoint = destination, PublishProgress()
        self._cut(0)
        self._add([destination])

    def resume(self) -> None:
        """Drop what follows the last checkpoint."""
        self._cut(self._end)

    def add(self, refused: Sequence[RefusedLine], checkpoint: PublishProgress) -> None:
        """Append the outcomes of a batch."""
        self._add([*refused, checkpoint])
        self.checkpoint = checkpoint

    def refusals(self) -> Iterator[RefusedLine]:
        """Yield every refused line of all runs, in order."""
        return (entry for entry, _ in self._read() if isinstance(entry, RefusedLine))

    def close(self) -> None:
        """Close it; remove it if it is done or has no checkpoint."""
        if self._path is not None and (self.done or not self.checkpoint.line) and self._is_there(self._path):
            self._path.unlink()
        self._file.close()

    def _is_there(self, path: Path) -> bool:
        """Return whether the file at a path is the open one: another program may have replaced it."""
        try:
            return os.path.samestat(path.lstat(), os.fstat(self._file.fileno()))
        except FileNotFoundError:
            return False

    def _read(self) -> Iterator[tuple[Entry, int]]:
        """Yield the entries, each with its end, up to one that a crash has truncated."""
        self._file.seek(0)
        end = 0
        for line in self._file:
            end += len(line)
            try:
                yield _entries.decode(line), end
            except msgspec.MsgspecError:
                return

    def _add(self, entries: Sequence[Entry]) -> None:
        self._file.write(msgspec.json.Encoder().encode_lines(entries))
        self._file.flush()
        self._end = self._file.tell()

    def _cut(self, end: int) -> None:
        self._file.truncate(end)
        self._end = end


def progress_path(path: Path) -> Path:
    """Return the path of a file's progress file."""
    return path.with_name(path.name + SUFFIX)


def _is_progress(content: bytes) -> bool:
    first, ended, _ = content.partition(b"\n")
    if not ended:
        return first.startswith(_BEGIN) or _BEGIN.startswith(first)
    try:
        return isinstance(_entries.decode(first), Destination)
    except msgspec.MsgspecError:
        return False
