import json
from collections import Counter
from datetime import date, datetime

import pytest

from events.deadline import Ambiguous, Fixed, Milestones, Unspecified, next_due
from events.envelope import Event, encode, parse
from events.schema import TaskAssigned
from services.schedule.plan import Schedule
from tests.schedule.documents import SEED, SEED_ROWS, Drawing, book, page, separated, word
from tests.schedule.orders import LEDGER, assignments, events, schedule

DUE = {
    **dict.fromkeys([10, 14, 17, 19, 22], "2018-01-01T00:00:00+08:00"),
    **dict.fromkeys([3, 7, 9, 11, 12, 23], "2019-01-01T00:00:00+08:00"),
    8: "2021-01-01T00:00:00+08:00",
}
"""When the rows of the 2017 table pass, by their numbers; the others never do."""


@pytest.fixture(scope="module")
def seed() -> Schedule:
    return schedule(SEED)


def test_the_seed_is_read_in_full(seed: Schedule) -> None:
    """The 2017 table has 27 tasks of 31 units, mentioned 136 times, which makes 288 obligations."""
    tasks = assignments(seed)
    units = [unit for task in tasks for unit in task.units]
    assert seed.refusals == ()
    assert [task.row for task in tasks] == list(range(1, 28))
    assert len({unit.name for unit in units}) == 31
    assert len(units) == 136
    assert sum(len(LEDGER.directory.obligations(task.units)) for task in tasks) == 288
    assert all(task.lead_inferred and task.lead == task.units[0].name for task in tasks)
    assert all(LEDGER.directory.knows(unit.name) != unit.group for unit in units)


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
    event = events(seed)[8]
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


@pytest.mark.parametrize(
    "document",
    [
        SEED.replace("\n", "\r\n").encode(),
        word(SEED_ROWS),
        book(分工表=SEED_ROWS),
        separated(SEED_ROWS, encoding="utf-8-sig"),
        separated(SEED_ROWS, encoding="gb18030"),
        page(SEED_ROWS),
    ],
    ids=["text", "docx", "xlsx", "csv in UTF-8", "csv in GB18030", "html"],
)
def test_any_form_gives_the_same_bytes(seed: Schedule, document: bytes) -> None:
    """The same table in any form gives the same events, byte for byte; so a second import is all duplicates."""
    again = schedule(document)
    assert again.refusals == ()
    assert [bytes(line.event) for line in again.lines] == [bytes(line.event) for line in seed.lines]
    assert len({event.id for event in events(again)}) == 27


def test_a_line_says_how_its_row_was_read(seed: Schedule) -> None:
    """With each event comes the rule that read its deadline, the cell, and the reading in words."""
    line = seed.lines[6]
    assert (line.row, line.task, line.rule) == (7, "zj-2017-07", "before-month")
    assert line.deadline_place == f"line {SEED.split(chr(10)).index(chr(9) + '2018年12月前完成') + 1}"
    units, deadline = line.reading
    assert "市残联" in units
    assert "2018年12月" in deadline


def test_an_unreadable_row_is_refused_and_the_others_come() -> None:
    """Each cell that cannot be read is told with row, column and place."""
    read = schedule(
        SEED.replace("2018年12月前完成", "2018年2月30日前").replace(
            "\t市财政局、市残联\n\t2018年12月底前完成", "\t—\n\t加快推进"
        )
    )
    assert len(read.lines) == 25
    assert [(refusal.row, refusal.column) for refusal in read.refusals] == [
        (7, "时间进度"),
        (23, "时间进度"),
        (23, "责任单位"),
    ]
    assert read.refusals[0].place == f"line {SEED.split(chr(10)).index(chr(9) + '2018年12月前完成') + 1}"
    assert "“2018年2月30日前”: 2018年2月30日 is not in the calendar" in read.refusals[0].detail


def test_what_no_event_can_hold_is_refused() -> None:
    """A row whose event would be too large is refused here, with its place, and not later by the ledger."""
    read = schedule(SEED.replace("建立残疾儿童康复救助制度。", "建" * 20_000))
    assert len(read.lines) == 26
    assert [(refusal.row, refusal.column) for refusal in read.refusals] == [(12, "工作任务")]


HEADER = ["序号", "工作任务", "责任单位", "完成时限"]


def test_a_deadline_among_the_units_is_found() -> None:
    """Where the row's own cell says nothing, a limit among the units is the deadline, and is none of the units."""
    (line,) = schedule(book(表=[HEADER, [1, "建设示范点。", "市残联、市民政局（2018年底前完成）", ""]])).lines
    event = parse(bytes(line.event))
    assert isinstance(event.data, TaskAssigned)
    assert isinstance(event.data.deadline, Fixed)
    assert event.data.deadline.text.startswith("2018年底前")
    assert [unit.name for unit in event.data.units] == ["市残联", "市民政局"]
    assert line.deadline_place == "表!C2"


def test_a_deadline_in_the_tasks_own_text_is_found() -> None:
    """A limit in the task's own words is its deadline where no other cell has one; the words stay."""
    (line,) = schedule(book(表=[HEADER[:3], [1, "2018年12月底前，建成示范点10个。", "市残联"]])).lines
    event = parse(bytes(line.event))
    assert isinstance(event.data, TaskAssigned)
    assert event.data.deadline == Fixed("2018年12月底前", datetime(2019, 1, 1, tzinfo=LEDGER.zone))
    assert event.data.title == "2018年12月底前，建成示范点10个。"
    assert line.deadline_place == "表!B2"


@pytest.mark.parametrize("heading", ["完成时限（2019年）", "2019年完成时限"])
def test_a_year_in_the_heading_of_deadlines(heading: str) -> None:
    """A deadline without a year is meant in that of its column's heading, one with a year in its own."""
    rows = [[1, "培训。", "市残联", "6月底前"], [2, "评估。", "市残联", "2018年底前"]]
    tasks = assignments(schedule(book(表=[[*HEADER[:3], heading], *rows])))
    dues = [task.deadline.due.date() for task in tasks if isinstance(task.deadline, Fixed)]
    assert dues == [date(2019, 7, 1), date(2019, 1, 1)]


def test_a_deadline_that_was_over_is_told() -> None:
    """A deadline before the day of issue, as a misprinted year makes it, is read, and the importer is told."""
    read = schedule(book(表=[HEADER, [1, "培训。", "市残联", "2016年底前"], [2, "评估。", "市残联", "2017年底前"]]))
    assert [line.warnings for line in read.lines] == [("“2016年底前” was over on 2017-08-01, the day of issue.",), ()]


def test_a_row_without_any_deadline_is_unspecified() -> None:
    """What names no limit has none, whatever years its words name."""
    (task,) = assignments(schedule(book(表=[HEADER[:3], [1, "落实2018年度工作计划。", "市残联"]])))
    assert task.deadline == Unspecified("")


def test_what_a_table_says_beyond_an_assignment_is_kept() -> None:
    """Section and leading official are attributes of the event, the deliverable is part of it."""
    drawing: Drawing = [
        [*HEADER, "分管领导", "成果形式"],
        ["一、社会保障", "<", "<", "<", "<", "<"],
        [1, "出台办法。", "市残联", "6月底前启动，2019年底前完成", "张三", "《办法》"],
    ]
    (line,) = schedule(word(drawing)).lines
    event = parse(bytes(line.event))
    assert isinstance(event.data, TaskAssigned)
    assert event.data.deliverable == "《办法》"
    assert isinstance(event.data.deadline, Milestones)
    assert b'"section":"\xe4\xb8\x80' in bytes(line.event)
    assert '"leader":"张三"'.encode() in bytes(line.event)


def test_an_official_of_several_lines_is_an_attribute_of_one() -> None:
    """A cell has line breaks, which a CloudEvents attribute may not have."""
    drawing: Drawing = [[*HEADER, "分管领导"], [1, "出台办法。", "市残联", "2019年底前完成", "张三\n李四"]]
    read = schedule(book(表=drawing))
    assert read.refusals == ()
    assert parse(bytes(read.lines[0].event)).subject == read.lines[0].task
    assert json.loads(bytes(read.lines[0].event))["leader"] == "张三 李四"


@pytest.mark.parametrize("units", ["市残联", "市残联（王五）"], ids=["v1", "v2"])
def test_leaders_and_sections_are_as_long_as_they_are(units: str) -> None:
    """Whether an assignment names a person in charge, and so is of the second version, changes nothing of it."""
    leaders, part = "、".join(f"副市长张三{at}" for at in range(40)), "一、" + "社会保障" * 40
    drawing: Drawing = [[*HEADER, "分管领导"], [part, "<", "<", "<", "<"], ["（一）" + "就业" * 40, "<", "<", "<", "<"]]
    read = schedule(book(表=[*drawing, [1, "出台办法。", units, "2019年底前完成", leaders]]))
    assert read.refusals == ()
    event = json.loads(bytes(read.lines[0].event))
    said = event["data"] if event["type"].endswith("v2") else event
    assert said["leader"] == leaders
    assert said["section"] == f"{part}／（一）{'就业' * 40}"


def test_a_unit_with_a_hidden_character_is_refused_by_its_row() -> None:
    """What the ledger will refuse shows in the preview, with what is wrong."""
    read = schedule(book(表=[HEADER, [1, "出台办法。", "市残联\u202e", "2019年底前完成"]]))
    (refused,) = read.refusals
    assert (refused.row, "U+202E" in refused.detail) == (1, True)


def test_no_table() -> None:
    """A text that holds no table is refused as a whole."""
    read = schedule("附件\n")
    assert read.lines == ()
    assert read.refusals[0].row == 0


def test_numbers_have_two_digits_at_least() -> None:
    """A task is called by its plan and its row's number."""
    read = schedule(SEED.replace("\t27\n", "\t127\n"))
    assert [line.task for line in read.lines][-2:] == ["zj-2017-26", "zj-2017-127"]
