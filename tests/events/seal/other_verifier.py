"""Run by a Python that has aics-tlog, aics-witness and proofbundle: verifies archives without a line of this project.

`python other_verifier.py verify <archive> <Ed25519 vkey> <ML-DSA-44 vkey> <earlier checkpoint>…`,
`python other_verifier.py build <archive> <entries>`, which prints the verifier key of the archive that it has made,
`python other_verifier.py cosign <database> <origin> <vkey> <request>…`, which prints the witness' key and its answers,
`python other_verifier.py serve <database> <origin> <vkey>…`, a witness: prints its key and URL, and runs to the end of
its standard input, and `python other_verifier.py feed <URL> <witness vkey> <archive>…`, which has the checkpoint of
each archive cosigned, one after another, and prints the answers.
"""

import json
import sys
import threading
from pathlib import Path

import aics_tlog as tlog
from aics_witness.config import LogConfig
from aics_witness.feeder import FeederError, WitnessClient, merge_cosignatures
from aics_witness.service import Witness, WitnessError, make_server
from aics_witness.store import WitnessStore
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from proofbundle.checkpoint import verify_cosignature


def checkpoint(path: Path, key: str) -> tuple[int, bytes]:
    """Return size and head of a checkpoint whose Ed25519 signature verifies."""
    found = tlog.verify_checkpoint(tlog.parse_note(path.read_bytes()), tlog.parse_vkey(key))
    assert found.ok, found.error
    return found.size, found.root


def verify(root: Path, key: str, ml_dsa: str, *earlier: str) -> None:
    """Verify signatures, every tile and entry, an inclusion proof of some, and consistency with earlier checkpoints."""
    size, head = checkpoint(root / "checkpoint", key)
    cosigned = verify_cosignature((root / "checkpoint").read_text(encoding="utf-8"), ml_dsa)
    assert cosigned["ok"], cosigned
    files = tlog.FileSystemTileReader(root)
    report = tlog.audit_tiles(files, size, head)
    assert report.bundles == -(-size // 256)
    reader = tlog.VerifiedTileReader(files, size, head)
    for index in sorted({0, 1, 255, 256, size // 2, size - 1} & set(range(size))):
        proof = tlog.inclusion_proof_from_tiles(reader, index, size)
        assert tlog.verify_leaf_inclusion(reader.entry(index), index, size, proof, head)
    for path in earlier:
        old, old_head = checkpoint(Path(path), key)
        proof = tlog.consistency_proof_from_tiles(reader, old, size)
        assert tlog.verify_consistency(old, size, old_head, head, proof), path
    print(size)  # noqa: T201


def build(root: Path, count: int) -> None:
    """Make an archive of some entries with a new key."""
    key, origin = Ed25519PrivateKey.generate(), "other.example/log"
    store = tlog.DirectoryTileStore(root, fsync=False)
    writer = tlog.IncrementalTileWriter(store)
    writer.append([f"entry {number}".encode() for number in range(count)])
    note = tlog.sign_checkpoint(tlog.Checkpoint(origin, writer.size, writer.root()), key, origin)
    store.write_checkpoint(note.to_bytes())
    print(tlog.format_vkey(tlog.vkey_from_ed25519(origin, key.public_key())))  # noqa: T201


def cosign(database: Path, origin: str, key: str, *requests: str) -> None:
    """Ask a new witness to cosign, one request after another."""
    log = LogConfig.from_strings(origin, [key])
    witness = Witness("w.example/1", Ed25519PrivateKey.generate(), WitnessStore(database, create=True), [log])
    answers = []
    for request in requests:
        try:
            answers.append((200, witness.add_checkpoint(Path(request).read_bytes()).decode()))
        except WitnessError as error:
            answers.append((error.status, error.body.decode()))
    print(json.dumps([witness.vkey_text, answers]))  # noqa: T201


def serve(database: Path, origin: str, *keys: str) -> None:
    """Run a witness on a port of its own."""
    log = LogConfig.from_strings(origin, list(keys))
    witness = Witness("w.example/1", Ed25519PrivateKey.generate(), WitnessStore(database, create=True), [log])
    server = make_server(witness, "127.0.0.1", 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps([witness.vkey_text, server.url]), flush=True)  # noqa: T201
    sys.stdin.read()


def feed(url: str, key: str, *archives: str) -> None:
    """Have a witness cosign checkpoints; prints what it answers."""
    answers: list[object] = []
    with WitnessClient(url, key, max_attempts=1) as client:
        for root in map(Path, archives):
            note = (root / "checkpoint").read_bytes()
            files = tlog.FileSystemTileReader(root)
            try:
                lines = client.submit(note, lambda old, new, at=files: tlog.consistency_proof_from_tiles(at, old, new))
            except FeederError as error:
                answers.append(f"{type(error).__name__}: {error}")
            else:
                answers.append(merge_cosignatures(note, lines).decode())
    print(json.dumps(answers))  # noqa: T201


if __name__ == "__main__":
    _, what, folder, *rest = sys.argv
    if what == "verify":
        verify(Path(folder), *rest)
    elif what == "cosign":
        cosign(Path(folder), *rest)
    elif what == "serve":
        serve(Path(folder), *rest)
    elif what == "feed":
        feed(folder, *rest)
    else:
        build(Path(folder), int(rest[0]))
