"""Copying the newest time stamp of an archive."""

from events.seal.checkpoint import LogCheckpoint
from events.seal.errors import PolicyError
from events.seal.policy import LogPolicy
from events.seal.proofs import root_at
from events.seal.storage import ArchiveStorage
from events.seal.tiles import subtrees
from events.seal.timestamps import STAMPED, keep_stamp, stamp_files, stamp_time
from services.cli.fsck.files import ArchiveFiles


def copy_stamp(files: ArchiveFiles, storage: ArchiveStorage, policy: LogPolicy, checkpoint: LogCheckpoint) -> None:
    """Copy the stamped checkpoint and its stamp into a copy of `checkpoint`, unless the copy has it or a larger one.

    One that was published after `checkpoint` is left to the next run. Whether the authority is trusted is left to who
    verifies. Raises PolicyError if it is of another history, FormatError, SignatureError, StorageConflictError and
    OSError.
    """
    data, own = files.read(STAMPED), storage.read(STAMPED)
    stamp = files.read(stamp_files(data).stamp) if data is not None else None
    if data is None or stamp is None or data == own:
        return
    stamp_time(stamp, data)
    stamped, before = policy.weigh(data).checkpoint, policy.weigh(own).checkpoint.size if own is not None else 0
    if not before <= stamped.size <= checkpoint.size:
        return
    head = root_at(stamped.size, subtrees(storage.read, checkpoint.size))
    if (stamped.origin, stamped.root) != (checkpoint.origin, head):
        raise PolicyError(
            f"the source has a time stamp of another history than that of its first {stamped.size} entries"
        )
    keep_stamp(storage, data, stamp)
