"""Implementations that are not ours verify our archives, and ours verifies theirs.

aics-tlog needs Python 3.12, so they are no dependency of duban: `make verifiers` puts them into a virtual environment
of their own, `.verifiers`; DUBAN_TEST_VERIFIERS may name another Python that has them.
"""

import asyncio
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from events.seal.checkpoint import LogCheckpoint
from events.seal.keys import parse_key
from events.seal.notes import parse_lines, parse_note
from events.seal.policy import parse_policy, policy_of
from events.seal.proofs import consistency_proof
from events.seal.signers import KeyFile
from events.seal.storage import DirectoryStorage
from events.seal.tiles import subtrees
from events.seal.witnessing import AddCheckpoint, WitnessRefusal, judged
from services.cli.fsck.check import check_archive
from services.cli.fsck.files import DirectoryFiles
from services.ingest.sealing.publishing import Quorum
from services.ingest.sealing.sealer import Sealer
from services.ingest.sealing.witnesses import Witnesses
from tests.events.seal.logs import ORIGIN, Sealed, entries, policy_text
from tests.ingest.sealed import MemoryStream, archive_in, place, sealing
from tests.ingest.witnessed import witnessing

ROOT = Path(__file__).parents[3]

PYTHON = Path(os.environ.get("DUBAN_TEST_VERIFIERS", ROOT / ".verifiers" / "bin" / "python"))

OTHER = Path(__file__).with_name("other_verifier.py")

SIZES = [0, 1, 255, 256, 257, 65_535, 65_536, 65_537]
"""Around the boundaries of tiles of level 0 and 1."""


@pytest.fixture(scope="module")
def python() -> str:
    """Return the Python with the other implementations."""
    if not PYTHON.exists():
        pytest.skip(f"no {PYTHON}: `make verifiers` makes it, where there is a Python 3.12")
    return str(PYTHON)


def other(python: str, *words: str) -> str:
    """Run the other implementations and return what they print."""
    done = subprocess.run([python, str(OTHER), *words], env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def environment() -> dict[str, str]:
    """Return the environment of the other implementations."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


def test_they_verify_our_archive_at_every_boundary(python: str, tmp_path: Path) -> None:
    """Signatures of both kinds, every tile, every entry, inclusion, and consistency with all checkpoints before."""
    sealed = Sealed(tmp_path)
    earlier: list[str] = []
    keys = [str(key) for key in sealed.signer.keys]
    log = entries(SIZES[-1])
    done = 0
    for size in SIZES:
        data = sealed.grow(log[done:size])
        done = size
        assert other(python, "verify", str(sealed.root), *keys, *earlier) == str(size)
        earlier.append(str(tmp_path / f"checkpoint.{size}"))
        Path(earlier[-1]).write_bytes(data)


def test_they_refuse_a_changed_entry(python: str, tmp_path: Path) -> None:
    """The verifiers are able to say no."""
    sealed = Sealed(tmp_path)
    sealed.grow(entries(300))
    path = sealed.root / "tile/entries/000"
    path.write_bytes(path.read_bytes().replace(b"r-41", b"r-14"))
    with pytest.raises(AssertionError, match="tile/entries/000 does not match its level 0 tile"):
        other(python, "verify", str(sealed.root), *map(str, sealed.signer.keys))


@pytest.mark.parametrize("size", [0, 1, 256, 257, 66_000])
def test_we_verify_theirs(python: str, tmp_path: Path, size: int) -> None:
    """An archive that knows nothing of duban."""
    key = parse_key(other(python, "build", str(tmp_path), str(size)))
    checkpoint = policy_of(key).check((tmp_path / "checkpoint").read_bytes()).checkpoint
    assert checkpoint.size == size
    checked = check_archive(DirectoryFiles(tmp_path), checkpoint, lambda _: None)
    assert (checked.entries, checked.flaws) == (size, [])


def requests(folder: Path) -> tuple[Sealed, list[bytes]]:
    """Return a log, and requests to a witness: growth, repeats, wrong sizes and proofs, forks, other logs, nonsense."""
    sealed = Sealed(folder / "log")

    def ask(log: Sealed, old: int, size: int) -> bytes:
        read = DirectoryStorage(log.root).read
        data = read("checkpoint")
        assert data is not None
        return AddCheckpoint(old, tuple(consistency_proof(old, size, subtrees(read, size))), data).encode()

    made, size = [], 0
    for more in (0, 3, 0, 300):
        sealed.grow(entries(more, size))
        made.append(ask(sealed, size, size + more))
        size += more
    fork, other = Sealed(folder / "fork"), Sealed(folder / "other")
    fork.signer = sealed.signer
    for log, first, count in ((fork, 1, size), (other, 0, size), (Sealed(folder / "third", "third.example/log"), 0, 9)):
        log.grow(entries(count, first))
        made.append(ask(log, min(count, size), count))
    fork.grow(entries(50, size + 1))
    sealed.grow(entries(50, size))
    right = ask(sealed, size, size + 50)
    made += [ask(fork, size, size + 50), ask(sealed, size - 1, size + 50)]
    head, _, tail = right.partition(b"\n\n")
    made += [head.rpartition(b"\n")[0] + b"\n\n" + tail, right.replace(b"old 303", b"old 999"), head, b"", b"old 0\n\n"]
    made += [right.replace(b"\n353\n", b"\n354\n"), right, right]
    return sealed, made


def test_their_witness_cosigns_our_log_and_answers_as_ours_does(python: str, tmp_path: Path) -> None:
    """Checkpoints that continue the log are cosigned, as a policy asks; all other requests get the same status."""
    sealed, made = requests(tmp_path)
    for number, request in enumerate(made):
        (tmp_path / f"request.{number}").write_bytes(request)
    paths = [str(tmp_path / f"request.{number}") for number in range(len(made))]
    key = sealed.signer.keys[0]
    witness, answers = json.loads(other(python, "cosign", str(tmp_path / "witness.db"), ORIGIN, str(key), *paths))
    newest: LogCheckpoint | None = None
    for request, (status, body) in zip(made, answers, strict=True):
        found = judged(request, [key], lambda _: newest)  # noqa: B023 - called at once
        if isinstance(found, WitnessRefusal):
            assert (found.status, found.body if status == 409 else "") == (status, body if status == 409 else "")
        else:
            assert status == 200, body
            newest = found.checkpoint
            note = parse_note(request.partition(b"\n\n")[2]).adding(parse_lines(body))
            policy = parse_policy(policy_text([key], f"witness w {witness}", "quorum w"))
            assert set(policy.check(note.encode()).witnesses) == {"w"}
    assert newest is not None
    assert newest.size == 353
    assert {status for status, _ in answers} == {200, 400, 403, 404, 409, 422}


async def test_their_witness_cosigns_what_the_sealer_publishes(python: str, tmp_path: Path) -> None:
    """Over HTTP, from an empty log on; of a fork of the log it says so, and nothing is published."""
    key = KeyFile.make(_made(place(tmp_path).key), ORIGIN).keys[0]
    with their_witness(python, tmp_path / "w.db", str(key)) as (vkey, url):
        policy = parse_policy(policy_text([key], f"witness w {vkey} {url}", "quorum w"))

        async def seal(log: list[bytes]) -> Sealer:
            async with httpx.AsyncClient() as http:
                quorum = Quorum(Witnesses(policy, http))
                async with sealing(tmp_path, MemoryStream(log), quorum=quorum) as sealer:
                    await sealer.turn()
                    return sealer

        for size in (0, 5, 300):
            await seal(entries(size))
            trusted = policy.check((archive_in(tmp_path) / "checkpoint").read_bytes())
            assert (trusted.checkpoint.size, set(trusted.witnesses)) == (size, {"w"})
        shutil.rmtree(archive_in(tmp_path))
        place(tmp_path).state.unlink()
        sealer = await seal(entries(400, 1))
        assert "witnesses have cosigned another head of the first 300 entries" in str(sealer.stopped)
        assert not (archive_in(tmp_path) / "checkpoint").exists()


@contextmanager
def their_witness(python: str, database: Path, key: str) -> Iterator[tuple[str, str]]:
    """Run a witness of the log; yields its key and its URL."""
    command = [python, str(OTHER), "serve", str(database), ORIGIN, key]
    with subprocess.Popen(command, env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stdin is not None
        vkey, url = json.loads(running.stdout.readline())
        yield vkey, url
        running.stdin.close()


async def test_their_feeder_drives_our_witness(python: str, tmp_path: Path) -> None:
    """It accepts the cosignatures, follows our 409, and hears of a fork as 422; the answers to their witness' cases."""
    logs = [Sealed(tmp_path / name) for name in ("0", "300", "fork", "301")]
    first, second, fork, third = logs
    for log in logs[1:]:
        log.signer = first.signer
    first.grow(entries(0))
    second.grow(entries(300))
    fork.grow(entries(300, 1))
    third.grow(entries(301))
    async with witnessing(tmp_path / "witness", first.signer.keys[:1]) as witness:
        words = "feed", witness.url, str(witness.keys[0]), *(str(log.root) for log in logs)
        answers = json.loads(await asyncio.to_thread(other, python, *words))
        again = json.loads(await asyncio.to_thread(other, python, *words[:3], str(first.root), str(third.root)))
    policy = witness.policy(first.signer.keys)
    for log, answer, size in ((first, answers[0], 0), (second, answers[1], 300), (third, answers[3], 301)):
        assert log.root.exists()
        trusted = policy.check(answer.encode())
        assert (trusted.checkpoint.size, "w" in trusted.witnesses) == (size, True)
    assert answers[2].startswith("WitnessRejected: witness answered 422: the proof does not show")
    assert again[0].startswith("WitnessAhead: witness already cosigned size 301")
    assert policy.check(again[1].encode()).checkpoint.size == 301


def _made(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path
