"""Questions of the audit team about the past: equal to what status shows, by the rules of then, with who did it."""

import json
import random
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, get_args

import pytest
from msgspec.structs import replace

from events.alert_rule import Trigger
from events.log import Log
from services.cli.alert_explaining import TRIGGERS
from services.cli.asking.changes import UNTOLD, changes_between
from services.cli.asking.moments import begin_of, moment_of
from services.cli.asking.past_board import board_as_of, position_of
from services.cli.asking.words import MEMBERS, OUTCOMES, sentence
from services.cli.replay import Selection, replay
from services.common.settings import SettingsError
from services.notify.channels.result import Outcome
from services.status.row import TaskRow, UnitRow
from tests.cli.terminal import Terminal
from tests.cli.test_commands import CLOCK, IMPORT
from tests.cli.test_decisions import at, lived
from tests.examples import assigned, reported
from tests.fixed_clock import FixedClock
from tests.ingest.running_writer import LEDGER, NAME, working

__all__ = ["lived"]

PATIENT = replace(LEDGER, lights=replace(LEDGER.lights, behind=0.0))
"""The same ledger, whose tasks are never behind."""


@pytest.fixture(scope="module")
def duban(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """Return a duban with the table imported, in December 2018."""
    with Terminal(tmp_path_factory.mktemp("asking") / "data").running(*CLOCK) as terminal:
        assert terminal(*IMPORT).returncode == 0
        yield terminal


async def test_a_moment_is_a_day_a_position_or_an_instant(redis: Any, lived: None) -> None:
    """A day is meant to its end; the last position is found by halving, also before the first event."""
    log = Log(redis, NAME)
    recorded = [(entry.position, entry.event.recorded) async for batch in log.scan() for entry in batch]
    for text in ("2017-01-01", "2018-01-01", "2018-01-11", "2018-04-01T00:00:00+08:00", "2030-01-01"):
        moment = moment_of(text, LEDGER)
        assert isinstance(moment, datetime)
        expected = sum(1 for _, instant in recorded if instant is not None and instant <= moment)
        assert (await position_of(log, moment))[0] == expected, text
    assert await position_of(log, 3) == (3, recorded[2][1])
    assert (await position_of(log, 10**9))[0] == len(recorded)
    for wrong in ("noon", "2018-13-01", "2018-12-20T09:00:00", "", "１２"):
        with pytest.raises(SettingsError, match="give a day"):
            moment_of(wrong, LEDGER)
    assert begin_of("2018-01-11", LEDGER) == datetime(2018, 1, 11, tzinfo=LEDGER.zone)
    with pytest.raises(SettingsError, match="give a day"):
        begin_of("12", LEDGER)


async def test_the_past_is_shown_by_the_rules_of_then(redis: Any) -> None:
    """Lights by the file that held then, whatever the file says today."""
    clock = FixedClock(at(0))
    async with working(redis, clock, ledger=PATIENT) as running:
        await running.submit(assigned("t", time=at(0)), assigned("u", time=at(0)))
        clock.instant = at(300)
        await running.writer.tick()
        await running.submit(reported("t", 1, time=at(300)))
    async with working(redis, clock) as running:
        clock.instant = at(301)
        await running.submit(reported("t", 2, time=at(301)))
    log = Log(redis, NAME)
    tail = await log.tail()
    early = await board_as_of(redis, log, LEDGER, at(300))
    late = await board_as_of(redis, log, LEDGER, at(301))
    assert (early.rows["u"].light, late.rows["u"].light) == ("green", "yellow")
    assert early.rules != late.rules
    assert late.position == tail
    assert (await board_as_of(redis, log, LEDGER, 0)).rows == {}


async def test_every_change_is_told_with_the_events_that_made_it(redis: Any, lived: None) -> None:
    """Between any two moments: a task that no event touched changed by time alone."""
    log = Log(redis, NAME)
    tail = await log.tail()
    pick = random.Random(1)
    for _ in range(20):
        first, second = sorted(pick.sample(range(tail + 1), 2))
        boards = [await board_as_of(redis, log, LEDGER, position) for position in (first, second)]
        events = [entry async for _, entry in replay(log, Selection(after=first, until=second))]
        changes = changes_between(boards[0].rows, boards[1].rows, events)
        assert sorted(entry.position for change in changes for entry in change.events) == list(
            range(first + 1, second + 1)
        )
        for change in changes:
            assert change.new == (change.task not in boards[0].rows)
            assert change.events or {one.member for one in change.changes} <= {"light", "due", "overdue_since"}
            assert all("→" in sentence(one) or "责任单位" in sentence(one) for one in change.changes)


def test_the_board_of_a_past_day_is_that_of_status(duban: Terminal) -> None:
    """The same rows as the service gives as of that position, folded without it."""
    asked = json.loads(duban("audit", "state", "--as-of", "20", "--json").stdout)
    shown = json.loads(duban("status", "--as-of", "20", "--json").stdout)
    assert asked["position"] == shown["position"] == 20
    assert sorted(asked["items"], key=lambda row: row["task"]) == sorted(shown["items"], key=lambda row: row["task"])
    assert asked["rules"] is not None
    assert "按当时规则" in duban("audit", "state", "--as-of", "2018-12-31").stdout
    assert duban("audit", "state", "--as-of", "noon").returncode == 2


def test_what_changed_and_who_knew(duban: Terminal, tmp_path: Path) -> None:
    """A report is in both, with who sent it; before it nobody knew."""
    (tmp_path / "report.ndjson").write_bytes(
        json.dumps(
            {
                "specversion": "1.0",
                "id": "asked-1",
                "source": "units/a",
                "type": "duban.progress.reported.v1",
                "subject": "zj-2017-07",
                "time": "2018-12-20T09:00:00+08:00",
                "data": {"unit": "市残联", "summary": "已挂牌。", "percent": 50},
            }
        ).encode()
    )
    before = json.loads(duban("audit", "verify", "--json").stdout)["position"]
    assert duban("publish", str(tmp_path / "report.ndjson"), "--source", "units").returncode == 0
    after = json.loads(duban("audit", "verify", "--json").stdout)["position"]
    told = json.loads(duban("audit", "diff", "--from", str(before), "--to", str(after), "--json").stdout)
    (task,) = [one for one in told["tasks"] if one["task"] == "zj-2017-07"]
    assert {"member": "percent", "before": None, "after": 50} in task["changes"]
    assert [(one["authid"], one["id"]) for one in task["events"]][-1] == ("units", "asked-1")
    printed = duban("audit", "diff", "--from", str(before), "--to", str(after)).stdout
    assert "进展：无 → 50%" in printed
    for moment, ids in ((before, []), (after, ["asked-1"])):
        known = json.loads(duban("audit", "who-knew", "zj-2017-07", "--on", str(moment), "--json").stdout)
        assert [one["event"]["id"] for one in known["events"] if one["event"]["id"] == "asked-1"] == ids
        assert known["row"]["percent"] == (50 if ids else None)
    assert "当时已记录" in duban("audit", "who-knew", "zj-2017-07", "--on", str(after)).stdout
    nobody = json.loads(duban("audit", "who-knew", "no-task", "--on", str(after), "--json").stdout)
    assert (nobody["row"], nobody["events"], nobody["alerts"]) == (None, [], [])


def test_every_outcome_and_trigger_has_a_word() -> None:
    """So that nothing an auditor asks about fails for want of one."""
    assert OUTCOMES.keys() == {*get_args(Outcome), "interrupted"}
    assert TRIGGERS.keys() == set(get_args(Trigger))
    members = {field for kind in (TaskRow, UnitRow) for field in kind.__struct_fields__}
    assert members - {"task", "unit", *UNTOLD} <= MEMBERS.keys()


def test_alerts_are_among_what_was_told(duban: Terminal) -> None:
    """With the attempts to deliver them: the assignment alerted the units, on no channel here."""
    known = json.loads(duban("audit", "who-knew", "zj-2017-01", "--on", "2030-01-01", "--json").stdout)
    assert {one["alert"]["on"] for one in known["alerts"]} >= {"assigned"}
    assert all(one["alert"]["task"] == "zj-2017-01" for one in known["alerts"])


@pytest.fixture(scope="module")
def refusing(duban: Terminal, tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    """Return the same duban after one report that was accepted and two submissions that were refused."""
    file = tmp_path_factory.mktemp("events") / "events.ndjson"
    report = {
        "specversion": "1.0",
        "id": "replayed-1",
        "source": "units/b",
        "type": "duban.progress.reported.v1",
        "subject": "zj-2017-03",
        "time": "2018-12-19T09:00:00+08:00",
        "data": {"unit": "市残联", "summary": "已开展。"},
    }
    nowhere = report | {"id": "replayed-2", "subject": "nowhere", "time": "2018-12-18T09:00:00+08:00"}
    file.write_text("\n".join([json.dumps(report), json.dumps(nowhere), '{"specversion":"1.0"}']), encoding="utf-8")
    assert duban("publish", str(file), "--source", "units").returncode == 1
    return duban


def replayed(duban: Terminal, *words: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in duban("audit", "replay", "--ndjson", *words).stdout.splitlines()]


def test_a_replay_shows_what_is_asked_for(refusing: Terminal) -> None:
    """By task, unit (by any of its names), source and type; refusals beside what was accepted."""
    assert [one["id"] for one in replayed(refusing, "--source", "units/b")] == ["replayed-1"]
    assert {one["authid"] for one in replayed(refusing, "--source", "units")} == {"units"}
    assert {one["type"] for one in replayed(refusing, "--type", "task.assigned")} == {"duban.task.assigned.v1"}
    assert (
        len(replayed(refusing, "--type", "task")) == len(replayed(refusing, "--type", "duban.task.assigned.v1")) == 27
    )
    whole = replayed(refusing, "--unit", "市残联")
    assert whole == replayed(refusing, "--unit", "市残疾人联合会")
    assert 0 < len(whole) < len(replayed(refusing))
    assert replayed(refusing, "--unit", "没有这个单位") == []
    refused = replayed(refusing, "--outcome", "refused")
    assert [one["outcome"]["code"] for one in refused] == ["unknown-task", "malformed"]
    assert json.loads(refused[0]["raw"])["id"] == "replayed-2"
    assert [one["refused"] for one in replayed(refusing, "--outcome", "refused", "--task", "nowhere")] == [1]
    both = replayed(refusing, "--outcome", "all")
    assert len(both) == len(replayed(refusing)) + 2
    assert [one for one in both if "refused" not in one] == replayed(refusing)


def test_a_replay_is_in_the_order_of_either_time(refusing: Terminal) -> None:
    """Of record by default, a refusal among them; or of the times that sources gave."""
    mine = replayed(refusing, "--outcome", "all", "--type", "progress.reported", "--source", "units/b")
    assert [one.get("id") or json.loads(one["raw"])["id"] for one in mine] == ["replayed-1", "replayed-2"]
    turned = replayed(refusing, "--outcome", "all", "--type", "progress.reported", "--source", "units/b", "--by-time")
    assert turned == mine[::-1]
    table = refusing("audit", "replay", "--outcome", "all").stdout
    assert "拒绝 1" in table
    assert "unknown-task" in table
    assert refusing("audit", "replay", "--outcome", "maybe").returncode == 2
    assert refusing("audit", "replay", "--since", "noon").returncode == 2
