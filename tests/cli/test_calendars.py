"""Calendars of working days beside the ledgers' files, as an operator meets them."""

import json
from collections.abc import Iterator

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
