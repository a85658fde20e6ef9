"""Which requests a witness may cosign: checkpoints that continue the last one it has cosigned.

https://c2sp.org/tlog-witness#add-checkpoint
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from events.seal.checkpoint import LogCheckpoint, decimal, parse_checkpoint, parse_hashes
from events.seal.errors import FormatError, SignatureError
from events.seal.keys import VerifierKey, signers
from events.seal.merkle import EMPTY
from events.seal.notes import lines_before, parse_note
from events.seal.proofs import consistent
from events.seal.witnessing import AddCheckpoint


class WitnessRefusal(NamedTuple):
    """Why a checkpoint is not cosigned: the status and the body of the answer."""

    status: int
    body: str


def parse_request(data: bytes) -> AddCheckpoint:
    """Parse the body of a request; raises FormatError."""
    (first, *lines), checkpoint = lines_before(data, "the request")
    if not first.startswith("old "):
        raise FormatError("a request has a line `old <size>`, a proof, an empty line and a checkpoint")
    old = decimal(first.removeprefix("old "), "the old size")
    return AddCheckpoint(old, parse_hashes(lines), checkpoint)


def judged(
    data: bytes, logs: Sequence[VerifierKey], newest: Callable[[str], LogCheckpoint | None]
) -> LogCheckpoint | WitnessRefusal:
    """Return the checkpoint of a request if it may be cosigned. `newest` returns an origin's newest cosigned one."""
    try:
        request = parse_request(data)
        note = parse_note(request.checkpoint)
        checkpoint = parse_checkpoint(note.text)
    except FormatError as error:
        return WitnessRefusal(400, f"{error}\n")
    keys = [key for key in logs if key.name == checkpoint.origin]
    if not keys:
        return WitnessRefusal(404, f"the log {checkpoint.origin!r} is not known here\n")
    try:
        if not signers(note, keys):
            return WitnessRefusal(403, f"no known key of {checkpoint.origin!r} has signed\n")
    except SignatureError as error:
        return WitnessRefusal(403, f"{error}\n")
    return _compared(request, checkpoint, newest(checkpoint.origin))


def _compared(
    request: AddCheckpoint, checkpoint: LogCheckpoint, newest: LogCheckpoint | None
) -> LogCheckpoint | WitnessRefusal:
    """Compare a signed checkpoint with the newest that was cosigned."""
    if request.old > checkpoint.size:
        return WitnessRefusal(
            400, f"the old size {request.old} is larger than that of the checkpoint, {checkpoint.size}\n"
        )
    size, root = (newest.size, newest.root) if newest is not None else (0, EMPTY)
    if request.old != size:
        return WitnessRefusal(409, f"{size}\n")
    if checkpoint.size == 0 and checkpoint.root != EMPTY:
        return WitnessRefusal(422, "the checkpoint has no entries, but another head than that of the empty tree\n")
    if not consistent(size, checkpoint.size, root, checkpoint.root, request.proof):
        return WitnessRefusal(422, f"the proof does not show that the first {size} entries are those cosigned before\n")
    return checkpoint
