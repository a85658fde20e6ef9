"""Calendars of working days beside the ledgers' files, as an operator meets them."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.cli.terminal import Terminal

CLOCK = "2098-12-01T09:00:00+08:00@1"
"""In December, of years that no library has a calendar of."""

READ = ("deadline", "15个工作日内", "--issued", "2098-12-01")


@pytest.fixture(scope="module")
def duban(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """Return a running duban without calendars."""
    with Terminal(tmp_path_factory.mktemp("calendars") / "data").running("--clock", CLOCK) as terminal:
        yield terminal


def test_missing_calendars_are_warned_of(duban: Terminal) -> None:
    """By readiness and doctor, which name the file; and by a metric. Everything else works."""
    for number in (0, 2):
        ready = httpx.get(f"http://127.0.0.1:{duban.port + number}/health/ready")
        assert (ready.status_code, ready.json()["status"]) == (200, "ready")
        found = [one[:27] for one in ready.json()["warnings"] if "calendar" in one]
        assert found == [
            "the calendar of 2098 is mis",
            "the calendar of 2099 is mis",
        ]
    done = duban("doctor")
    assert done.returncode == 0
    assert "all is well" in done.stdout
    warned = " ".join(done.stderr.split())
    assert warned.count("warning: the calendar of") == 2
    assert "cn-2099.json" in warned
    metrics = httpx.get(f"http://127.0.0.1:{duban.port + 2}/metrics").text
    assert 'duban_calendars_missing{ledger="zhanjiang",service="notify"} 2.0' in metrics


def test_a_calendar_makes_working_days_countable(duban: Terminal) -> None:
    """Without one the phrase is refused; with it the days that it names count, and what is wrong with it is named."""
    refused = duban(*READ)
    assert refused.returncode != 0
    assert "the working days of 2098 are not published yet" in " ".join(refused.stderr.split())
    calendars = duban.data / "ledgers" / "calendars"
    calendars.mkdir()
    days = [{"name": "调休", "date": "2098-12-06", "isOffDay": False}]
    file = calendars / "cn-2098.json"
    file.write_text(json.dumps({"year": 2098, "papers": [], "days": days}), encoding="utf-8")
    read = duban(*READ)
    assert json.loads(read.stdout)["due"] == "2098-12-20T00:00:00+08:00"  # the 23rd without that Saturday
    file.write_text('{"year": 2098}', encoding="utf-8")
    wrong = duban(*READ)
    assert wrong.returncode == 2
    assert "cn-2098.json: the file: Object missing required field `days`" in " ".join(wrong.stderr.split())


def test_a_calendar_is_added_and_what_changes_with_it_is_corrected(tmp_path: Path) -> None:
    """A period that ends on what turns out to be a holiday; other deadlines, and those that were put off, stay."""
    with Terminal(tmp_path / "data").running("--clock", CLOCK) as terminal:
        table = tmp_path / "table.csv"
        rows = [
            "序号,工作任务,责任单位,时间进度",
            "1,甲,市残联,30日内",
            "2,乙,市残联,2099年6月底前",
            "3,丙,市残联,20日内",
        ]
        table.write_text("\n".join(rows), encoding="utf-8")
        done = terminal("import", str(table), "--plan", "p", "--issued", "2098-12-01")
        assert done.stdout == "accepted 3, duplicate 0, refused 0\n", done.stderr
        calendar = tmp_path / "2098.json"
        days = [{"name": "年终", "date": f"2098-12-{day}", "isOffDay": True} for day in (31,)]
        calendar.write_text(json.dumps({"year": 2098, "days": days}), encoding="utf-8")
        tried = terminal("calendar", "add", str(calendar), "--dry-run")
        assert tried.returncode == 0, tried.stderr
        assert "1 项任务的时限读法有变化" in tried.stdout
        assert "p-01" in tried.stdout
        assert not (terminal.data / "ledgers" / "calendars").exists()
        added = terminal("calendar", "add", str(calendar), "--corrections")
        assert (added.returncode, "accepted 1, duplicate 0, refused 0" in added.stdout) == (0, True), added.stderr
        assert (terminal.data / "ledgers" / "calendars" / "cn-2098.json").read_bytes() == calendar.read_bytes()
        row = terminal.read("tasks/p-01").json()
        assert (row["deadline"]["text"], row["due"]) == ("30日内", "2099-01-02T00:00:00+08:00")
        again = terminal("calendar", "add", str(calendar))
        assert (again.returncode, "0 项任务" in again.stdout) == (0, True)
        other = tmp_path / "other.json"
        other.write_text(json.dumps({"year": 2098, "days": []}), encoding="utf-8")
        refused = terminal("calendar", "add", str(other))
        assert (refused.returncode, "is not the same calendar of 2098" in " ".join(refused.stderr.split())) == (2, True)
        (tmp_path / "wrong.json").write_text("[]", encoding="utf-8")
        assert terminal("calendar", "add", str(tmp_path / "wrong.json")).returncode == 2
