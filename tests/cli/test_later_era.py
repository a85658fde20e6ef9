"""A loss that was accepted ends the sealed log: the next one continues it, under another origin, on every machine."""

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from events.seal.storage import CHECKPOINT
from tests.cli.terminal import START_SECONDS, Terminal
from tests.cli.test_archive_trim import told
from tests.cli.test_restore import ALL, EARLY, history, publish, refuses

TRIMMED = 256


@pytest.fixture(scope="module")
def lost(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a stopped duban whose log was trimmed and sealed, and whose server is that of some time before."""
    duban = Terminal(tmp_path_factory.mktemp("lost") / "data")
    with duban.running():
        publish(duban, 0, EARLY)
        told(duban, "archive", "seal")
        folded(duban)
        told(duban, "archive", "trim", "--keep", "1000")
    shutil.copytree(duban.data / "server", duban.data.parent / "backup")
    with duban.running():
        publish(duban, EARLY, ALL)
        told(duban, "archive", "seal")
    shutil.rmtree(duban.data / "server")
    shutil.move(duban.data.parent / "backup", duban.data / "server")
    return duban.data


@pytest.fixture
def duban(lost: Path, tmp_path: Path) -> Iterator[Terminal]:
    """Return it on a copy of that directory, with the loss accepted and another event on its first position."""
    shutil.copytree(lost, tmp_path / "data")
    duban = Terminal(tmp_path / "data")
    refuses(duban, f"positions {EARLY + 1} to {ALL}")
    accept(duban, EARLY, "李科长")
    publish(duban, EARLY, EARLY + 20, "other-")
    sealed(duban, 2)
    yield duban
    if duban.up is not None and duban.up.poll() is None:
        duban.stop()


def accept(duban: Terminal, tail: int, by: str) -> None:
    """Start it, and accept that what follows a position is lost."""
    duban.launch()
    end = time.monotonic() + START_SECONDS
    while f"{by}: " not in (done := duban("doctor")).stdout:
        assert time.monotonic() < end, done.stdout + done.stderr
        duban("doctor", "--accept-loss", str(tail), "--by", by)  # it may not know of the loss yet
    while (done := duban("doctor")).returncode:
        assert time.monotonic() < end, done.stdout + done.stderr


def folded(duban: Terminal) -> None:
    """Wait until what is folded is saved."""
    end = time.monotonic() + START_SECONDS
    while json.loads(told(duban, "archive", "trim", "--keep", "1000", "--dry-run", "--json"))["last"] < TRIMMED:
        assert time.monotonic() < end
        time.sleep(0.2)


def archive(duban: Terminal, era: int) -> Path:
    """Return the place of an era's archives."""
    first = duban.data / "archive/zhanjiang"
    return first if era == 1 else first / str(era)


def sealed(duban: Terminal, era: int) -> None:
    """Wait until the log has an era, and seal it."""
    end = time.monotonic() + START_SECONDS
    while not (archive(duban, era) / "log" / CHECKPOINT).exists():
        assert time.monotonic() < end, duban("doctor").stderr
        time.sleep(0.2)
    told(duban, "archive", "seal")


def verified(duban: Terminal, era: int) -> dict[str, Any]:
    """Verify the archives of an era offline."""
    policy = duban.data.parent / "policy"
    policy.write_text(told(duban, "audit", "key"), encoding="utf-8")
    words = "audit", "verify", "--archive", str(archive(duban, era)), "--policy", str(policy), "--json"
    found: dict[str, Any] = json.loads(told(duban, *words))
    assert found["findings"] == []
    return found


def first_lines(file: Path) -> list[str]:
    """Return origin, size and head of a checkpoint."""
    return file.read_text(encoding="utf-8").splitlines()[:3]


def test_the_next_log_continues_the_one_that_ended(duban: Terminal) -> None:
    """Both are verified offline, the old one as it was; the record has the end, and all goes on by itself."""
    ended = first_lines(archive(duban, 1) / "log" / CHECKPOINT)
    assert ended[1] == str(ALL)
    assert (verified(duban, 1)["position"], verified(duban, 2)["position"]) == (ALL, EARLY + 20)
    assert first_lines(archive(duban, 2) / "log/continues") == ended
    assert first_lines(archive(duban, 2) / "log" / CHECKPOINT)[0] == f"{ended[0]}/2"
    assert f"continues {ended[0]}" in " ".join(verified(duban, 2)["notes"])
    entry = json.loads(told(duban, "audit", "replay", "--ledger", "ops", "--type", "ops.log.ended", "--ndjson"))
    assert (entry["data"]["origin"], entry["data"]["size"], entry["data"]["continued"]) == (ended[0], ALL, 1_280)
    token = (duban.data / "tokens/audit.token").read_text(encoding="utf-8").strip()
    url, bearer = f"http://127.0.0.1:{duban.port}/v1/zhanjiang", {"Authorization": f"Bearer {token}"}
    sizes = [httpx.get(f"{url}/{path}log/checkpoint", headers=bearer).text.split("\n")[1] for path in ("", "2/")]
    assert sizes == [str(ALL), str(EARLY + 20)]
    assert httpx.get(f"{url}/3/log/checkpoint", headers=bearer).status_code == 404
    copy, policy = duban.data.parent / "copy", duban.data.parent / "policy"
    told(duban, "archive", "mirror", str(archive(duban, 2)), str(copy), "--policy", str(policy))
    assert first_lines(copy / "log/continues") == ended
    assert told(duban, "doctor").splitlines()[-1] == "all is well"
    assert duban.stop() == 0
    with duban.running():
        publish(duban, EARLY + 20, EARLY + 40, "other-")
        told(duban, "archive", "seal")
        assert verified(duban, 2)["position"] == EARLY + 40
        told(duban, "audit", "verify")


def test_trimming_and_restoring_go_on_in_the_next_era(duban: Terminal) -> None:
    """What had left the server before is in its archive too: an empty server is filled from that alone."""
    folded(duban)
    publish(duban, EARLY + 20, ALL, "other-")
    told(duban, "archive", "seal")
    time.sleep(2)  # what is folded is saved each second
    told(duban, "archive", "trim", "--keep", "1000")
    assert f"duplicate {EARLY}" in publish(duban, 0, EARLY)
    before = history(duban)
    assert len(before) == ALL
    told(duban, "audit", "verify")
    assert duban.stop() == 0
    shutil.rmtree(duban.data / "server")
    shutil.rmtree(duban.data / "state")
    assert json.loads(told(duban, "restore", "--keep", "1000", "--json"))["lacking"] == ALL
    told(duban, "restore", "--ledger", "ops")
    with duban.running():
        assert history(duban) == before
        assert f"duplicate {EARLY}" in publish(duban, 0, EARLY)


def test_a_second_loss_begins_a_third_log(duban: Terminal, tmp_path: Path) -> None:
    """The acceptance of the first loss does not accept it, also where only the archive knows of it."""
    assert duban.stop() == 0
    shutil.copytree(duban.data / "server", tmp_path / "backup")
    with duban.running():
        publish(duban, EARLY + 20, EARLY + 40, "other-")
        told(duban, "archive", "seal")
    shutil.rmtree(duban.data / "server")
    shutil.move(tmp_path / "backup", duban.data / "server")
    shutil.rmtree(duban.data / "state")
    refuses(duban, f"positions {EARLY + 21} to {EARLY + 40}")
    assert not archive(duban, 3).exists()
    accept(duban, EARLY + 20, "王芳")
    publish(duban, EARLY + 20, EARLY + 30, "third-")
    sealed(duban, 3)
    assert verified(duban, 3)["position"] == EARLY + 30
    assert [verified(duban, era)["position"] for era in (1, 2)] == [ALL, EARLY + 40]
