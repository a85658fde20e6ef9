"""A running duban whose log and record are trimmed: auditors, dashboards and publishers get the same answers."""

import json
import time
from pathlib import Path
from typing import Any

import httpx

from services.cli.target import LEDGER
from tests.cli.terminal import Terminal
from tests.cli.test_archive import events
from tests.patience import PATIENCE

EVENTS = 3_500

KEEP = 1_000


def told(duban: Terminal, *words: str) -> str:
    """Return what a command prints that finds nothing wrong."""
    done = duban(*words)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def asked(duban: Terminal) -> dict[str, Any]:
    """Return what auditors and dashboards see of the history."""
    return {
        "replay": told(duban, "audit", "replay", "--ndjson"),
        "state": told(duban, "audit", "state", "--as-of", "100", "--json"),
        "who knew": told(duban, "audit", "who-knew", "t-1", "--on", "7", "--json"),
        "task": duban.read("tasks/t-1").json(),
        "first events": duban.read("tasks/t-1/events?limit=200").json(),
        "past": duban.read("tasks/t-1?as_of=300").json(),
        "alerts": alerts(duban, limit="900"),
        "past alerts": alerts(duban, task="t-1", as_of="300", until="2999-01-01T00:00:00+08:00"),
    }


def alerts(duban: Terminal, **query: str) -> list[tuple[str, str]]:
    """Return id and instant of what notify lists, page by page."""
    found: list[tuple[str, str]] = []
    url, token = f"http://127.0.0.1:{duban.port + 2}/v1/{LEDGER}/alerts", duban.token("board")
    while True:
        page = httpx.get(url, params=query, headers={"Authorization": f"Bearer {token}"}).json()
        found += [(one["id"], one["at"]) for one in page["items"]]
        if page["next"] is None:
            return found
        query["cursor"] = page["next"]


def server(duban: Terminal) -> dict[str, Any]:
    """Return what `archive trim` would still do."""
    found: dict[str, Any] = json.loads(told(duban, "archive", "trim", "--keep", str(KEEP), "--dry-run", "--json"))
    return found


def test_a_trimmed_ledger_answers_as_before(tmp_path: Path) -> None:
    """By command, and by the schedule of the ledger's file after a restart."""
    file = tmp_path / "events.ndjson"
    file.write_text("\n".join(map(json.dumps, events(EVENTS))), encoding="utf-8")
    duban = Terminal(tmp_path / "data")
    with duban.running():
        pass
    ledger = duban.data / "ledgers/zhanjiang.toml"
    text = ledger.read_text(encoding="utf-8")
    assert 'group_wait = "10m"' in text
    ledger.write_text(text.replace('group_wait = "10m"', 'group_wait = "0m"'), encoding="utf-8")
    with duban.running():
        told(duban, "publish", str(file), "--source", "office")
        end, all_of_it = time.monotonic() + PATIENCE, {"first": 1, "last": 2304}
        wanted = {**all_of_it, "events": 2304, "record": {**all_of_it, "entries": 2304}}
        while server(duban) != wanted and time.monotonic() < end:  # what is folded is saved each second
            told(duban, "archive", "seal")
        before = asked(duban)
        assert [len(before["alerts"]), len(before["past alerts"])] == [EVENTS, 300]
        assert server(duban) == wanted
        said = told(duban, "archive", "trim", "--keep", "2000")
        assert "positions 1 to 1280 have left the server" in said
        assert "entries of the record 1 to 1280 have left the server" in said
        assert asked(duban) == before
        told(duban, "audit", "verify")
        told(duban, "audit", "export", str(tmp_path / "bag"))
        assert len((tmp_path / "bag/data/record.ndjson").read_bytes().splitlines()) == EVENTS
        again = told(duban, "publish", str(file), "--source", "office")
        assert f"duplicate {EVENTS}" in again, again
        told(duban, "rebuild")
    ledger.write_text(f"{ledger.read_text(encoding='utf-8')}\n[archive]\nkeep = {KEEP}\n", encoding="utf-8")
    more = tmp_path / "more.ndjson"
    more.write_text("\n".join(map(json.dumps, list(events(EVENTS + 2_000))[EVENTS:])), encoding="utf-8")
    with duban.running():
        told(duban, "publish", str(more), "--source", "office")
        end = time.monotonic() + PATIENCE
        while 1281 in {(left := server(duban))["first"], left["record"]["first"]} and time.monotonic() < end:
            time.sleep(1)
        assert 1281 not in {left["first"], left["record"]["first"]}, duban("doctor").stdout
        after = asked(duban)
        assert [after[what] for what in ("past", "past alerts")] == [before[what] for what in ("past", "past alerts")]
        assert after["alerts"][-EVENTS:] == before["alerts"]
        again = told(duban, "publish", str(file), "--source", "office")
        assert f"duplicate {EVENTS}" in again, again
        told(duban, "audit", "verify")
        done(duban)


def done(duban: Terminal) -> None:
    """Check that both trimmings, of log and record, are on record among what operators do."""
    for kind in ("ops.log.trimmed", "ops.record.trimmed"):
        lines = told(duban, "audit", "replay", "--ledger", "ops", "--type", kind, "--ndjson").splitlines()
        by_hand, by_itself, *_ = [json.loads(line) for line in lines]
        assert (by_hand["authid"], by_hand["data"]["first"], by_hand["data"]["last"]) == ("commands", 1, 1280)
        assert (by_itself["authid"], by_itself["data"]["by"], by_itself["data"]["first"]) == ("ingest", "ingest", 1281)
