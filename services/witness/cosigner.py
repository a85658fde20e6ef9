"""What a witness keeps and signs.

<DIR>/witness.key          the private keys, named by the witness; mode 0600, made once
<DIR>/logs/<SHA-256>       the newest cosigned checkpoint of a log, by the SHA-256 of its origin, with its cosignatures
<DIR>/lock                 held with flock(2) by the process that runs
"""

import fcntl
import re
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from events.seal import durable
from events.seal.checkpoint import INVALID, LogCheckpoint, parse_checkpoint
from events.seal.errors import ArchiveError, FormatError
from events.seal.keys import VerifierKey, signers
from events.seal.notes import SignedNote, key_name, parse_note
from events.seal.private_keys import PrivateKey, read_keys, write_keys
from events.seal.witnessing import COSIGNATURE_TYPES, WitnessRefusal, judged, origin_hash

KEY = "witness.key"

LOGS = "logs"


class Cosigner:
    """The keys of a witness, and the newest checkpoint of each log that it has cosigned; one process at a time."""

    def __init__(self, home: Path, logs: Sequence[VerifierKey]) -> None:
        """Take the files in `home`; raises ArchiveError if another process has them, FormatError, SigningError."""
        self._keys = load_keys(home)
        self._logs = tuple(logs)
        self._folder = home / LOGS
        self._lock = _locked(home / "lock")

    @property
    def keys(self) -> tuple[VerifierKey, ...]:
        """The public keys."""
        return tuple(key.public for key in self._keys)

    def close(self) -> None:
        """Let another process take the files."""
        self._lock.close()

    def cosign(self, request: bytes, now: int) -> str | WitnessRefusal:
        """Return the cosignatures of a request's checkpoint at a time in seconds since 1970, or why there are none.

        The checkpoint is on disk before they are returned. Raises FormatError if the files are damaged, and OSError.
        """
        found = judged(request, self._logs, self._newest)
        if isinstance(found, WitnessRefusal):
            return found
        if (last := self._time(found.checkpoint.origin)) > now:
            return WitnessRefusal(503, f"the clock of this witness is {last - now} s before its last cosignature\n")
        lines = [key.sign(found.checkpoint, now) for key in self._keys]
        durable.replace(self._path(found.checkpoint.origin), found.note.adding(lines).encode())
        return "".join(map(str, lines))

    def checkpoint(self, hash: str) -> bytes | None:
        """Return the newest cosigned checkpoint of the log whose origin has a SHA-256, in lower-case hexadecimal."""
        if re.fullmatch(r"[0-9a-f]{64}", hash) is None:
            return None
        try:
            return (self._folder / hash).read_bytes()
        except FileNotFoundError:
            return None

    def _newest(self, origin: str) -> LogCheckpoint | None:
        note = self._note(origin)
        return parse_checkpoint(note.text) if note is not None else None

    def _time(self, origin: str) -> int:
        note = self._note(origin)
        return max((time or 0 for time in signers(note, self.keys).values()), default=0) if note is not None else 0

    def _note(self, origin: str) -> SignedNote | None:
        """Return what was cosigned last; raises FormatError if it is not of this log, or not cosigned by these keys."""
        data = self.checkpoint(origin_hash(origin))
        if data is None:
            return None
        note = parse_note(data)
        if parse_checkpoint(note.text).origin != origin or not signers(note, self.keys):
            raise FormatError(f"{self._path(origin)} is not what this witness has cosigned of {origin!r}")
        return note

    def _path(self, origin: str) -> Path:
        return self._folder / origin_hash(origin)


def make_keys(home: Path, name: str | None) -> tuple[PrivateKey, ...]:
    """Return the keys of a witness, made under a name where there are none; raises FormatError for another name."""
    try:
        keys = load_keys(home)
    except FileNotFoundError:
        given = key_name(name) if name is not None else f"{secrets.token_hex(8)}.{INVALID}/witness"
        durable.make(home / LOGS)  # before the key: a key without it has lost what it cosigned
        write_keys(home / KEY, [PrivateKey.make(given, type) for type in COSIGNATURE_TYPES])
        return load_keys(home)
    if name not in {None, keys[0].public.name}:
        raise FormatError(f"{home / KEY} is of the witness {keys[0].public.name!r}; a key never changes its name")
    return keys


def load_keys(home: Path) -> tuple[PrivateKey, ...]:
    """Load the keys of a witness; raises FileNotFoundError, FormatError, SigningError, ArchiveError for lost state."""
    keys = read_keys(home / KEY)
    if [key.public.type for key in keys] != list(COSIGNATURE_TYPES):
        raise FormatError(f"{home / KEY} does not have the two keys of a witness, Ed25519 and ML-DSA-44")
    if not (home / LOGS).is_dir():
        raise ArchiveError(
            f"{home / LOGS} is missing: what this witness has cosigned is lost, and it could cosign another past;"
            " restore it, or begin a new witness in another directory and publish its keys"
        )
    return keys


def _locked(path: Path) -> BinaryIO:
    file = path.open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        file.close()
        raise ArchiveError(f"another process runs the witness in {path.parent}") from error
    return file
