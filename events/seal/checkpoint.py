"""Checkpoints: the size and the head of a log, as the text of a signed note. Pure.

https://c2sp.org/tlog-checkpoint . Its name here is `LogCheckpoint`, because a projection has a checkpoint too.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from events.seal.errors import FormatError
from events.seal.merkle import HASH_BYTES
from events.seal.notes import from_base64, to_base64

MOST_SIZE = (1 << 63) - 1
"""The largest tree: what a signed integer of 64 bits holds."""

MOST_HASHES = 63
"""Hashes of a proof in a tree below 2^63 entries."""

FEWEST_LINES = 3
"""Origin, size and head."""

INVALID = "duban.invalid"
"""The domain of origins of deployments without one: no other can have it (RFC 6761, section 6.4)."""


class LogCheckpoint(NamedTuple):
    """The origin of a log, the number of its entries, their head, and lines that no monitor can audit."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return the text that is signed."""
        lines = (self.origin, str(self.size), to_base64(self.root), *self.extensions)
        return "".join(f"{line}\n" for line in lines)


def parse_checkpoint(text: str) -> LogCheckpoint:
    """Parse the text of a checkpoint's note; raises FormatError."""
    *lines, rest = text.split("\n")
    if rest or len(lines) < FEWEST_LINES or not all(lines):
        raise FormatError("a checkpoint has at least three lines, none of them empty: origin, size, head")
    origin, size, head, *extensions = lines
    root = parse_hash(head, "the head of the checkpoint")
    return LogCheckpoint(origin, decimal(size, "the size of the checkpoint"), root, tuple(extensions))


def parse_hash(text: str, what: str) -> bytes:
    """Parse a hash in base64; raises FormatError."""
    hash = from_base64(text, what)
    if len(hash) != HASH_BYTES:
        raise FormatError(f"{what} has {len(hash)} bytes instead of {HASH_BYTES}")
    return hash


def parse_hashes(lines: Sequence[str]) -> tuple[bytes, ...]:
    """Parse the hashes of a proof, one a line; raises FormatError."""
    if len(lines) > MOST_HASHES:
        raise FormatError(f"the proof has {len(lines)} hashes; no tree needs more than {MOST_HASHES}")
    return tuple(parse_hash(line, f"hash {number} of the proof") for number, line in enumerate(lines, 1))


def decimal(text: str, what: str) -> int:
    """Parse an ASCII decimal number without leading zeroes, up to MOST_SIZE; raises FormatError."""
    if re.fullmatch(r"0|[1-9][0-9]{0,18}", text) is None or int(text) > MOST_SIZE:
        raise FormatError(f"{what} is {text[:60]!r} instead of a decimal number below 2^63 without leading zeroes")
    return int(text)


def origin_of(installation: str, ledger: str, domain: str | None = None) -> str:
    """Return the origin of a ledger's log, unique for ever: below the domain of its owner, if it has one."""
    return f"{domain}/{ledger}" if domain is not None else f"{installation}.{INVALID}/{ledger}"
