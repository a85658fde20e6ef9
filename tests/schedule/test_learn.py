"""What a table suggests for a ledger's directory: names, likely other names, groups; and as a file."""

import msgspec
import pytest

from events.ledger import Ledger
from services.schedule.document import read_document
from services.schedule.learn import Lesson, learn, lesson_toml
from tests.schedule.documents import page

HEADER = ["序号", "工作任务", "责任单位", "完成时限"]


def lesson(*cells: str, ledger: Ledger | None = None) -> Lesson:
    """Return what a table with these cells of units suggests."""
    rows = [[str(at), f"任务{at}的内容", units, "长期"] for at, units in enumerate(cells, 1)]
    return learn(read_document(page([HEADER, *rows]), "a.html"), ledger or Ledger(""))


def test_names_with_how_often_they_are_there() -> None:
    """In the order of the table, without what names no unit."""
    read = lesson("市民政局、市财政局", "市民政局牵头，各有关单位配合")
    assert read.units == (("市民政局", 2), ("市财政局", 1))
    assert read.groups == ()


@pytest.mark.parametrize(
    ("short", "name"),
    [
        ("市人社局", "市人力资源社会保障局"),
        ("市住房城乡建设局", "市住房和城乡建设局"),
        ("市残联", "市残疾人联合会"),
        ("市发改委", "市发展和改革委员会"),
        ("发展和改革局", "市发展和改革局"),
    ],
)
def test_likely_other_names(short: str, name: str) -> None:
    """A name that shortens one other name, or lacks its level, is likely that unit."""
    read = lesson(f"市财政局、{short}", name)
    assert read.aliases == ((short, name),)
    assert short not in dict(read.units)


@pytest.mark.parametrize(
    ("one", "other"), [("市教育局", "市教育体育局"), ("市民政局", "市财政局"), ("市水利局", "市水务局")]
)
def test_other_units(one: str, other: str) -> None:
    """What goes on with another word is another unit, and what shares no letters is, too."""
    assert lesson(one, other).aliases == ()


def test_two_names_in_one_task_are_two_units() -> None:
    """Nobody is asked to work with itself."""
    assert lesson("市人社局、市人力资源社会保障局").aliases == ()


def test_groups_have_the_areas_that_the_table_names() -> None:
    """A person completes them."""
    read = lesson("市民政局、各县（市、区）政府", "赤坎区、霞山区", "各相关单位")
    assert read.groups == (("各县（市、区）政府", ("赤坎区", "霞山区")),)


def test_what_the_ledger_has_is_left_out() -> None:
    """A second table adds only what is new, and its short names are held against the names that are there."""
    own = Ledger("", units=("市民政局", "市人力资源社会保障局"))
    read = lesson("市民政局、市财政局", "市人社局", ledger=own)
    assert (read.units, read.aliases) == ((("市财政局", 1),), (("市人社局", "市人力资源社会保障局"),))


def test_what_cannot_be_read_is_told() -> None:
    """A word that may be a unit is proposed as one to accept."""
    read = lesson("市教育局、湛江幼专")
    assert read.unsure == ("湛江幼专",)
    assert len(read.unread) == 1


def test_a_new_ledgers_file_can_be_used_as_it_is() -> None:
    """What needs a person is a comment in it; accepted, it makes the directory read the table."""
    text = lesson_toml(
        lesson("市人社局、市教育局", "市人力资源社会保障局、湛江幼专", "各县区政府", "赤坎区"), "x", '“新”"'
    )
    ledger = msgspec.toml.decode(text, type=Ledger)
    assert ledger.title == '“新”"'
    assert ledger.sources["office"].role == "assigner"
    accepted = text.replace('# "湛江幼专"', '"湛江幼专"').replace('# "各县区政府"', '"各县区政府"')
    again = msgspec.toml.decode(accepted, type=Ledger)
    assert again.groups == {"各县区政府": ("赤坎区",)}
    assert "湛江幼专" in again.units
    assert lesson("湛江幼专、各县区政府", ledger=again).units == ()


def test_entries_for_a_ledger_that_there_is() -> None:
    """They are a part of its file, without title and sources."""
    text = lesson_toml(lesson("市民政局"), "x", None)
    assert "title" not in text
    assert "sources" not in text
    assert msgspec.toml.decode(text)["units"] == ["市民政局"]
