"""Seals a log, three entries a checkpoint, until it is killed: `-m tests.events.seal.sealing FOLDER [BUCKET]`."""

import sys
from pathlib import Path

from events.seal.archive import Archive
from events.seal.errors import SigningError
from events.seal.roots import root_of, storage_of
from tests.events.seal.logs import NOW, Sealed, entries


def main(folder: Path, *bucket: str) -> None:
    sealed = Sealed(folder)
    archive = Archive.open(storage_of(root_of(bucket[0]) if bucket else sealed.root), sealed.signer, sealed.state)
    log = entries(700)
    while archive.size < len(log):
        archive.append(log[archive.size : archive.size + 3])
        try:
            archive.publish(archive.sign(NOW))
        except SigningError:  # more was signed before
            continue


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
