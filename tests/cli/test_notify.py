"""`duban notify explain` and `simulate` on the life of the table of 2017."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from rich.cells import cell_len

from events.log import Log
from services.common.settings import shipped
from tests import forked
from tests.events.appending import append
from tests.notify.seed_life import entries, log, stored

NAME = "zhanjiang"

DECEMBER = ("--from", "2018-12-01", "--to", "2019-01-31")

Duban = Callable[..., subprocess.CompletedProcess[str]]


@pytest_asyncio.fixture
async def duban(tmp_path: Path, server_url: str, redis: Any) -> Duban:
    """Return the command line of a server that has the seed's life in its log."""
    (tmp_path / f"{NAME}.toml").write_bytes(shipped(f"{NAME}.toml").read_bytes())
    await append(Log(redis, NAME), 0, entries(stored()))
    clean = {name: value for name, value in os.environ.items() if not name.startswith("DUBAN_")}
    environment = clean | {"DUBAN_REDIS_URL": server_url, "DUBAN_LEDGERS": str(tmp_path)}

    def run(*words: str, columns: int = 100) -> subprocess.CompletedProcess[str]:
        return forked.run(["notify", *words], environment | {"COLUMNS": str(columns)})

    return run


@pytest.mark.parametrize("columns", [80, 200])
async def test_what_would_be_sent_is_printed_by_recipient_and_day(duban: Duban, columns: int) -> None:
    """No line is wider than the terminal; each alert names its rule."""
    shown = duban("simulate", *DECEMBER, columns=columns)
    assert (shown.returncode, shown.stderr) == (0, "")
    lines = shown.stdout.splitlines()
    assert max(cell_len(line) for line in lines) <= columns
    assert "市政府督查室" in lines
    assert "  2019-01-08 周二" in lines
    assert any("［open 1］" in line and "逾期未销号，第1次提级报告" in line for line in lines)
    assert lines[-1].startswith("共发送 ")


async def test_other_rules_are_compared_with_those_in_force(duban: Duban, tmp_path: Path) -> None:
    """What they would send more and less, and how many."""
    rules = tmp_path / "other.txt"
    rules.write_text('[alerts]\nleader = "市政府办公室"\n[[alerts.rules]]\non = "passed"\nto = ["leader"]\n')
    shown = duban("simulate", *DECEMBER, "--rules", str(rules))
    assert (shown.returncode, shown.stderr) == (0, "")
    assert any(line.startswith("  + ") and "［passed］" in line for line in shown.stdout.splitlines())
    assert any(line.startswith("  - ") and "［neared］" in line for line in shown.stdout.splitlines())
    assert "与现行规则相比，增加 " in shown.stdout
    rows = json.loads(duban("simulate", *DECEMBER, "--rules", str(rules), "--json").stdout)
    assert {row["recipient"] for row in rows if row["change"] == "added"} == {"市政府办公室"}
    assert all(row["rule"] == "passed" for row in rows if row["change"] == "added")


async def test_wrong_rules_name_the_line(duban: Duban, tmp_path: Path) -> None:
    """And what would be right."""
    rules = tmp_path / "other.txt"
    rules.write_text('[[alerts.rules]]\non = "passed"\nto = ["chief"]\n')
    shown = duban("simulate", "--rules", str(rules))
    assert shown.returncode == 2
    said = " ".join(shown.stderr.split())
    assert f"{rules}:3: alerts.rules[0].to[0]: Invalid enum value 'chief'; right are: cooperating, " in said


async def test_an_event_is_explained(duban: Duban) -> None:
    """Which rules matched, whom they chose, what became of it, and which rules did not match."""
    position = next(entry.position for entry in log() if "passed" in entry.event.type)
    shown = duban("explain", str(position), columns=80)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "规则 passed（逾期）" in shown.stdout
    assert "督查机构 市政府督查室：未配置通知渠道，未发送" in shown.stdout
    assert "规则 open（逾期后仍未销号，第1步）" in shown.stdout
    assert "其余规则未触发：任务交办、" in shown.stdout
    assert max(cell_len(line) for line in shown.stdout.splitlines()) <= 80
    found = json.loads(duban("explain", str(position), "--json").stdout)
    assert {alert["reason"] for alert in found["alerts"]} <= {"no-channel", "closed", "submitted", "passed"}


async def test_a_task_is_explained(duban: Duban) -> None:
    """All of its alerts, in the order in which they arose."""
    shown = duban("explain", "zj-2017-10")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "规则 assigned（任务交办）" in shown.stdout
    assert "2018-01-01 00:00产生" in shown.stdout
    found = json.loads(duban("explain", "zj-2017-10", "--json").stdout)
    arose = [alert["arose"] for alert in found["alerts"]]
    assert arose == sorted(arose)


@pytest.mark.parametrize("what", ["zj-2017-99", "0", "99999"])
async def test_what_is_neither_a_task_nor_a_position_is_refused(duban: Duban, what: str) -> None:
    """With the positions that there are."""
    shown = duban("explain", what)
    assert shown.returncode == 2
    assert "is neither a task nor a position of the ledger zhanjiang: 1 to 957" in shown.stderr.replace("\n", " ")
