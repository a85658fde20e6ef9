from datetime import date
from zoneinfo import ZoneInfoNotFoundError

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.ledger import AlertRules, Channel, Ledger, LightRules, Source
from events.schema import Role, Unit

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
