"""The draft of a notice: what it says, and that its document has the form of one."""

import re

import pytest
from msgspec.structs import replace

from services.status.export.notice import MOST_LISTED, Block, Facts, notice
from services.status.export.notice_file import notice_file
from services.status.export.numerals import numeral
from services.status.export.sheets import About
from services.status.figures.board import BoardFigures
from services.status.figures.units import ranked
from tests.status.export.reading import ABOUT, FIGURES, ROWS, document, texts
from tests.status.figures.boards import NOW
from tests.status.tracked_tasks import HELPER, LEAD, LEDGER

FACTS = Facts(FIGURES.overview("台账", NOW, 12), ranked(FIGURES.units(NOW, 12), "-on_time_rate"), ROWS, "督查室")

ENGLISH = ABOUT._replace(language="en")


def of_kind(kind: str, about: About = ABOUT) -> list[str]:
    return [block.text for block in notice(FACTS, about) if block.kind == kind]


def test_a_notice_begins_with_how_things_stand() -> None:
    """Title, the day of the figures, the address, and one paragraph with the counts."""
    title, draft, address, standing, *_ = notice(FACTS, ABOUT)
    assert title == Block("title", "关于湛江市残疾人工作重点任务\n进展情况的督查通报")
    assert draft.text == "（代拟稿，数据截至2019年1月3日）"
    assert address.text == "各有关单位："
    assert standing.text == (
        "截至2019年1月3日，湛江市残疾人工作重点任务台账共有工作任务5项，涉及责任单位3个。其中，已销号1项，正常推进1项，"
        "预警2项（临近时限1项，落后序时进度或长期未反馈进展1项），逾期1项。现将有关情况通报如下。"
    )


def test_the_parts_are_numbered_as_in_a_document() -> None:
    """Six parts with 一、 to 六、; units in them with （一）."""
    assert of_kind("heading") == [
        "一、总体情况",
        "二、牵头单位完成情况",
        "三、逾期未办结任务",
        "四、落后序时进度和长期未反馈进展任务",
        "五、近期到期任务",
        "六、工作要求",
    ]
    assert of_kind("unit") == [f"（一）{LEAD}（1项）"]


def test_a_notice_names_the_tasks() -> None:
    """What is overdue with its days, what is silent or behind, what falls due within 30 days."""
    late, silent, soon = of_kind("item")
    assert late == "1．建立就业基地。时限2018年12月31日，已逾期3天，尚未反馈进展。"
    assert silent == "1．建立就业基地（市教育局牵头）。长期未反馈进展。"
    assert soon == f"1．建立就业基地（{LEAD}牵头）。时限2019年1月31日，进展100%。"


def test_a_notice_has_the_week_the_sections_and_the_rate() -> None:
    """Only what happened is named; each section has its counts; the rate is over all leads."""
    said = "".join(of_kind("text"))
    assert "近7日，新交办任务1项，销号1项，新增逾期1项，1项任务有新的反馈。" in said
    assert "“一、保障”2项（已销号0项、逾期1项）；“二、就业”2项（已销号1项、逾期0项）" in said
    assert "2个单位承担牵头任务，其中已销号或已到期的2项次，按时办结1项次，按时率50.0%。" in said


def test_the_ranking_has_the_units_that_lead() -> None:
    """By on-time rate; units that only cooperate are not in it."""
    (table,) = [block.table for block in notice(FACTS, ABOUT) if block.kind == "table"]
    assert [row[1] for row in table] == ["单位", "市教育局", LEAD]
    assert table[2] == ("2", LEAD, "3", "1", "0", "0.0", "3", "1")
    assert HELPER not in str(table)


def test_a_notice_ends_with_office_and_day() -> None:
    """The supervisor of the ledger signs, on the day of the figures."""
    assert of_kind("signature") == ["督查室", "2019年1月3日"]


LATE, SLOW, SOON = (
    "请逾期任务的牵头单位查明原因，倒排工期，尽快办结并报送办结材料。",
    "请落后序时进度、长期未反馈进展任务的牵头单位加快推进，及时、如实反馈进展。",
    "请近期到期任务的牵头单位会同配合单位对照时限抓紧落实，确保按时办结；确需延期的，须在到期前申请。",
)


@pytest.mark.parametrize(
    ("tasks", "demands"),
    [
        ({"t-2"}, [LATE]),
        ({"t-4"}, [SLOW]),
        ({"t-3"}, [SOON]),
        ({"t-1", "t-2", "t-3", "t-4", "t-5"}, [LATE, SLOW, SOON]),
        ({"t-1", "t-5"}, []),
    ],
)
def test_a_notice_demands_only_of_those_whom_it_names(tasks: set[str], demands: list[str]) -> None:
    """Each list has its demand; an extension is not for overdue tasks, which are refused one."""
    blocks = notice(FACTS._replace(tasks=[row for row in ROWS if row.task in tasks]), ABOUT)
    said = [block.text for block in blocks]
    heading = "六、工作要求"
    assert (said[said.index(heading) + 1 : -2] if heading in said else []) == demands


def test_a_notice_in_english() -> None:
    """The same parts and figures; titles of tasks and names of units stay as they are."""
    said = [block.text for block in notice(FACTS, ENGLISH)]
    assert said[:3] == [
        "Notice on the progress of 湛江市残疾人工作重点任务",
        "(Draft; figures as of 3 January 2019)",
        "To the units concerned:",
    ]
    assert "5 tasks and 3 units: 1 closed, 1 on track, 2 with a warning (1 of them due soon), 1 overdue" in said[3]
    assert "1. 建立就业基地. Due 31 December 2018, 3 days late, no progress reported." in said
    own = "".join(said).replace("湛江市残疾人工作重点任务", "").replace("建立就业基地", "")
    for name in (LEAD, "市教育局", "督查室", "一、保障", "二、就业"):
        own = own.replace(name, "")
    assert re.search("[\u4e00-\u9fff]", own) is None


def test_a_notice_about_an_empty_ledger() -> None:
    """It says that there is nothing, part by part, without an empty list."""
    empty = Facts(BoardFigures(LEDGER.zone).overview("台账", NOW, 0), [], [], "督查室")
    said = "".join(block.text for block in notice(empty, ABOUT))
    for text in (
        "工作任务0项",
        "近7日，台账没有变化。",
        "没有逾期未办结的任务。",
        "未来30天内没有到期的任务。",
        "无预警任务",
    ):
        assert text in said
    assert document(notice_file(notice(empty, ABOUT), ABOUT)).tables == []


def test_a_notice_names_so_many_tasks_and_counts_the_rest() -> None:
    """A list is cut at 200 tasks, and says how many are left."""
    late = next(row for row in ROWS if row.light == "red")
    many = FACTS._replace(tasks=[replace(late, task=f"t-{number}", row=number) for number in range(MOST_LISTED + 3)])
    items = [block.text for block in notice(many, ABOUT) if block.kind == "item"]
    assert len(items) == MOST_LISTED + 1
    assert items[-1] == "其余3项见督查台账。"


def test_the_document_of_a_notice() -> None:
    """A4 with margins, fonts, line height, indent and page number of official documents; headings in the outline."""
    found = document(notice_file(notice(FACTS, ABOUT), ABOUT))
    (section,) = found.sections
    sides = (section.top_margin.mm, section.left_margin.mm, section.bottom_margin.mm, section.right_margin.mm)
    assert (section.page_width.mm, section.page_height.mm) == pytest.approx((210, 297), abs=0.1)
    assert sides == pytest.approx((37, 28, 35, 26), abs=0.1)
    assert texts(found)[0] == "关于湛江市残疾人工作重点任务\n进展情况的督查通报"
    title, body = found.paragraphs[0], found.paragraphs[4]
    assert (title.runs[0].font.name, title.runs[0].font.size.pt) == ("方正小标宋简体", 22)
    assert (body.runs[0].font.name, body.runs[0].font.size.pt) == ("仿宋", 16)
    assert (body.paragraph_format.line_spacing.pt, body.paragraph_format.first_line_indent.pt) == (28, 32)
    headings = [paragraph for paragraph in found.paragraphs if "outlineLvl" in paragraph._p.xml]
    assert [one.text for one in headings][:2] == ["一、总体情况", "二、牵头单位完成情况"]
    assert "PAGE" in section.footer._element.xml
    (table,) = found.tables
    assert [cell.text for cell in table.rows[1].cells][:2] == ["1", "市教育局"]
    body_order = [element.tag.rpartition("}")[2] for element in found.element.body]
    assert body_order.index("tbl") < body_order.index("sectPr") - 1


def test_chinese_numerals() -> None:
    """From 1 to 99 as documents number their parts; others in digits."""
    assert [numeral(number) for number in (1, 10, 11, 20, 23, 99, 100)] == [
        "一",
        "十",
        "十一",
        "二十",
        "二十三",
        "九十九",
        "100",
    ]
