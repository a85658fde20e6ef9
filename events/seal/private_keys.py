"""Private keys, and what each signs: those of logs and of witnesses, as lines of a file.

A line is `PRIVATE+KEY+<name>+<key id>+<base64 of type and seed>`, as golang.org/x/mod/sumdb/note and
github.com/transparency-dev/formats write them.
"""

import re
import secrets
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from events.seal import durable, sm2
from events.seal.checkpoint import LogCheckpoint
from events.seal.errors import FormatError, SigningError
from events.seal.keys import (
    ED25519,
    ML_DSA_44,
    SM2_LABEL,
    SM2_SM3,
    TIME_BYTES,
    TYPES,
    VerifierKey,
    known_type,
    subtree_message,
    timed_text,
)
from events.seal.notes import SignatureLine, from_base64, from_utf8, key_name, to_base64

MODE = 0o600

SEED_BYTES = 32
"""Bytes of a private key; one of SM2 is followed by its public one, as neither can be told from the other's bytes."""


class PrivateKey(NamedTuple):
    """A private key with its public one."""

    public: VerifierKey
    seed: bytes

    @classmethod
    def of(cls, name: str, type: int, seed: bytes) -> "PrivateKey":
        """Return the key of a name that has this seed; raises FormatError for a name that no key has."""
        if type == ML_DSA_44:
            public = MLDSA44PrivateKey.from_seed_bytes(seed).public_key().public_bytes_raw()
        elif type == SM2_SM3:
            public = SM2_LABEL + seed[sm2.PRIVATE_BYTES :]
        else:
            public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
        return cls(VerifierKey(key_name(name), type, public), seed)

    @classmethod
    def make(cls, name: str, type: int) -> "PrivateKey":
        """Make a key; raises SigningError for one of SM2 without the extra for it."""
        if type == SM2_SM3 and not sm2.HAS_SM2:
            raise SigningError("SM2 needs the extra `sm`: pip install 'duban[sm]'")
        return cls.of(name, type, b"".join(sm2.sm2_pair()) if type == SM2_SM3 else secrets.token_bytes(SEED_BYTES))

    def sign(self, checkpoint: LogCheckpoint, now: int) -> SignatureLine:
        """Sign a checkpoint, by the key's type also a time in seconds since 1970."""
        name, type, _ = self.public
        time, text = now.to_bytes(TIME_BYTES, "big"), str(checkpoint)
        if type == ED25519:
            signature = Ed25519PrivateKey.from_private_bytes(self.seed).sign(text.encode())
        elif type == ML_DSA_44:
            message = subtree_message(name, now, checkpoint)
            signature = time + MLDSA44PrivateKey.from_seed_bytes(self.seed).sign(message)
        elif type == SM2_SM3:
            private, point = self.seed[: sm2.PRIVATE_BYTES], self.seed[sm2.PRIVATE_BYTES :]
            signature = sm2.sm2_signature(private, point, text.encode())
        else:
            signature = time + Ed25519PrivateKey.from_private_bytes(self.seed).sign(timed_text(text, now))
        return SignatureLine(name, self.public.key_id, signature)

    def __str__(self) -> str:
        """Return the line of a file."""
        data = to_base64(bytes([self.public.type]) + self.seed)
        return f"PRIVATE+KEY+{self.public.name}+{self.public.key_id.hex()}+{data}\n"


def write_keys(path: Path, keys: Sequence[PrivateKey]) -> None:
    """Write keys to a new file; raises FileExistsError: keys are never overwritten."""
    durable.create(path, "".join(map(str, keys)).encode(), MODE)


def replace_keys(path: Path, keys: Sequence[PrivateKey]) -> None:
    """Replace the keys of a file as a whole."""
    durable.replace(path, "".join(map(str, keys)).encode(), MODE)


def read_keys(path: Path) -> tuple[PrivateKey, ...]:
    """Read the keys of a file; raises FormatError, OSError, and SigningError if others can read the file."""
    if path.stat().st_mode & 0o077:
        raise SigningError(f"{path} can be read by others; chmod 600 {path}")
    return tuple(_keys(path))


def _keys(path: Path) -> Iterator[PrivateKey]:
    for number, line in enumerate(from_utf8(path.read_bytes(), str(path)).splitlines(), 1):
        where = f"{path}, line {number}"
        found = re.fullmatch(r"PRIVATE\+KEY\+([^+]+)\+([0-9a-f]{8})\+(.+)", line)
        if found is None:
            raise FormatError(f"{where}: no private key: PRIVATE+KEY+<name>+<key id>+<base64>")
        data = from_base64(found[3], f"{where}: the key")
        size = 1 + SEED_BYTES + (sm2.PUBLIC_BYTES if data[:1] == bytes([SM2_SM3]) else 0)
        if len(data) != size:
            raise FormatError(f"{where}: the key has {len(data)} bytes instead of {size}")
        if not known_type(data[0]):
            raise FormatError(f"{where}: the key is of signature type 0x{data[0]:02x}; {TYPES} are known")
        if data[0] == SM2_SM3 and not sm2.HAS_SM2:
            raise SigningError(f"{where}: an SM2 key; to sign with it, install the extra `sm`: pip install 'duban[sm]'")
        key = PrivateKey.of(found[1], data[0], data[1:])
        if key.public.key_id.hex() != found[2]:
            raise FormatError(f"{where}: a key's id is not that of its origin and its key")
        yield key
