"""Requests to a witness to cosign a checkpoint that continues the last one it has cosigned. Pure.

https://c2sp.org/tlog-witness#add-checkpoint
"""

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import NamedTuple

from events.seal.checkpoint import LogCheckpoint, decimal, parse_checkpoint, parse_hashes
from events.seal.errors import FormatError, SignatureError
from events.seal.keys import ED25519_COSIGNATURE, ML_DSA_44, VerifierKey, signers
from events.seal.merkle import EMPTY
from events.seal.notes import SignedNote, lines_before, parse_note, to_base64
from events.seal.proofs import consistent

ADD_CHECKPOINT = "add-checkpoint"
"""The path of a request, below a witness' submission prefix."""

SIZE_TYPE = "text/x.tlog.size"
"""The media type of the answer 409, which has the size of the newest cosigned checkpoint."""

COSIGNATURE_TYPES = (ED25519_COSIGNATURE, ML_DSA_44)
"""The keys that a witness is made with: both sign a time."""


class AddCheckpoint(NamedTuple):
    """A request to cosign: the size of the checkpoint before, a proof of consistency with it, and the signed one."""

    old: int
    proof: tuple[bytes, ...]
    checkpoint: bytes

    def encode(self) -> bytes:
        """Return the body of the request."""
        lines = [f"old {self.old}", *map(to_base64, self.proof), ""]
        return "".join(f"{line}\n" for line in lines).encode() + self.checkpoint


class Cosignable(NamedTuple):
    """A checkpoint that may be cosigned, with the signatures of known keys of its log alone."""

    checkpoint: LogCheckpoint
    note: SignedNote


class WitnessRefusal(NamedTuple):
    """Why a checkpoint is not cosigned: the status and the body of the answer."""

    status: int
    body: str


def origin_hash(origin: str) -> str:
    """Return by what a witness names a log: it has the newest checkpoint at `<origin hash>/checkpoint`."""
    return sha256(origin.encode()).hexdigest()


def parse_request(data: bytes) -> AddCheckpoint:
    """Parse the body of a request; raises FormatError."""
    (first, *lines), checkpoint = lines_before(data, "the request")
    if not first.startswith("old "):
        raise FormatError("a request has a line `old <size>`, a proof, an empty line and a checkpoint")
    old = decimal(first.removeprefix("old "), "the old size")
    return AddCheckpoint(old, parse_hashes(lines), checkpoint)


def judged(
    data: bytes, logs: Sequence[VerifierKey], newest: Callable[[str], LogCheckpoint | None]
) -> Cosignable | WitnessRefusal:
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
        signed = signers(note, keys)
    except SignatureError as error:
        return WitnessRefusal(403, f"{error}\n")
    if not signed:
        return WitnessRefusal(403, f"no known key of {checkpoint.origin!r} has signed\n")
    ids = {(key.name, key.key_id) for key in signed}
    lines = tuple(line for line in note.signatures if (line.name, line.key_id) in ids)
    wrong = _compared(request, checkpoint, newest(checkpoint.origin))
    return wrong or Cosignable(checkpoint, note._replace(signatures=lines))


def _compared(request: AddCheckpoint, checkpoint: LogCheckpoint, newest: LogCheckpoint | None) -> WitnessRefusal | None:
    """Compare a signed checkpoint with the newest that was cosigned; return what is wrong with it."""
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
    return None
