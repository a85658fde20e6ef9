"""The effect of one step on a task's row and on the rows of its units."""

import pytest
from msgspec.structs import replace

from events.schema import (
    CompletionReturned,
    CompletionSubmitted,
    DeadlineNeared,
    DeadlinePassed,
    EventData,
    ExtensionRequested,
    Outcome,
    ProgressCorrected,
    ProgressReported,
    TaskClosed,
    TaskReassigned,
    TaskReopened,
    TaskSigned,
    TaskUrged,
    Unit,
)
from services.status.row import State, UnitRow
from tests.status.given import Step, given
from tests.status.tracked_tasks import (
    HELPER,
    LEAD,
    YEAR,
    at,
    opened,
    recorded,
    then_any,
    unit,
)

STRANGER = "市教育局"


def test_signing_marks_the_unit_alone() -> None:
    """A signature is kept with its unit; no state changes, and no report is counted."""
    task = given(("2018-01-05", TaskSigned(HELPER))).then(state="assigned", last_report_at=None)
    assert unit(task.task.row, HELPER) == UnitRow(HELPER, "cooperating", signed_at=at("2018-01-05"))
    assert unit(task.task.row) == UnitRow(LEAD, "lead")


def test_the_first_signature_stays() -> None:
    """A second signature does not change the instant of the first."""
    task = given(("2018-01-05", TaskSigned(HELPER)), ("2018-02-05", TaskSigned(HELPER)))
    task.then_unit(HELPER, signed_at=at("2018-01-05"))


def test_others_reports_do_not_hide_a_return() -> None:
    """A returned task stays returned until its lead reports, whatever cooperating units report or submit."""
    returned = given(("2018-11-01", CompletionSubmitted(LEAD, "…")), ("2018-11-02", CompletionReturned(LEAD, "…")))
    returned.when(
        ("2018-11-03", ProgressReported(HELPER, "…", 90)), ("2018-11-04", CompletionSubmitted(HELPER, "…"))
    ).then(state="returned").then_unit(HELPER, state="submitted")


def test_a_cooperating_units_first_report_starts_the_task() -> None:
    """The first report of any unit makes task and unit in progress; the task's percent is the lead's alone."""
    task = given(("2018-02-01", ProgressReported(HELPER, "…", 80)))
    task.then(state="in-progress", percent=None, last_report_at=at("2018-02-01"))
    task.then_unit(HELPER, percent=80).then_unit(LEAD, state="assigned")


def test_a_report_without_a_percent_keeps_the_last_one() -> None:
    """A report without a percent leaves the percent unchanged."""
    task = given(("2018-02-01", ProgressReported(LEAD, "…", 40))).when(("2018-03-01", ProgressReported(LEAD, "…")))
    task.then(percent=40, last_report_at=at("2018-03-01")).then_unit(LEAD, percent=40)


def test_a_percent_may_fall() -> None:
    """The last report counts, not the highest."""
    task = given(("2018-02-01", ProgressReported(LEAD, "…", 40)))
    task.when(("2018-03-01", ProgressReported(LEAD, "…", 0))).then(percent=0)


@pytest.mark.parametrize(("corrected", "percent"), [("e-3", 55), ("e-2", 60), ("e-9", 60)])
def test_a_correction_is_of_one_report(corrected: str, percent: int) -> None:
    """A correction of the latest report replaces the percent; a correction of an older one does not."""
    task = given(("2018-02-01", ProgressReported(LEAD, "…", 40)), ("2018-03-01", ProgressReported(LEAD, "…", 60)))
    task = task.when(("2018-03-02", ProgressCorrected(corrected, "有误", LEAD, "…", 55)))
    task.then(percent=percent).then_unit(LEAD, percent=percent)


def test_reports_of_two_sources_are_two_by_the_same_id() -> None:
    """A correction is of its own source's report, also where the latest, of another source, has the same id."""
    steps = [ProgressReported(LEAD, "…", 40), ProgressReported(LEAD, "…", 60)]
    task = opened()
    for position, (source, data) in enumerate(zip(("units/a", "units/b"), steps, strict=True), 2):
        event = replace(recorded(position, "2018-03-01", data).event, id="r-1", source=source)
        task = then_any(task, position, event)
    correction = recorded(4, "2018-03-02", ProgressCorrected("r-1", "有误", LEAD, "…", 50)).event
    assert then_any(task, 4, replace(correction, source="units/a")).row.percent == 60
    assert then_any(task, 4, replace(correction, source="units/b")).row.percent == 50


@pytest.mark.parametrize("corrected", ["e-2", "e-3"], ids=["the report", "the correction"])
def test_a_correction_can_be_corrected(corrected: str) -> None:
    """A second correction may name the report or the first correction."""
    task = given(
        ("2018-02-01", ProgressReported(LEAD, "…", 40)),
        ("2018-02-02", ProgressCorrected("e-2", "有误", LEAD, "…", 30)),
    )
    task.when(("2018-02-03", ProgressCorrected(corrected, "仍有误", LEAD, "…", 35))).then(percent=35)


def test_a_leads_submission_is_the_tasks() -> None:
    """The lead's submission makes task and lead submitted; further reports do not change that."""
    task = given().when(("2018-11-01", CompletionSubmitted(LEAD, "…")))
    task.then(state="submitted").then_unit(LEAD, state="submitted").then_unit(HELPER, state="assigned")
    after = task.when(("2018-11-02", ProgressReported(LEAD, "…", 100)), ("2018-11-03", ProgressReported(HELPER, "…")))
    after.then(state="submitted").then_unit(LEAD, state="submitted").then_unit(HELPER, state="in-progress")


def test_a_cooperating_units_submission_is_its_own() -> None:
    """A cooperating unit's submission, and its return, change that unit and not the task's state."""
    reported = given(("2018-02-01", ProgressReported(LEAD, "…", 10)))
    submitted = reported.when(("2018-03-01", CompletionSubmitted(HELPER, "…")))
    submitted.then(state="in-progress").then_unit(HELPER, state="submitted")
    returned = submitted.when(("2018-03-02", CompletionReturned(HELPER, "…")))
    returned.then(state="in-progress", returns=1).then_unit(HELPER, state="returned")


@pytest.mark.parametrize(
    ("step", "state"),
    [(ProgressReported(LEAD, "…", 90), "in-progress"), (CompletionSubmitted(LEAD, "…"), "submitted")],
    ids=["report", "submission"],
)
def test_work_goes_on_after_a_return(step: EventData, state: State) -> None:
    """After a return, the lead's next report or submission sets the state; returns are counted."""
    submitted = given(("2018-11-01", CompletionSubmitted(LEAD, "…")))
    returned = submitted.when(("2018-11-02", CompletionReturned(LEAD, "…")))
    returned.then(state="returned", returns=1).then_unit(LEAD, state="returned")
    returned.when(("2018-11-03", step)).then(state=state, returns=1).then_unit(LEAD, state=state)


@pytest.mark.parametrize("outcome", ["implemented", "not-implemented", "cancelled"])
def test_the_office_may_close_from_any_state(outcome: Outcome) -> None:
    """A closing sets outcome, instant and blue light, from every state, also when overdue."""
    steps: list[Step] = [
        ("2018-02-01", ProgressReported(LEAD, "…", 10)),
        ("2018-11-01", CompletionSubmitted(LEAD, "…")),
        ("2018-11-02", CompletionReturned(LEAD, "…")),
        ("2019-01-01", DeadlinePassed(YEAR.due)),
    ]
    for count in range(len(steps) + 1):
        closed = given(*steps[:count]).when(("2019-02-01", TaskClosed(outcome)))
        closed.then(state="closed", outcome=outcome, closed_at=at("2019-02-01"), light="blue", light_reason="closed")


def test_a_reopened_task_is_in_progress_and_nothing_is_submitted() -> None:
    """A reopening removes outcome and instant of the closing, and all submissions."""
    closed = given(
        ("2018-10-01", CompletionSubmitted(HELPER, "…")),
        ("2018-11-01", CompletionSubmitted(LEAD, "…")),
        ("2018-11-02", TaskClosed("implemented")),
    )
    reopened = closed.when(("2018-11-03", TaskReopened("…"))).then(state="in-progress", closed_at=None, outcome=None)
    assert [part.state for part in reopened.task.row.units] == ["in-progress", "in-progress"]


def test_units_that_stay_keep_what_they_reported() -> None:
    """A reassignment gives new roles; units that stay keep signature, percent and state, others come or go."""
    task = given(
        ("2018-01-05", TaskSigned(HELPER)),
        ("2018-02-01", ProgressReported(HELPER, "…", 30)),
        ("2018-02-02", ProgressReported(LEAD, "…", 40)),
    )
    reassigned = TaskReassigned(HELPER, (Unit(HELPER, "lead"), Unit(STRANGER)), "机构改革")
    task.when(("2018-03-01", reassigned)).then(
        lead=HELPER,
        lead_inferred=False,
        percent=30,
        state="in-progress",
        units=(
            UnitRow(HELPER, "lead", 30, at("2018-01-05"), at("2018-02-01"), "in-progress"),
            UnitRow(STRANGER, "cooperating"),
        ),
    )


def test_a_successor_goes_on_where_the_unit_that_ended_was() -> None:
    """A reassignment to a successor keeps the former unit's reports, and the successor can correct them."""
    old, new = "市卫生计生局", "市卫生健康局"
    task = given(("2018-01-05", TaskSigned(old)), ("2019-02-02", ProgressReported(old, "…", 40)), lead=old)
    handed = task.when(("2019-05-01", TaskReassigned(new, (Unit(new, "lead"), Unit(HELPER)), "机构改革")))
    handed.then(lead=new, percent=40)
    assert handed.task.row.units[0] == UnitRow(new, "lead", 40, at("2018-01-05"), at("2019-02-02"), "in-progress")
    handed.when(("2019-06-01", ProgressCorrected("e-3", "…", new, "…", 30))).then(percent=30)


def test_a_unit_is_one_by_all_its_names() -> None:
    """Rows have the directory's names, even if table, lead and reports use aliases."""
    task = given(("2018-02-01", ProgressReported("湛江市残联", "…", 30)), lead="市残疾人联合会")
    task.then(lead=LEAD, percent=30, state="in-progress").then_unit(LEAD, percent=30)
    assert [part.unit for part in task.task.row.units] == [LEAD, HELPER]


def test_a_new_lead_brings_no_percent() -> None:
    """The task's percent is its lead's: unknown until a new lead reports."""
    reassigned = TaskReassigned(STRANGER, (Unit(STRANGER, "lead"), Unit(LEAD)), "机构改革")
    task = given(("2018-02-02", ProgressReported(LEAD, "…", 40))).when(("2018-03-01", reassigned))
    task.then(percent=None).then_unit(LEAD, percent=40)
    task.when(("2018-04-01", ProgressReported(LEAD, "…", 70))).then(percent=None)
    task.when(("2018-04-01", ProgressReported(STRANGER, "…", 70))).then(percent=70)


@pytest.mark.parametrize(
    "step", [TaskUrged((LEAD,), "…"), DeadlineNeared(YEAR.due, 30), ExtensionRequested(LEAD, "…", at("2019-02-01"))]
)
def test_words_change_no_row(step: EventData) -> None:
    """An urging, a reminder and a request change only the position of the row."""
    before = given()
    assert before.when(("2018-01-02", step)).task.row == replace(before.task.row, position=2)
