"""Which digest an alert joins, and when that closes: waits, intervals, working time."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from events.ledger import Ledger
from services.notify.alerts import Alert
from services.notify.deliveries import Digest
from services.notify.gathering import gather, group_of, held_until
from tests.notify.life import DAYS, LEAD, OTHER, day, with_rules


def alert(at: datetime, *, recipient: str = LEAD, task: str = "t-1", waits: bool = True) -> Alert:
    return Alert(f"{recipient} {task} {at} {waits}", at, "neared", recipient, "neared", task, waits=waits)


QUIET: dict[str, object] = {"quiet_hours": "20:00-08:00"}
AT: dict[str, object] = {"at": ("08:30", "14:30")}
MIDDAY: dict[str, object] = {"quiet_hours": "12:00-14:00"}


@pytest.mark.parametrize(
    ("rules", "arises", "closes"),
    [
        ({}, "2018-02-10T00:00:00", "2018-02-10T00:10:00"),
        ({"group_wait": "1h"}, "2018-02-10T00:00:00", "2018-02-10T01:00:00"),
        (QUIET, "2018-02-07T10:00:00", "2018-02-07T10:10:00"),
        (QUIET, "2018-02-07T19:55:00", "2018-02-08T08:00:00"),
        (QUIET, "2018-02-07T00:00:00", "2018-02-07T08:00:00"),
        (QUIET, "2018-02-10T10:00:00", "2018-02-11T08:00:00"),  # a Saturday; the Sunday before 春节 is worked
        (QUIET, "2018-02-14T21:00:00", "2018-02-22T08:00:00"),  # 春节 is 15 to 21 February
        (MIDDAY, "2018-02-07T10:00:00", "2018-02-07T10:10:00"),
        (MIDDAY, "2018-02-07T12:30:00", "2018-02-07T14:00:00"),
        (MIDDAY, "2018-02-07T23:00:00", "2018-02-07T23:10:00"),
        (MIDDAY, "2018-02-10T10:00:00", "2018-02-11T00:00:00"),
        (AT, "2018-02-07T08:19:00", "2018-02-07T08:30:00"),
        (AT, "2018-02-07T08:21:00", "2018-02-07T14:30:00"),
        (AT, "2018-02-07T15:00:00", "2018-02-08T08:30:00"),
        (AT, "2018-02-14T15:00:00", "2018-02-22T08:30:00"),
    ],
)
def test_what_may_wait_is_sent_in_working_time(rules: dict[str, object], arises: str, closes: str) -> None:
    """At the times of working days, or else outside of the quiet hours of working days."""
    digest = gather(None, alert(day(arises)), with_rules(**rules), DAYS)
    assert digest.closes == day(closes)


@pytest.mark.parametrize("rules", [QUIET, AT])
def test_an_escalation_is_not_held(rules: dict[str, object]) -> None:
    """It goes out in the night of a holiday, in a digest of its own."""
    ledger, at = with_rules(**rules), day("2018-02-16T00:00:00")
    digest = gather(None, alert(at, waits=False), ledger, DAYS)
    assert digest.closes == at + timedelta(minutes=10)
    assert digest.group != group_of(ledger, alert(at))


def test_a_reminder_is_not_held_beyond_its_due() -> None:
    """On the last day of a year, a holiday: it goes out that morning, and not after New Year."""
    ledger, at = with_rules(**QUIET), day("2018-12-31T00:00:00")
    due = day("2019-01-01T00:00:00")
    last = gather(None, alert(at), ledger, DAYS)
    assert last.closes == day("2019-01-02T08:00:00")
    reminder = replace(alert(at, task="t-2"), due=due)
    assert gather(last, reminder, ledger, DAYS).closes == day("2018-12-31T08:00:00")
    late = replace(alert(due - timedelta(hours=3), task="t-2"), due=due)
    assert gather(last, late, ledger, DAYS).closes == due - timedelta(hours=3) + ledger.alerts.wait


@pytest.mark.parametrize(
    ("rules", "closes"),
    [
        ({"group_interval": "1d"}, "2018-12-31T17:10:00"),
        ({"group_interval": "1d", "waits": False}, "2018-12-31T17:10:00"),
        ({"group_interval": "5h", **QUIET}, "2018-12-31T17:10:00"),
        ({"group_interval": "1h", **QUIET}, "2018-12-31T18:00:00"),
    ],
)
def test_an_interval_does_not_hold_a_reminder_beyond_its_due(rules: dict[str, object], closes: str) -> None:
    """On the last day at 17:00, right after another digest: as late as the interval says, or at once."""
    waits = bool(rules.get("waits", True))
    ledger = with_rules(**{key: value for key, value in rules.items() if key != "waits"})
    at, due = day("2018-12-31T17:00:00"), day("2019-01-01T00:00:00")
    before = replace(gather(None, alert(at), ledger, DAYS), closes=at, deliveries=())
    assert gather(before, replace(alert(at, waits=waits), due=due), ledger, DAYS).closes == day(closes)


@pytest.mark.parametrize(
    ("rules", "now", "until"),
    [
        ({}, "2018-02-07T23:00:00", "2018-02-07T23:00:00"),
        (QUIET, "2018-02-07T23:00:00", "2018-02-08T08:00:00"),
        (QUIET, "2018-02-07T17:00:00", "2018-02-07T17:00:00"),
        (QUIET, "2018-02-10T10:00:00", "2018-02-11T08:00:00"),
        (AT, "2018-02-07T10:00:00", "2018-02-07T14:30:00"),
        (AT, "2018-02-07T23:00:00", "2018-02-08T08:30:00"),
    ],
)
def test_a_digest_that_missed_its_time_is_sent_in_working_time(rules: dict[str, object], now: str, until: str) -> None:
    """It is held as if it arose now; an escalation is not."""
    ledger, at = with_rules(**rules), day("2018-02-07T00:00:00")
    assert held_until([alert(at)], day(now), ledger, DAYS) == day(until)
    assert held_until([alert(at, waits=False)], day(now), ledger, DAYS) == day(now)


def test_a_reminder_that_missed_its_time_is_not_held_beyond_its_due() -> None:
    """Late in the evening of the last day it is sent at once; a day before, on the morning of a holiday."""
    ledger, due = with_rules(**QUIET), day("2019-01-01T00:00:00")
    reminder = replace(alert(day("2018-12-30T00:00:00")), due=due)
    assert held_until([reminder], day("2018-12-31T23:00:00"), ledger, DAYS) == day("2018-12-31T23:00:00")
    assert held_until([reminder], day("2018-12-30T23:00:00"), ledger, DAYS) == day("2018-12-31T08:00:00")


def test_alerts_of_one_group_are_one_digest() -> None:
    """By recipient, or by what `group_by` adds."""
    one, other = alert(day("2018-02-07")), alert(day("2018-02-07"), task="t-2")
    by_task = with_rules(group_by=("recipient", "task"))
    assert group_of(with_rules(), one) == group_of(with_rules(), other)
    assert group_of(by_task, one) != group_of(by_task, other)
    assert group_of(with_rules(), one) != group_of(with_rules(), alert(day("2018-02-07"), recipient=OTHER))


def test_an_interval_lies_between_two_digests_of_a_group() -> None:
    """Counted from the closing of the one before."""
    ledger = with_rules(group_interval="2h")
    first = replace(gather(None, alert(day("2018-02-07T09:00:00")), ledger, DAYS), deliveries=())
    second = gather(first, alert(day("2018-02-07T09:20:00")), ledger, DAYS)
    assert second.closes == day("2018-02-07T11:10:00")
    later = gather(first, alert(day("2018-02-07T15:00:00")), ledger, DAYS)
    assert later.closes == day("2018-02-07T15:10:00")


def test_a_digest_that_nobody_closed_takes_what_arose_since() -> None:
    """After an outage, what was missed is settled together."""
    open_since = gather(None, alert(day("2018-02-07")), with_rules(), DAYS)
    assert gather(open_since, alert(day("2018-03-27")), with_rules(), DAYS).id == open_since.id


instants = st.integers(0, 13 * 365 * 24 * 60).map(lambda minutes: day("2017-01-01") + timedelta(minutes=minutes))

working: list[Ledger] = [
    with_rules(**QUIET),
    with_rules(**MIDDAY),
    with_rules(**AT),
    with_rules(**QUIET, at=("08:30",)),
]


@given(st.sampled_from(working), instants)
def test_a_held_digest_closes_on_a_working_day_outside_quiet_hours(ledger: Ledger, at: datetime) -> None:
    """Never before its wait is over."""
    digest: Digest = gather(None, alert(at), ledger, DAYS)
    local = digest.closes.astimezone(ledger.zone)
    assert digest.closes >= at + ledger.alerts.wait
    assert DAYS.is_working(local.date())
    assert ledger.alerts.quiet is None or not ledger.alerts.quiet.has(local.time())
    assert not ledger.alerts.times or local.time() in ledger.alerts.times
