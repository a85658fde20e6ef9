"""Signers: who signs the checkpoints of a log: keys in a file, or a command.

The name of every key is the log's origin (https://c2sp.org/tlog-checkpoint#signatures): it is made once, with the key,
and kept in its file.
"""

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from events.seal.checkpoint import LogCheckpoint
from events.seal.errors import FormatError, SigningError, UnsignedError
from events.seal.keys import ED25519, ML_DSA_44, VerifierKey, signers
from events.seal.notes import SignatureLine, SignedNote, parse_lines
from events.seal.private_keys import PrivateKey, read_keys, write_keys

KEY_TYPES = (ED25519, ML_DSA_44)
"""The keys that a log is made with, in this order."""

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
    """The private keys of a log in a file of mode 0600: Ed25519 and ML-DSA-44 keys, all of which sign."""

    def __init__(self, keys: Sequence[PrivateKey]) -> None:
        self.private = tuple(keys)
        self.keys = tuple(key.public for key in keys)
        self.origin = self.keys[0].name

    @classmethod
    def make(cls, path: Path, origin: str) -> "KeyFile":
        """Make the keys of a log and write them to a new file; raises FileExistsError: keys are never overwritten."""
        made = cls([PrivateKey.make(origin, type) for type in KEY_TYPES])
        write_keys(path, made.private)
        return made

    @classmethod
    def load(cls, path: Path) -> "KeyFile":
        """Load the keys of a log; raises FormatError, OSError, and SigningError if others can read the file."""
        keys = read_keys(path)
        if not {key.public.type for key in keys} >= set(KEY_TYPES):
            raise FormatError(f"{path} does not have the two keys of a log, Ed25519 and ML-DSA-44")
        loaded = cls(keys)
        if any(key.name != loaded.origin for key in loaded.keys):
            raise FormatError(f"{path} has keys of several origins; one file has those of one log")
        return loaded

    def sign(self, checkpoint: LogCheckpoint, now: int, /) -> tuple[SignatureLine, ...]:
        """Sign a checkpoint of this origin; raises SigningError for another one."""
        if checkpoint.origin != self.origin:
            raise SigningError(f"the checkpoint is of {checkpoint.origin!r}, the keys are those of {self.origin!r}")
        return tuple(key.sign(checkpoint, now) for key in self.private)


class CommandSigner:
    """A command that reads a note's text from standard input and writes signature lines to standard output.

    It has a clock of its own, and may ask a hardware module, a signature server or an ssh-agent. Lines of other keys
    than `keys` are passed on: other verifiers may know them.
    """

    def __init__(self, command: Sequence[str], keys: Sequence[VerifierKey], seconds: float = COMMAND_SECONDS) -> None:
        self._command, self._seconds = tuple(command), seconds
        self.keys = tuple(keys)

    def sign(self, checkpoint: LogCheckpoint, _now: int, /) -> tuple[SignatureLine, ...]:
        """Sign a checkpoint; raises UnsignedError if the command fails, or one of `keys` has no good signature."""
        text, name = str(checkpoint), self._command[0]
        try:
            done = subprocess.run(  # noqa: S603 - the command of the configuration, without a shell
                self._command, input=text.encode(), capture_output=True, timeout=self._seconds, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise UnsignedError(f"the signing command {name} did not sign: {error}") from error
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip()
            raise UnsignedError(f"the signing command {name} ended with {done.returncode}: {said or 'no message'}")
        try:
            lines = parse_lines(done.stdout.decode())
            signed = signers(SignedNote(text, lines), self.keys)
        except ValueError as error:
            raise UnsignedError(f"the signing command {name}: {error}") from error
        missing = ", ".join(f"{key.name}+{key.key_id.hex()}" for key in self.keys if key not in signed)
        if missing:
            raise UnsignedError(f"the signing command {name} returned no signature of {missing}")
        return lines
