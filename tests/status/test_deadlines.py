"""What a row makes of its deadline: extended, replaced, passed, coming round; pure."""

from datetime import datetime

import pytest
from msgspec.structs import replace

from events.deadline import Ambiguous, Deadline, Every, Fixed, Milestone, Milestones, Ongoing, Recurring, Triggered
from events.schema import (
    CompletionSubmitted,
    DeadlineClarified,
    DeadlinePassed,
    EventData,
    ExtensionGranted,
    ExtensionRefused,
    ExtensionRequested,
    ProgressCorrected,
    ProgressReported,
    TaskClosed,
)
from services.status.row import Light
from tests.status.tracked_tasks import (
    HELPER,
    LATE,
    LEAD,
    YEAR,
    YEARLY,
    at,
    opened,
    then,
)


def test_a_grant_without_a_due_means_the_proposed_one() -> None:
    """A granted extension makes the deadline fixed on the given due, or on the proposed one; its phrase stays."""
    asked = then(opened(), ("2018-06-01", ExtensionRequested(LEAD, "…", at("2019-03-01"))))
    for due, expected in ((None, at("2019-03-01")), (at("2019-02-01"), at("2019-02-01"))):
        row = then(asked, ("2018-06-02", ExtensionGranted("e-2", due))).row
        assert (row.deadline, row.due, row.extensions) == (Fixed(YEAR.text, expected), expected, 1)


def test_a_refused_request_is_forgotten() -> None:
    """After a refusal nothing is proposed any more, and the deadline is as it was."""
    task = then(
        opened(),
        ("2018-06-01", ExtensionRequested(LEAD, "…", at("2019-03-01"))),
        ("2018-06-02", ExtensionRefused("e-2", "…")),
    )
    assert (task.term.request, task.row.due, task.row.extensions) == (None, YEAR.due, 0)


def clarified(deadline: Deadline) -> DeadlineClarified:
    return DeadlineClarified(deadline, "…")


@pytest.mark.parametrize(
    ("step", "overdue", "lamp"),
    [
        (ExtensionGranted("e-9", at("2020-01-01")), None, "green"),
        (ExtensionGranted("e-9", at("2019-01-20T00:00:01")), None, "yellow"),
        (ExtensionGranted("e-9", at("2019-01-20")), YEAR.due, "red"),
        (ExtensionGranted("e-9", at("2019-01-19")), YEAR.due, "red"),
        (clarified(Fixed("2020年底前", at("2021-01-01"))), None, "green"),
        (clarified(Fixed("2018年底前", at("2019-01-01"))), YEAR.due, "red"),
        (clarified(Ongoing("长期")), None, "yellow"),
        (clarified(Ambiguous("2月前", at("2019-01-10"), at("2019-02-01"))), None, "yellow"),
        (clarified(Recurring("每年", "year", at("2018-01-01"))), None, "green"),
    ],
)
def test_a_new_deadline_starts_afresh(step: EventData, overdue: datetime | None, lamp: Light) -> None:
    """Lateness ends where the new due lies ahead of the instant at which it was recorded; else the task stays late."""
    late = replace(opened(), row=replace(opened().row, percent=100))
    row = then(late, *LATE, ("2019-01-20", step)).row
    assert (row.overdue_since, row.light) == (overdue, lamp)


def test_a_new_due_passes_anew() -> None:
    """After an extension the task is late from its new due on, and only from then."""
    task = then(opened(), *LATE, ("2019-01-20", ExtensionGranted("e-9", at("2019-03-01"))))
    late = then(task, ("2019-03-01", DeadlinePassed(at("2019-03-01"))))
    assert (task.row.overdue_since, late.row.overdue_since) == (None, at("2019-03-01"))


def test_lateness_counts_from_the_first_due_that_passed() -> None:
    """A task that is overdue stays so since its first missed due, however many more it misses."""
    steps = Milestones("分步", (Milestone("一", at("2018-07-01"), 50), Milestone("二", at("2019-01-01"))))
    task = opened(steps)
    assert task.row.due == at("2018-07-01")
    task = then(task, ("2018-07-01", DeadlinePassed(at("2018-07-01"))))
    assert (task.row.due, task.row.overdue_since) == (at("2019-01-01"), at("2018-07-01"))
    task = then(task, ("2019-01-01", DeadlinePassed(at("2019-01-01"))))
    assert (task.row.due, task.row.overdue_since) == (at("2019-01-01"), at("2018-07-01"))


def test_passing_stops_nothing() -> None:
    """A late task goes on as any other: it is reported on, submitted and closed, and stays late until then."""
    task = then(opened(), *LATE, ("2019-01-10", ProgressReported(LEAD, "…", 90)))
    assert (task.row.state, task.row.light, task.row.overdue_since) == ("in-progress", "red", YEAR.due)
    task = then(task, ("2019-01-11", CompletionSubmitted(LEAD, "…")))
    assert (task.row.state, task.row.light) == ("submitted", "red")
    task = then(task, ("2019-01-12", TaskClosed("implemented")))
    assert (task.row.light, task.row.overdue_since) == ("blue", YEAR.due)


def test_a_report_inside_its_period_meets_the_occurrence() -> None:
    """A lead that reported inside the period has met it: the row goes on to the next occurrence, in time."""
    task = opened(YEARLY, "2017-06-01")
    assert task.row.due == at("2018-01-01")
    task = then(task, ("2017-09-01", ProgressReported(LEAD, "…", 10)))
    assert (task.row.due, task.row.overdue_since) == (at("2019-01-01"), None)
    again = then(task, ("2017-12-31T23:59:59", ProgressReported(LEAD, "…", 20)))
    assert again.row.due == at("2019-01-01"), "one period is met once"
    after = then(again, ("2018-01-01", ProgressReported(LEAD, "…", 30)))
    assert after.row.due == at("2020-01-01"), "from the due instant on it is the next period"


@pytest.mark.parametrize(
    "step", [CompletionSubmitted(LEAD, "…"), ProgressCorrected("e-0", "…", LEAD, "…", 20)], ids=["submission", "corr."]
)
def test_any_word_of_the_lead_meets_an_occurrence(step: EventData) -> None:
    """A submission or a correction is a report too."""
    assert then(opened(YEARLY, "2017-06-01"), ("2017-09-01", step)).row.due == at("2019-01-01")


def test_a_cooperating_unit_meets_nothing() -> None:
    """Only the lead's report meets an occurrence."""
    task = then(opened(YEARLY, "2017-06-01"), ("2017-09-01", ProgressReported(HELPER, "…", 10)))
    assert task.row.due == at("2018-01-01")


def test_a_missed_occurrence_is_late_until_the_lead_reports() -> None:
    """A missed occurrence makes the task overdue and turns to the next; a report then meets that and ends lateness."""
    task = then(opened(YEARLY, "2017-06-01"), ("2018-01-01", DeadlinePassed(at("2018-01-01"))))
    assert (task.row.due, task.row.overdue_since, task.row.light) == (at("2019-01-01"), at("2018-01-01"), "red")
    task = then(task, ("2018-01-15", ProgressReported(LEAD, "…", 50)))
    assert (task.row.due, task.row.overdue_since, task.row.light) == (at("2020-01-01"), None, "green")


def test_a_report_before_the_first_period_meets_nothing() -> None:
    """The first period begins one interval before the first due instant."""
    deadline = Recurring("每季度末", "quarter", at("2018-07-01"))
    early = then(opened(deadline, "2018-01-01"), ("2018-03-31T23:59:59", ProgressReported(LEAD, "…")))
    assert early.row.due == at("2018-07-01")
    met = then(early, ("2018-04-01", ProgressReported(LEAD, "…")))
    assert met.row.due == at("2018-10-01")


@pytest.mark.parametrize(
    ("every", "due"),
    [("month", "2019-05-01"), ("quarter", "2019-07-01"), ("half-year", "2019-07-01"), ("year", "2020-01-01")],
)
def test_a_table_entered_late_owes_nothing_of_the_years_before(every: Every, due: str) -> None:
    """A recurring deadline first falls due after it was recorded, whenever its first occurrence was."""
    assert opened(Recurring("…", every, at("2018-01-01")), "2019-04-10").row.due == at(due)


def test_a_deadline_that_becomes_recurring_counts_this_periods_report() -> None:
    """A clarified recurring deadline is met where the lead has already reported in the present period."""
    idle = then(opened(Triggered("按要求", "要求"), "2018-01-01"), ("2018-06-01", clarified(YEARLY)))
    assert idle.row.due == at("2019-01-01")
    busy = then(
        opened(Triggered("按要求", "要求"), "2018-01-01"),
        ("2018-03-01", ProgressReported(LEAD, "…")),
        ("2018-06-01", clarified(YEARLY)),
    )
    assert busy.row.due == at("2020-01-01")


def test_month_ends_do_not_drift() -> None:
    """Occurrences on a month's last day stay there over shorter months, and a report meets its own month's."""
    task = opened(Recurring("每月", "month", at("2018-01-31")), "2018-01-10")
    task = then(task, ("2018-01-29", ProgressReported(LEAD, "…")), ("2018-01-30", ProgressReported(LEAD, "…")))
    assert task.row.due == at("2018-03-01")
    task = then(task, ("2018-02-01", ProgressReported(LEAD, "…")))
    assert task.row.due == at("2018-03-31")
