"""Requests to a witness to cosign a checkpoint that continues the last one it has cosigned. Pure.

https://c2sp.org/tlog-witness#add-checkpoint
"""

from typing import NamedTuple

from events.seal.notes import to_base64


class AddCheckpoint(NamedTuple):
    """A request to cosign: the size of the checkpoint before, a proof of consistency with it, and the signed one."""

    old: int
    proof: tuple[bytes, ...]
    checkpoint: bytes

    def encode(self) -> bytes:
        """Return the body of the request."""
        lines = [f"old {self.old}", *map(to_base64, self.proof), ""]
        return "".join(f"{line}\n" for line in lines).encode() + self.checkpoint
