"""A BagIt package (RFC 8493), written file by file: the payload, its manifests, and what is told of the bag."""

import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from cryptography.hazmat.primitives import hashes

from services.common.settings import SettingsError

ALGORITHMS: dict[str, type[hashes.HashAlgorithm]] = {"sha256": hashes.SHA256, "sm3": hashes.SM3}
"""Of the manifests: what everybody checks, and what government systems in China need (GB/T 32905-2016)."""

DECLARATION = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"


class HashedFile:
    """A file of a bag that is being written."""

    def __init__(self, file: BinaryIO) -> None:
        self.size = 0
        self.digests: dict[str, str] = {}
        self._file = file
        self._hashes = {name: hashes.Hash(algorithm()) for name, algorithm in ALGORITHMS.items()}

    def write(self, data: bytes) -> None:
        """Write the next bytes."""
        self._file.write(data)
        self.size += len(data)
        for hash in self._hashes.values():
            hash.update(data)

    def close(self) -> None:
        """Compute its digests, in hexadecimal."""
        self.digests = {name: hash.finalize().hex() for name, hash in self._hashes.items()}


class Bag:
    """A bag that is being written in a directory of its own."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._payload: list[tuple[str, HashedFile]] = []
        self._tags: list[tuple[str, HashedFile]] = []

    @contextmanager
    def open(self, name: str) -> Iterator[HashedFile]:
        """Write a file of the payload, which lies under `data/`; several can be written at once."""
        with self._file(f"data/{name}", self._payload) as file:
            yield file

    def add(self, name: str, parts: Iterable[bytes]) -> None:
        """Write a whole file of the payload."""
        with self.open(name) as file:
            for part in parts:
                file.write(part)

    def finish(self, info: Iterable[tuple[str, str]]) -> None:
        """Write the manifests and what is told of the bag, as labels and values."""
        oxum = f"{sum(file.size for _, file in self._payload)}.{len(self._payload)}"
        told = "".join(f"{label}: {value}\n" for label, value in (*info, ("Payload-Oxum", oxum)))
        self._tag("bagit.txt", DECLARATION)
        self._tag("bag-info.txt", told.encode())
        for algorithm in ALGORITHMS:
            self._tag(f"manifest-{algorithm}.txt", _manifest(algorithm, self._payload))
        for algorithm in ALGORITHMS:
            (self._directory / f"tagmanifest-{algorithm}.txt").write_bytes(_manifest(algorithm, self._tags))

    def _tag(self, name: str, content: bytes) -> None:
        with self._file(name, self._tags) as file:
            file.write(content)

    @contextmanager
    def _file(self, name: str, written: list[tuple[str, HashedFile]]) -> Iterator[HashedFile]:
        path = self._directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            hashed = HashedFile(file)
            yield hashed
        hashed.close()
        written.append((name, hashed))


@contextmanager
def new_bag(directory: Path) -> Iterator[Bag]:
    """Write a bag beside its directory, which it becomes at the end; raises SettingsError for one with files in it."""
    if directory.is_symlink() or (directory.exists() and not (directory.is_dir() and not any(directory.iterdir()))):
        raise SettingsError(
            f"{directory} is there already; nothing was written: name a directory that is missing or empty"
        )
    directory.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{directory.name}.", suffix=".new", dir=directory.parent))
    try:
        yield Bag(draft)
        draft.rename(directory)  # fails where somebody has put files there meanwhile
    except BaseException:
        shutil.rmtree(draft)
        raise


def _manifest(algorithm: str, files: Iterable[tuple[str, HashedFile]]) -> bytes:
    return "".join(f"{file.digests[algorithm]}  {name}\n" for name, file in files).encode()
