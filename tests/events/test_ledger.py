import re
from collections.abc import Callable
from datetime import date
from zoneinfo import ZoneInfoNotFoundError

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.deadline import Ongoing
from events.ledger import AlertRules, Channel, Ledger, LightRules, Source, Succession
from events.schema import (
    ProgressReported,
    Role,
    TaskAssigned,
    TaskReassigned,
    TaskUrged,
    Unit,
)
from events.text import name_of

NAMES = ["市民政局", "市财政局", "市残联", "赤坎区", "霞山区", "廉江市"]

GROUPS = ["各县（市、区）政府", "各区政府"]

COUNTIES: dict[str, tuple[str, ...]] = {"各县（市、区）政府": ("赤坎区", "霞山区", "廉江市")}

directories = st.dictionaries(st.sampled_from(GROUPS), st.lists(st.sampled_from(NAMES), max_size=4).map(tuple))

roles: st.SearchStrategy[Role] = st.sampled_from(["lead", "cooperating"])

mentions = st.lists(st.builds(Unit, st.sampled_from(NAMES + GROUPS), roles), max_size=6)


@given(directories, mentions)
def test_duties_are_obligations(groups: dict[str, tuple[str, ...]], units: list[Unit]) -> None:
    """A unit has a duty exactly if it is among the obligations, whatever the directory."""
    ledger = Ledger("", groups=groups)
    obligations = ledger.obligations(units)
    for name in NAMES + GROUPS:
        assert ledger.has_duty(name, units) == (name in obligations)


@given(directories, mentions)
def test_the_first_mention_decides_the_role(groups: dict[str, tuple[str, ...]], units: list[Unit]) -> None:
    """A unit named twice, as itself or in a group, has the role of its first mention."""
    ledger = Ledger("", groups=groups)
    for name, role in ledger.obligations(units).items():
        assert role == next(unit.role for unit in units if name in groups.get(unit.name, (unit.name,)))


def test_groups_expand_to_their_members() -> None:
    """A group among a task's units puts its members under obligation, not itself."""
    ledger = Ledger("", units=("市残联",), groups=COUNTIES)
    units = [Unit("市残联", "lead"), Unit("各县（市、区）政府", group=True)]
    assert dict(ledger.obligations(units)) == {
        "市残联": "lead",
        "赤坎区": "cooperating",
        "霞山区": "cooperating",
        "廉江市": "cooperating",
    }
    assert not ledger.has_duty("各县（市、区）政府", units)


def test_the_directory_knows_units_and_members() -> None:
    """The directory knows its units and the members of its groups, but a group is no unit."""
    ledger = Ledger("", units=("市残联",), groups=COUNTIES)
    assert ledger.knows("市残联")
    assert ledger.knows("赤坎区")
    assert not ledger.knows("坡头区")
    assert not ledger.knows("各县（市、区）政府")


def test_a_group_within_a_group_is_refused() -> None:
    """A group has units as members; a group among them is an error that names the outer one."""
    with pytest.raises(ValueError, match="各级政府"):
        Ledger("", groups=COUNTIES | {"各级政府": ("各县（市、区）政府",)})


ALIASES = {"市残疾人联合会": "市残联", "财政局": "市财政局", "各县区": "各县（市、区）政府"}

REFORM = date(2019, 3, 31)

AGAIN = date(2024, 6, 1)

SUCCESSIONS = (
    Succession(REFORM, ("市旅游局", "市文广新局"), "市文化广电旅游体育局", "方案"),
    Succession(REFORM, ("市卫生计生局",), "市卫生健康局", "方案"),
    Succession(AGAIN, ("市卫生健康局",), "市卫健委", "方案", verified=False),
)

REFORMED = Ledger(
    "", units=("市残联", "市财政局", "市旅游局", "市文广新局", "市卫生计生局"),
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
        Ledger("", units=("市残联", "市民政局"), groups=COUNTIES, aliases=aliases, successions=successions)


def test_sources_and_channels_have_units_by_their_own_names() -> None:
    """A source or channel for an alias would never be found, so there is none."""
    with pytest.raises(ValueError, match="'残联' is an alias"):
        Ledger("", units=("市残联",), aliases={"残联": "市残联"}, sources={"s": Source("reporter", ("残联",))})


def test_a_source_speaks_for_its_units() -> None:
    """A source speaks for the units it lists, for all of them with "*", for none without any."""
    assert Source("reporter", ("市残联",)).speaks_for("市残联")
    assert not Source("reporter", ("市残联",)).speaks_for("市民政局")
    assert Source("reporter", ("*",)).speaks_for("市民政局")
    assert not Source("reporter").speaks_for("市残联")


def test_recipients_without_a_channel_use_the_common_ones() -> None:
    """A recipient is reached through its own channels, otherwise through those of "*", otherwise not at all."""
    own, common = Channel(apprise="dingtalk://own"), Channel(webhook="https://example.org", secret="whsec_x")
    rules = AlertRules(channels={"市残联": (own,), "*": (common,)})
    assert rules.channels_of("市残联") == (own,)
    assert rules.channels_of("市民政局") == (common,)
    assert AlertRules().channels_of("市民政局") == ()


@pytest.mark.parametrize(
    "toml",
    [
        'title = "a"\ncolour = "red"',
        'title = "a"\n[lights]\nyellow = 3',
        'title = "a"\n[lights]\nbehind = 1.5',
        'title = "a"\n[sources.Office]\nrole = "assigner"',
        'title = "a"\n[sources.office]\nrole = "chief"',
        'title = "a"\n[[alerts.channels."*"]]\nwebhook = "https://example.org"',
        'title = "a"\n[[alerts.channels."*"]]\napprise = "a://"\nwebhook = "https://example.org"',
        'timezone = "Asia/Shanghai"',
        'title = "a"\n[festivals]\n"春节" = 2018-02-16',
        'title = "a"\n[festivals]\n"2018年春节" = "2018-02-30"',
    ],
)
def test_what_a_ledger_file_cannot_say_is_refused(toml: str) -> None:
    """A ledger file with an unknown member, role, source name or impossible value is refused as a whole."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.toml.decode(toml, type=Ledger)


def test_a_ledger_has_defaults() -> None:
    """Only the title is needed; the rest are the rules most offices use."""
    ledger = msgspec.toml.decode('title = "a"', type=Ledger)
    assert str(ledger.zone) == "Asia/Shanghai"
    assert ledger.remind_days == (30, 7, 1)
    assert ledger.lights == LightRules(yellow_days=30, behind=0.7, silent_days=90)


def test_festivals_are_named_with_their_year() -> None:
    """A day that moves stands in the file as documents name it, with its year, and as a date of TOML."""
    ledger = msgspec.toml.decode('title = "a"\n[festivals]\n"2018年春节" = 2018-02-16', type=Ledger)
    assert ledger.festivals == {"2018年春节": date(2018, 2, 16)}


def test_a_zone_that_does_not_exist_is_refused() -> None:
    """A ledger without a real time zone would misread every deadline, so there is none."""
    with pytest.raises(ZoneInfoNotFoundError):
        Ledger("", timezone="Asia/Zhanjiang")


MISSPELLED: dict[str, tuple[Callable[[str], Ledger], str, str]] = {
    "a unit with white space": (lambda name: Ledger("", units=(name,)), "市残联 ", "white space at its ends"),
    "a unit in another normal form": (lambda name: Ledger("", units=(name,)), "Cafe\u0301", "NFC"),
    "a hidden character": (lambda name: Ledger("", units=(name,)), "市残联\u200b", "U\\+200B"),
    "a group": (lambda name: Ledger("", groups={name: ("市残联",)}), "各县 ", "white space"),
    "a member": (lambda name: Ledger("", groups={"各县": (name,)}), "市残联 ", "white space"),
    "an alias": (lambda name: Ledger("", units=("市残联",), aliases={name: "市残联"}), "残联 ", "white space"),
    "a source's unit": (lambda name: Ledger("", sources={"s": Source("reporter", (name,))}), "市残联 ", "white space"),
    "a recipient": (lambda name: Ledger("", alerts=AlertRules(channels={name: ()})), "市残联 ", "white space"),
    "the supervisor": (lambda name: Ledger("", alerts=AlertRules(name)), "督查室 ", "white space"),
    "a successor": (
        lambda name: Ledger("", units=("市残联",), successions=(Succession(date(2019, 1, 1), ("市残联",), name, "…"),)),
        "市委 ",
        "white space",
    ),
}


@pytest.mark.parametrize(("make", "name", "words"), MISSPELLED.values(), ids=MISSPELLED)
def test_a_name_that_no_event_can_name_is_refused(make: Callable[[str], Ledger], name: str, words: str) -> None:
    """The directory's names are in the spelling in which events' names are compared."""
    assert make(name_of(name).replace("\u200b", ""))
    with pytest.raises(ValueError, match=words):
        make(name)
