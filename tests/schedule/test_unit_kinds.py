"""Kinds of unit cells that published documents have: each made-up input with siblings, and the building half."""

import pytest

from events.ledger import Ledger
from services.schedule.text import UnreadableError
from services.schedule.units import explain_units, read_units
from tests.schedule.corpora import NO_DIRECTORY, UnitCase, judge_units, unit_cases, written
from tests.schedule.verdicts import FAIR, HALVES, Half

MADE_UP = tuple(unit_cases("made-up"))


@pytest.mark.parametrize("case", MADE_UP, ids=[case.text for case in MADE_UP])
def test_made_up_cells(case: UnitCase) -> None:
    """Each is read as an official would, or refused where an official would ask."""
    verdict, read = judge_units(case)
    assert verdict in FAIR, read


@pytest.mark.parametrize("half", HALVES)
def test_published_cells_are_read_as_an_official_would(half: Half) -> None:
    """Each is right or fairly refused."""
    judged = [(case.text, judge_units(case)[0]) for case in unit_cases(half)]
    assert not [text for text, verdict in judged if verdict not in FAIR]


def test_the_halves_share_no_cell() -> None:
    """Together they have 300."""
    building, measuring = ({case.text for case in unit_cases(half)} for half in HALVES)
    assert not building & measuring
    assert len(building | measuring) >= 300


@pytest.mark.parametrize(
    ("text", "people"),
    [
        ("市民政局 张三", (("市民政局", "张三"),)),
        ("市民政局（张三）", (("市民政局", "张三"),)),
        ("责任单位：市民政局　责任人：张三", (("市民政局", "张三"),)),
        ("市委宣传部 李某，市财政局 王某", (("市委宣传部", "李某"), ("市财政局", "王某"))),
        ("市民政局 林政科", ()),
        ("市民政局 安居办", ()),
        ("市文广新局（文化）", ()),
        ("市卫健局（卫生）", ()),
        ("市经信局（金融）", ()),
        ("市教育局 高校", ()),
        ("市农业局（马铃薯）", ()),
    ],
)
def test_a_person_is_in_charge_of_the_unit_named_before(text: str, people: tuple[tuple[str, str], ...]) -> None:
    """An office or a field of the unit is no person, though its name begins with a surname."""
    read = read_units(text, NO_DIRECTORY)
    assert read.people == people
    assert all(f"{person}为{unit}责任人" in explain_units(read, NO_DIRECTORY) for unit, person in people)


def test_a_unit_of_the_directory_is_no_unit_with_a_person() -> None:
    """What is known whole is not cut."""
    read = read_units("市文广新局（文华）", Ledger("", units=("市文广新局（文华）",)))
    assert ([unit.name for unit in read.units], read.people) == (["市文广新局（文华）"], ())


def test_a_name_without_its_level_is_the_unit_that_the_directory_has() -> None:
    """发展和改革局 beside 市生态环境局 is that of the same level."""
    own = Ledger("", units=("市发展和改革局",))
    assert written(read_units("市生态环境局、发展和改革局牵头", own)) == "= 市生态环境局! 市发展和改革局!"


@pytest.mark.parametrize("text", ["市民政局、市财政局，下同", "市民政局牵头，不再列出"])
def test_words_that_name_no_unit_are_told(text: str) -> None:
    """A person sees what was passed over."""
    assert read_units(text, NO_DIRECTORY).passed_over == (text.rsplit("，", 1)[1],)


def test_a_short_name_is_read_once_the_directory_has_it() -> None:
    """Otherwise it says what to do: 湛江幼专 could be anything."""
    with pytest.raises(UnreadableError, match="add it to the directory"):
        read_units("市教育局、湛江幼专", NO_DIRECTORY)
    assert written(read_units("市教育局、湛江幼专", Ledger("", units=("湛江幼专",)))) == "~ 市教育局! 湛江幼专"
