from datetime import UTC, datetime

import msgspec
import pytest

from events.deadline import Fixed
from events.envelope import parse
from events.schema import DeadlineClarified, TaskAssigned, TaskReassigned
from services.schedule.difference import Present, RowDifference, compare
from services.schedule.difference_words import WORDS
from services.schedule.plan import ReadRow
from tests.examples import seal
from tests.schedule.documents import SEED, book
from tests.schedule.orders import LEDGER, assignments, schedule

NOW = datetime(2018, 3, 31, 2, tzinfo=UTC)

REASON = "按更正后的文件《表.docx》"

SEVEN = schedule(SEED).lines[6]


def corrected(*changes: tuple[str, str]) -> ReadRow:
    """Return row 7 of the table with words changed."""
    text = SEED
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    return schedule(text).lines[6]


def present(line: ReadRow = SEVEN, **changes: object) -> Present:
    """Return the task as the ledger has it right after it was assigned."""
    (data,) = assignments(schedule(SEED))[6:7]
    stored = seal(bytes(line.event), "2017-08-01T00:00:00Z", "office")
    return msgspec.structs.replace(Present(stored, data.lead, data.units, data.deadline, closed=False), **changes)


def difference(line: ReadRow, task: Present | None) -> RowDifference:
    return compare(line, task, REASON, NOW, LEDGER)


def test_a_task_that_the_ledger_lacks_is_new() -> None:
    """What was never assigned is to be assigned."""
    assert difference(SEVEN, None) == RowDifference("new")


def test_differences_in_chinese() -> None:
    """Each difference can be said in either language."""
    line = corrected(("2018年12月前完成", "2019年12月底前完成"))
    assert compare(line, present(), REASON, NOW, LEDGER, "zh").says == (
        "台账中的时限为“2018年12月前完成”；文件中为“2019年12月底前完成”",
    )
    assert all(set(said) == {"en", "zh"} for said in WORDS.values())


def test_the_same_bytes_are_the_same_whatever_became_of_the_task() -> None:
    """A document that was imported proposes nothing, even if its task was changed or closed since."""
    changed = present(deadline=Fixed("2019年底前", datetime(2020, 1, 1, tzinfo=LEDGER.zone)), closed=True)
    assert difference(SEVEN, present()) == difference(SEVEN, changed) == RowDifference("same")


def test_an_assignment_of_before_a_rule_is_compared_like_any_other() -> None:
    """What the ledger has is read by what was right then: today nobody could submit a time with a space in it."""
    old = bytes(SEVEN.event).replace(b"2017-08-01T00:00:00+08:00", b"2017-08-01 00:00:00+08:00")
    assert old != bytes(SEVEN.event)
    assert difference(SEVEN, present(assignment=seal(old, "2017-08-01T00:00:00Z", "office"))) == RowDifference("same")


def test_another_name_of_a_unit_is_no_difference() -> None:
    """The ledger calls a unit by its name in the directory; a document that calls it by an alias says the same."""
    lead = (("市残联、市人力资源社会保障局，各县", "市人社局、市残联，各县"), ("2018年12月前完成", "2018年11月底前"))
    names = (("市残联、市人力资源社会保障局，各县", "市人力资源社会保障局、市残联，各县"),)
    (data,) = assignments(schedule(SEED.replace(*names[0])))[6:7]
    found = difference(corrected(*lead), present(lead=data.lead, units=data.units))
    assert [parse(bytes(raw)).type for raw in found.proposals] == ["duban.deadline.clarified.v1"]


def test_other_units_propose_to_reassign() -> None:
    """Another lead, or another unit, is a proposal with the document's units and the reason."""
    line = corrected(("市残联、市人力资源社会保障局，各县", "市人力资源社会保障局、市残联，各县"))
    found = difference(line, present())
    assert found.state == "changed"
    assert "市残联（牵头）" in found.says[0]
    (event,) = [parse(bytes(raw)) for raw in found.proposals]
    assert isinstance(event.data, TaskReassigned)
    assert (event.subject, event.source, event.time) == ("zj-2017-07", "office", NOW)
    assert (event.data.lead, event.data.reason) == ("市人力资源社会保障局", REASON)


def test_another_deadline_proposes_to_clarify() -> None:
    """Another deadline is a proposal with the document's words."""
    found = difference(corrected(("2018年12月前完成", "2018年12月底前完成")), present())
    (event,) = [parse(bytes(raw)) for raw in found.proposals]
    assert isinstance(event.data, DeadlineClarified)
    assert event.data.deadline == Fixed("2018年12月底前完成", datetime(2019, 1, 1, tzinfo=LEDGER.zone))


def test_a_settled_difference_is_none() -> None:
    """Once the proposals are in the ledger, the corrected document says what the ledger has."""
    line = corrected(("2018年12月前完成", "2018年12月底前完成"))
    (event,) = [parse(bytes(raw)) for raw in difference(line, present()).proposals]
    assert isinstance(event.data, DeadlineClarified)
    assert difference(line, present(deadline=event.data.deadline)) == RowDifference("same")


@pytest.mark.parametrize(
    "change",
    [
        ("2018年12月前完成", "2018 年 12 月前"),
        ("市残联、市人力资源社会保障局，各县", "市残联，市人社局；各县"),
    ],
    ids=["deadline", "units"],
)
def test_other_words_of_the_same_meaning_are_no_difference(change: tuple[str, str]) -> None:
    """What reads alike needs no event."""
    assert difference(corrected(change), present()) == RowDifference("same")


def test_another_title_is_told_and_proposes_nothing() -> None:
    """No event changes an assignment's words; that they differ is said."""
    found = difference(corrected(("全市至少建立两个", "全市至少建立三个")), present())
    assert found.state == "changed"
    assert "全市至少建立两个" in found.says[0]
    assert found.proposals == ()


def drawn(units: str, leader: str, section: str, deliverable: str) -> ReadRow:
    """Return a row of a table that says more of its task than what it is."""
    header = ["序号", "工作任务", "责任单位", "完成时限", "分管领导", "成果形式"]
    row = ["7", "出台办法。", units, "2019年底前完成", leader, deliverable]
    (line,) = schedule(book(表=[header, [section, "<", "<", "<", "<", "<"], row])).lines
    return line


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (("市残联", "李四", "一、社会保障", "《办法》"), "the ledger's leading official is “张三”; here it is “李四”"),
        (("市残联", "张三", "二、就业", "《办法》"), "the ledger's section is “一、社会保障”; here it is “二、就业”"),
        (
            ("市残联", "张三", "一、社会保障", "《细则》"),
            "the ledger's deliverable is “《办法》”; here it is “《细则》”",
        ),
        (
            ("市残联（王五）", "张三", "一、社会保障", "《办法》"),
            "the ledger's person in charge of 市残联 is not named; here it is “王五”",
        ),
    ],
    ids=["leader", "section", "deliverable", "person"],
)
def test_other_words_about_a_task_are_told(row: tuple[str, str, str, str], says: str) -> None:
    """Whether the versions of both have them as members or attributes; what the row does not say differs in nothing."""
    before = drawn("市残联", "张三", "一、社会保障", "《办法》")
    (data,) = (event.data for event in [parse(bytes(before.event))] if isinstance(event.data, TaskAssigned))
    had = present(before, lead=data.lead, units=data.units, deadline=data.deadline)
    assert difference(drawn(*row), had) == RowDifference("changed", (says,))
    assert difference(drawn("市残联", "", "一、社会保障", ""), had) == difference(before, had) == RowDifference("same")


def test_a_closed_task_is_not_corrected() -> None:
    """The office would have to reopen it first, and that is its own decision."""
    found = difference(corrected(("2018年12月前完成", "2018年12月底前完成")), present(closed=True))
    assert found.proposals == ()
    assert "reopened" in found.says[-1]


def test_proposing_again_proposes_the_same_submission() -> None:
    """Ids follow from what the ledger has and the document says: two imports at once cannot correct twice."""
    line = corrected(("2018年12月前完成", "2018年12月底前完成"))
    once, again = difference(line, present()), difference(line, present())
    assert once == again
    other = difference(line, present(deadline=Fixed("2019年底前", datetime(2020, 1, 1, tzinfo=LEDGER.zone))))
    assert parse(bytes(other.proposals[0])).id != parse(bytes(once.proposals[0])).id
