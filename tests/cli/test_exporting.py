"""`duban audit export`: a package that others can check and read, of exactly what the ledger has."""

import base64
import csv
import hashlib
import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pyarrow.parquet as pq
import pytest

from events.seal.merkle import Tree
from events.seal.timestamps import STAMPED, stamp_files
from services.cli.exporting.bag import new_bag
from services.cli.exporting.parquet import load_pyarrow
from services.cli.exporting.sealed import write_sealed
from services.common.settings import SettingsError
from tests.cli.terminal import Terminal, run
from tests.cli.test_commands import CLOCK, IMPORT

EVENT = """{"specversion":"1.0","id":"=1+1","source":"units/a","type":"duban.progress.reported.v1",
 "subject":"zj-2017-07","time":"2018-12-19T09:00:00+08:00","data":{"unit":"市残联","summary":"已挂牌。"}}"""


@pytest.fixture(scope="module")
def duban(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """Return a duban with the table, an event on two lines whose id looks like a formula, and a refusal."""
    with Terminal(tmp_path_factory.mktemp("exporting") / "data").running(*CLOCK) as terminal:
        assert terminal(*IMPORT).returncode == 0
        for body in (EVENT, EVENT.replace("zj-2017-07", "nowhere").replace("=1+1", "2")):
            post = [
                "curl",
                "-s",
                f"http://127.0.0.1:{terminal.port}/v1/zhanjiang/events",
                "-HContent-Type: application/cloudevents+json",
                f"-HAuthorization: Bearer {terminal.token('units')}",
                "--data-binary",
                body,
            ]
            subprocess.run(post, check=True, capture_output=True)
        yield terminal


@pytest.fixture(scope="module")
def bag(duban: Terminal) -> Path:
    """Return the exported package."""
    directory = duban.data.parent / "bag"
    assert duban("archive", "seal").returncode == 0
    done = duban("audit", "export", str(directory), "--parquet", "--proofs", "1,3-4")
    assert done.returncode == 0, done.stderr
    return directory


def lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines()


def stored(bag: Path) -> list[bytes]:
    """Return the exact bytes of each position, as the package's description says how to get them."""
    events = lines(bag / "data" / "log.ndjson")
    for line in lines(bag / "data" / "log-bytes.ndjson"):
        exact = json.loads(line)
        events[exact["position"] - 1] = base64.b64decode(exact["base64"])
    return events


@pytest.mark.parametrize("algorithm", sorted({"sha256", "sm3"} & hashlib.algorithms_available))
def test_each_file_is_in_the_manifests(bag: Path, algorithm: str) -> None:
    """By both hashes, computed by another library; and nothing lies in the package that is in none."""
    named: set[Path] = set()
    for manifest, inside in ((f"manifest-{algorithm}.txt", True), (f"tagmanifest-{algorithm}.txt", False)):
        for line in (bag / manifest).read_text(encoding="utf-8").splitlines():
            digest, _, name = line.partition("  ")
            assert name.startswith("data/") == inside
            assert hashlib.new(algorithm, (bag / name).read_bytes()).hexdigest() == digest, name
            named.add(bag / name)
    rest = {path for path in bag.rglob("*") if path.is_file()} - named
    assert {path.name for path in rest} == {"tagmanifest-sha256.txt", "tagmanifest-sm3.txt"}


def test_what_is_told_of_the_bag_is_true(duban: Terminal, bag: Path) -> None:
    """The payload's octets, and the tree head that the stored bytes give and `verify` prints."""
    assert (bag / "bagit.txt").read_text() == "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
    info = dict(line.split(": ", 1) for line in (bag / "bag-info.txt").read_text(encoding="utf-8").splitlines())
    payload = [path for path in (bag / "data").rglob("*") if path.is_file()]
    assert info["Payload-Oxum"] == f"{sum(path.stat().st_size for path in payload)}.{len(payload)}"
    tree = Tree()
    for raw in stored(bag):
        tree.add(raw)
    assert info["Duban-Tree-Head"] == f"{tree.size}:{tree.head()}"
    assert duban("audit", "verify", "--since", info["Duban-Tree-Head"]).returncode == 0


def test_the_payload_is_what_the_ledger_has(duban: Terminal, bag: Path) -> None:
    """Events with their exact bytes, refusals, alerts, rules with their texts, and the board as tables."""
    data = bag / "data"
    events = [json.loads(raw) for raw in stored(bag)]
    assert len(lines(data / "log.ndjson")) == len(events)
    (place,) = [place for place, event in enumerate(events) if event["id"] == "=1+1"]
    assert b"\n" in stored(bag)[place]
    (refused,) = [json.loads(line) for line in lines(data / "refused.ndjson")]
    assert (refused["refused"], refused["outcome"]["code"]) == (1, "unknown-task")
    assert {json.loads(line)["kind"] for line in lines(data / "record.ndjson")} >= {"alert"}
    (rules,) = [json.loads(line) for line in lines(data / "rules.ndjson")]
    text = (data / "rules" / f"{rules['sha256']}.json").read_bytes()
    assert hashlib.sha256(text).hexdigest() == rules["sha256"]
    table = list(csv.DictReader(io.StringIO((data / "events.csv").read_text(encoding="utf-8-sig"), newline="")))
    assert [int(row["position"]) for row in table] == list(range(1, len(events) + 1))
    assert [row["subject"] for row in table] == [event["subject"] for event in events]
    assert table[place]["id"] == "'=1+1"  # no spreadsheet computes it
    tasks = list(csv.reader(io.StringIO((data / "tasks.csv").read_text(encoding="utf-8-sig"), newline="")))
    sheet = openpyxl.load_workbook(data / "tasks.xlsx").active
    assert sheet is not None
    assert len(tasks) == sheet.max_row == 28
    assert {json.loads(one)["subject"] for one in lines(data / "log.ndjson")} == {
        row["task"] for row in json.loads(duban("status", "--json").stdout)["items"]
    }


def test_the_events_are_columns_too(bag: Path) -> None:
    """With the stored bytes, and instants as such."""
    table = pq.read_table(bag / "data" / "events.parquet")
    assert table.column("raw").to_pylist() == stored(bag)
    assert table.column("position").to_pylist() == list(range(1, len(stored(bag)) + 1))
    assert {json.loads(raw)["id"] for raw in stored(bag)} == set(table.column("id").to_pylist())
    assert all(at.tzinfo is not None for at in table.column("recordedtime").to_pylist())


def test_what_is_sealed_is_in_the_bag(duban: Terminal, bag: Path, tmp_path: Path) -> None:
    """The checkpoint signs the exported bytes, and the proofs that were asked for are good."""
    text = (bag / "data/archive/log/checkpoint").read_text(encoding="utf-8")
    _, size, root, *_ = text.splitlines()
    tree = Tree()
    for raw in stored(bag)[: int(size)]:
        tree.add(raw)
    assert base64.b64decode(root) == tree.root()
    (tmp_path / "policy").write_text(duban("audit", "key").stdout, encoding="utf-8")
    proofs = sorted((bag / "data/proofs").iterdir())
    assert [path.name for path in proofs] == ["1.tlog-proof", "3.tlog-proof", "4.tlog-proof"]
    for path in proofs:
        assert duban("audit", "check-proof", str(path), "--policy", str(tmp_path / "policy")).returncode == 0
    assert {path.name for path in (bag / "data/archive").iterdir()} == {"log", "record", "rules"}


@pytest.mark.parametrize("proofs", ["0", "1-", "2-1", "a", "1,,2"])
def test_positions_are_numbers(tmp_path: Path, proofs: str) -> None:
    """What is none is refused with an example, before anything is written."""
    done = run("audit", "export", str(tmp_path / "bag"), "--proofs", proofs)
    assert (done.returncode, "12,30-40" in done.stderr, (tmp_path / "bag").exists()) == (2, True, False)


def test_time_stamps_are_taken_along(tmp_path: Path) -> None:
    """The newest, with the checkpoint that it stamps; a stream without an archive has nothing."""
    (tmp_path / "log/stamped").mkdir(parents=True)
    stamp = stamp_files(b"old").stamp
    for name, data in (("checkpoint", b"new"), (STAMPED, b"old"), (stamp, b"stamp")):
        (tmp_path / "log" / name).write_bytes(data)
    with new_bag(tmp_path / "bag") as bag:
        write_sealed(bag, tmp_path, [])
    found = tmp_path / "bag/data/archive"
    told = {str(path.relative_to(found)): path.read_bytes() for path in found.rglob("*") if path.is_file()}
    assert told == {"log/checkpoint": b"new", f"log/{STAMPED}": b"old", f"log/{stamp}": b"stamp"}


def test_without_pyarrow_the_option_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is an extra."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(SettingsError, match=r"pip install 'duban\[parquet\]'"):
        load_pyarrow()


def test_a_ledger_always_gives_one_bag_and_overwrites_nothing(duban: Terminal, bag: Path, tmp_path: Path) -> None:
    """The same files again, byte for byte, apart from what was alerted meanwhile; a directory in use is refused."""
    (tmp_path / "empty").mkdir()
    assert duban("audit", "export", str(tmp_path / "empty")).returncode == 0
    for name in ("log.ndjson", "events.csv", "refused.ndjson", "rules.ndjson", "tasks.csv"):
        assert (tmp_path / "empty" / "data" / name).read_bytes() == (bag / "data" / name).read_bytes()
    (tmp_path / "file").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for taken in (bag, tmp_path / "file", tmp_path / "link"):
        wrong = duban("audit", "export", str(taken))
        assert (wrong.returncode, "is there already" in wrong.stderr) == (2, True)
    assert (tmp_path / "file").read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "file", "link"]


def test_an_empty_ledger_is_exported(tmp_path: Path) -> None:
    """With files that are empty, and no tables."""
    with Terminal(tmp_path / "data").running() as terminal:
        assert terminal("audit", "export", str(tmp_path / "bag")).returncode == 0
    assert (tmp_path / "bag" / "data" / "log.ndjson").read_bytes() == b""
    assert not (tmp_path / "bag" / "data" / "tasks.csv").exists()
