"""How the archive of a later era begins: with the entries that it shares with the one before."""

from pathlib import Path

import msgspec
from msgspec import Struct

from events.seal import durable
from events.seal.archive import Archive
from events.seal.checkpoint import LogCheckpoint, parse_checkpoint
from events.seal.eras import CONTINUES
from events.seal.errors import ArchiveError
from events.seal.notes import parse_note
from events.seal.sealed_range import sealed_range
from events.seal.storage import ArchiveStorage
from events.seal.tiles import WIDTH

STEP = 16 * WIDTH
"""Entries that are copied at once, some 2 MB."""


class EraStart(Struct, frozen=True):
    """The first `size` entries of the archive before, whole bundles of them, and its last checkpoint, a signed note.

    `files` are copied with them. Without a checkpoint, nothing was sealed before.
    """

    size: int
    checkpoint: str
    files: tuple[str, ...] = ()

    @property
    def afresh(self) -> "EraStart":
        """The start of an archive that has no entry of the one before."""
        return EraStart(0, self.checkpoint)

    @property
    def ended(self) -> LogCheckpoint:
        """The last checkpoint of the archive before."""
        return parse_checkpoint(parse_note(self.checkpoint.encode()).text)


_starts = msgspec.json.Decoder(EraStart)


def read_start(path: Path) -> EraStart | None:
    """Return how an archive begins, None for one of the first era; raises OSError and ValueError."""
    try:
        return _starts.decode(path.read_bytes())
    except FileNotFoundError:
        return None


def keep_start(path: Path, start: EraStart) -> None:
    """Keep how an archive is to begin; raises OSError."""
    durable.make(path.parent)
    durable.replace(path, msgspec.json.encode(start))


def begin_with(start: EraStart, archive: Archive, storage: ArchiveStorage, before: ArchiveStorage) -> None:
    """Have an archive begin with the entries of the one before, unless it has them; raises as Archive.append.

    What is copied is proved to be under the last checkpoint of that one.
    """
    if not start.checkpoint or (archive.size >= start.size and storage.read(CONTINUES) is not None):
        return
    copied: dict[str, bytes] = {}
    for name in start.files:
        if (data := before.read(name)) is None:
            raise ArchiveError(f"the archive of {start.ended.origin!r} lacks {name}, which the next one begins with")
        copied[name] = data
    storage.create({CONTINUES: start.checkpoint.encode(), **copied})
    for after in range(archive.size, start.size, STEP):
        archive.append(sealed_range(before.read, start.ended, after, min(after + STEP, start.size)))
    archive.write()
