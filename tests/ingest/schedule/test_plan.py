from collections import Counter
from datetime import date, datetime
from pathlib import Path

import msgspec
import pytest

from events.deadline import Ambiguous, Fixed, next_due
from events.envelope import Event, encode, parse
from events.ledger import Ledger
from events.schema import TaskAssigned
from services.ingest.schedule.plan import Schedule, plan_tasks
from services.ingest.schedule.table import Refusal

LEDGERS = Path(__file__).parents[3] / "deploy" / "ledgers"

LEDGER = msgspec.toml.decode((LEDGERS / "zhanjiang.toml").read_bytes(), type=Ledger)

SEED = (LEDGERS / "zhanjiang-2017-key-tasks.txt").read_text(encoding="utf-8")

DUE = {
    **dict.fromkeys([10, 14, 17, 19, 22], "2018-01-01T00:00:00+08:00"),
    **dict.fromkeys([3, 7, 9, 11, 12, 23], "2019-01-01T00:00:00+08:00"),
    8: "2021-01-01T00:00:00+08:00",
}
"""When the rows of the 2017 table pass, by their numbers; the others never do."""


def plan(text: str, source: str = "office") -> Schedule:
    return plan_tasks(text, plan="zj-2017", issued=date(2017, 8, 1), ledger=LEDGER, source=source)


def assignments(schedule: Schedule) -> list[TaskAssigned]:
    return [event.data for event in schedule.assignments if isinstance(event.data, TaskAssigned)]


@pytest.fixture(scope="module")
def seed() -> Schedule:
    return plan(SEED)


def test_the_seed_is_read_in_full(seed: Schedule) -> None:
    """The 2017 table has 27 tasks of 31 units, mentioned 136 times, which makes 288 obligations."""
    tasks = assignments(seed)
    units = [unit for task in tasks for unit in task.units]
    assert seed.refusals == []
    assert [task.row for task in tasks] == list(range(1, 28))
    assert len({unit.name for unit in units}) == 31
    assert len(units) == 136
    assert sum(len(LEDGER.obligations(task.units)) for task in tasks) == 288
    assert all(task.lead_inferred and task.lead == task.units[0].name for task in tasks)
    assert all(LEDGER.knows(unit.name) != unit.group for unit in units)


def test_the_seeds_deadlines(seed: Schedule) -> None:
    """14 tasks go on, one waits, eleven have a date, one has two readings; each passes when the contract says."""
    tasks = assignments(seed)
    kinds = Counter(type(task.deadline).__name__ for task in tasks)
    assert kinds == {"Ongoing": 14, "Triggered": 1, "Fixed": 11, "Ambiguous": 1}
    dues = {task.row: due.passes.isoformat() for task in tasks if (due := next_due(task.deadline))}
    assert dues == DUE
    assert isinstance(tasks[6].deadline, Ambiguous)
    assert tasks[6].deadline.strict.isoformat() == "2018-12-01T00:00:00+08:00"


def test_an_assignment(seed: Schedule) -> None:
    """An assignment is an event that the ledger accepts, of the issuing office, on the day of issue."""
    event = seed.assignments[8]
    assert event == Event(
        id="assigned-zj-2017-09",
        source="office",
        subject="zj-2017-09",
        time=datetime(2017, 8, 1, tzinfo=LEDGER.zone),
        data=event.data,
    )
    assert isinstance(event.data, TaskAssigned)
    assert event.data.title == "将残疾人专职委员纳入公益性岗位管理。"
    assert event.data.deadline == Fixed("2018年12月底前完成", datetime(2019, 1, 1, tzinfo=LEDGER.zone))
    assert event.type == "duban.task.assigned.v1"
    assert encode(parse(encode(event))) == encode(event)


def test_importing_again_gives_the_same_bytes(seed: Schedule) -> None:
    """The same table gives the same bytes, so that a second import is all duplicates."""
    again = plan(SEED.replace("\n", "\r\n"))
    assert [encode(event) for event in again.assignments] == [encode(event) for event in seed.assignments]
    assert len({event.id for event in again.assignments}) == 27


def test_an_unreadable_row_is_refused_and_the_others_come() -> None:
    """Each cell that cannot be read is told with row, column and line."""
    schedule = plan(
        SEED.replace("2018年12月前完成", "2018年2月30日前").replace(
            "\t市财政局、市残联\n\t2018年12月底前完成", "\t—\n\t加快推进"
        )
    )
    assert len(schedule.assignments) == 25
    assert [(refusal.row, refusal.column) for refusal in schedule.refusals] == [
        (7, "时间进度"),
        (23, "责任单位"),
        (23, "时间进度"),
    ]
    assert schedule.refusals[0] == Refusal(
        7,
        "时间进度",
        f"line {SEED.split(chr(10)).index(chr(9) + '2018年12月前完成') + 1}",
        "“2018年2月30日前”: 2018年2月30日 is not in the calendar",
    )


def test_what_no_event_can_hold_is_refused() -> None:
    """A row whose event would be too large is refused here, with its place, and not later by the ledger."""
    schedule = plan(SEED.replace("建立残疾儿童康复救助制度。", "建" * 20_001))
    assert len(schedule.assignments) == 26
    assert [(refusal.row, refusal.column) for refusal in schedule.refusals] == [(12, "工作任务")]


def test_no_table() -> None:
    """A text that holds no table is refused as a whole."""
    schedule = plan("附件\n")
    assert schedule.assignments == []
    assert schedule.refusals[0].detail.startswith("there is no header")


def test_numbers_have_two_digits_at_least() -> None:
    """A task is called by its plan and its row’s number."""
    schedule = plan(SEED.replace("\t27\n", "\t127\n"))
    assert [event.subject for event in schedule.assignments][-2:] == ["zj-2017-26", "zj-2017-127"]
