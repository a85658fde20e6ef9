"""Proof files: that an entry is in a log, checked offline with a policy alone. Pure.

https://c2sp.org/tlog-proof . The `extra` line of ours holds the entry itself, so the file needs nothing next to it.
"""

from typing import NamedTuple

from events.seal.checkpoint import decimal, parse_hashes
from events.seal.errors import FormatError, PolicyError
from events.seal.merkle import leaf_hash
from events.seal.notes import from_base64, lines_before, to_base64
from events.seal.policy import LogPolicy, Trusted
from events.seal.proofs import included

FIRST_LINE = "c2sp.org/tlog-proof@v1"


class LogProof(NamedTuple):
    """The number of an entry, counted from 0, its inclusion proof, the signed checkpoint, and unauthenticated data."""

    entry_index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None

    def encode(self) -> bytes:
        """Return the file's content."""
        extra = [] if self.extra is None else [f"extra {to_base64(self.extra)}"]
        lines = [FIRST_LINE, *extra, f"index {self.entry_index}", *map(to_base64, self.hashes), ""]
        return "".join(f"{line}\n" for line in lines).encode() + self.checkpoint

    def check(self, entry: bytes, policy: LogPolicy) -> Trusted:
        """Verify that the entry is in the log of the checkpoint, and the checkpoint by the policy.

        Raises FormatError, SignatureError and PolicyError.
        """
        trusted = policy.check(self.checkpoint)
        size, root = trusted.checkpoint.size, trusted.checkpoint.root
        if not included(leaf_hash(entry), self.entry_index, size, self.hashes, root):
            raise PolicyError(
                f"the entry is not number {self.entry_index + 1} of the {size} entries of {trusted.checkpoint.origin}, "
                "or the proof belongs to another one"
            )
        return trusted


def parse_proof(data: bytes) -> LogProof:
    """Parse a proof file; raises FormatError."""
    (first, *lines), checkpoint = lines_before(data, "the proof")
    if first != FIRST_LINE:
        raise FormatError(f"the first line is {first[:60]!r} instead of {FIRST_LINE!r}")
    extra = None
    if lines and lines[0].startswith("extra "):
        extra = from_base64(lines.pop(0).removeprefix("extra "), "the extra data")
    if not lines or not lines[0].startswith("index "):
        raise FormatError("the proof has no line `index <number>` before its hashes")
    index = decimal(lines.pop(0).removeprefix("index "), "the index")
    return LogProof(index, parse_hashes(lines), checkpoint, extra)
