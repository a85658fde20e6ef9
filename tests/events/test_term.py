"""A term: what passes, what is met, what an extension puts off, and the clock's next events."""

import itertools
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from events.deadline import Ambiguous, Deadline, Fixed, Ongoing, Postponed, Recurring
from events.envelope import Event
from events.term import Reminder, Request, Term, all_reported
from tests.events import strategies

ZONE = ZoneInfo("Asia/Shanghai")


def at(day: str) -> datetime:
    """Return the first instant of a day in 湛江."""
    return datetime.fromisoformat(f"{day}T00:00:00+08:00")


QUARTERLY = Recurring("每季度末", "quarter", at("2019-04-01"))

START = at("2019-01-10")

OPEN = Request("r", at("2019-05-01"), at("2019-04-01"))


def test_a_group_has_reported_when_all_its_members_have() -> None:
    """The instant counts since which every unit that leads has reported; there is none while one has not."""
    reports = {"廉江市": at("2019-02-01"), "雷州市": at("2019-03-01"), "市残联": at("2019-01-15")}
    assert all_reported(("廉江市", "雷州市"), reports) == at("2019-02-01")
    assert all_reported(("廉江市", "遂溪县"), reports) is None


def test_a_report_meets_the_occurrence_of_its_period() -> None:
    """The next due instant is then the one after it, even before the occurrence is due."""
    term = Term(QUARTERLY, START)
    assert term.due_ahead(at("2019-02-01"), ZONE) == at("2019-04-01")
    met = term.reported(at("2019-02-01"), ZONE)
    assert (met.met, met.due_ahead(at("2019-02-01"), ZONE)) == (at("2019-04-01"), at("2019-07-01"))


def test_a_report_meets_no_deadline_that_does_not_recur() -> None:
    """A fixed deadline is met by closing the task alone."""
    term = Term(Fixed("…", at("2019-04-01")), START)
    assert term.reported(at("2019-02-01"), ZONE) is term


def test_a_request_asks_to_put_off_the_due_instant_ahead() -> None:
    """Granted, it moves a deadline that does not recur, and postpones the occurrence of one that does."""
    fixed = Term(Fixed("…", at("2019-04-01")), START).requested("r", at("2019-05-01"), at("2019-02-01"), ZONE)
    assert fixed.request == OPEN
    now = at("2019-02-02")
    assert fixed.granted(None, now, None, ZONE) == Term(Fixed("…", at("2019-05-01")), now)
    recurring = Term(QUARTERLY, START, request=OPEN).granted(at("2019-04-20"), now, None, ZONE)
    assert recurring == Term(QUARTERLY, now, postponed=Postponed(at("2019-01-01"), at("2019-04-20")))
    assert recurring.due_ahead(now, ZONE) == at("2019-04-20")


def test_a_grant_without_a_request_and_a_due_changes_nothing() -> None:
    """A log may have it, as folding refuses nothing."""
    term = Term(QUARTERLY, START)
    assert term.granted(None, at("2019-02-02"), None, ZONE) is term


def test_an_extended_occurrence_stays_met_when_a_second_extension_is_granted() -> None:
    """A further report in the original period does not make an occurrence owed again that was met when extended."""
    term = Term(QUARTERLY, START, request=OPEN).granted(None, at("2019-01-20"), None, ZONE)
    term = term.requested("r-2", at("2019-06-01"), at("2019-01-21"), ZONE)
    assert term.request == Request("r-2", at("2019-06-01"), at("2019-05-01"))
    for day in ("2019-02-01", "2019-02-02"):
        term = term.reported(at(day), ZONE)
        assert term.due_ahead(at(day), ZONE) == at("2019-07-01")
    granted = term.granted(None, at("2019-02-03"), at("2019-02-02"), ZONE)
    assert granted.postponed is None
    assert granted.due_ahead(at("2019-02-03"), ZONE) == at("2019-07-01")


def test_a_clarified_deadline_starts_afresh_and_keeps_the_request() -> None:
    """What passed before does not count; an open request is of the new due instant."""
    late = Term(Fixed("…", at("2019-04-01")), START, passed=at("2019-04-01"), request=OPEN)
    now = at("2019-04-02")
    deadline = Fixed("…", at("2019-06-01"))
    due = Request("r", OPEN.proposed, at("2019-06-01"))
    assert late.clarified(deadline, now, None, ZONE) == Term(deadline, now, request=due)
    ongoing = late.clarified(Ongoing("…"), now, None, ZONE)
    assert ongoing.request == Request("r", OPEN.proposed, None)


def test_reopening_drops_an_extension_that_has_ended() -> None:
    """An extended occurrence is owed after a reopening only if it is still ahead."""
    term = Term(QUARTERLY, START, postponed=Postponed(at("2019-01-01"), at("2019-04-20")))
    assert term.reopened(at("2019-04-19")).postponed == term.postponed
    assert term.reopened(at("2019-04-20")).postponed is None


def test_reminders_count_back_from_the_strict_reading() -> None:
    """An ambiguous deadline nears on its earlier reading and passes on the later one."""
    term = Term(Ambiguous("…", at("2019-04-01"), at("2019-05-01")), START)
    assert list(term.reminders((7,), ZONE)) == [
        Reminder(at("2019-03-25"), at("2019-04-01"), 7),
        Reminder(at("2019-05-01"), at("2019-05-01"), None),
    ]


@given(st.lists(strategies.events, max_size=8), strategies.deadlines, st.none() | strategies.instants)
def test_every_event_has_a_term_after_it(events: list[Event], deadline: Deadline, reported: datetime | None) -> None:
    """Any events in any order can be folded, and the clock's next events can be listed."""
    term = Term(deadline, datetime(2018, 1, 1, tzinfo=UTC))
    for event in events:
        term = term.evolve(event, reported, ZONE).reported(reported, ZONE)
    assert all(reminder.at.tzinfo is not None for reminder in itertools.islice(term.reminders((30, 1), ZONE), 5))
