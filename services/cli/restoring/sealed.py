"""The archives of a ledger from which it is restored, each verified whole before anything is written."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from events.entries import Stored
from events.seal.checkpoint import LogCheckpoint
from events.seal.policy import LogPolicy
from events.seal.roots import ArchiveRoot
from events.seal.storage import CHECKPOINT
from events.seal.tiles import ENTRIES, WIDTH, Read, Tile, read_entries, width_at
from services.cli.fsck.check import check_archive
from services.cli.fsck.files import files_at
from services.cli.service_error import ServiceError


class SealedStream(NamedTuple):
    """A verified archive: what reads its files, and its checkpoint."""

    read: Read
    checkpoint: LogCheckpoint

    @property
    def size(self) -> int:
        """The number of entries."""
        return self.checkpoint.size

    def batches(self, after: int = 0, until: int | None = None) -> Iterator[list[Stored]]:
        """Yield the entries after a position, a bundle at a time, to the one with the position `until` (None: all)."""
        last = self.size if until is None else min(until, self.size)
        for number in range(after // WIDTH, -(-last // WIDTH)):
            bundle = Tile(ENTRIES, number, width_at(self.size, ENTRIES, number))
            entries = enumerate(read_entries(self.read, bundle), number * WIDTH + 1)
            yield [Stored(position, raw) for position, raw in entries if position > after]


def verified(archive: ArchiveRoot, policy: LogPolicy, report: Callable[[int], None]) -> SealedStream | None:
    """Return an archive whose checkpoint a policy trusts and whose entries are all those; None if there is none.

    `report` gets the number of entries that have been checked. Raises ServiceError for a damaged one, and what
    LogPolicy.check raises.
    """
    files = files_at(archive)
    if (data := files.read(CHECKPOINT)) is None:
        return None
    checkpoint = policy.check(data).checkpoint
    flaws = check_archive(files, checkpoint, report).flaws
    if flaws:
        raise ServiceError(f"{archive} is damaged, so nothing was restored: {flaws[0].detail}; use another copy of it")
    return SealedStream(files.read, checkpoint)
