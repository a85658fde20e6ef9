"""When a witness cosigns, with the requests by which litewitness is tested.

https://github.com/FiloSottile/torchwood , cmd/litewitness/testdata/litewitness.txt : a log of Sigsum.
"""

from pathlib import Path

import pytest

from events.seal.checkpoint import LogCheckpoint, parse_checkpoint
from events.seal.keys import ED25519, VerifierKey
from events.seal.merkle import EMPTY
from events.seal.notes import parse_note
from events.seal.proofs import consistency_proof
from events.seal.storage import DirectoryStorage
from events.seal.tiles import subtrees
from events.seal.witnessing import AddCheckpoint, WitnessRefusal, judged, parse_request
from tests.events.seal.logs import Cosigner, Sealed, entries

ORIGIN = "sigsum.org/v1/tree/4d6d8825a6bb689d459628312889dfbb0bcd41b5211d9e1ce768b0ff0309e562"

KEY = VerifierKey(ORIGIN, ED25519, bytes.fromhex("ffdc2d4d98e4124d3feaf788c0c2f9abfd796083d1f0495437f302ec79cf100f"))

ONE = f"""old 0

{ORIGIN}
1
KgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=

— {ORIGIN} UgIom7fPZTqpxWWhyjWduBvTvGVqsokMbqTArsQilegKoFBJQjUFAmQ0+YeSPM3wfUQMFSzVnnNuWRTYrajXpNUbIQY=
"""

THREE = f"""old 1
KgEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
KgIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=

{ORIGIN}
3
RcCI1Nk56ZcSmIEfIn0SleqtV7uvrlXNccFx595Iwl0=

— {ORIGIN} UgIom2VbtIcdFbwFAy1n7s6IkAxIY6J/GQOTuZF2ORV39d75cbAj2aQYwyJre36kezNobZs4SUUdrcawfAB8WVrx6go=
"""

FIVE = f"""old 3
KgIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
KgMAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
wgiIFdZfYNv6WU1OllBKsWnLYIS/DBMqt8Uh/S4OukE=
KgQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=

{ORIGIN}
5
QrtXrQZCCvpIgsSmOsah7HdICzMLLyDfxToMql9WTjY=

— {ORIGIN} UgIomw/EOJmWi0i1FQsOj+etB7F8IccFam/jgd6wzRns4QPVmyEZtdvl1U2KEmLOZ/ASRcWJi0tW90dJWAShei7sDww=
"""


class Witness:
    """Remembers the newest checkpoint."""

    def __init__(self, *keys: VerifierKey) -> None:
        self._keys = keys
        self.newest: LogCheckpoint | None = None

    def ask(self, request: bytes | str) -> int | str:
        """Return the size that would be cosigned, or the refusal's status and body."""
        answer = judged(request.encode() if isinstance(request, str) else request, self._keys, lambda _: self.newest)
        if isinstance(answer, WitnessRefusal):
            return f"{answer.status} {answer.body}"
        self.newest = answer.checkpoint
        return answer.checkpoint.size


def test_the_requests_of_litewitness() -> None:
    """The same answers, but 404 for an unknown log, as specified now, and 400 for base64 with loose bits."""
    witness = Witness(KEY)
    assert witness.ask(ONE) == 1
    assert str(witness.ask(THREE.replace("6go=", "6gx="))).startswith("400 the signature of")
    assert str(witness.ask(THREE.replace("6go=", "6gs="))).startswith("403 the signature of")
    assert str(witness.ask(THREE.replace("e562", "e563"))).startswith("404 the log")
    head, _, tail = THREE.partition("\n\n")
    assert str(witness.ask(f"old 1\n\n{tail}")).startswith("422 the proof does not show")
    assert str(witness.ask(f"{head[:-4]}BAA=\n\n{tail}")).startswith("422 the proof does not show")
    assert witness.ask(THREE) == 3
    assert witness.ask(FIVE.replace("old 3", "old 1")) == "409 3\n"
    assert witness.ask(FIVE) == 5
    assert witness.ask(FIVE.replace("old 3", "old 0")) == "409 5\n"
    assert parse_request(FIVE.encode()).encode() == FIVE.encode()


@pytest.mark.parametrize(
    ("request_", "wrong"),
    [
        (ONE.replace("old 0", "old 2"), "400 the old size 2 is larger"),
        (ONE.replace("old 0", "old 00"), "400 the old size is '00'"),
        (ONE.replace("old 0", "new 0"), "400 a request has a line"),
        (ONE.replace("old 0\n", "old 0\nAAAA\n"), "400 hash 1 of the proof has 3 bytes instead of 32"),
        (ONE.replace("old 0\n", "old 0\n*\n"), "400 hash 1 of the proof is not base64"),
        (ONE.replace("old 0\n", "old 0\n—\n"), "400 the request has a byte that is not ASCII"),
        (ONE.replace("old 0\n", "old 0\n" + "A\n" * 64), "400 the proof has 64 hashes"),
        ("old 0\n\nnothing", "400 the note has no signatures"),
    ],
)
def test_malformed_requests(request_: str, wrong: str) -> None:
    """Each is refused with what is wrong."""
    assert str(Witness(KEY).ask(request_)).startswith(wrong)


def test_our_checkpoints_are_cosigned_and_forks_are_not(tmp_path: Path) -> None:
    """A log is witnessed from its tiles, by either of its keys, from empty on; a fork of it is refused."""
    sealed, fork = Sealed(tmp_path / "log"), Sealed(tmp_path / "fork")
    fork.signer = sealed.signer
    witness, size = Witness(sealed.signer.keys[1]), 0
    for more in (0, 5, 300, 0, 60):
        data = sealed.grow(entries(more, size))
        before, size = size, size + more
        read = DirectoryStorage(sealed.root).read
        proof = consistency_proof(before, size, subtrees(read, size))
        assert witness.ask(AddCheckpoint(before, tuple(proof), data).encode()) == size
    for count in (size, size + 40):
        forked = Sealed(tmp_path / f"fork-{count}")
        forked.signer = sealed.signer
        data = forked.grow(entries(count, 1))
        proof = consistency_proof(size, count, subtrees(DirectoryStorage(forked.root).read, count))
        assert str(witness.ask(AddCheckpoint(size, tuple(proof), data).encode())).startswith("422 ")


def test_an_empty_tree_has_its_own_head_and_a_signature_is_needed() -> None:
    """A checkpoint of nothing with a head is refused, and one that only others have signed."""
    log = Cosigner("log.example")
    for root, wanted in ((EMPTY, 0), (bytes(32), "422 the checkpoint has no entries")):
        note = parse_note(f"{LogCheckpoint('log.example', 0, root)}\n{ONE.splitlines()[-1]}\n".encode())
        signed = note.adding([log.cosign(note)])
        answer = Witness(log.key).ask(AddCheckpoint(0, (), signed.encode()).encode())
        assert answer == wanted or str(answer).startswith(str(wanted))
    assert str(Witness(log.key).ask(AddCheckpoint(0, (), note.encode()).encode())).startswith("403 no known key")
    assert parse_checkpoint(note.text).size == 0
