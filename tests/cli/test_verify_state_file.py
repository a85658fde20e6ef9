"""`duban audit verify --state FILE` as a process: killed, interrupted, refused; what it says it read."""

import json
import shutil
import signal
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from events.envelope import encode
from events.ledger import Ledger
from services.common.settings import load_ledger, shipped
from tests.cli.terminal import CLEAN, run
from tests.cli.test_decisions import START
from tests.cli.test_verify_state import Growing
from tests.events.seal.logs import Sealed
from tests.examples import LEAD, assigned, reported, seal
from tests.forked import Forked

LEDGER: Ledger = load_ledger(shipped("zhanjiang.toml"))

MANY = 48_000
"""Events that take some seconds, with several saves."""


def log_of(count: int, word: int = 50) -> list[bytes]:
    """Return a task and reports on it, one a second."""
    entries = [seal(encode(assigned("t", time=START)), START.isoformat(), "office")]
    for number in range(1, count):
        at = START + timedelta(seconds=number)
        entries.append(seal(encode(reported("t", number, unit=LEAD, percent=word, time=at)), at.isoformat(), "units"))
    return entries


@pytest.fixture(scope="module")
def many() -> list[bytes]:
    """Return a log of MANY events."""
    return log_of(MANY)


class Place:
    """Archives in a folder, their policy, and a state next to them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.archives = Growing(folder / "archives")
        self.state = folder / "state"
        (folder / "policy").write_bytes(self.archives.policy())

    @property
    def words(self) -> list[str]:
        """The command."""
        policy = str(self.folder / "policy")
        words = ["--archive", str(self.archives.base), "--policy", policy, "--state", str(self.state)]
        return ["audit", "verify", *words]

    def verify(self, *more: str, code: int = 0) -> dict[str, Any]:
        """Verify, and return what it says as JSON."""
        done = run(*self.words, "--json", *more)
        assert done.returncode == code, done.stderr + done.stdout
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def refused(self, code: int = 2) -> str:
        """Verify, and return why it was refused; the state's file is as it was."""
        before = self.state.read_bytes()
        done = run(*self.words)
        assert (done.returncode, self.state.read_bytes()) == (code, before), done.stderr
        return " ".join(done.stderr.split())

    def started(self, output: Path) -> Forked:
        """Start the command."""
        with output.open("ab") as file:
            return Forked([*self.words, "--json"], CLEAN, stdout=file, stderr=file)

    def until_saved(self, process: Forked, saves: int) -> None:
        """Wait until the state was saved so many times, or the process has ended."""
        seen, last = 0, self.state.read_bytes() if self.state.exists() else b""
        while seen < saves and process.poll() is None:
            now = self.state.read_bytes() if self.state.exists() else b""
            seen, last = seen + (now != last), now
            time.sleep(0.01)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Return archives that are empty so far."""
    return Place(tmp_path)


@pytest.fixture
def small(place: Place) -> Place:
    """Return archives of 300 events, and the state of their verification."""
    place.archives.grow("log", log_of(300))
    assert place.verify()["state"] == {"earlier": 0, "saved": None, "read": 300, "record_earlier": 0, "kept": True}
    return place


@pytest.mark.long(60)
def test_a_verification_that_is_killed_resumes(place: Place, many: list[bytes], tmp_path: Path) -> None:
    """By SIGKILL, again and again: the state is whole each time, and its position only grows."""
    place.archives.grow("log", many)
    positions = [0]
    for saves in (1, 1, 2):
        process = place.started(tmp_path / "output")
        place.until_saved(process, saves)
        process.kill()
        process.wait(60)
        positions.append(position_in(place.state))
    done = place.verify()
    assert (done["findings"], done["position"]) == ([], MANY)
    assert (done["state"]["earlier"], done["state"]["read"]) == (positions[-1], MANY - positions[-1])
    assert positions == sorted(positions)
    assert positions[1] > 0
    assert place.verify()["state"]["read"] == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_verification_saves_first(
    place: Place, many: list[bytes], tmp_path: Path, number: signal.Signals
) -> None:
    """And says up to where; with exit code 130."""
    place.archives.grow("log", many)
    process = place.started(tmp_path / "output")
    place.until_saved(process, 1)
    process.send_signal(number)
    assert process.wait(60) == 130
    position = position_in(place.state)
    assert f"has what was verified up to entry {position}; the same command" in (tmp_path / "output").read_text("utf-8")
    assert place.verify()["state"]["earlier"] == position


def test_what_was_read_is_said(small: Place) -> None:
    """Also of --since, which is checked next to the state."""
    checkpoint = small.folder / "checkpoint"
    shutil.copy(small.archives.base / "log/checkpoint", checkpoint)
    small.archives.grow("log", log_of(310))
    done = run(*small.words, "--since", str(checkpoint))
    assert done.returncode == 0, done.stdout
    assert "entries 1 to 300 were verified earlier (the state of 20" in done.stdout
    assert "and the log continues them; read now: 301 to 310" in done.stdout
    assert "for the first 300 the state vouches" in done.stdout
    found = small.verify("--since", "300:" + "0" * 64, code=1)["findings"]
    assert [one["check"] for one in found] == ["archive"]


def test_another_history_signed_by_the_right_key_is_refused(small: Place) -> None:
    """One with other entries, and one with fewer: by the state alone."""
    before = small.state.read_bytes()
    for entries, said in ((log_of(320, word=51), "one of them at least was replaced"), (log_of(200), "ends after 200")):
        shutil.rmtree(small.archives.base / "log")
        (small.archives.base / "keys/log/signed").unlink()
        small.archives.sizes["log"] = 0
        small.archives.grow("log", entries)
        (finding,) = small.verify(code=1)["findings"]
        assert (finding["check"], finding["where"], said in finding["detail"]) == ("state", "log", True), finding
        assert small.state.read_bytes() == before


def test_a_file_that_is_no_state_is_never_written(small: Place) -> None:
    """A foreign one, a damaged one, one of another format, a link."""
    state = small.state.read_bytes()
    for content, said in (
        (b"my notes\n", "is not a state of `duban audit verify`"),
        (state[:-1], "is a damaged state of `duban audit verify`"),
        (state.replace(b'"position":300', b'"position":299'), "is a damaged state of `duban audit verify`"),
        (state.replace(b"state 1 ", b"state 2 ", 1), "is a state in format 2; this version of duban reads format 1"),
    ):
        small.state.write_bytes(content)
        assert said in (told := small.refused())
        assert "nothing was verified or written" in told
    small.state.rename(small.folder / "other")
    small.state.symlink_to(small.folder / "other")
    assert "is a symbolic link" in small.refused()


def test_a_state_of_another_log_is_refused(small: Place, tmp_path: Path) -> None:
    """With both origins."""
    other = Sealed(tmp_path / "other/keys", "else.duban.invalid/zhanjiang")
    other.root = tmp_path / "other/archives/log"
    other.grow(log_of(5))
    (small.folder / "policy").write_bytes(small.archives.policy() + f"log {other.signer.keys[0]}\n".encode())
    small.archives.base = tmp_path / "other/archives"
    told = small.refused()
    assert "of the log '4f2a.duban.invalid/zhanjiang', the archive is that of 'else.duban.invalid/zhanjiang'" in told


def test_other_rules_verify_everything_again(small: Place, tmp_path: Path) -> None:
    """And say why; the head of the state is still to be continued."""
    (tmp_path / "ledgers").mkdir()
    text = shipped("zhanjiang.toml").read_text("utf-8")
    (tmp_path / "ledgers/zhanjiang.toml").write_text(
        text.replace("\nremind_days = [", "\nremind_days = [45, "), "utf-8"
    )
    environment = {"DUBAN_LEDGERS": str(tmp_path / "ledgers")}
    done = run(*small.words, environment=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "everything was verified again from the first entry on" in done.stdout
    assert "other present rules of the ledger" in done.stdout
    assert "is used only for its heads, which the archives continue" in done.stdout
    assert json.loads(run(*small.words, "--json", environment=environment).stdout)["state"]["read"] == 0


def test_findings_are_found_again(small: Place) -> None:
    """The state stays where it was right."""
    before = small.state.read_bytes()
    entries = log_of(310)
    entries[305] = entries[304]
    small.archives.grow("log", entries)
    found = small.verify(code=1)
    assert found["findings"]
    assert found["state"]["kept"] is False
    assert small.state.read_bytes() == before
    assert small.verify(code=1)["findings"] == found["findings"]


def test_a_state_without_alerts_does_not_claim_them(small: Place) -> None:
    """Where the record can be read now, everything is verified from the first entry on; without it, the state stays."""
    small.archives.grow("record", [])
    found = small.verify()
    assert found["state"]["earlier"] == 0
    assert any("saved without the alerts" in note for note in found["notes"])
    assert small.verify()["state"]["earlier"] == 300
    shutil.rmtree(small.archives.base / "record")
    (finding,) = small.verify(code=1)["findings"]
    assert (finding["check"], finding["where"]) == ("state", "record")


def test_a_state_needs_archives(tmp_path: Path) -> None:
    """A log on a server is verified as a whole."""
    done = run("audit", "verify", "--state", str(tmp_path / "state"))
    assert (done.returncode, "--state is for --archive" in done.stderr) == (2, True)


def position_in(state: Path) -> int:
    """Return the position of a state, which is whole."""
    data = state.read_bytes()
    content: dict[str, Any] = json.loads(data[data.index(b"\n") :])
    return int(content["position"])
