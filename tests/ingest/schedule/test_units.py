import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.ledger import Ledger
from events.schema import TaskReassigned, Unit
from services.ingest.schedule.text import UnreadableError
from services.ingest.schedule.units import Reading, read_units

COUNTIES = "各县（市、区）政府"

LEDGER = Ledger("", groups={COUNTIES: ("赤坎区", "霞山区")})


def lead(name: str) -> Unit:
    return Unit(name, "lead")


def unit(name: str) -> Unit:
    return Unit(name)


def open_(name: str) -> Unit:
    return Unit(name, open=True)


CIVIL, FINANCE, DISABLED = "市民政局", "市财政局", "市残联"

GROUP = Unit(COUNTIES, group=True)

INFERRED = [
    (
        "市民政局、市财政局、市残联，各县（市、区）政府、湛江开发区管委会",
        (lead(CIVIL), unit(FINANCE), unit(DISABLED), GROUP, unit("湛江开发区管委会")),
    ),
    ("市委宣传部，市广播电视台;市残联", (lead("市委宣传部"), unit("市广播电视台"), unit(DISABLED))),
    ("市民政局、市财政局、市民政局", (lead(CIVIL), unit(FINANCE))),
    ("（市民政局、市财政局按职责分工负责）", (lead(CIVIL), unit(FINANCE))),
    ("市民政局、市财政局分别负责", (lead(CIVIL), unit(FINANCE))),
    ("责任单位：市民政局、市财政局；配合单位：市残联", (lead(CIVIL), unit(FINANCE), unit(DISABLED))),
    ("市民政局，市财政局、市残联配合", (lead(CIVIL), unit(FINANCE), unit(DISABLED))),
    # names that hold 和 or 及, and those between which it stands
    ("市住房和城乡建设局、市经济和信息化局", (lead("市住房和城乡建设局"), unit("市经济和信息化局"))),
    ("市发展和改革局和市残联", (lead("市发展和改革局"), unit(DISABLED))),
    ("市民政局及各县（市、区）政府", (lead(CIVIL), GROUP)),
    ("市科技局和知识产权局", (lead("市科技局"), unit("知识产权局"))),
    ("中国电信湛江分公司以及湛江日报社", (lead("中国电信湛江分公司"), unit("湛江日报社"))),
    ("市政府和社会资本合作中心", (lead("市政府和社会资本合作中心"),)),
    ("市社会和谐促进会", (lead("市社会和谐促进会"),)),
    ("市残疾人联合会、市工商业联合会", (lead("市残疾人联合会"), unit("市工商业联合会"))),
    # spaces, and the other width
    ("市 残 联、市财政局\n市民政局", (lead(DISABLED), unit(FINANCE), unit(CIVIL))),
    ("市委 宣传部", (lead("市委宣传部"),)),
    ("市残联、各县(市、区) 政府", (lead(DISABLED), GROUP)),
    # units that are not named
    ("市民政局、市财政局等有关部门", (lead(CIVIL), unit(FINANCE), open_("等有关部门"))),
    ("市民政局等13个部门按职责分工负责", (lead(CIVIL), open_("等13个部门"))),
    ("市民政局、市财政局等", (lead(CIVIL), unit(FINANCE), open_("等"))),
    ("市民政局、市有关部门", (lead(CIVIL), open_("市有关部门"))),
    ("各有关部门", (Unit("各有关部门", "lead", open=True),)),
    ("市残联、各责任单位", (lead(DISABLED), open_("各责任单位"))),
]

STATED = [
    ("牵头单位：市民政局、市财政局；责任单位：市残联", (lead(CIVIL), lead(FINANCE), unit(DISABLED))),
    ("责任单位：市残联\n牵头单位:市民政局", (unit(DISABLED), lead(CIVIL))),
    ("主办单位：市民政局；协办单位：市财政局、市残联", (lead(CIVIL), unit(FINANCE), unit(DISABLED))),
    ("牵头单位：市民政局；参加单位：市民政局、市残联", (lead(CIVIL), unit(DISABLED))),
    ("市民政局、市财政局牵头，市残联配合", (lead(CIVIL), lead(FINANCE), unit(DISABLED))),
    ("市民政局牵头、市财政局、市残联配合", (lead(CIVIL), unit(FINANCE), unit(DISABLED))),
    ("责任单位：市民政局牵头，市财政局配合", (lead(CIVIL), unit(FINANCE))),
    ("市民政局会同市财政局、市残联", (lead(CIVIL), unit(FINANCE), unit(DISABLED))),
    ("由市民政局牵头，会同市财政局和市残联制定", (lead(CIVIL), unit(FINANCE), unit(DISABLED))),
    ("市民政局牵头负责", (lead(CIVIL),)),
    ("由市民政局负责", (lead(CIVIL),)),
    ("市财政局、市民政局（牵头）、市残联", (unit(FINANCE), lead(CIVIL), unit(DISABLED))),
    ("市残联、市民政局；市财政局牵头。", (unit(DISABLED), unit(CIVIL), lead(FINANCE))),
]

UNREADABLE = [
    ("", "no unit"),
    ("（）", "no unit"),
    ("—", "not the name of a unit"),
    ("无", "not the name of a unit"),
    ("12、13", "not the name of a unit"),
    ("牵头领导：张三", "not the name of a unit"),
    ("配合单位：市残联", "none leads"),
    ("会同市残联", "none leads"),
    ("市民政局（市残联", "bracket"),
    ("市民政局）、（市残联", "bracket"),
    ("市民政局（市财政局配合）", "inside a bracket"),
    ("市" * 201, "201 characters"),
    ("、".join(f"第{number}小学" for number in range(201)), "201 units"),
    ("市残联\udfff", "UTF-8"),
]


@pytest.mark.parametrize(("text", "units"), INFERRED)
def test_inferred_lead(text: str, units: tuple[Unit, ...]) -> None:
    """Where the text states no lead, the first unit leads."""
    assert read_units(text, LEDGER) == Reading(units[0].name, lead_inferred=True, units=units)


@pytest.mark.parametrize(("text", "units"), STATED)
def test_stated_lead(text: str, units: tuple[Unit, ...]) -> None:
    """All stated leads have the role, the first of them is the lead; the order stays the text’s."""
    first = next(unit.name for unit in units if unit.role == "lead")
    assert read_units(text, LEDGER) == Reading(first, lead_inferred=False, units=units)


@pytest.mark.parametrize(("text", "wrong"), UNREADABLE, ids=[ascii(text)[:40] for text, _ in UNREADABLE])
def test_unreadable(text: str, wrong: str) -> None:
    """A text that is not understood is refused, with the text and what is wrong."""
    with pytest.raises(UnreadableError) as raised:
        read_units(text, LEDGER)
    assert text in str(raised.value)
    assert wrong in str(raised.value)


def test_json() -> None:
    """A reading is the contract’s JSON."""
    assert msgspec.json.encode(read_units("市民政局", LEDGER)).decode() == (
        '{"lead":"市民政局","lead_inferred":true,'
        '"units":[{"name":"市民政局","role":"lead","group":false,"open":false}]}'
    )


WORDS = st.sampled_from(
    [
        *"、，；和及与等（）：由市 \n",
        *("牵头", "配合", "负责", "会同", "按职责分工负责", "牵头单位：", "责任单位：", "有关部门", "各"),
        *(CIVIL, FINANCE, DISABLED, COUNTIES, "市经济和信息化局"),
    ]
)


@given(st.text() | st.lists(WORDS, max_size=12).map("".join))
def test_total(text: str) -> None:
    """Any text is units that a task can have, or an UnreadableError with the text."""
    try:
        reading = read_units(text, LEDGER)
    except UnreadableError as error:
        message = str(error)
    else:
        stored = msgspec.json.encode(TaskReassigned(reading.lead, reading.units, "x"))
        assert msgspec.json.decode(stored, type=TaskReassigned).units == reading.units
        message = text
    assert text in message


@given(st.permutations([CIVIL, FINANCE, DISABLED, COUNTIES, "市经济和信息化局"]), st.sampled_from("、，,；;和及"))
def test_any_separator(names: list[str], separator: str) -> None:
    """The separators all say the same, and the first unit leads in any order."""
    assert [unit.name for unit in read_units(separator.join(names), LEDGER).units] == names
