"""A running duban whose log is trimmed: the same answers as before, to auditors, to dashboards and to publishers."""

import json
import time
from pathlib import Path

from tests.cli.terminal import Terminal
from tests.cli.test_archive import events

EVENTS = 3_500

KEEP = 1_000

PATIENCE = 60.0
"""Seconds for the schedule: it looks every ten."""


def told(duban: Terminal, *words: str) -> str:
    """Return what a command prints that finds nothing wrong."""
    done = duban(*words)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def asked(duban: Terminal) -> dict[str, object]:
    """Return what auditors and dashboards see of the history."""
    return {
        "replay": told(duban, "audit", "replay", "--ndjson"),
        "state": told(duban, "audit", "state", "--as-of", "100", "--json"),
        "who knew": told(duban, "audit", "who-knew", "t-1", "--on", "7", "--json"),
        "task": duban.read("tasks/t-1").json(),
        "first events": duban.read("tasks/t-1/events?limit=200").json(),
        "past": duban.read("tasks/t-1?as_of=300").json(),
    }


def server(duban: Terminal) -> dict[str, object]:
    """Return what `archive trim` would still do."""
    found: dict[str, object] = json.loads(told(duban, "archive", "trim", "--keep", str(KEEP), "--dry-run", "--json"))
    return found


def test_a_trimmed_ledger_answers_as_before(tmp_path: Path) -> None:
    """By command, and by the schedule of the ledger's file after a restart."""
    file = tmp_path / "events.ndjson"
    file.write_text("\n".join(map(json.dumps, events(EVENTS))), encoding="utf-8")
    duban = Terminal(tmp_path / "data")
    with duban.running():
        told(duban, "publish", str(file), "--source", "office")
        told(duban, "archive", "seal")
        end = time.monotonic() + PATIENCE
        while server(duban)["last"] != 2304 and time.monotonic() < end:  # what is folded is saved each second
            time.sleep(0.2)
        before = asked(duban)
        assert server(duban) == {"first": 1, "last": 2304, "events": 2304}
        assert "positions 1 to 1280 have left the server" in told(duban, "archive", "trim", "--keep", "2000")
        assert asked(duban) == before
        again = told(duban, "publish", str(file), "--source", "office")
        assert f"duplicate {EVENTS}" in again, again
        told(duban, "rebuild")
    ledger = duban.data / "ledgers/zhanjiang.toml"
    ledger.write_text(f"{ledger.read_text(encoding='utf-8')}\n[archive]\nkeep = {KEEP}\n", encoding="utf-8")
    more = tmp_path / "more.ndjson"
    more.write_text("\n".join(map(json.dumps, list(events(EVENTS + 2_000))[EVENTS:])), encoding="utf-8")
    with duban.running():
        told(duban, "publish", str(more), "--source", "office")
        end = time.monotonic() + PATIENCE
        while server(duban)["first"] == 1281 and time.monotonic() < end:
            time.sleep(1)
        assert server(duban)["first"] != 1281, duban("doctor").stdout
        assert asked(duban)["past"] == before["past"]
        again = told(duban, "publish", str(file), "--source", "office")
        assert f"duplicate {EVENTS}" in again, again
        told(duban, "audit", "verify")
        done(duban)


def done(duban: Terminal) -> None:
    """Check that both trimmings are on record among what operators do."""
    lines = told(duban, "audit", "replay", "--ledger", "ops", "--type", "ops.log.trimmed", "--ndjson").splitlines()
    by_hand, by_itself, *_ = [json.loads(line) for line in lines]
    assert (by_hand["authid"], by_hand["data"]["first"], by_hand["data"]["last"]) == ("commands", 1, 1280)
    assert (by_itself["authid"], by_itself["data"]["by"], by_itself["data"]["first"]) == ("ingest", "ingest", 1281)
