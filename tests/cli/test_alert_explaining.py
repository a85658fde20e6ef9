"""Why an event or a task alerted whom: each step of an escalation, and those that have not come."""

from collections.abc import Iterator
from datetime import datetime

from events.alert_rule import AlertRule
from events.entries import Recorded
from events.envelope import Event
from events.schema import DeadlinePassed, EventData
from services.cli.alert_explaining import UnmatchedRule, explain_position, explain_task, explained_lines
from tests.notify.life import DAYS, DUE, TASK, after, assignment, day, with_rules

LEDGER = with_rules(
    rules=(
        AlertRule("passed", ("supervisor",)),
        AlertRule("open", ("supervisor",), after="7d", step=1),
        AlertRule("open", ("supervisor", "leader"), after="30d", step=2, repeat_interval="10d"),
    ),
    leader="市政府办",
)


def log() -> Iterator[Recorded]:
    """Yield the events of a task whose due passes."""
    events: tuple[tuple[datetime, EventData], ...] = ((day("2018-02-01"), assignment()), (DUE, DeadlinePassed(DUE)))
    for number, (at, data) in enumerate(events, 1):
        yield Recorded(number, Event(f"e-{number}", "office", TASK, at, data, at, "office"))


def test_every_step_that_a_passing_led_to_is_explained() -> None:
    """Also those that repeat the last one."""
    found = explain_position(LEDGER, DAYS, list(log()), 2, after(DUE, 52))
    assert [(one.on, one.step, one.recipient) for one in found.alerts] == [
        ("passed", 0, "督查室"),
        ("open", 1, "督查室"),
        ("open", 2, "督查室"),
        ("open", 3, "督查室"),
        ("open", 4, "督查室"),
        ("open", 2, "市政府办"),
        ("open", 3, "市政府办"),
        ("open", 4, "市政府办"),
    ]
    assert found.others == ()


def test_a_step_that_has_not_come_is_named() -> None:
    """Although an earlier one has."""
    found = explain_task(LEDGER, DAYS, list(log()), TASK, after(DUE, 10))
    assert {(one.on, one.step) for one in found.alerts} == {("passed", 0), ("open", 1)}
    assert found.others == (UnmatchedRule("open", "open", 2),)
    assert list(explained_lines(found, 80))[-1] == "其余规则未触发：逾期后仍未销号，第2步"
    assert explain_position(LEDGER, DAYS, list(log()), 2, after(DUE, 10)).others == found.others
