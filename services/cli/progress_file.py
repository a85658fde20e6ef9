"""How far a file of events was published, kept beside it: `FILE.progress`.

NDJSON that is only added to: whereto the file is published, then for each batch its refusals and, after them, the mark
that the batch has reached. What follows the last whole mark was not yet acknowledged as far as is known; sending it
again is safe.
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


class Target(Struct, frozen=True, tag="target"):
    """Whereto a file is published; `source` is None for whoever the token stands for."""

    url: str
    source: str | None


class Refused(Struct, frozen=True, tag="refused"):
    """A line that was refused: its outcome, and its text, None if it was too large to be sent."""

    line: int
    source: str | None
    id: str | None
    code: str
    detail: str
    raw: str | None


class LoggedLine(Struct, frozen=True):
    """A line that the log holds, and where."""

    line: int
    position: int


class Reached(Struct, frozen=True, tag="reached"):
    """Up to which line a file has its outcomes, the SHA-256 of the bytes up to there, and what became of them.

    `first` and `last` are lines by which the log can be known again.
    """

    line: int = 0
    offset: int = 0
    digest: str = ""
    accepted: int = 0
    duplicate: int = 0
    refused: int = 0
    first: LoggedLine | None = None
    last: LoggedLine | None = None


Entry: TypeAlias = Target | Refused | Reached

_entries = msgspec.json.Decoder(Entry)


_BEGIN = b'{"type":"target","url":'
"""How every progress file begins; a crash may have torn even this."""


class Journal:
    """The progress of one file; nobody else writes it while it is open. It is `done` when all has its outcomes."""

    def __init__(self, file: IO[bytes], path: Path | None) -> None:
        self.target: Target | None = None
        self.reached = Reached()
        self.done = False
        self._file = file
        self._path = path
        self._end = 0
        for entry, end in self._read():
            if isinstance(entry, Target):
                self.target = entry
            elif isinstance(entry, Reached):
                self.reached, self._end = entry, end

    @classmethod
    def beside(cls, path: Path) -> Self:
        """Open the journal of a file; raises SettingsError where it is being published, OSError where it cannot be."""
        own = beside(path)
        check(own, f"the progress of {path.name}", _is_progress)
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
        file = os.fdopen(os.open(own, flags, 0o666), "a+b")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            raise SettingsError(f"{path}: another duban is publishing it") from None
        try:
            check(own, f"the progress of {path.name}", _is_progress)  # somebody may have made it meanwhile
        except SettingsError:
            file.close()
            raise
        return cls(file, own)

    @classmethod
    def passing(cls) -> Self:
        """Return a journal that is gone with this process, for what cannot be read twice."""
        return cls(tempfile.TemporaryFile("a+b"), None)

    @property
    def kept(self) -> bool:
        """Whether a later run can go on from here."""
        return self._path is not None

    def begin(self, target: Target) -> None:
        """Forget everything: the file is published from its first line on."""
        self.target, self.reached = target, Reached()
        self._cut(0)
        self._add([target])

    def go_on(self) -> None:
        """Drop what follows the last mark."""
        self._cut(self._end)

    def add(self, refused: Sequence[Refused], reached: Reached) -> None:
        """Note what became of a batch."""
        self._add([*refused, reached])
        self.reached = reached

    def refusals(self) -> Iterator[Refused]:
        """Yield every line that was refused, in order, over all runs."""
        return (entry for entry, _ in self._read() if isinstance(entry, Refused))

    def close(self) -> None:
        """Close it, and remove it if it is done or there is nothing to go on from."""
        if self._path is not None and (self.done or not self.reached.line) and self._is_there(self._path):
            self._path.unlink()
        self._file.close()

    def _is_there(self, path: Path) -> bool:
        """Tell whether the file at a path is the open one: somebody may have put another there."""
        try:
            return os.path.samestat(path.lstat(), os.fstat(self._file.fileno()))
        except FileNotFoundError:
            return False

    def _read(self) -> Iterator[tuple[Entry, int]]:
        """Yield the entries, each with its end; what a crash has torn ends them."""
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


def beside(path: Path) -> Path:
    """Return where the progress of a file is kept."""
    return path.with_name(path.name + SUFFIX)


def _is_progress(content: bytes) -> bool:
    first, ended, _ = content.partition(b"\n")
    if not ended:
        return first.startswith(_BEGIN) or _BEGIN.startswith(first)
    try:
        return isinstance(_entries.decode(first), Target)
    except msgspec.MsgspecError:
        return False
