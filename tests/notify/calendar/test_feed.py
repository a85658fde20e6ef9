"""A unit's calendar: which entries it has, how they change, and that other programs read them."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ical.calendar_stream import IcsCalendarStream

from events import schema
from events.deadline import Ambiguous, Deadline, Fixed, Milestone, Milestones, Ongoing, Recurring
from events.entries import Recorded
from events.envelope import Event
from events.ledger import Ledger
from events.schema import EventData, Unit
from services.notify.calendar.feed import CalendarRequest, calendar
from services.notify.calendar.tasks import CalendarTask, evolve
from services.notify.words.lines import TITLE_MOST, one_line
from tests.examples import EXAMPLES, assigned

LEDGER = Ledger(
    "湛江市残疾人工作重点任务",
    units=("市残联", "市民政局", "市财政局"),
    groups={"各县": ("徐闻县", "遂溪县")},
    aliases={"市残疾人联合会": "市残联"},
)

START = datetime(2018, 3, 1, 1, tzinfo=UTC)

CN = timedelta(hours=8)


def local(year: int, month: int, day: int) -> datetime:
    """Return the first instant of a day in the ledger's zone."""
    return datetime(year, month, day, tzinfo=UTC) - CN


FIXED = Fixed("2018年12月底前完成", local(2019, 1, 1))


def task_of(deadline: Deadline = FIXED, **changes: Any) -> Event:
    """Return an assignment to 市残联, who leads, 市民政局 and the counties."""
    event = assigned("zj-2017-07", lead="市残联", deadline=deadline)
    units = (Unit("市残联", "lead"), Unit("市民政局"), Unit("各县", group=True))
    return msgspec.structs.replace(event, data=msgspec.structs.replace(event.data, units=units, **changes))


def fold(*events: Event | EventData, start: datetime = START, each: timedelta = timedelta(hours=1)) -> CalendarTask:
    """Return a task after events, recorded one after another."""
    task: CalendarTask | None = None
    for position, one in enumerate(events, 1):
        at = start + position * each
        event = one if isinstance(one, Event) else msgspec.structs.replace(EXAMPLES["duban.task.signed.v1"], data=one)
        event = msgspec.structs.replace(event, recorded=at, time=at)
        task = evolve(LEDGER, task, Recorded(position, event)) or task
    assert task is not None
    return task


def entries(
    task: CalendarTask, unit: str = "市残联", now: datetime = START + timedelta(days=1), **changes: Any
) -> list[Any]:
    """Return the entries of a unit's calendar, read by another library."""
    asked = CalendarRequest(LEDGER, "zhanjiang", unit, now, "https://duban.example.cn")._replace(**changes)
    text = calendar(asked, {"zj-2017-07": task}).decode()
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    return list(IcsCalendarStream.calendar_from_ics(text).events)


def test_a_due_is_an_all_day_entry_on_the_last_day_in_time() -> None:
    """With its task, lead and page; it occupies nobody."""
    task = fold(task_of())
    (entry,) = entries(task)
    assert entry.dtstart == date(2018, 12, 31)
    assert entry.computed_duration == timedelta(days=1)
    assert (entry.summary, entry.status, entry.sequence) == (task.title, "CONFIRMED", 1)
    assert str(entry.url) == "https://duban.example.cn/zhanjiang/tasks/zj-2017-07"
    assert entry.description.split("\n") == [
        "任务编号：zj-2017-07",
        "牵头单位：市残联（本单位牵头）",
        "应于2018年12月31日前（含当日）办结",
        "时限要求：2018年12月底前完成",
    ]
    assert entry.dtstamp == entry.last_modified == task.at
    assert entries(task, public_url=None)[0].url is None


def test_each_unit_with_a_duty_has_the_entry_and_no_other() -> None:
    """Members of a group, too; by the same UID."""
    task = fold(task_of())
    uids = {entry.uid for unit in ("市残联", "市民政局", "徐闻县") for entry in entries(task, unit)}
    assert len(uids) == 1
    assert entries(task, "市财政局") == []
    assert "本单位牵头" not in entries(task, "徐闻县")[0].description


@pytest.mark.parametrize(
    "data",
    [
        schema.ExtensionGranted("x-1", local(2019, 7, 1)),
        schema.DeadlineClarified(Fixed("2019年6月底前", local(2019, 7, 1)), "更正"),
    ],
)
def test_a_due_that_is_moved_stays_one_entry(data: EventData) -> None:
    """The same UID with a higher SEQUENCE, on the other day."""
    requested = schema.ExtensionRequested("市残联", "审批未完", local(2019, 7, 1))
    (before,) = entries(fold(task_of()))
    (after,) = entries(fold(task_of(), requested, data))
    assert (after.uid, after.dtstart) == (before.uid, date(2019, 6, 30))
    assert after.sequence > before.sequence
    assert after.last_modified > before.last_modified


def test_a_task_that_is_closed_is_cancelled_and_one_that_is_reopened_stands() -> None:
    """For a year after the closing; then it is gone."""
    closed = fold(task_of(), schema.TaskClosed("implemented"))
    (entry,) = entries(closed)
    assert (entry.status, entry.sequence) == ("CANCELLED", 2)
    assert entry.description.endswith("已销号")
    assert entries(closed, now=START + timedelta(days=400)) == []
    (entry,) = entries(fold(task_of(), schema.TaskClosed("implemented"), schema.TaskReopened("复核")))
    assert (entry.status, entry.sequence) == ("CONFIRMED", 3)


def test_a_unit_that_leaves_sees_its_entries_cancelled() -> None:
    """One that joins gets them; one that comes back has them stand again."""
    units = (Unit("市民政局", "lead"), Unit("市财政局"))
    moved = schema.TaskReassigned("市民政局", units, "机构改革")
    task = fold(task_of(), moved)
    assert [entry.status for unit in ("市残联", "徐闻县") for entry in entries(task, unit)] == ["CANCELLED"] * 2
    assert [entry.status for unit in ("市民政局", "市财政局") for entry in entries(task, unit)] == ["CONFIRMED"] * 2
    back = schema.TaskReassigned("市残疾人联合会", (Unit("市残疾人联合会", "lead"),), "恢复")
    assert [entry.status for entry in entries(fold(task_of(), moved, back))] == ["CONFIRMED"]


def test_a_due_that_is_no_more_is_withdrawn() -> None:
    """A deadline that becomes ongoing, steps that become fewer; a date that returns stands again."""
    ongoing = schema.DeadlineClarified(Ongoing("持续实施"), "更正")
    (entry,) = entries(fold(task_of(), ongoing))
    assert (entry.status, entry.dtstart) == ("CANCELLED", date(2018, 12, 31))
    assert entry.description.endswith("已调整，不再适用")
    again = schema.DeadlineClarified(FIXED, "恢复")
    assert [entry.status for entry in entries(fold(task_of(), ongoing, again))] == ["CONFIRMED"]


def test_each_step_has_an_entry_with_its_words() -> None:
    """Under UIDs of their own."""
    steps = Milestones(
        "6月底前启动，12月底前完成",
        (Milestone("6月底前启动", local(2018, 7, 1)), Milestone("12月底前完成", local(2019, 1, 1))),
    )
    found = entries(fold(task_of(steps)))
    assert [(str(entry.dtstart), entry.summary.partition("（")[2]) for entry in found] == [
        ("2018-06-30", "6月底前启动）"),
        ("2018-12-31", "12月底前完成）"),
    ]
    assert len({entry.uid for entry in found}) == 2


def test_an_ambiguous_due_stands_on_the_later_day_and_names_the_earlier() -> None:
    """It passes on that one."""
    (entry,) = entries(fold(task_of(Ambiguous("2018年12月前完成", local(2018, 12, 1), local(2019, 1, 1)))))
    assert entry.dtstart == date(2018, 12, 31)
    assert "从严理解为2018年11月30日前（含当日）" in entry.description


QUARTERLY = Recurring("每季度末", "quarter", local(2018, 4, 1))


def days(found: list[Any]) -> list[str]:
    return [str(entry.dtstart) for entry in found]


def test_what_recurs_has_the_occurrences_of_a_year() -> None:
    """Each with a UID that stays while others pass; one that was met is left out."""
    task = fold(task_of(QUARTERLY))
    found = entries(task)
    assert days(found) == ["2018-03-31", "2018-06-30", "2018-09-30", "2018-12-31"]
    report = schema.ProgressReported("市残联", "完成")
    later = entries(fold(task_of(QUARTERLY), report))
    assert days(later) == ["2018-06-30", "2018-09-30", "2018-12-31"]
    assert {entry.uid for entry in later} < {entry.uid for entry in found}


def test_an_occurrence_that_passed_unmet_stays_and_one_that_is_put_off_keeps_its_uid() -> None:
    """The extension moves that occurrence alone."""
    first = entries(fold(task_of(QUARTERLY)))
    passed = fold(task_of(QUARTERLY), schema.DeadlinePassed(local(2018, 4, 1)), each=timedelta(days=20))
    assert days(entries(passed, now=local(2018, 4, 10)))[:2] == ["2018-03-31", "2018-06-30"]
    requested = schema.ExtensionRequested("市残联", "审批未完", local(2018, 4, 16))
    late = fold(task_of(QUARTERLY), requested, schema.ExtensionGranted("x"))
    found = entries(late)
    assert days(found)[:2] == ["2018-04-15", "2018-06-30"]
    assert found[0].uid == first[0].uid


def test_reports_of_other_kinds_change_no_entry() -> None:
    """Only what calendars show grows the SEQUENCE; so a reader gets 304 until then."""
    before = fold(task_of())
    after = fold(
        task_of(),
        schema.TaskSigned("市残联"),
        schema.ProgressReported("市民政局", "推进中"),
        schema.ProgressReported("市残联", "推进中"),
        schema.TaskUrged(("市残联",), "速办"),
        schema.CompletionSubmitted("市残联", "完成"),
        schema.CompletionReturned("市残联", "不全"),
    )
    asked = CalendarRequest(LEDGER, "zhanjiang", "市残联", START, None)
    assert calendar(asked, {"t": before}) == calendar(asked, {"t": after})


@pytest.mark.parametrize("type_", EXAMPLES)
def test_every_type_of_event_folds(type_: str) -> None:
    """The fold is total, and an event before the assignment makes no row."""
    event = msgspec.structs.replace(EXAMPLES[type_], recorded=START)
    if not isinstance(event.data, schema.TaskAssigned):
        assert evolve(LEDGER, None, Recorded(1, event)) is None
    evolve(LEDGER, fold(task_of()), Recorded(9, event))


@given(
    title=st.text(min_size=1, max_size=400),
    text=st.text(max_size=200),
    id=st.text(min_size=1, max_size=100),
    unit=st.text(min_size=1, max_size=100),
)
def test_any_titles_are_a_valid_calendar(title: str, text: str, id: str, unit: str) -> None:
    """Lines are folded at 75 bytes, never inside a character, and read back as they were."""
    ledger = Ledger("台账；,\\n: ")
    task = CalendarTask(
        title, unit, (Unit(unit, "lead"),), fold(task_of(Fixed(text, local(2019, 1, 1)))).term, 1, START
    )
    raw = calendar(CalendarRequest(ledger, "zhanjiang", unit, START, "https://duban.example.cn"), {id: task})
    for line in raw.split(b"\r\n"):
        assert len(line) <= 75
        line.decode()
    (entry,) = IcsCalendarStream.calendar_from_ics(raw.decode()).events
    assert (entry.dtstart, entry.sequence) == (date(2018, 12, 31), 1)
    assert (entry.summary or "") == one_line(title, TITLE_MOST)
