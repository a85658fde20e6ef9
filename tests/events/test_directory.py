"""The directory: names, duties and successors."""

import re
from datetime import date

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.deadline import Ongoing
from events.directory import Directory, Succession
from events.schema import (
    ProgressReported,
    Role,
    TaskAssigned,
    TaskReassigned,
    TaskUrged,
    Unit,
)

NAMES = ["市民政局", "市财政局", "市残联", "赤坎区", "霞山区", "廉江市"]

GROUPS = ["各县（市、区）政府", "各区政府"]

COUNTIES: dict[str, tuple[str, ...]] = {"各县（市、区）政府": ("赤坎区", "霞山区", "廉江市")}

directories = st.dictionaries(st.sampled_from(GROUPS), st.lists(st.sampled_from(NAMES), max_size=4).map(tuple))

roles: st.SearchStrategy[Role] = st.sampled_from(["lead", "cooperating"])

mentions = st.lists(st.builds(Unit, st.sampled_from(NAMES + GROUPS), roles), max_size=6)


@given(directories, mentions)
def test_duties_are_obligations(groups: dict[str, tuple[str, ...]], units: list[Unit]) -> None:
    """A unit has a duty exactly if it is among the obligations, whatever the directory."""
    directory = Directory(groups=groups)
    obligations = directory.obligations(units)
    for name in NAMES + GROUPS:
        assert directory.has_duty(name, units) == (name in obligations)


@given(directories, mentions)
def test_the_first_mention_decides_the_role(groups: dict[str, tuple[str, ...]], units: list[Unit]) -> None:
    """A unit named twice, as itself or in a group, has the role of its first mention."""
    directory = Directory(groups=groups)
    for name, role in directory.obligations(units).items():
        assert role == next(unit.role for unit in units if name in groups.get(unit.name, (unit.name,)))


def test_groups_expand_to_their_members() -> None:
    """A group among a task's units puts its members under obligation, not itself."""
    directory = Directory(units=("市残联",), groups=COUNTIES)
    units = [Unit("市残联", "lead"), Unit("各县（市、区）政府", group=True)]
    assert dict(directory.obligations(units)) == {
        "市残联": "lead",
        "赤坎区": "cooperating",
        "霞山区": "cooperating",
        "廉江市": "cooperating",
    }
    assert not directory.has_duty("各县（市、区）政府", units)


def test_the_directory_knows_units_and_members() -> None:
    """The directory knows its units and the members of its groups, but a group is no unit."""
    directory = Directory(units=("市残联",), groups=COUNTIES)
    assert directory.knows("市残联")
    assert directory.knows("赤坎区")
    assert not directory.knows("坡头区")
    assert not directory.knows("各县（市、区）政府")


def test_a_group_within_a_group_is_refused() -> None:
    """A group has units as members; a group among them is an error that names the outer one."""
    with pytest.raises(ValueError, match="各级政府"):
        Directory(groups=COUNTIES | {"各级政府": ("各县（市、区）政府",)})


ALIASES = {"市残疾人联合会": "市残联", "财政局": "市财政局", "各县区": "各县（市、区）政府"}

REFORM = date(2019, 3, 31)

AGAIN = date(2024, 6, 1)

SUCCESSIONS = (
    Succession(REFORM, ("市旅游局", "市文广新局"), "市文化广电旅游体育局", "方案"),
    Succession(REFORM, ("市卫生计生局",), "市卫生健康局", "方案"),
    Succession(AGAIN, ("市卫生健康局",), "市卫健委", "方案", verified=False),
)

REFORMED = Directory(
    units=("市残联", "市财政局", "市旅游局", "市文广新局", "市卫生计生局"),
    groups=COUNTIES, aliases=ALIASES, successions=SUCCESSIONS,
)  # fmt: skip


def names(unit: str) -> list[str]:
    """Return all names a unit or group goes by."""
    return [unit, *(alias for alias, name in ALIASES.items() if name == unit)]


@given(
    st.lists(st.builds(Unit, st.sampled_from(["市残联", "市财政局", "各县（市、区）政府"]), roles), max_size=4),
    st.data(),
)
def test_duties_do_not_depend_on_the_name_used(units: list[Unit], data: st.DataObject) -> None:
    """A unit called by an alias has the same duties as by its own name; rows are kept under the own name."""
    called = [msgspec.structs.replace(unit, name=data.draw(st.sampled_from(names(unit.name)))) for unit in units]
    assert list(REFORMED.obligations(called).items()) == list(REFORMED.obligations(units).items())
    for name in ("市残联", "市财政局", "赤坎区", "各县（市、区）政府"):
        for alias in names(name):
            assert REFORMED.has_duty(alias, called) == REFORMED.has_duty(name, units)


@given(st.sampled_from([*ALIASES, *ALIASES.values(), "赤坎区", "市火星局"]))
def test_aliases_resolve_once_and_for_all(name: str) -> None:
    """What an alias resolves to is no alias; the directory knows a unit by every name, and a group by none."""
    canonical = REFORMED.canonical(name)
    assert REFORMED.canonical(canonical) == canonical
    assert canonical == ALIASES.get(name, name)
    assert REFORMED.knows(name) == REFORMED.knows(canonical) == (canonical in REFORMED.names)


def test_events_are_read_under_the_directorys_names() -> None:
    """Every member that names a unit is resolved, whatever the event; what has no alias stays the same object."""
    deadline = Ongoing("持续实施")
    units = (Unit("财政局"), Unit("市残疾人联合会", "lead"), Unit("市财政局", "lead"), Unit("各县区", group=True))
    read = (Unit("市财政局", "lead"), Unit("市残联", "lead"), Unit("各县（市、区）政府", group=True))
    assigned = TaskAssigned("…", "p", "市残疾人联合会", lead_inferred=False, units=units, deadline=deadline)
    assert REFORMED.resolve(assigned) == msgspec.structs.replace(assigned, lead="市残联", units=read)
    assert REFORMED.resolve(TaskReassigned("财政局", (Unit("财政局", "lead"),), "…")) == TaskReassigned(
        "市财政局", (Unit("市财政局", "lead"),), "…"
    )
    assert REFORMED.resolve(TaskUrged(("财政局", "市财政局"), "…")) == TaskUrged(("市财政局",), "…")
    assert REFORMED.resolve(ProgressReported("财政局", "…", 40)) == ProgressReported("市财政局", "…", 40)
    plain = ProgressReported("市财政局", "…", 40)
    assert REFORMED.resolve(plain) is plain


def test_a_successor_goes_on_from_the_day_of_the_reform() -> None:
    """A unit has no successor before its day, and from then on the one that exists on the day asked for."""
    assert REFORMED.successor("市卫生计生局", date(2019, 3, 30)) is None
    assert REFORMED.successor("市卫生计生局", REFORM) == "市卫生健康局"
    assert REFORMED.successor("市卫生计生局", AGAIN) == "市卫健委"
    assert REFORMED.successor("市残疾人联合会", AGAIN) is None
    assert REFORMED.successor("市火星局", AGAIN) is None
    assert REFORMED.knows("市卫健委")


def test_one_heir_for_one_unit() -> None:
    """Where a task is reassigned, a successor goes on for the first that was merged into it, and for none it joins."""
    before = ["市旅游局", "市文广新局", "市残联", "市卫生计生局"]
    assert REFORMED.heirs(before, ["市文化广电旅游体育局", "市卫生计生局"], REFORM) == {
        "市旅游局": "市文化广电旅游体育局"
    }
    assert REFORMED.heirs(before, ["市文化广电旅游体育局"], date(2019, 1, 1)) == {}
    assert REFORMED.heirs(["市旅游局", "市文化广电旅游体育局"], ["市文化广电旅游体育局"], REFORM) == {}


def test_a_handover_keeps_parts_and_names_new_leads() -> None:
    """Units that stay keep their parts, successors continue those of units that left; the rest start without one."""
    before = REFORMED.duties(
        "市旅游局", [Unit("市旅游局", "lead"), Unit("市文广新局"), Unit("市残联"), Unit("市财政局")]
    )
    units = [Unit("市文化广电旅游体育局", "lead"), Unit("市财政局", "lead"), Unit("各县区", group=True)]
    after = REFORMED.duties("市文化广电旅游体育局", units)
    renamed = REFORMED.handover(before, after, REFORM)
    assert renamed.kept == {"市旅游局": "市文化广电旅游体育局", "市财政局": "市财政局"}
    assert (renamed.after, renamed.new_leads) == (after, frozenset())
    replaced = REFORMED.handover(before, after, date(2019, 1, 1))  # before the reform there is no successor
    assert replaced.kept == {"市财政局": "市财政局"}
    assert replaced.new_leads == {"市文化广电旅游体育局"}


def test_the_hash_changes_with_what_decides_duties() -> None:
    """Groups, aliases and successions are part of the hash; a further unit changes no duty and is not."""
    assert REFORMED.hash == msgspec.structs.replace(REFORMED, units=(*REFORMED.units, "市教育局")).hash
    others = (
        msgspec.structs.replace(REFORMED, groups={}, aliases={}),
        msgspec.structs.replace(REFORMED, aliases={}),
        msgspec.structs.replace(REFORMED, successions=SUCCESSIONS[:1], aliases={}),
    )
    assert len({REFORMED.hash, *(other.hash for other in others)}) == 4


def succession(on: date, *before: str, to: str) -> Succession:
    return Succession(on, before, to, "方案")


@pytest.mark.parametrize(
    ("aliases", "successions", "wrong"),
    [
        ({"残联": "市残疾人联合会", "市残疾人联合会": "市残联"}, (), "'市残疾人联合会', which is an alias, too"),
        ({"残联": "联", "联": "残联"}, (), "is an alias, too"),
        ({"市残联": "市民政局"}, (), "'市残联' is itself the name"),
        ({"赤坎区": "市残联"}, (), "'赤坎区' is itself the name"),
        ({"各县（市、区）政府": "市残联"}, (), "itself the name of a unit or group"),
        ({"火星局": "市火星局"}, (), "'市火星局', which the directory does not have"),
        ({}, (succession(REFORM, "市火星局", to="市残联"),), "'市火星局' is none"),
        ({}, (succession(REFORM, "市残联", to="各县（市、区）政府"),), "'各县（市、区）政府' is none"),
        ({"残联": "市残联"}, (succession(REFORM, "残联", to="市民政局"),), "'残联' is none"),
        ({}, (succession(REFORM, "市残联", to="市残联"),), "cannot succeed"),
        ({}, (succession(REFORM, "市残联", to="甲"), succession(AGAIN, "市残联", to="乙")), "'市残联' ends twice"),
        ({}, (succession(REFORM, "市残联", to="甲"), succession(REFORM, "甲", to="市残联")), "cannot succeed"),
        ({}, (succession(AGAIN, "市残联", to="甲"), succession(REFORM, "甲", to="乙")), "'甲' ends on 2019-03-31"),
    ],
)
def test_a_directory_that_contradicts_itself_is_refused(
    aliases: dict[str, str], successions: tuple[Succession, ...], wrong: str
) -> None:
    """An alias has one meaning, and successions lead forward from unit to unit; the error says which does not."""
    with pytest.raises(ValueError, match=re.escape(wrong)):
        Directory(units=("市残联", "市民政局"), groups=COUNTIES, aliases=aliases, successions=successions)
