"""Proof files: made from an archive, checked with a policy alone."""

from pathlib import Path

import pytest

from events.seal.errors import FormatError, PolicyError
from events.seal.log_proof import LogProof, parse_proof
from events.seal.proofs import inclusion_proof
from events.seal.storage import DirectoryStorage
from events.seal.tiles import subtrees
from tests.events.seal.logs import Sealed, entries

SIZE = 300


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Sealed:
    """Return a log of 300 entries."""
    sealed = Sealed(tmp_path_factory.mktemp("proof"))
    sealed.grow(entries(SIZE))
    return sealed


def prove(sealed: Sealed, index: int) -> LogProof:
    """Prove an entry of the log."""
    storage = DirectoryStorage(sealed.root)
    checkpoint = storage.read("checkpoint")
    assert checkpoint is not None
    hashes = inclusion_proof(index, SIZE, subtrees(storage.read, SIZE))
    return LogProof(index, tuple(hashes), checkpoint, entries(1, index)[0])


@pytest.mark.parametrize("index", [0, 1, 254, 255, 256, 299])
def test_a_proof_is_written_read_and_checked(sealed: Sealed, index: int) -> None:
    """The file has the form of https://c2sp.org/tlog-proof and proves this entry at this index only."""
    data = prove(sealed, index).encode()
    lines = data.decode().split("\n")
    assert lines[0] == "c2sp.org/tlog-proof@v1"
    assert lines[1].startswith("extra ")
    assert lines[2] == f"index {index}"
    proof = parse_proof(data)
    assert proof == prove(sealed, index)
    assert proof.extra is not None
    assert proof.check(proof.extra, sealed.policy).checkpoint.size == SIZE
    with pytest.raises(PolicyError, match=f"not number {index + 1} of the {SIZE} entries"):
        proof.check(b"another entry", sealed.policy)
    moved = LogProof(index ^ 1, proof.hashes, proof.checkpoint)
    with pytest.raises(PolicyError, match="the entry is not number"):
        moved.check(proof.extra, sealed.policy)


def test_a_proof_without_extra_data(sealed: Sealed) -> None:
    """The line is left out; the entry comes from elsewhere."""
    whole = prove(sealed, 7)
    proof = parse_proof(LogProof(7, whole.hashes, whole.checkpoint).encode())
    assert proof.extra is None
    proof.check(entries(1, 7)[0], sealed.policy)


def test_another_logs_proof_is_refused(sealed: Sealed, tmp_path: Path) -> None:
    """The policy's log has not signed it."""
    other = Sealed(tmp_path)
    other.grow(entries(SIZE))
    with pytest.raises(PolicyError, match="no key of the policy"):
        prove(other, 7).check(entries(1, 7)[0], sealed.policy)


@pytest.mark.parametrize(
    ("before", "after", "wrong"),
    [
        (b"tlog-proof@v1", b"tlog-proof@v2", "the first line is"),
        (b"index 7", b"index 07", "without leading zeroes"),
        (b"index 7", b"entry 7", "no line `index <number>`"),
        (b"extra ", b"extra *", "the extra data is not base64"),
        (b"index 7\n", b"index 7\nAAAA\n", "hash 1 of the proof has 3 bytes"),
        (
            b"index 7\n",
            b"index 7\n" + b"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n" * 60,
            "no tree needs more than 63",
        ),
        (b"index 7\n", "index 7\n—\n".encode(), "not ASCII"),
    ],
)
def test_malformed_proofs(sealed: Sealed, before: bytes, after: bytes, wrong: str) -> None:
    """Each is refused with what is wrong."""
    with pytest.raises(FormatError, match=wrong):
        parse_proof(prove(sealed, 7).encode().replace(before, after, 1))


def test_a_proof_has_a_checkpoint(sealed: Sealed) -> None:
    """Nothing after the hashes is no proof."""
    head, _, _ = prove(sealed, 7).encode().partition(b"\n\n")
    with pytest.raises(FormatError, match="no checkpoint"):
        parse_proof(head)
