"""Histories of a task that the tables of ARCHITECTURE.md leave open: ingest and status have to agree on each."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from events.deadline import (
    Ambiguous,
    Deadline,
    Every,
    Fixed,
    Milestone,
    Milestones,
    Ongoing,
    Recurring,
    Triggered,
    Unspecified,
)
from events.schema import (
    AlertAcknowledged,
    CompletionReturned,
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
    TaskReassigned,
    TaskReopened,
    TaskSigned,
    Unit,
)
from tests.two_folds import DUE, HEIR, LATER, LEAD, LEDGER, OTHER, START, THIRD, TwoFolds, assignment, handed

GROUP = "各县（市、区）政府"

COUNTIES = LEDGER.groups[GROUP]


def at(day: str) -> datetime:
    """Return the first instant of a day in 湛江."""
    return datetime.fromisoformat(f"{day}T00:00:00+08:00")


def alive(deadline: Deadline | None = None, lead: str = LEAD) -> TwoFolds:
    """Return both folds of a task that was assigned on 1 April 2019."""
    folds = TwoFolds(deadline)
    assert folds.submit(assignment(folds.deadline, lead)) is None
    return folds


def passed(folds: TwoFolds) -> list[datetime]:
    """Return the due instants of the passings in the log."""
    return [event.data.due for event in folds.log if isinstance(event.data, DeadlinePassed)]


MONTHLY = Recurring("每月底前", "month", at("2019-05-01"))

STEPS = Milestones("两步", (Milestone("启动", at("2019-07-01")), Milestone("完成", DUE, 100)))


def test_an_extension_moves_one_step() -> None:
    """Of milestones the next one is put off; those after it stay where they are."""
    folds = alive(STEPS)
    assert folds.submit(ExtensionRequested(OTHER, "…", at("2019-08-01"))) is None
    assert folds.submit(ExtensionGranted(folds.request)) is None
    moved = Milestones("两步", (Milestone("启动", at("2019-08-01")), Milestone("完成", DUE, 100)))
    assert (folds.row.deadline, folds.row.due, folds.row.extensions) == (moved, at("2019-08-01"), 1)
    folds.advance(LATER)
    assert passed(folds) == [at("2019-08-01"), DUE]


def test_a_step_that_passed_meanwhile_can_still_be_put_off() -> None:
    """An extension granted late is of the step that was asked about, and ends the lateness."""
    folds = alive(STEPS)
    assert folds.submit(ExtensionRequested(OTHER, "…", at("2019-08-01"))) is None
    folds.advance(at("2019-07-10"))
    assert (folds.row.due, folds.row.overdue_since) == (DUE, at("2019-07-01"))
    assert folds.submit(ExtensionGranted(folds.request)) is None
    assert (folds.row.due, folds.row.overdue_since) == (at("2019-08-01"), None)
    folds.advance(LATER)
    assert passed(folds) == [at("2019-07-01"), at("2019-08-01"), DUE]


@pytest.mark.parametrize("deadline", [STEPS, Recurring("每季度末", "quarter", at("2019-07-01"))])
def test_an_extension_ends_before_the_next_due(deadline: Deadline) -> None:
    """What would run into the next step or occurrence is no extension of this one, asked for or granted."""
    following = DUE if deadline is STEPS else at("2019-10-01")
    folds = alive(deadline)
    assert folds.submit(ExtensionRequested(OTHER, "…", following)) == "invalid-data"
    assert folds.submit(ExtensionRequested(OTHER, "…", following - timedelta(days=1))) is None
    assert folds.submit(ExtensionGranted(folds.request, following)) == "invalid-data"
    assert folds.submit(ExtensionGranted(folds.request, following - timedelta(days=1))) is None


def test_an_extension_puts_off_one_occurrence() -> None:
    """The occurrence that was extended is late from its new due on; the deadline recurs as before."""
    folds = alive(MONTHLY)
    assert (
        folds.submit(ExtensionRequested(OTHER, "…", at("2019-05-15")), ExtensionGranted(folds.request))
        == "invalid-data"
    )
    assert folds.submit(ExtensionGranted(folds.request)) is None
    assert (folds.row.deadline, folds.row.due) == (MONTHLY, at("2019-05-15"))
    folds.advance(at("2019-07-01"))
    assert passed(folds) == [at("2019-05-15"), at("2019-06-01"), at("2019-07-01")]
    assert (folds.row.due, folds.row.overdue_since) == (at("2019-08-01"), at("2019-05-15"))


@pytest.mark.parametrize("day", ["2019-04-20", "2019-05-10"], ids=["in the period", "in the extension"])
def test_a_report_meets_an_extended_occurrence(day: str) -> None:
    """A report between the period's begin and the new due meets it, and no other; the next month's is owed."""
    folds = alive(MONTHLY)
    assert folds.submit(ExtensionRequested(OTHER, "…", at("2019-05-15"))) is None
    assert folds.submit(ExtensionGranted(folds.request)) is None
    folds.advance(at(day))
    assert folds.submit(ProgressReported(LEAD, "…")) is None
    assert folds.row.due == at("2019-06-01")
    folds.advance(at("2019-06-01"))
    assert passed(folds) == [at("2019-06-01")]


def test_an_occurrence_met_before_the_grant_stays_met() -> None:
    """Where the lead has reported meanwhile there is nothing left to put off."""
    folds = alive(MONTHLY)
    assert folds.submit(ExtensionRequested(OTHER, "…", at("2019-05-15")), ProgressReported(LEAD, "…")) is None
    assert folds.submit(ExtensionGranted(folds.request)) is None
    assert (folds.row.due, folds.row.extensions) == (at("2019-06-01"), 1)
    folds.advance(at("2019-05-31"))
    assert passed(folds) == []


def test_an_occurrence_that_an_earlier_lead_met_stays_met() -> None:
    """What a new lead is granted does not bring back what the one before it has done in time."""
    folds = alive(MONTHLY)
    assert folds.submit(ExtensionRequested(OTHER, "…", at("2019-05-15")), ProgressReported(LEAD, "…")) is None
    assert folds.submit(handed(OTHER), ExtensionGranted(folds.request)) is None
    assert (folds.row.due, folds.row.extensions) == (at("2019-06-01"), 1)
    folds.advance(at("2019-06-01"))
    assert passed(folds) == [at("2019-06-01")]


def test_an_occurrence_can_be_extended_again() -> None:
    """A further extension is of the occurrence's present due; its period still begins where it did."""
    folds = alive(MONTHLY)
    for day in ("2019-05-10", "2019-05-20"):
        assert folds.submit(ExtensionRequested(OTHER, "…", at(day))) is None
        assert folds.submit(ExtensionGranted(folds.request)) is None
        assert folds.row.due == at(day)
    assert folds.submit(ProgressReported(LEAD, "…")) is None
    assert folds.row.due == at("2019-06-01")


def test_a_clarification_keeps_what_was_asked() -> None:
    """An open request is of the new deadline from then on: granted or refused by its id, against the new due."""
    folds = alive()
    assert folds.submit(ExtensionRequested(OTHER, "…", at("2020-03-01"))) is None
    assert folds.submit(DeadlineClarified(Fixed("2020年3月底前", at("2020-04-01")), "…")) is None
    assert folds.submit(ExtensionGranted(folds.request)) == "invalid-data"
    assert folds.submit(ExtensionGranted(folds.request, at("2020-05-01"))) is None
    assert folds.row.due == at("2020-05-01")


def test_steps_that_passed_before_do_not_hold_up_the_others() -> None:
    """If a clarification keeps a step that has passed, the row shows the next step and is no longer late."""
    folds = alive(STEPS)
    folds.advance(at("2019-08-01"))
    later = Milestones("两步", (STEPS.milestones[0], Milestone("完成", LATER)))
    assert folds.submit(DeadlineClarified(later, "…")) is None
    assert (folds.row.due, folds.row.overdue_since, folds.row.light) == (LATER, None, "yellow")
    assert folds.submit(ExtensionRequested(OTHER, "…", LATER + timedelta(days=1))) is None


def test_a_due_that_was_told_before_is_late_at_once() -> None:
    """Going back to a due that has passed makes the task overdue without telling it twice."""
    folds = alive()
    folds.advance(DUE)
    assert folds.submit(DeadlineClarified(Fixed("…", LATER), "…"), DeadlineClarified(folds.deadline, "…")) is None
    assert (folds.row.due, folds.row.overdue_since) == (DUE, DUE)
    folds.advance(LATER)
    assert passed(folds) == [DUE]


def test_a_new_lead_has_not_submitted_the_task() -> None:
    """A task goes back to in-progress with a new lead; what that one had submitted was its part."""
    folds = alive()
    assert folds.submit(CompletionSubmitted(LEAD, "…"), CompletionSubmitted(OTHER, "…"), handed(OTHER, LEAD)) is None
    assert (folds.state, folds.part(OTHER), folds.part(LEAD)) == ("in-progress", "in-progress", "submitted")
    assert folds.submit(CompletionReturned(OTHER, "…")) == "not-permitted"
    assert folds.submit(CompletionReturned(LEAD, "…")) is None
    assert folds.state == "in-progress"
    assert folds.submit(CompletionSubmitted(OTHER, "…")) is None
    assert folds.state == "submitted"


def test_a_successor_of_the_lead_has_submitted_what_that_had() -> None:
    """Renamed or merged, the lead's submission and returned state go on, the lead's before those of others merged."""
    folds = alive()
    assert folds.submit(CompletionSubmitted(LEAD, "…"), handed(HEIR, OTHER)) is None
    assert (folds.state, folds.part(HEIR)) == ("submitted", "submitted")
    assert folds.submit(CompletionReturned(HEIR, "…")) is None
    assert folds.state == "returned"


def test_a_unit_that_comes_back_starts_anew() -> None:
    """A unit that left took its submission along; it is not there when it comes back."""
    folds = alive()
    assert folds.submit(CompletionSubmitted(OTHER, "…"), handed(LEAD), handed(LEAD, OTHER)) is None
    assert folds.part(OTHER) == "assigned"
    assert folds.submit(CompletionReturned(OTHER, "…")) == "not-permitted"


def test_a_request_outlives_the_unit_that_made_it() -> None:
    """It is the task's due that it would put off: another unit cannot ask meanwhile, and the office settles it."""
    folds = alive()
    assert folds.submit(ExtensionRequested(OTHER, "…", LATER), handed(LEAD, THIRD)) is None
    assert folds.submit(ExtensionRequested(THIRD, "…", LATER)) == "not-permitted"
    assert folds.submit(ExtensionGranted(folds.request)) is None
    assert folds.row.due == LATER


def test_a_group_leads_together() -> None:
    """A task that a group leads is submitted when all its members are, returned while one is, and has their lowest."""
    folds = alive(lead=GROUP)
    *others, last = COUNTIES
    assert folds.submit(*(ProgressReported(county, "…", 60) for county in others)) is None
    assert (folds.state, folds.row.percent) == ("in-progress", None)
    assert folds.submit(ProgressReported(last, "…", 30)) is None
    assert folds.row.percent == 30
    assert folds.submit(*(CompletionSubmitted(county, "…") for county in others)) is None
    assert folds.state == "in-progress"
    assert folds.submit(CompletionSubmitted(last, "…")) is None
    assert folds.state == "submitted"
    assert folds.submit(CompletionReturned(last, "…")) is None
    assert folds.state == "returned"
    assert folds.submit(CompletionSubmitted(last, "…")) is None
    assert folds.state == "submitted"


def test_a_group_meets_an_occurrence_together() -> None:
    """An occurrence is met when all members of the leading group have reported in its period."""
    folds = alive(MONTHLY, lead=GROUP)
    *others, last = COUNTIES
    assert folds.submit(*(ProgressReported(county, "…") for county in others)) is None
    assert folds.row.due == at("2019-05-01")
    assert folds.submit(ProgressReported(last, "…")) is None
    assert folds.row.due == at("2019-06-01")
    folds.advance(at("2019-06-01"))
    assert passed(folds) == [at("2019-06-01")]


def test_an_open_name_can_lead() -> None:
    """Where the text names nobody the task is accepted all the same: it can be handed on, or closed."""
    folds = TwoFolds()
    units = (Unit("有关部门", "lead", open=True), Unit(OTHER))
    assert folds.submit(replace(assignment(folds.deadline, "有关部门"), units=units)) is None
    assert folds.submit(CompletionSubmitted("有关部门", "…")) == "not-responsible"
    assert folds.submit(CompletionSubmitted(OTHER, "…")) is None
    assert folds.state == "assigned"
    assert folds.submit(TaskReassigned(OTHER, (Unit(OTHER, "lead"),), "…"), CompletionSubmitted(OTHER, "…")) is None
    assert folds.state == "submitted"


def test_a_correction_takes_back_a_percent() -> None:
    """A correction without a percent removes the report's percent: the percent before it counts again."""
    folds = alive()
    assert folds.submit(ProgressReported(LEAD, "…", 30), ProgressReported(LEAD, "…", 90)) is None
    assert folds.submit(ProgressCorrected(folds.report(LEAD), "有误", LEAD, "…")) is None
    assert folds.row.percent == 30


def test_a_successor_corrects_what_was_reported_before_it() -> None:
    """The successor of a unit may correct that one's reports; another unit that came for it may not."""
    folds = alive()
    assert folds.submit(ProgressReported(LEAD, "…", 30)) is None
    report = folds.report(LEAD)
    assert folds.submit(handed(HEIR, THIRD)) is None
    assert folds.submit(ProgressCorrected(report, "有误", LEAD, "…", 20)) == "not-responsible"
    assert folds.submit(ProgressCorrected(report, "有误", THIRD, "…", 20)) == "invalid-data"
    assert folds.submit(ProgressCorrected(report, "有误", HEIR, "…", 20)) is None
    assert folds.row.percent == 20


units = st.sampled_from([LEAD, OTHER, THIRD, HEIR])

days = st.integers(-200, 900).map(lambda count: at("2019-04-01") + timedelta(days=count))

rising = st.lists(days, min_size=2, max_size=4, unique=True).map(sorted)

every: st.SearchStrategy[Every] = st.sampled_from(["year", "half-year", "quarter", "month"])

deadlines: st.SearchStrategy[Deadline] = st.one_of(
    st.builds(Fixed, st.just("…"), days),
    rising.map(lambda two: Ambiguous("…", two[0], two[1])),
    st.builds(Recurring, st.just("…"), every, days),
    rising.map(lambda some: Milestones("…", tuple(Milestone("…", due) for due in some))),
    st.sampled_from([Ongoing("…"), Triggered("…", "…"), Unspecified("")]),
)

parts: st.SearchStrategy[EventData] = st.one_of(
    st.builds(TaskSigned, units),
    st.builds(ProgressReported, units, st.just("…"), st.none() | st.integers(0, 100)),
    st.builds(CompletionSubmitted, units, st.just("…")),
    st.builds(CompletionReturned, units, st.just("…")),
    st.builds(ExtensionRequested, units, st.just("…"), days),
    st.builds(ExtensionGranted, st.just("request"), st.none() | days),
    st.builds(ExtensionRefused, st.just("request"), st.just("…")),
    st.builds(ProgressCorrected, st.just("report"), st.just("…"), units, st.just("…"), st.none() | st.integers(0, 100)),
    st.builds(DeadlineClarified, deadlines, st.just("…")),
    st.lists(units, min_size=1, max_size=3, unique=True).map(lambda names: handed(*names)),
    st.builds(AlertAcknowledged, st.just("a-1"), st.just("李明"), st.just("已联系"), days),
    st.sampled_from([TaskClosed("implemented"), TaskReopened("…")]),
)


@settings(deadline=None)
@given(deadlines, st.lists(st.integers(0, 120) | parts, max_size=25))
def test_ingest_and_status_know_the_same(deadline: Deadline, steps: list[int | EventData]) -> None:
    """Whatever happens to a task, and however long nothing does, what ingest decides on is what the row shows."""
    folds = alive(deadline)
    for step in steps:
        match step:
            case int(days):
                folds.advance(folds.now + timedelta(days=days))
            case ExtensionGranted(due=due):
                folds.submit(ExtensionGranted(folds.request, due))
            case ExtensionRefused():
                folds.submit(ExtensionRefused(folds.request, "…"))
            case ProgressCorrected(unit=unit, percent=percent):
                folds.submit(ProgressCorrected(folds.report(unit), "有误", unit, "…", percent))
            case _:
                folds.submit(step)
    assert len(set(passed(folds))) == len(passed(folds))
    assert folds.now >= START
