"""A storage that stops after some steps: by a crash that loses what was not synced, or by a full disk."""

import errno
from collections.abc import Callable, Sequence
from pathlib import Path

from events.seal.checkpoint import LogCheckpoint
from events.seal.notes import SignatureLine
from events.seal.signers import KeyFile
from events.seal.storage import DirectoryStorage


class StoppedError(Exception):
    """The process has died."""


class Steps:
    """Counts down to the step that fails."""

    def __init__(self, left: int, *, full_disk: bool = False) -> None:
        self._left, self._full_disk = left, full_disk

    def take(self, torn: Callable[[], object] = lambda: None) -> None:
        """Count a step; the last one does what `torn` does and fails."""
        self._left -= 1
        if self._left == 0:
            torn()
            if self._full_disk:
                raise OSError(errno.ENOSPC, "No space left on device")
            raise StoppedError


class StoppingStorage(DirectoryStorage):
    """A directory whose steps are counted, and whose names are durable only when their folder was synced."""

    def __init__(self, root: Path, steps: Steps) -> None:
        super().__init__(root)
        self._steps = steps
        self._unsynced: list[tuple[Path, bytes | None]] = []

    def lose(self, keep: Callable[[], bool]) -> None:
        """Undo changes of names that no sync has made durable, the newest first, but those that are kept by chance."""
        for path, before in reversed(self._unsynced):
            if keep():
                continue
            if before is None:
                path.unlink(missing_ok=True)
            else:
                path.parent.mkdir(exist_ok=True)
                path.write_bytes(before)

    def _write_all(self, contents: Sequence[bytes]) -> list[Path]:
        return [self._write(str(number), data) for number, data in enumerate(contents)]  # so that steps have an order

    def _write(self, name: str, data: bytes) -> Path:
        self._steps.take(lambda: (self._root / ".writing" / name).write_bytes(data[: len(data) // 2]))
        return super()._write(name, data)

    def _rename(self, temporary: Path, path: Path) -> None:
        self._steps.take()
        self._unsynced.append((path, path.read_bytes() if path.exists() else None))
        super()._rename(temporary, path)

    def _unlink(self, path: Path) -> None:
        self._steps.take()
        self._unsynced.append((path, path.read_bytes()))
        super()._unlink(path)

    def _sync(self, folder: Path) -> None:
        self._steps.take()
        super()._sync(folder)
        self._unsynced = [
            (path, before)
            for path, before in self._unsynced
            if path.parent != folder and (path.parent.exists() or path.parent.parent != folder)
        ]


class StoppingSigner:
    """Keys in a file; signing is a step too."""

    def __init__(self, signer: KeyFile, steps: Steps) -> None:
        self._signer, self._steps = signer, steps
        self.keys = signer.keys

    def sign(self, checkpoint: LogCheckpoint, now: int) -> tuple[SignatureLine, ...]:
        """Sign, or stop before."""
        self._steps.take()
        return self._signer.sign(checkpoint, now)
