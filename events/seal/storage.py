"""Where an archive lies: a small interface, and a directory that keeps to it.

<archive>/checkpoint            the signed checkpoint, replaced as a whole
<archive>/tile/…                tiles and bundles, never replaced
<archive>/.writing/             temporary files and the lock; nothing in it counts
"""

import fcntl
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from events.seal import durable
from events.seal.errors import StorageConflictError

CHECKPOINT = "checkpoint"

WRITING = ".writing"

WRITERS = 4
"""Files that are written at once; more were no faster."""


class ArchiveStorage(Protocol):
    """The files of an archive by name. What a method has done is durable when it returns."""

    def read(self, name: str) -> bytes | None:
        """Return a file's content, None if it does not exist."""

    def create(self, files: Mapping[str, bytes]) -> None:
        """Create files that never change; raises StorageConflictError if one exists with other bytes."""

    def drop_partials(self, names: Sequence[str]) -> None:
        """Delete the partial tiles or bundles of these full ones, which exist."""

    def swap(self, name: str, before: bytes | None, after: bytes) -> None:
        """Replace a file's content `before` by `after`; raises StorageConflictError if it is no longer `before`."""


class DirectoryStorage:
    """An archive in a directory, which any web server can serve."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def read(self, name: str) -> bytes | None:
        """Return a file's content, None if it does not exist."""
        try:
            return (self._root / name).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def create(self, files: Mapping[str, bytes]) -> None:
        """Create files that never change; raises StorageConflictError if one exists with other bytes.

        They are written under temporary names and renamed when all of them are on disk. Raises OSError; what was
        created until then stays.
        """
        with self._locked():
            new = {name: data for name, data in files.items() if not self._exists(name, data)}
            for name, temporary in zip(new, self._write_all(list(new.values())), strict=True):
                self._make((self._root / name).parent)
                self._rename(temporary, self._root / name)
            for folder in sorted({(self._root / name).parent for name in files}):
                self._sync(folder)  # also of files that existed: their creator may have died before

    def drop_partials(self, names: Sequence[str]) -> None:
        """Delete the partial tiles or bundles of these full ones, which exist."""
        found = [folder for name in names if (folder := self._root / f"{name}.p").is_dir()]
        for folder in found:
            for path in sorted(folder.iterdir()):
                self._unlink(path)
            folder.rmdir()
        for parent in sorted({folder.parent for folder in found}):
            self._sync(parent)

    def swap(self, name: str, before: bytes | None, after: bytes) -> None:
        """Replace a file's content `before` by `after`; raises StorageConflictError if it is no longer `before`."""
        with self._locked():
            if self.read(name) != before:
                raise StorageConflictError(f"{self._root / name} was replaced by another process")
            path = self._root / name
            self._rename(self._write("0", after), path)
            self._sync(path.parent)

    def _exists(self, name: str, data: bytes) -> bool:
        present = self.read(name)
        if present is None:
            return False
        if present != data:
            raise StorageConflictError(
                f"{self._root / name} exists with other bytes: it is from another log, or from another past of this one"
            )
        return True

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the lock of the directory, and begin without the temporary files of processes that died."""
        folder = self._root / WRITING
        self._make(folder)
        with (folder / "lock").open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            for path in folder.iterdir():
                if path.name != "lock":
                    path.unlink()
            yield

    def _make(self, folder: Path) -> None:
        durable.make(folder)

    def _write_all(self, contents: Sequence[bytes]) -> list[Path]:
        """Write temporary files to disk, some at a time: a disk syncs several files nearly as fast as one."""
        with ThreadPoolExecutor(WRITERS) as pool:
            return list(pool.map(self._write, map(str, range(len(contents))), contents))

    def _write(self, name: str, data: bytes) -> Path:
        """Write a temporary file to disk."""
        path = self._root / WRITING / name
        durable.write(path, data)
        return path

    def _rename(self, temporary: Path, path: Path) -> None:
        temporary.replace(path)

    def _unlink(self, path: Path) -> None:
        path.unlink()

    def _sync(self, folder: Path) -> None:
        durable.sync(folder)
