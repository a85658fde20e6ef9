"""`duban witness`: its answers over HTTP, what it keeps, and when it does not start."""

import signal
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from events.seal.keys import ED25519_COSIGNATURE, ML_DSA_44, parse_key, signers
from events.seal.notes import parse_lines, parse_note
from events.seal.policy import parse_policy
from events.seal.proofs import consistency_proof
from events.seal.storage import DirectoryStorage
from events.seal.tiles import subtrees
from events.seal.witnessing import AddCheckpoint, WitnessRefusal, origin_hash
from services.witness.cosigner import Cosigner, make_keys
from tests.cli.terminal import run
from tests.events.seal.logs import NOW, ORIGIN, Sealed, entries, policy_text
from tests.ingest.witnessed import RunningWitness, witnessing
from tests.ports import free_ports


class Log:
    """A log that is fed to a witness."""

    def __init__(self, folder: Path) -> None:
        self.sealed = Sealed(folder)
        self.size = 0

    def grow(self, count: int) -> bytes:
        """Grow, and return the checkpoint."""
        data = self.sealed.grow(entries(count, self.size))
        self.size += count
        return data

    def request(self, old: int) -> bytes:
        """Return a request for the newest checkpoint."""
        read = DirectoryStorage(self.sealed.root).read
        proof = consistency_proof(old, self.size, subtrees(read, self.size))
        return AddCheckpoint(old, tuple(proof), (self.sealed.root / "checkpoint").read_bytes()).encode()


@pytest.fixture
def log(tmp_path: Path) -> Log:
    """Return a log without entries."""
    made = Log(tmp_path / "log")
    made.grow(0)
    return made


@pytest_asyncio.fixture
async def witness(tmp_path: Path, log: Log) -> AsyncIterator[RunningWitness]:
    """Return a witness of the log."""
    async with witnessing(tmp_path / "witness", log.sealed.signer.keys) as running:
        yield running


async def ask(witness: RunningWitness, request: bytes) -> httpx.Response:
    async with httpx.AsyncClient() as http:
        return await http.post(f"{witness.url}/add-checkpoint", content=request)


async def newest(witness: RunningWitness, hash: str = origin_hash(ORIGIN)) -> httpx.Response:
    async with httpx.AsyncClient() as http:
        return await http.get(f"{witness.url}/{hash}/checkpoint")


async def test_the_table_of_answers(witness: RunningWitness, log: Log) -> None:
    """Each status of the specification, with its media type."""
    assert (await newest(witness)).status_code == 404
    first = await ask(witness, log.request(0))
    assert (first.status_code, first.headers["content-type"]) == (200, "text/plain; charset=utf-8")
    log.grow(5)
    stale = log.request(0)
    assert (await ask(witness, stale)).status_code == 200
    conflict = await ask(witness, stale)
    assert (conflict.status_code, conflict.text) == (409, "5\n")
    assert conflict.headers["content-type"] == "text/x.tlog.size"
    log.grow(300)
    right = log.request(5)
    for request, status in (
        (b"nonsense", 400),
        (right.replace(b"old 5\n", b"old 999\n"), 400),
        (right.replace(ORIGIN.encode(), b"other.example/log"), 404),
        (right.replace(b"\n305\n", b"\n306\n"), 403),
        (b"old 5\n\n" + right.partition(b"\n\n")[2], 422),
    ):
        assert (await ask(witness, request)).status_code == status, request
    assert (await ask(witness, right)).status_code == 200
    async with httpx.AsyncClient() as http:
        large = await http.post(f"{witness.url}/add-checkpoint", content=b"x" * 300_000)
        assert large.status_code == 413
        assert (await http.get(f"{witness.url}/add-checkpoint")).status_code == 405
    assert (await newest(witness, "0" * 64)).status_code == 404
    assert (await newest(witness, origin_hash(ORIGIN).upper())).status_code == 404


async def test_the_newest_checkpoint_has_all_cosignatures(witness: RunningWitness, log: Log) -> None:
    """Those that were returned, of both kinds with their time, and the log's signatures; no others."""
    log.grow(9)
    request = log.request(0)
    stray = "— stray.example AAAAAAAA\n"
    answer = await ask(witness, request + stray.encode())
    note = parse_note(log.sealed.root.joinpath("checkpoint").read_bytes())
    lines = parse_lines(answer.text)
    times = signers(note._replace(signatures=lines), witness.keys)
    assert [key.type for key in times] == [ED25519_COSIGNATURE, ML_DSA_44]
    assert all(time is not None and time > NOW for time in times.values())
    assert (await newest(witness)).content == note.adding(lines).encode()


def test_it_goes_on_after_a_restart_and_is_one_process(tmp_path: Path, log: Log) -> None:
    """What was cosigned is on disk; a clock that was set back, damaged or lost files are no reason to begin again."""
    home = tmp_path / "witness"
    made = make_keys(home, "w.example/1")
    assert make_keys(home, None) == made
    assert stat.S_IMODE((home / "witness.key").stat().st_mode) == 0o600
    first = Cosigner(home, log.sealed.signer.keys)
    log.grow(7)
    assert isinstance(first.cosign(log.request(0), NOW), str)
    with pytest.raises(RuntimeError, match="another process runs the witness"):
        Cosigner(home, ())
    first.close()
    again = Cosigner(home, log.sealed.signer.keys)
    log.grow(1)
    assert again.cosign(log.request(0), NOW) == WitnessRefusal(409, "7\n")
    late = again.cosign(log.request(7), NOW - 5)
    assert isinstance(late, WitnessRefusal)
    assert (late.status, "5 s before" in late.body) == (503, True)
    assert isinstance(again.cosign(log.request(7), NOW), str)
    file = home / "logs" / origin_hash(ORIGIN)
    file.write_bytes(log.sealed.root.joinpath("checkpoint").read_bytes())
    with pytest.raises(ValueError, match="is not what this witness has cosigned"):
        again.cosign(log.request(7), NOW)
    again.close()
    with pytest.raises(ValueError, match=r"is of the witness 'w\.example/1'"):
        make_keys(home, "other.example")
    file.unlink()
    file.parent.rmdir()
    with pytest.raises(RuntimeError, match="what this witness has cosigned is lost"):
        Cosigner(home, ())


@contextmanager
def running(*words: str) -> Iterator[str]:
    """Run the command on a port until the block ends; yields its URL."""
    port = free_ports(1)
    command = [sys.executable, "-m", "services.cli", "witness", "--listen", f"127.0.0.1:{port}", *words]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        while b"witnessing" not in process.stderr.readline():
            assert process.poll() is None
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.send_signal(signal.SIGTERM)


def post(url: str, request: bytes) -> httpx.Response:
    with httpx.Client(transport=httpx.HTTPTransport(retries=5)) as http:
        return http.post(f"{url}/add-checkpoint", content=request)


def test_the_command(tmp_path: Path, log: Log) -> None:
    """It prints its lines for policies, and witnesses the logs of a policy; the next run has the same key and state."""
    home = str(tmp_path / "w")
    (tmp_path / "policy").write_bytes(policy_text(log.sealed.signer.keys, "quorum none"))
    printed = run("witness", "key", "--data", home, "--name", "w.example/1", "--url", "https://w.example")
    assert printed.returncode == 0, printed.stderr
    policy = parse_policy(printed.stdout.encode() + b"group both all w.example/1 w.example/1/ml-dsa-44\nquorum both\n")
    assert set(policy.urls.values()) == {"https://w.example"}
    log.grow(3)
    transport = httpx.HTTPTransport(retries=5)
    with (
        running("--data", home, "--policy", str(tmp_path / "policy")) as url,
        httpx.Client(transport=transport) as http,
    ):
        answer = http.post(f"{url}/add-checkpoint", content=log.request(0))
        assert answer.status_code == 200, answer.text
    note = parse_note(log.sealed.root.joinpath("checkpoint").read_bytes()).adding(parse_lines(answer.text))
    assert set(policy._replace(logs=log.sealed.signer.keys).check(note.encode()).witnesses) == set(policy.witnesses)
    assert run("witness", "key", "--data", home, "--url", "https://w.example").stdout == printed.stdout
    with (
        running("--data", home, "--log", str(log.sealed.signer.keys[0])) as url,
        httpx.Client(transport=transport) as http,
    ):
        assert http.post(f"{url}/add-checkpoint", content=log.request(0)).text == "3\n"
    assert [parse_key(line.split()[2]).name for line in printed.stdout.splitlines()] == ["w.example/1"] * 2


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        ((), "a witness needs logs"),
        (("--log", "x+1+y"), "is no verifier key"),
        (("--policy", "/nowhere/policy"), "--policy: /nowhere/policy: No such file"),
        (("--listen", "8810", "--log", "x"), "write HOST:PORT"),
        (("--name", "a b", "--log", "{key}"), "is no key name"),
    ],
)
def test_wrong_usage(tmp_path: Path, log: Log, words: tuple[str, ...], wrong: str) -> None:
    """Exit code 2, with what would be right; no key is made."""
    given = [word.format(key=log.sealed.signer.keys[0]) for word in words]
    done = run("witness", "--data", str(tmp_path / "w"), *given)
    assert (done.returncode, wrong in " ".join(done.stderr.split())) == (2, True), done.stderr
    assert not (tmp_path / "w" / "witness.key").exists()
