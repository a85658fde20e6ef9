"""Signers: who signs the checkpoints of a log: keys in a file, or a command.

The name of every key is the log's origin (https://c2sp.org/tlog-checkpoint#signatures): it is made once, with the key,
and kept in its file.
"""

import re
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from events.seal import durable
from events.seal.checkpoint import LogCheckpoint
from events.seal.errors import FormatError, SigningError
from events.seal.keys import ED25519, ML_DSA_44, TIME_BYTES, VerifierKey, signers, subtree_message
from events.seal.notes import SignatureLine, SignedNote, from_base64, from_utf8, key_name, parse_lines, to_base64

SEED_BYTES = 32
"""Bytes of a private key of either kind."""

COMMAND_SECONDS = 60.0
"""How long a command may take to sign: somebody may have to touch a key."""


class NoteSigner(Protocol):
    """Signs checkpoints. Each of `keys` verifies one of its lines."""

    @property
    def keys(self) -> tuple[VerifierKey, ...]:
        """The public keys."""

    def sign(self, checkpoint: LogCheckpoint, now: int, /) -> tuple[SignatureLine, ...]:
        """Sign a checkpoint at a time, in seconds since 1970; raises SigningError."""


class KeyFile:
    """The private keys of a log in a file of mode 0600: an Ed25519 key, and an ML-DSA-44 key.

    A line is `PRIVATE+KEY+<name>+<key id>+<base64 of type and seed>`, as golang.org/x/mod/sumdb/note and
    github.com/transparency-dev/formats write them.
    """

    def __init__(self, ed25519: Ed25519PrivateKey, ml_dsa: MLDSA44PrivateKey, origin: str) -> None:
        self._ed25519, self._ml_dsa = ed25519, ml_dsa
        self.origin = origin
        self.keys = (
            VerifierKey(origin, ED25519, ed25519.public_key().public_bytes_raw()),
            VerifierKey(origin, ML_DSA_44, ml_dsa.public_key().public_bytes_raw()),
        )

    @classmethod
    def make(cls, path: Path, origin: str) -> "KeyFile":
        """Make the keys of a log and write them to a new file; raises FileExistsError: keys are never overwritten."""
        made = cls(Ed25519PrivateKey.generate(), MLDSA44PrivateKey.generate(), key_name(origin))
        seeds = (made._ed25519.private_bytes_raw(), made._ml_dsa.private_bytes_raw())
        lines = [_private(key, seed) for key, seed in zip(made.keys, seeds, strict=True)]
        durable.create(path, "".join(lines).encode(), 0o600)
        return made

    @classmethod
    def load(cls, path: Path) -> "KeyFile":
        """Load the keys of a log; raises FormatError, OSError, and SigningError if others can read the file."""
        if path.stat().st_mode & 0o077:
            raise SigningError(f"{path} can be read by others; chmod 600 {path}")
        seeds = {type: (key, seed) for type, key, seed in _seeds(path)}
        if set(seeds) != {ED25519, ML_DSA_44}:
            raise FormatError(f"{path} does not have the two keys of a log, Ed25519 and ML-DSA-44")
        (head, first), (_, second) = seeds[ED25519], seeds[ML_DSA_44]
        origin, _, _ = head.partition("+")
        loaded = cls(Ed25519PrivateKey.from_private_bytes(first), MLDSA44PrivateKey.from_seed_bytes(second), origin)
        if any(seeds[key.type][0] != f"{key.name}+{key.key_id.hex()}" for key in loaded.keys):
            raise FormatError(f"{path}: a key's id is not that of its origin and its key")
        return loaded

    def sign(self, checkpoint: LogCheckpoint, now: int, /) -> tuple[SignatureLine, ...]:
        """Sign a checkpoint of this origin; raises SigningError for another one."""
        if checkpoint.origin != self.origin:
            raise SigningError(f"the checkpoint is of {checkpoint.origin!r}, the keys are those of {self.origin!r}")
        first, second = self.keys
        time = now.to_bytes(TIME_BYTES, "big")
        timed = time + self._ml_dsa.sign(subtree_message(self.origin, now, checkpoint))
        return (
            SignatureLine(first.name, first.key_id, self._ed25519.sign(str(checkpoint).encode())),
            SignatureLine(second.name, second.key_id, timed),
        )


class CommandSigner:
    """A command that reads a note's text from standard input and writes signature lines to standard output.

    It has a clock of its own, and may ask a hardware module, a signature server or an ssh-agent. Lines of other keys
    than `keys` are passed on: other verifiers may know them.
    """

    def __init__(self, command: Sequence[str], keys: Sequence[VerifierKey], seconds: float = COMMAND_SECONDS) -> None:
        self._command, self._seconds = tuple(command), seconds
        self.keys = tuple(keys)

    def sign(self, checkpoint: LogCheckpoint, _now: int, /) -> tuple[SignatureLine, ...]:
        """Sign a checkpoint; raises SigningError if the command fails, or a signature of `keys` is missing or wrong."""
        text, name = str(checkpoint), self._command[0]
        try:
            done = subprocess.run(  # noqa: S603 - the command of the configuration, without a shell
                self._command, input=text.encode(), capture_output=True, timeout=self._seconds, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise SigningError(f"the signing command {name} did not sign: {error}") from error
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip()
            raise SigningError(f"the signing command {name} ended with {done.returncode}: {said or 'no message'}")
        try:
            lines = parse_lines(done.stdout.decode())
            signed = signers(SignedNote(text, lines), self.keys)
        except ValueError as error:
            raise SigningError(f"the signing command {name}: {error}") from error
        missing = ", ".join(f"{key.name}+{key.key_id.hex()}" for key in self.keys if key not in signed)
        if missing:
            raise SigningError(f"the signing command {name} returned no signature of {missing}")
        return lines


def _private(key: VerifierKey, seed: bytes) -> str:
    return f"PRIVATE+KEY+{key.name}+{key.key_id.hex()}+{to_base64(bytes([key.type]) + seed)}\n"


def _seeds(path: Path) -> Iterator[tuple[int, str, bytes]]:
    """Return type, `<name>+<key id>` and seed of each private key in a file."""
    for number, line in enumerate(from_utf8(path.read_bytes(), str(path)).splitlines(), 1):
        found = re.fullmatch(r"PRIVATE\+KEY\+([^+]+\+[0-9a-f]{8})\+(.+)", line)
        if found is None:
            raise FormatError(f"{path}, line {number}: no private key: PRIVATE+KEY+<name>+<key id>+<base64>")
        seed = from_base64(found[2], f"{path}, line {number}: the key")
        if len(seed) != 1 + SEED_BYTES:
            raise FormatError(f"{path}, line {number}: the key has {len(seed)} bytes instead of {1 + SEED_BYTES}")
        yield seed[0], found[1], seed[1:]
