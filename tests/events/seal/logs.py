"""Logs to seal: entries, keys, archives in directories, and what was published of them."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from events.seal.archive import Archive
from events.seal.checkpoint import parse_checkpoint
from events.seal.keys import ED25519_COSIGNATURE, ML_DSA_44, VerifierKey, subtree_message, timed_text
from events.seal.notes import SignatureLine, SignedNote
from events.seal.policy import LogPolicy
from events.seal.signers import KeyFile
from events.seal.signing_state import SigningState
from events.seal.storage import DirectoryStorage
from events.seal.tiles import ENTRIES, HEIGHT, WIDTH, Tile, levels

ORIGIN = "4f2a.duban.invalid/zhanjiang"

NOW = 1_700_000_000


def entries(count: int, first: int = 0) -> list[bytes]:
    """Return different entries of different lengths."""
    return [f'{{"id":"r-{number}"}}'.encode() + b" " * (number % 7) for number in range(first, first + count)]


class Sealed:
    """A log's archive in a folder, with its key and its state of signing next to it."""

    def __init__(self, folder: Path, origin: str = ORIGIN) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.root = folder / "archive"
        self.key_path = folder / "log.key"
        self.state = SigningState(folder / "signed")
        self.signer = KeyFile.load(self.key_path) if self.key_path.exists() else KeyFile.make(self.key_path, origin)

    def open(self) -> Archive:
        """Open the archive."""
        return Archive.open(DirectoryStorage(self.root), self.signer, self.state)

    def grow(self, more: Iterable[bytes], now: int = NOW) -> bytes:
        """Seal more entries and return the published checkpoint."""
        archive = self.open()
        archive.append(more)
        archive.publish(archive.sign(now))
        return (self.root / "checkpoint").read_bytes()

    @property
    def policy(self) -> LogPolicy:
        """The policy that trusts this log without witnesses."""
        return LogPolicy(self.signer.keys, {}, {}, "none")


class Cosigner:
    """A witness that cosigns whatever it is given."""

    def __init__(self, name: str, kind: int = ED25519_COSIGNATURE) -> None:
        self._ed25519, self._ml_dsa = Ed25519PrivateKey.generate(), MLDSA44PrivateKey.generate()
        public = self._ed25519.public_key() if kind == ED25519_COSIGNATURE else self._ml_dsa.public_key()
        self.key = VerifierKey(name, kind, public.public_bytes_raw())

    def cosign(self, note: SignedNote, time: int = NOW) -> SignatureLine:
        """Return a cosignature of a checkpoint."""
        if self.key.type == ML_DSA_44:
            signature = self._ml_dsa.sign(subtree_message(self.key.name, time, parse_checkpoint(note.text)))
        else:
            signature = self._ed25519.sign(timed_text(note.text, time))
        return SignatureLine(self.key.name, self.key.key_id, time.to_bytes(8, "big") + signature)


def growth(old: int, new: int) -> Iterator[Tile]:
    """Return the bundles and tiles that a tree of `new` entries has and that of `old` has not, bundles first."""
    for level in (ENTRIES, *levels(new)):
        before, after = (size >> HEIGHT * max(level, 0) for size in (old, new))
        if before != after:
            for number in range(before // WIDTH, -(-after // WIDTH)):
                yield Tile(level, number, min(WIDTH, after - number * WIDTH))


def files(root: Path) -> dict[str, bytes]:
    """Return the files of an archive that count, by name."""
    found = {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}
    return {name: data for name, data in found.items() if not name.startswith(".")}


def policy_text(logs: Sequence[VerifierKey], *lines: str) -> bytes:
    """Return a policy file."""
    return "".join(f"{line}\n" for line in (*(f"log {key}" for key in logs), *lines)).encode()
