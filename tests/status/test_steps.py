"""What one step does to a task's row and to the rows of its units; pure."""

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
from tests.status.tracked_tasks import (
    HELPER,
    LEAD,
    YEAR,
    at,
    opened,
    recorded,
    then,
    then_any,
    unit,
)

STRANGER = "市教育局"


def test_signing_marks_the_unit_alone() -> None:
    """A signature is kept with its unit; no state changes and nobody is told of progress."""
    task = then(opened(), ("2018-01-05", TaskSigned(HELPER)))
    assert unit(task.row, HELPER) == UnitRow(HELPER, "cooperating", signed_at=at("2018-01-05"))
    assert (task.row.state, task.row.last_report_at, unit(task.row)) == ("assigned", None, UnitRow(LEAD, "lead"))


def test_the_first_signature_stays() -> None:
    """Signing again does not move the day on which the unit took the task on."""
    task = then(opened(), ("2018-01-05", TaskSigned(HELPER)), ("2018-02-05", TaskSigned(HELPER)))
    assert unit(task.row, HELPER).signed_at == at("2018-01-05")


def test_others_reports_do_not_hide_a_return() -> None:
    """A returned task stays so until its lead goes on, whatever cooperating units report or submit."""
    task = then(
        opened(),
        ("2018-11-01", CompletionSubmitted(LEAD, "…")),
        ("2018-11-02", CompletionReturned(LEAD, "…")),
        ("2018-11-03", ProgressReported(HELPER, "…", 90)),
        ("2018-11-04", CompletionSubmitted(HELPER, "…")),
    )
    assert (task.row.state, unit(task.row, HELPER).state) == ("returned", "submitted")


def test_a_cooperating_units_first_report_starts_the_task() -> None:
    """The first report makes task and unit in progress, whoever reports; the percent is the lead's alone."""
    task = then(opened(), ("2018-02-01", ProgressReported(HELPER, "…", 80)))
    assert (task.row.state, task.row.percent, task.row.last_report_at) == ("in-progress", None, at("2018-02-01"))
    assert unit(task.row, HELPER).percent == 80
    assert unit(task.row).state == "assigned"


def test_a_report_without_a_percent_keeps_the_last_one() -> None:
    """Who reports in words alone stays where it was."""
    steps: list[tuple[str, EventData]] = [
        ("2018-02-01", ProgressReported(LEAD, "…", 40)),
        ("2018-03-01", ProgressReported(LEAD, "…")),
    ]
    task = then(opened(), *steps)
    assert (task.row.percent, unit(task.row).percent, task.row.last_report_at) == (40, 40, at("2018-03-01"))


def test_a_percent_may_fall() -> None:
    """The last report counts, not the highest."""
    steps: list[tuple[str, EventData]] = [
        ("2018-02-01", ProgressReported(LEAD, "…", 40)),
        ("2018-03-01", ProgressReported(LEAD, "…", 0)),
    ]
    assert then(opened(), *steps).row.percent == 0


@pytest.mark.parametrize(("corrected", "percent"), [("e-3", 55), ("e-2", 60), ("e-9", 60)])
def test_a_correction_is_of_one_report(corrected: str, percent: int) -> None:
    """Correcting the latest report gives the percent anew; correcting an older one leaves the latest as it is."""
    steps: list[tuple[str, EventData]] = [
        ("2018-02-01", ProgressReported(LEAD, "…", 40)),
        ("2018-03-01", ProgressReported(LEAD, "…", 60)),
        ("2018-03-02", ProgressCorrected(corrected, "有误", LEAD, "…", 55)),
    ]
    task = then(opened(), *steps)
    assert (task.row.percent, unit(task.row).percent) == (percent, percent)


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
    steps: list[tuple[str, EventData]] = [
        ("2018-02-01", ProgressReported(LEAD, "…", 40)),
        ("2018-02-02", ProgressCorrected("e-2", "有误", LEAD, "…", 30)),
        ("2018-02-03", ProgressCorrected(corrected, "仍有误", LEAD, "…", 35)),
    ]
    assert then(opened(), *steps).row.percent == 35


def test_a_leads_submission_is_the_tasks() -> None:
    """The lead's submission makes task and lead submitted; further reports leave it so."""
    task = then(opened(), ("2018-11-01", CompletionSubmitted(LEAD, "…")))
    assert (task.row.state, unit(task.row).state, unit(task.row, HELPER).state) == (
        "submitted",
        "submitted",
        "assigned",
    )
    after = then(task, ("2018-11-02", ProgressReported(LEAD, "…", 100)), ("2018-11-03", ProgressReported(HELPER, "…")))
    assert (after.row.state, unit(after.row).state, unit(after.row, HELPER).state) == (
        "submitted",
        "submitted",
        "in-progress",
    )


def test_a_cooperating_units_submission_is_its_own() -> None:
    """A cooperating unit's submission, and its return, change that unit and leave the task's state alone."""
    submitted = then(
        opened(), ("2018-02-01", ProgressReported(LEAD, "…", 10)), ("2018-03-01", CompletionSubmitted(HELPER, "…"))
    )
    assert (submitted.row.state, unit(submitted.row, HELPER).state) == ("in-progress", "submitted")
    returned = then(submitted, ("2018-03-02", CompletionReturned(HELPER, "…")))
    assert (returned.row.state, unit(returned.row, HELPER).state, returned.row.returns) == (
        "in-progress",
        "returned",
        1,
    )


@pytest.mark.parametrize(
    ("step", "state"),
    [(ProgressReported(LEAD, "…", 90), "in-progress"), (CompletionSubmitted(LEAD, "…"), "submitted")],
    ids=["report", "submission"],
)
def test_work_goes_on_after_a_return(step: EventData, state: State) -> None:
    """After a return, the lead's next report or submission goes on from there; returns are counted."""
    returned = then(
        opened(), ("2018-11-01", CompletionSubmitted(LEAD, "…")), ("2018-11-02", CompletionReturned(LEAD, "…"))
    )
    assert (returned.row.state, unit(returned.row).state, returned.row.returns) == ("returned", "returned", 1)
    task = then(returned, ("2018-11-03", step))
    assert (task.row.state, unit(task.row).state, task.row.returns) == (state, state, 1)


@pytest.mark.parametrize("outcome", ["implemented", "not-implemented", "cancelled"])
def test_the_office_may_close_from_any_state(outcome: Outcome) -> None:
    """Closing gives the row its outcome, its instant and the blue light, from every state, also when overdue."""
    steps: list[tuple[str, EventData]] = [
        ("2018-02-01", ProgressReported(LEAD, "…", 10)),
        ("2018-11-01", CompletionSubmitted(LEAD, "…")),
        ("2018-11-02", CompletionReturned(LEAD, "…")),
        ("2019-01-01", DeadlinePassed(YEAR.due)),
    ]
    for count in range(len(steps) + 1):
        task = then(opened(), *steps[:count], ("2019-02-01", TaskClosed(outcome)))
        assert (task.row.state, task.row.outcome, task.row.closed_at) == ("closed", outcome, at("2019-02-01"))
        assert (task.row.light, task.row.light_reason) == ("blue", "closed")


def test_a_reopened_task_is_in_progress_and_nothing_is_submitted() -> None:
    """Reopening takes back outcome and instant, and submissions: they were settled when the task was closed."""
    steps: list[tuple[str, EventData]] = [
        ("2018-10-01", CompletionSubmitted(HELPER, "…")),
        ("2018-11-01", CompletionSubmitted(LEAD, "…")),
        ("2018-11-02", TaskClosed("implemented")),
        ("2018-11-03", TaskReopened("…")),
    ]
    row = then(opened(), *steps).row
    assert (row.state, row.closed_at, row.outcome) == ("in-progress", None, None)
    assert [part.state for part in row.units] == ["in-progress", "in-progress"]


def test_units_that_stay_keep_what_they_reported() -> None:
    """A reassignment gives roles anew; units that stay keep signature, percent and state, others start or go."""
    steps: list[tuple[str, EventData]] = [
        ("2018-01-05", TaskSigned(HELPER)),
        ("2018-02-01", ProgressReported(HELPER, "…", 30)),
        ("2018-02-02", ProgressReported(LEAD, "…", 40)),
        ("2018-03-01", TaskReassigned(HELPER, (Unit(HELPER, "lead"), Unit(STRANGER)), "机构改革")),
    ]
    row = then(opened(), *steps).row
    assert (row.lead, row.lead_inferred, row.percent, row.state) == (HELPER, False, 30, "in-progress")
    assert row.units == (
        UnitRow(HELPER, "lead", 30, at("2018-01-05"), at("2018-02-01"), "in-progress"),
        UnitRow(STRANGER, "cooperating"),
    )


def test_a_successor_goes_on_where_the_unit_that_ended_was() -> None:
    """A reassignment to a successor keeps what the unit before it has reported, and that can still be corrected."""
    task = then(
        opened(lead="市卫生计生局"),
        ("2018-01-05", TaskSigned("市卫生计生局")),
        ("2019-02-02", ProgressReported("市卫生计生局", "…", 40)),
        ("2019-05-01", TaskReassigned("市卫生健康局", (Unit("市卫生健康局", "lead"), Unit(HELPER)), "机构改革")),
    )
    row = task.row
    assert (row.lead, row.percent) == ("市卫生健康局", 40)
    assert row.units[0] == UnitRow("市卫生健康局", "lead", 40, at("2018-01-05"), at("2019-02-02"), "in-progress")
    corrected = ProgressCorrected("e-3", "…", "市卫生健康局", "…", 30)
    assert then(task, ("2019-06-01", corrected)).row.percent == 30


def test_a_unit_is_one_by_all_its_names() -> None:
    """Rows have the directory's names, also where table, lead and reports use others."""
    row = then(opened(lead="市残疾人联合会"), ("2018-02-01", ProgressReported("湛江市残联", "…", 30))).row
    assert (row.lead, row.percent, row.state) == (LEAD, 30, "in-progress")
    assert [part.unit for part in row.units] == [LEAD, HELPER]
    assert unit(row).percent == 30


def test_a_new_lead_brings_no_percent() -> None:
    """The task's percent is its lead's: unknown as long as a new lead has not reported, then that one's."""
    task = then(
        opened(),
        ("2018-02-02", ProgressReported(LEAD, "…", 40)),
        ("2018-03-01", TaskReassigned(STRANGER, (Unit(STRANGER, "lead"), Unit(LEAD)), "机构改革")),
    )
    assert (task.row.percent, unit(task.row).percent) == (None, 40)
    assert then(task, ("2018-04-01", ProgressReported(LEAD, "…", 70))).row.percent is None
    assert then(task, ("2018-04-01", ProgressReported(STRANGER, "…", 70))).row.percent == 70


@pytest.mark.parametrize(
    "step", [TaskUrged((LEAD,), "…"), DeadlineNeared(YEAR.due, 30), ExtensionRequested(LEAD, "…", at("2019-02-01"))]
)
def test_words_change_no_row(step: EventData) -> None:
    """Urging, a reminder and a request change nothing in the row but the position it reflects."""
    before = opened()
    after = then(before, ("2018-01-02", step))
    assert after.row == replace(before.row, position=2)
