"""A ledger put back from its archive: on an empty server, on one that is behind, on one that went another way."""

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.ingest.sealing.places import STREAMS
from tests.cli.terminal import START_SECONDS, Terminal
from tests.cli.test_archive import events
from tests.cli.test_archive_trim import told

EARLY = 1_300

ALL = 1_700


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the data directory of a stopped duban, sealed; `backup` beside it is its server of some time before."""
    duban = Terminal(tmp_path_factory.mktemp("sealed") / "data")
    with duban.running():
        publish(duban, 0, EARLY)
    shutil.copytree(duban.data / "server", duban.data.parent / "backup")
    with duban.running():
        publish(duban, EARLY, ALL)
        told(duban, "archive", "seal")
    return duban.data


@pytest.fixture
def duban(sealed: Path, tmp_path: Path) -> Iterator[Terminal]:
    """Return a stopped duban on a copy of that directory, without its note of what was acknowledged."""
    shutil.copytree(sealed, tmp_path / "data")
    shutil.copytree(sealed.parent / "backup", tmp_path / "backup")
    shutil.rmtree(tmp_path / "data/state")
    duban = Terminal(tmp_path / "data")
    yield duban
    if duban.up is not None and duban.up.poll() is None:
        duban.stop()


def publish(duban: Terminal, after: int, until: int, prefix: str = "") -> str:
    """Publish some of the events, and return what is said."""
    file = duban.data.parent / f"{prefix}{after}.ndjson"
    lines = [line if "assigned" in line["type"] else {**line, "id": f"{prefix}{line['id']}"} for line in parsed(until)]
    file.write_text("\n".join(map(json.dumps, lines[after:])), encoding="utf-8")
    return told(duban, "publish", str(file), "--source", "office")


def parsed(count: int) -> list[dict[str, str]]:
    """Return the events."""
    return [{**line} for line in events(count)]  # type: ignore[dict-item]


def history(duban: Terminal) -> list[dict[str, str]]:
    """Return the whole log as an auditor reads it."""
    return [json.loads(line) for line in told(duban, "audit", "replay", "--ndjson").splitlines()]


def check_whole(duban: Terminal, count: int = ALL) -> None:
    """Check that the log is whole, all follows from it, and each event is known."""
    assert [line["id"] for line in history(duban)][:ALL] == [line["id"] for line in parsed(ALL)]
    told(duban, "audit", "verify")
    assert f"duplicate {ALL}" in publish(duban, 0, ALL)
    assert duban.read("tasks/t-1").json()["position"] == count


def refuses(duban: Terminal, said: str) -> None:
    """Check that ingest accepts nothing on the server as it is, and says why."""
    duban.launch()
    end = time.monotonic() + START_SECONDS
    while said not in " ".join((text := duban("doctor").stderr).split()):
        assert time.monotonic() < end, text
    duban.stop()


def test_keys_that_were_retired_are_trusted(duban: Terminal) -> None:
    """They have signed what is restored; the new ones go on from there."""
    known = json.loads(told(duban, "audit", "key", "--json"))
    old = [key.split("+")[1] for stream in STREAMS for key in known[stream]["keys"]]
    told(duban, "archive", "new-key")
    told(duban, "archive", "retire-key", *old)
    shutil.rmtree(duban.data / "server")
    assert json.loads(told(duban, "restore", "--json"))["lacking"] == ALL
    told(duban, "restore", "--ledger", "ops")
    with duban.running():
        check_whole(duban)
        told(duban, "archive", "seal")


@pytest.mark.parametrize("keep", [None, 1_000])
def test_an_empty_server_is_filled_from_the_archive(duban: Terminal, keep: int | None) -> None:
    """Whole, or with the newest events alone; no alert is sent again, and sources keep their inboxes' places."""
    shutil.rmtree(duban.data / "server")
    refuses(duban, f"positions 1 to {ALL}")
    alerts = (duban.data / "archive/zhanjiang/record/checkpoint").read_bytes()
    done = told(duban, "restore", *(["--keep", str(keep)] if keep else []), "--json")
    assert {**json.loads(done), "unsent": 0} == {"sealed": ALL, "lacking": ALL, "apart": [], "again": [], "unsent": 0}
    assert json.loads(told(duban, "restore", "--json"))["lacking"] == 0
    told(duban, "restore", "--ledger", "ops")
    with duban.running():
        check_whole(duban)
        planned = json.loads(told(duban, "archive", "trim", "--keep", "1000", "--dry-run", "--json"))
        assert planned["first"] == (1 if keep is None else 513)
        trimmed = (int(alerts.split(b"\n")[1]) - keep) // 256 * 256 if keep is not None else 0
        assert planned["record"]["first"] == trimmed + 1
        told(duban, "rebuild")
        told(duban, "archive", "seal")
        assert (duban.data / "archive/zhanjiang/record/checkpoint").read_bytes().split(b"\n")[:3] == alerts.split(
            b"\n"
        )[:3]


def test_a_server_that_is_behind_gets_what_it_lacks(duban: Terminal) -> None:
    """Last week's backup: nothing is signed, nothing accepted, until the sealed events are back."""
    shutil.rmtree(duban.data / "server")
    shutil.move(duban.data.parent / "backup", duban.data / "server")
    signed = (duban.data / "archive/zhanjiang/log/checkpoint").read_bytes()
    refuses(duban, f"positions {EARLY + 1} to {ALL}")
    assert (duban.data / "archive/zhanjiang/log/checkpoint").read_bytes() == signed
    assert f"it lacked {ALL - EARLY} of them" in told(duban, "restore")
    with duban.running():
        check_whole(duban)


def test_a_server_that_went_another_way_is_set_right(duban: Terminal) -> None:
    """What it accepted on sealed positions is submitted again after the end, and listed; its log stays beside."""
    shutil.rmtree(duban.data / "server")
    shutil.move(duban.data.parent / "backup", duban.data / "server")
    for kept in ("archive", "keys"):
        shutil.move(duban.data / kept, duban.data.parent / kept)
    with duban.running():
        publish(duban, EARLY, EARLY + 20, "other-")
    for kept in ("archive", "keys"):
        shutil.rmtree(duban.data / kept)
        shutil.move(duban.data.parent / kept, duban.data / kept)
    shutil.rmtree(duban.data / "state")
    refuses(duban, f"positions {EARLY + 1} to {ALL}")
    done = json.loads(told(duban, "restore", "--json"))
    assert (done["sealed"], done["lacking"]) == (ALL, ALL - EARLY)
    assert done["apart"][0] == f"duban:{{zhanjiang}}:log:apart:{EARLY + 20}"
    assert [(one["before"], one["position"]) for one in done["again"]] == [
        (EARLY + number, ALL + number) for number in range(1, 21)
    ]
    again = json.loads(told(duban, "restore", "--json"))
    assert {one["outcome"] for one in again["again"]} == {"duplicate"}
    with duban.running():
        check_whole(duban, ALL + 20)
        assert [line["id"] for line in history(duban)][ALL:] == [
            f"other-u-{number}" for number in range(EARLY + 1, EARLY + 21)
        ]


def test_what_is_running_or_damaged_is_left_alone(duban: Terminal) -> None:
    """A running duban, an archive of other keys, a flipped bit: each is said, and nothing is written."""
    with duban.running():
        running = duban("restore")
        assert (running.returncode, "already runs here" in running.stderr) == (2, True), running.stderr
    bundle = duban.data / "archive/zhanjiang/log/tile/entries/000"
    data = bundle.read_bytes()
    bundle.write_bytes(data[:500] + bytes([data[500] ^ 1]) + data[501:])
    shutil.rmtree(duban.data / "server")
    damaged = duban("restore")
    assert (damaged.returncode, "damaged" in damaged.stderr) == (1, True), damaged.stderr
    shutil.rmtree(duban.data / "archive/zhanjiang")
    missing = duban("restore")
    assert (missing.returncode, "nothing was sealed there" in missing.stderr) == (1, True), missing.stderr
