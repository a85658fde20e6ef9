"""Who signs the checkpoints of a stream: its key file, or a command; and the keys that signed before.

<DUBAN_KEYS>/<ledger>/<stream>.key      private keys, all of which sign
<DUBAN_KEYS>/<ledger>/<stream>.signer   instead of them, a command in TOML (SignerFile)
<DUBAN_KEYS>/<ledger>/<stream>.earlier  the verifier keys of retired keys, one a line
"""

from pathlib import Path
from typing import NamedTuple

import msgspec
from msgspec import Struct

from events.seal import durable
from events.seal.errors import ArchiveError, FormatError, SigningError
from events.seal.keys import VerifierKey, parse_key
from events.seal.private_keys import MODE, PrivateKey, replace_keys
from events.seal.signers import COMMAND_SECONDS, KEY_TYPES, CommandSigner, KeyFile, NoteSigner


class SignerFile(Struct, frozen=True, forbid_unknown_fields=True):
    """A command that signs: it reads a note's text and writes signature lines, by `keys`, which are verifier keys.

    The name of each key is the origin of the log.
    """

    command: tuple[str, ...]
    keys: tuple[str, ...]
    seconds: float = COMMAND_SECONDS

    def __post_init__(self) -> None:
        if not self.command or not self.keys:
            raise ValueError("`command` and `keys` have at least one item each")


class StreamSigner(NamedTuple):
    """Who signs a stream now, and the keys that signed it before."""

    now: NoteSigner
    earlier: tuple[VerifierKey, ...]

    @property
    def keys(self) -> tuple[VerifierKey, ...]:
        """All keys that sign or have signed, those of now first."""
        return tuple(dict.fromkeys((*self.now.keys, *self.earlier)))


def load_signer(key: Path) -> StreamSigner:
    """Load who signs the stream with this key file; raises FileNotFoundError, ArchiveError, FormatError and OSError."""
    try:
        file = key.with_suffix(".signer")
        return StreamSigner(_command(file) if file.exists() else KeyFile.load(key), earlier_keys(key))
    except SigningError as error:
        raise ArchiveError(str(error)) from error


def earlier_keys(key: Path) -> tuple[VerifierKey, ...]:
    """Return the retired keys of a stream; raises FormatError."""
    try:
        lines = key.with_suffix(".earlier").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return ()
    return tuple(map(parse_key, lines))


def add_keys(key: Path, types: tuple[int, ...] = KEY_TYPES) -> list[VerifierKey]:
    """Make further keys of a stream, which sign beside the present ones, and return them; raises as KeyFile.load.

    New keys of a log are the first; the present ones stay until they are retired.
    """
    present = KeyFile.load(key)
    new = [PrivateKey.make(present.origin, type) for type in types]
    replace_keys(key, [*new, *present.private] if types == KEY_TYPES else [*present.private, *new])
    return [one.public for one in new]


def retire_keys(key: Path, ids: set[str]) -> list[VerifierKey]:
    """Retire keys of a stream by their ids, in hexadecimal, and return them; raises as KeyFile.load, and FormatError.

    They stay known as earlier ones before they are gone. A log keeps a key of each of its two kinds.
    """
    present = KeyFile.load(key)
    gone = [one for one in present.private if one.public.key_id.hex() in ids]
    kept = [one for one in present.private if one not in gone]
    if not {one.public.type for one in kept} >= set(KEY_TYPES):
        raise FormatError(f"{key} would be left without a key of each kind; make new ones first")
    earlier = dict.fromkeys((*earlier_keys(key), *(one.public for one in gone)))
    durable.replace(key.with_suffix(".earlier"), "".join(f"{one}\n" for one in earlier).encode(), MODE)
    replace_keys(key, kept)
    return [one.public for one in gone]


def _command(path: Path) -> CommandSigner:
    try:
        file = msgspec.toml.decode(path.read_bytes(), type=SignerFile)
        keys = tuple(map(parse_key, file.keys))
    except ValueError as error:
        raise ArchiveError(f"{path}: {error}") from error
    if len({key.name for key in keys}) != 1:
        raise ArchiveError(f"{path}: the keys have several names; each is named by the origin of the log")
    return CommandSigner(file.command, keys, file.seconds)
