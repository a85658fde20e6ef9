"""The eras of a ledger's archives: an accepted loss ends one, and the next begins with what the server still has.

<archive>/<ledger>/<stream>/    the archives of the first era
<archive>/<ledger>/2/<stream>/  those of the second, whose origins end in `/2`, and so on

An era has begun once its log has a checkpoint. The archives of earlier ones stay as they are.
"""

from collections.abc import Callable
from typing import TypeAlias

from events.id_index import FIRST_ERA
from events.seal.roots import ArchiveRoot, storage_of
from events.seal.storage import CHECKPOINT
from events.seal.tiles import Read

FIRST = FIRST_ERA

LOG = "log"
"""The stream of a ledger that is its log, and the folder of its archive."""

CONTINUES = "continues"
"""The file of an archive of a later era with the last checkpoint of the era before it."""

SealedEras: TypeAlias = Callable[[int], Read]
"""Returns what reads a sealed stream in an era; one that has not begun has no files."""


def era_root(ledger: ArchiveRoot, era: int) -> ArchiveRoot:
    """Return the place of an era's archives, below that of the ledger's."""
    return ledger if era == FIRST else ledger / str(era)


def sealed_eras(ledger: ArchiveRoot, stream: str = LOG) -> SealedEras:
    """Return the sealed logs of a ledger, or the archives of another stream."""
    return lambda era: storage_of(era_root(ledger, era) / stream).read


def last_era(eras: SealedEras) -> int:
    """Return the last era that has begun, the first one if none has; raises OSError."""
    era = FIRST
    while eras(era + 1)(CHECKPOINT) is not None:
        era += 1
    return era
