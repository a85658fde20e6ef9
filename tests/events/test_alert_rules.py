"""The rules of alerts in a ledger's file: what they may say, and errors with the line, the key and what is right."""

import tomllib
from pathlib import Path

import msgspec
import pytest

from events.alert_rule import DEFAULTS
from events.alerting import AlertRules
from events.ledger import Ledger
from services.common.settings import SettingsError, load_alert_rules, load_ledger, shipped

BEGIN = 'title = "湛江市"\nunits = ["市残联"]\n\n[alerts]\nsupervisor = "督查室"\n'


def error_in(directory: Path, toml: str) -> str:
    """Return what is wrong with a ledger file whose `[alerts]` go on with `toml`, from line 6 on."""
    file = directory / "zhanjiang.toml"
    file.write_text(BEGIN + toml, encoding="utf-8")
    with pytest.raises(SettingsError) as wrong:
        load_ledger(file)
    return str(wrong.value).removeprefix(str(directory))


WRONG = {
    "an unknown recipient": (
        'rules = [\n  { on = "assigned", to = ["units"] },\n  { on = "passed", to = ["chief"] },\n]',
        "/zhanjiang.toml:8: alerts.rules[1].to[0]: Invalid enum value 'chief'; right are: cooperating, lead,",
    ),
    "an unknown trigger": (
        '[[alerts.rules]]\non = "closed"\nto = ["units"]',
        "/zhanjiang.toml:7: alerts.rules[0].on: Invalid enum value 'closed'; right are: assigned,",
    ),
    "an unknown key": (
        'wait = "3m"',
        "/zhanjiang.toml:6: alerts.wait: is no key here; right are: supervisor,",
    ),
    "nobody": ('rules = [{ on = "passed", to = [] }]', "/zhanjiang.toml:6: alerts.rules[0].to: nobody is alerted;"),
    "a step without its time": (
        '[[alerts.rules]]\non = "open"\nto = ["leader"]',
        "/zhanjiang.toml:6: alerts.rules[0].after: missing; a rule on open says how long after the due, such as 7d",
    ),
    "no number of days": (
        '[[alerts.rules]]\non = "open"\nto = ["leader"]\nafter = "7 days"',
        "/zhanjiang.toml:9: alerts.rules[0].after: '7 days' is no number of days; right are 7d (calendar days) and 5wd",
    ),
    "a time where there is none": (
        '[[alerts.rules]]\non = "assigned"\nto = ["units"]\nafter = "3d"',
        "/zhanjiang.toml:9: alerts.rules[0].after: has no meaning in a rule on assigned; it belongs to: open, silent",
    ),
    "two steps of one number": (
        (
            '[[alerts.rules]]\non = "open"\nafter = "7d"\nto = ["leader"]\n'
            '[[alerts.rules]]\non = "open"\nafter = "9d"\nstep = 1\nto = ["leader"]'
        ),
        "/zhanjiang.toml:13: alerts.rules[1].step: step 1 of 'open' is there already, as rule 1; give it another",
    ),
    "steps that overlap": (
        (
            '[[alerts.rules]]\non = "open"\nafter = "7d"\nto = ["leader"]\n'
            '[[alerts.rules]]\non = "open"\nafter = "5wd"\nstep = 2\nto = ["leader"]'
        ),
        "/zhanjiang.toml:12: alerts.rules[1].after: step 2 of 'open' is after 5wd, step 1 after 7d: each step comes",
    ),
    "an impossible time": (
        'at = ["25:00"]',
        "/zhanjiang.toml:6: alerts.at: '25:00' is no time of day; one lies between 00:00 and 23:59, such as 08:30",
    ),
    "a time in the quiet hours": (
        'at = ["07:30"]\nquiet_hours = "20:00-08:00"',
        "/zhanjiang.toml:6: alerts.at: 07:30 is in the quiet hours 20:00-08:00; nothing would be sent then",
    ),
    "quiet for ever": (
        'quiet_hours = "08:00-08:00"',
        "/zhanjiang.toml:6: alerts.quiet_hours: '08:00-08:00' is",
    ),
    "two names of one thing": (
        'group_wait = "3m"\nwindow_minutes = 3',
        "/zhanjiang.toml:7: alerts.window_minutes: is an older name of group_wait, which is given, too; remove it",
    ),
    "a digest to several": ('group_by = ["task"]', "/zhanjiang.toml:6: alerts.group_by: lacks recipient;"),
    "a summary to units": (
        'rules = [{ on = "weekly", to = ["lead"] }]',
        "/zhanjiang.toml:6: alerts.rules[0].to: 'lead' depends on a task; a rule on weekly is for: supervisor, leader",
    ),
    "a silence without a reason": (
        "[[alerts.silence]]\nuntil = 2018-02-22",
        "/zhanjiang.toml:6: alerts.silence[0]: Object missing required field `reason`",
    ),
    "a silence that ends before it begins": (
        '[[alerts.silence]]\nreason = "春节"\nfrom = 2018-02-25\nuntil = 2018-02-22',
        "/zhanjiang.toml:9: alerts.silence[0].until: 2018-02-22 is not after from, 2018-02-25",
    ),
    "a silence of nobody's": (
        '[[alerts.silence]]\nreason = "春节"\nuntil = 2018-02-22\nrecipient = ["市文联"]',
        "/zhanjiang.toml:9: alerts.silence[0].recipient: '市文联' is no unit of the directory, and none of: 督查室",
    ),
    "an inhibition by what is no state": (
        'inhibit = [{ source = "neared", target = ["passed"] }]',
        "/zhanjiang.toml:6: alerts.inhibit[0].source: Invalid enum value 'neared'; right are: passed, requested,",
    ),
    "too often": (
        'repeat_interval = "1h"',
        "/zhanjiang.toml:6: alerts.repeat_interval: '1h' is less than a day; one is at least 1d",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_an_error_names_the_line_the_key_and_what_is_right(tmp_path: Path, what: str) -> None:
    """When the file is loaded."""
    toml, expected = WRONG[what]
    found = error_in(tmp_path, toml)
    assert found.startswith(expected), found


def test_files_of_an_earlier_version_keep_their_meaning() -> None:
    """`window_minutes`, and rules of a trigger and its recipients alone."""
    text = BEGIN + 'window_minutes = 0.5\nrules = [{ on = "passed", to = ["units", "supervisor"] }]\n'
    rules = msgspec.toml.decode(text, type=Ledger).alerts
    assert rules.wait.total_seconds() == 30
    assert [(rule.on, rule.to, rule.called, rule.may_wait) for rule in rules.rules] == [
        ("passed", ("units", "supervisor"), "passed", True)
    ]


def test_a_file_without_rules_has_all_triggers() -> None:
    """Those that the design names, each to its recipients."""
    rules = AlertRules()
    assert rules.rules == DEFAULTS
    assert len({rule.on for rule in rules.rules}) == 14
    assert rules.wait.total_seconds() == 600
    assert not rules.in_working_time


def test_rules_are_read_from_a_file_of_their_own(tmp_path: Path) -> None:
    """With nothing but `[alerts]`, or from a whole ledger file; errors name the line as well."""
    file = tmp_path / "alerts.toml"
    file.write_text('[alerts]\nquiet_hours = "20:00-08:00"\n', encoding="utf-8")
    assert load_alert_rules(file).in_working_time
    file.write_text(BEGIN + 'quiet_hours = "8-9"\n', encoding="utf-8")
    with pytest.raises(SettingsError, match=r"alerts\.toml:6: alerts\.quiet_hours: '8' is no time of day"):
        load_alert_rules(file)


def test_the_lines_of_the_shipped_file_that_are_commented_out_are_keys_where_they_stand() -> None:
    """Whoever removes the `#` gets channels of the ledger, and not of a rule."""
    text = shipped("zhanjiang.toml").read_text(encoding="utf-8").partition("\n[alerts]\n")[2]
    lines = [line.removeprefix("# ") for line in text.splitlines()]
    found = tomllib.loads("\n".join(lines))
    assert {"group_wait", "quiet_hours", "at", "group_by", "channels"} < found.keys()
    assert [rule.keys() for rule in found["alerts"]["rules"]] == [{"on", "after", "step", "to"}]
