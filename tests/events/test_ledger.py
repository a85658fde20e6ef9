from collections.abc import Callable
from datetime import date
from zoneinfo import ZoneInfoNotFoundError

import msgspec
import pytest

from events.alerting import AlertRules
from events.channel import Channel
from events.directory import Succession
from events.ledger import Ledger, LightRules, Source
from events.text import name_of


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
    own, common = Channel(dingtalk="own-robot"), Channel(webhook="https://example.org", secret="whsec_x")
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
        'title = "a"\n[sources.duban]\nrole = "assigner"',
        'title = "a"\n[sources.notify]\nrole = "reporter"',
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
