from datetime import date

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.directory import Succession
from events.ledger import Ledger
from events.schema import Role, TaskReassigned, Unit
from services.schedule.text import UnreadableError
from services.schedule.units import Reading, explain_units, read_unit_cells, read_units, remarks

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
    ("市文广新局(版权局)", (lead("市文广新局（版权局）"),)),
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
    ("牵头领导：张三", "it names no unit"),
    ("配合单位：市残联", "none leads"),
    ("会同市残联", "none leads"),
    ("市民政局（市残联", "bracket"),
    ("市民政局）、（市残联", "bracket"),
    ("市民政局（市财政局牵头）", "inside a bracket"),
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
        *("【牵头单位】", "（第一责任单位为牵头单位）", "①", "1.", "为主", "党委、政府", "委、办、局", "（配合）"),
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


def test_many_digits_take_no_longer() -> None:
    """A name of nothing but digits is refused at once, however many they are."""
    with pytest.raises(UnreadableError):
        read_units("1" * 200 + "x", LEDGER)


@given(
    st.permutations([CIVIL, FINANCE, DISABLED, COUNTIES, "市经济和信息化局"]),
    st.sampled_from([*"、，,；;和及与/ ", "以及", "\n", "、\n"]),
)
def test_any_separator(names: list[str], separator: str) -> None:
    """The separators all say the same, and the first unit leads in any order."""
    assert [unit.name for unit in read_units(separator.join(names), LEDGER).units] == names


DIRECTORY = Ledger(
    "",
    units=(CIVIL, FINANCE, DISABLED, "市卫生计生局"),
    groups={COUNTIES: ("赤坎区", "霞山区")},
    aliases={"市残疾人联合会": DISABLED, "各县、市、区政府": COUNTIES},
    successions=(
        Succession(date(2019, 3, 31), ("市卫生计生局",), "市卫生健康局", "方案"),
        Succession(date(2021, 5, 31), ("市卫生健康局",), "市卫健委", "方案", verified=False),
    ),
)


def test_a_name_of_the_directory_is_kept_and_counts_as_the_unit_it_stands_for() -> None:
    """The text’s own name stays; two names of one unit are one mention, a name of a group is a group."""
    text = "市残疾人联合会、市民政局、市残联牵头，各县、市、区政府配合"
    units = (lead("市残疾人联合会"), lead(CIVIL), Unit("各县、市、区政府", group=True))
    assert read_units(text, DIRECTORY) == Reading("市残疾人联合会", lead_inferred=False, units=units)


WIDTHS = str.maketrans("（），；：", "(),;:")


@given(
    st.sampled_from([text for text, _ in INFERRED + STATED if "(" not in text and " " not in text]),
    st.sampled_from(["", " ", "　", "\u200b"]),
)
def test_widths_and_spaces_do_not_matter(text: str, space: str) -> None:
    """A cell means the same with half-width punctuation, and with spaces after it or none."""
    spaced = "".join(character + space * (character in "，；：、") for character in text)
    assert read_units(text.translate(WIDTHS), LEDGER) == read_units(spaced, LEDGER) == read_units(text, LEDGER)


cells = st.lists(st.sampled_from([CIVIL, FINANCE, DISABLED, COUNTIES, "等有关部门"]), min_size=1, unique=True)


@given(cells, st.none() | cells, st.sampled_from(["牵头单位：{}；配合单位：{}", "{}牵头；{}配合"]))
def test_a_heading_says_what_a_label_says(leads: list[str], others: list[str] | None, labels: str) -> None:
    """Cells under 牵头单位 and 配合单位 are read as one cell with these labels; a dash is nobody."""
    first, second = "、".join(leads), "、".join(others) if others else "—"
    read = read_unit_cells([("lead", first), ("cooperating", second)], LEDGER)
    assert read == read_units(labels.format(first, second) if others else f"牵头单位：{first}", LEDGER)


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ([(None, "市民政局、市财政局"), ("cooperating", "")], INFERRED[2][1]),
        ([("lead", ""), ("cooperating", "市财政局"), (None, "市民政局")], (unit(FINANCE), lead(CIVIL))),
        ([("lead", "市民政局"), ("cooperating", "市民政局、市财政局")], (lead(CIVIL), unit(FINANCE))),
        ([("cooperating", "市财政局、市民政局（牵头）")], (unit(FINANCE), lead(CIVIL))),
    ],
)
def test_cells_of_a_row(columns: list[tuple[Role | None, str]], expected: tuple[Unit, ...]) -> None:
    """An empty cell names nobody; a role that a cell states itself goes before its heading’s."""
    assert read_unit_cells(columns, LEDGER).units == expected


def test_a_row_without_units_is_refused() -> None:
    """Cells that are all empty name no unit, and the message says so."""
    with pytest.raises(UnreadableError, match="no unit"):
        read_unit_cells([("lead", "—"), ("cooperating", "")], LEDGER)


def test_a_reading_is_explained() -> None:
    """One sentence says who leads and why, who cooperates, and whom groups, aliases and open names stand for."""
    assert explain_units(read_units("市民政局、各县（市、区）政府等有关部门", DIRECTORY), DIRECTORY) == (
        "市民政局牵头（文中未写明，因列首位）；各县（市、区）政府等有关部门配合；各县（市、区）政府指赤坎区、霞山区，共2个单位；"
        "“等有关部门”未列出具体单位。"
    )
    assert explain_units(read_units("市残疾人联合会、市财政局牵头", DIRECTORY), DIRECTORY) == (
        "市残疾人联合会牵头（文中写明）；市财政局同为牵头单位；市残疾人联合会即市残联。"
    )


def remarked(text: str, issued: date = date(2017, 8, 1)) -> list[str]:
    return remarks(read_units(text, DIRECTORY), DIRECTORY, issued)


def test_an_importer_is_told_what_to_look_at() -> None:
    """Aliases, unknown names with the nearest known ones, units that had ended, and leads that are no one unit."""
    assert remarked("市民政局，各县（市、区）政府、市卫生计生局、市卫生健康局等有关部门") == []
    assert remarked("市残疾人联合会") == ["“市残疾人联合会” is another name of 市残联 in the directory."]
    assert remarked("市卫生和计划生育局、市火星局") == [
        "“市卫生和计划生育局” is not in the directory; the nearest names it has: 市卫生计生局.",
        "“市火星局” is not in the directory; it has no name like it.",
    ]
    assert remarked("市卫生计生局", date(2019, 4, 1)) == [
        "“市卫生计生局” had ended by 2019-04-01; its successor is 市卫生健康局."
    ]
    assert remarked("市卫生计生局", date(2022, 1, 1)) == [
        (
            "“市卫生计生局” had ended by 2022-01-01; "
            "its successor is 市卫健委 (by the directory, which marks this as unverified)."
        )
    ]
    assert remarked("各县（市、区）政府、各有关部门牵头") == [
        (
            "“各县（市、区）政府” leads as a group: "
            "each member reports and submits for itself, and all count (赤坎区、霞山区)."
        ),
        "“各有关部门” leads, but names no unit: nobody can report or submit for it.",
    ]
