"""What a log's alerts come to, event by event."""

from datetime import datetime

from msgspec.structs import replace

from events import schema
from events.entries import Recorded
from events.envelope import Event
from events.ledger import Ledger
from events.schema import DeadlineNeared, EventData
from services.notify.simulation import AlertVerdict, Simulation
from tests.notify.life import DAYS, DUE, LEAD, LEDGER, OTHER, TASK, assignment, day, with_rules

DOWN = (day("2018-02-10"), day("2018-03-27"))


def entry(number: int, at: datetime, data: EventData) -> Recorded:
    return Recorded(number, Event(f"e-{number}", "office", TASK, at, data, at, "office"))


def come_to(
    ledger: Ledger, *events: tuple[datetime, EventData], until: datetime, down: bool = False
) -> list[AlertVerdict]:
    """Return what becomes of the alerts of one task's events."""
    entries = [entry(number, at, data) for number, (at, data) in enumerate(events, 1)]
    return list(Simulation(ledger, DAYS, [DOWN] if down else ()).run(entries, until))


def shown(verdicts: list[AlertVerdict], on: str) -> list[tuple[str, str, int | None, str | None]]:
    """Return the instant, recipient, days and reason of the alerts of a kind."""
    return [
        (f"{one.at:%m-%d %H:%M}", one.alert.recipient, one.alert.days, one.reason)
        for one in verdicts
        if one.alert.on == on
    ]


def test_after_an_outage_one_reminder_says_how_many_days_are_left() -> None:
    """Down from 10 February to 27 March: of the reminders for 30 and 7 days the latter, which says 5 days."""
    verdicts = come_to(
        LEDGER,
        (day("2018-02-01"), assignment()),
        (DOWN[1], DeadlineNeared(DUE, 30)),
        (DOWN[1], DeadlineNeared(DUE, 7)),
        until=day("2018-03-28"),
        down=True,
    )
    sent = [one for one in shown(verdicts, "neared") if one[3] is None]
    assert sent == [("03-27 09:10", LEAD, 5, None), ("03-27 09:10", OTHER, 5, None)]
    assert len(shown(verdicts, "neared")) == 4


def test_an_outage_that_ends_in_quiet_hours_sends_nothing_until_the_morning() -> None:
    """Down from the afternoon to 23:00."""
    ledger, entries = with_rules(quiet_hours="20:00-08:00"), [entry(1, day("2018-02-07T17:00:00"), assignment())]
    down = [(day("2018-02-07T17:05:00"), day("2018-02-07T23:00:00"))]
    verdicts = list(Simulation(ledger, DAYS, down).run(entries, day("2018-02-09")))
    assert {at for at, *_ in shown(verdicts, "assigned")} == {"02-08 08:00"}


def test_what_was_settled_before_its_digest_closes_drops_out() -> None:
    """An urging in the evening of a task that is closed before the next morning."""
    ledger = with_rules(quiet_hours="20:00-08:00")
    evening = day("2018-02-07T21:00:00")
    events: list[tuple[datetime, EventData]] = [
        (day("2018-02-01"), assignment()),
        (evening, schema.TaskUrged((LEAD,), "请报进展")),
    ]
    closed = (day("2018-02-08T07:00:00"), schema.TaskClosed("implemented"))
    assert shown(come_to(ledger, *events, until=day("2018-02-09")), "urged") == [("02-08 08:00", LEAD, None, None)]
    settled = come_to(ledger, *events, closed, until=day("2018-02-09"))
    assert shown(settled, "urged") == [("02-08 08:00", LEAD, None, "closed")]


def test_an_alert_whose_digest_is_open_waits() -> None:
    """It says when that closes."""
    verdicts = come_to(LEDGER, (day("2018-02-01"), assignment()), until=day("2018-02-01"))
    assert shown(verdicts, "assigned") == [("02-01 09:10", LEAD, 59, "waits"), ("02-01 09:10", OTHER, 59, "waits")]


def test_a_ledger_without_rules_sends_nothing() -> None:
    """Neither by events nor by time."""
    ledger = replace(LEDGER, alerts=replace(LEDGER.alerts, rules=()))
    assert come_to(ledger, (day("2018-02-01"), assignment()), until=day("2021-02-01")) == []
