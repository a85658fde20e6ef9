"""The deadline in a row: extended, replaced, passed, recurring."""

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
from tests.status.given import Given, given
from tests.status.tracked_tasks import (
    HELPER,
    LATE,
    LEAD,
    YEAR,
    YEARLY,
    at,
    opened,
)


def test_a_grant_without_a_due_means_the_proposed_one() -> None:
    """A granted extension makes the deadline fixed on the given due, or on the proposed one; its phrase stays."""
    asked = given(("2018-06-01", ExtensionRequested(LEAD, "…", at("2019-03-01"))))
    for due, expected in ((None, at("2019-03-01")), (at("2019-02-01"), at("2019-02-01"))):
        granted = asked.when(("2018-06-02", ExtensionGranted("e-2", due)))
        granted.then(deadline=Fixed(YEAR.text, expected), due=expected, extensions=1)


def test_a_refused_request_is_forgotten() -> None:
    """After a refusal no request is open, and the deadline is unchanged."""
    asked = given(("2018-06-01", ExtensionRequested(LEAD, "…", at("2019-03-01"))))
    refused = asked.when(("2018-06-02", ExtensionRefused("e-2", "…"))).then(due=YEAR.due, extensions=0)
    assert refused.task.term.request is None


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
    """Lateness ends if the new due lies ahead of the instant at which it was recorded; else the task stays late."""
    done = Given(replace(opened(), row=replace(opened().row, percent=100)))
    done.when(*LATE, ("2019-01-20", step)).then(overdue_since=overdue, light=lamp)


def test_a_new_due_passes_anew() -> None:
    """After an extension the task is late from its new due on, and not earlier."""
    extended = given(*LATE, ("2019-01-20", ExtensionGranted("e-9", at("2019-03-01")))).then(overdue_since=None)
    extended.when(("2019-03-01", DeadlinePassed(at("2019-03-01")))).then(overdue_since=at("2019-03-01"))


def test_lateness_counts_from_the_first_due_that_passed() -> None:
    """An overdue task stays overdue since its first missed due, however many more it misses."""
    steps = Milestones("分步", (Milestone("一", at("2018-07-01"), 50), Milestone("二", at("2019-01-01"))))
    task = given(deadline=steps).then(due=at("2018-07-01"))
    for day in ("2018-07-01", "2019-01-01"):
        task = task.when((day, DeadlinePassed(at(day))))
        task.then(due=at("2019-01-01"), overdue_since=at("2018-07-01"))


def test_passing_stops_nothing() -> None:
    """A late task can be reported on, submitted and closed, and stays late until it is closed."""
    reported = given(*LATE).when(("2019-01-10", ProgressReported(LEAD, "…", 90)))
    reported.then(state="in-progress", light="red", overdue_since=YEAR.due)
    submitted = reported.when(("2019-01-11", CompletionSubmitted(LEAD, "…"))).then(state="submitted", light="red")
    submitted.when(("2019-01-12", TaskClosed("implemented"))).then(light="blue", overdue_since=YEAR.due)


def test_a_report_inside_its_period_meets_the_occurrence() -> None:
    """A report of the lead inside the period meets the occurrence: the next one is due, and the task is in time."""
    task = given(deadline=YEARLY, instant="2017-06-01").then(due=at("2018-01-01"))
    met = task.when(("2017-09-01", ProgressReported(LEAD, "…", 10))).then(due=at("2019-01-01"), overdue_since=None)
    again = met.when(("2017-12-31T23:59:59", ProgressReported(LEAD, "…", 20)))
    again.then(due=at("2019-01-01"))  # one period is met once
    after = again.when(("2018-01-01", ProgressReported(LEAD, "…", 30)))
    after.then(due=at("2020-01-01"))  # the next period starts at the due instant


@pytest.mark.parametrize(
    "step", [CompletionSubmitted(LEAD, "…"), ProgressCorrected("e-0", "…", LEAD, "…", 20)], ids=["submission", "corr."]
)
def test_any_word_of_the_lead_meets_an_occurrence(step: EventData) -> None:
    """A submission and a correction of the lead meet the occurrence as a report does."""
    given(deadline=YEARLY, instant="2017-06-01").when(("2017-09-01", step)).then(due=at("2019-01-01"))


def test_a_cooperating_unit_meets_nothing() -> None:
    """Only the lead's report meets an occurrence."""
    task = given(deadline=YEARLY, instant="2017-06-01")
    task.when(("2017-09-01", ProgressReported(HELPER, "…", 10))).then(due=at("2018-01-01"))


def test_a_missed_occurrence_is_late_until_the_lead_reports() -> None:
    """After a missed occurrence the task is overdue and the next one is due; a report meets that and ends lateness."""
    task = given(deadline=YEARLY, instant="2017-06-01")
    missed = task.when(("2018-01-01", DeadlinePassed(at("2018-01-01"))))
    missed.then(due=at("2019-01-01"), overdue_since=at("2018-01-01"), light="red")
    reported = missed.when(("2018-01-15", ProgressReported(LEAD, "…", 50)))
    reported.then(due=at("2020-01-01"), overdue_since=None, light="green")


def test_a_report_before_the_first_period_meets_nothing() -> None:
    """The first period begins one interval before the first due instant."""
    task = given(deadline=Recurring("每季度末", "quarter", at("2018-07-01")))
    early = task.when(("2018-03-31T23:59:59", ProgressReported(LEAD, "…"))).then(due=at("2018-07-01"))
    early.when(("2018-04-01", ProgressReported(LEAD, "…"))).then(due=at("2018-10-01"))


@pytest.mark.parametrize(
    ("every", "due"),
    [("month", "2019-05-01"), ("quarter", "2019-07-01"), ("half-year", "2019-07-01"), ("year", "2020-01-01")],
)
def test_a_table_entered_late_owes_nothing_of_the_years_before(every: Every, due: str) -> None:
    """A recurring deadline first falls due after it was recorded, whenever its first occurrence was."""
    given(deadline=Recurring("…", every, at("2018-01-01")), instant="2019-04-10").then(due=at(due))


def test_a_deadline_that_becomes_recurring_counts_this_periods_report() -> None:
    """A clarified recurring deadline is met if the lead has already reported in the present period."""
    idle = given(deadline=Triggered("按要求", "要求"))
    idle.when(("2018-06-01", clarified(YEARLY))).then(due=at("2019-01-01"))
    busy = idle.when(("2018-03-01", ProgressReported(LEAD, "…")))
    busy.when(("2018-06-01", clarified(YEARLY))).then(due=at("2020-01-01"))


def test_month_ends_do_not_drift() -> None:
    """Occurrences on a month's last day stay there over shorter months, and a report meets its own month's."""
    task = given(deadline=Recurring("每月", "month", at("2018-01-31")), instant="2018-01-10")
    met = task.when(("2018-01-29", ProgressReported(LEAD, "…")), ("2018-01-30", ProgressReported(LEAD, "…")))
    met.then(due=at("2018-03-01"))
    met.when(("2018-02-01", ProgressReported(LEAD, "…"))).then(due=at("2018-03-31"))
