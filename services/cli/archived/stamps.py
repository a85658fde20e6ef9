"""The time stamp of an archive: since when its entries are known to be what they are."""

from datetime import datetime
from typing import NamedTuple

from events.seal.checkpoint import LogCheckpoint
from events.seal.errors import FormatError, PolicyError, SignatureError
from events.seal.policy import LogPolicy
from events.seal.proofs import root_at
from events.seal.tiles import subtrees
from events.seal.timestamps import STAMPED, Authorities, stamp_files, verify_stamp
from services.cli.checks.finding import Finding
from services.cli.fsck.files import ArchiveFiles


class StampFound(NamedTuple):
    """How many entries are stamped, and when they were."""

    size: int
    time: datetime


def stamp_of(
    files: ArchiveFiles, policy: LogPolicy, checkpoint: LogCheckpoint, authorities: Authorities
) -> StampFound | Finding:
    """Verify the newest time stamp of an archive with this checkpoint, or return what is wrong with it."""
    data = files.read(STAMPED)
    stamp = files.read(stamp_files(data).stamp) if data is not None else None
    if data is None or stamp is None:
        return Finding("stamp", "", "the archive has no time stamp; `duban archive stamp` gets one")
    try:
        found = policy.weigh(data).checkpoint
        time = verify_stamp(stamp, data, authorities)
        head = root_at(found.size, subtrees(files.read, checkpoint.size)) if found.size <= checkpoint.size else None
    except (FormatError, PolicyError, SignatureError) as error:
        return Finding("stamp", "", str(error))
    if head is None:
        return Finding("stamp", "", f"{found.size} entries were stamped, but the archive has {checkpoint.size}")
    if head != found.root:
        return Finding("stamp", "", f"another head of the first {found.size} entries was stamped at {time.isoformat()}")
    return StampFound(found.size, time)
