"""What events and time do to a row; pure."""

import json
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from events.deadline import Ambiguous, Deadline, Every, Fixed, Milestone, Milestones, Ongoing, Recurring, Triggered
from events.ledger import LightRules
from events.log import Recorded
from events.schema import (
    TYPES,
    CompletionReturned,
    CompletionSubmitted,
    DeadlineClarified,
    DeadlineNeared,
    DeadlinePassed,
    EventData,
    ExtensionGranted,
    ExtensionRefused,
    ExtensionRequested,
    Outcome,
    ProgressCorrected,
    ProgressReported,
    TaskAssigned,
    TaskClosed,
    TaskReassigned,
    TaskReopened,
    TaskSigned,
    TaskUrged,
    Unit,
)
from services.status.core import counts, evolve, relight
from services.status.row import Light, State, Task, UnitRow
from tests.events.strategies import events as any_event
from tests.examples import EXAMPLES
from tests.status.life import (
    COUNTIES,
    HELPER,
    LATE,
    LEAD,
    LEDGER,
    YEAR,
    YEARLY,
    at,
    lived,
    opened,
    recorded,
    then,
    unit,
)

ROW_MEMBERS = [
    "task",
    "title",
    "plan",
    "row",
    "lead",
    "lead_inferred",
    "units",
    "deadline",
    "due",
    "state",
    "percent",
    "light",
    "light_reason",
    "overdue_since",
    "opened_at",
    "closed_at",
    "outcome",
    "extensions",
    "returns",
    "last_report_at",
    "position",
]
"""Written out here: dashboards read them."""

UNIT_MEMBERS = ["unit", "role", "percent", "signed_at", "last_report_at", "state"]

STRANGER = "市教育局"

RULES = LightRules()


def written(task: Task) -> dict[str, Any]:
    """Return a row as JSON shows it."""
    row: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(task.row))
    return row


def difference(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """Return the members of a row that are new, and of its units those that are new, by the unit's name."""
    changed = {name: value for name, value in after.items() if name != "units" and before[name] != value}
    parts = {part["unit"]: part for part in before["units"]}
    units = {
        part["unit"]: {name: value for name, value in part.items() if parts[part["unit"]][name] != value}
        for part in after["units"]
        if parts[part["unit"]] != part
    }
    return changed | ({"units": units} if units else {})


LIFE: list[tuple[str, dict[str, Any]]] = [
    ("duban.task.signed.v1", {"position": 2, "units": {"市残联": {"signed_at": "2017-08-02T10:15:00+08:00"}}}),
    (
        "duban.progress.reported.v1",
        {
            "state": "in-progress",
            "percent": 50,
            "last_report_at": "2018-03-31T10:00:00+08:00",
            "position": 3,
            "units": {"市残联": {"percent": 50, "last_report_at": "2018-03-31T10:00:00+08:00", "state": "in-progress"}},
        },
    ),
    (
        "duban.progress.corrected.v1",
        {
            "percent": 45.5,
            "last_report_at": "2018-04-03T16:20:00+08:00",
            "position": 4,
            "units": {"市残联": {"percent": 45.5, "last_report_at": "2018-04-03T16:20:00+08:00"}},
        },
    ),
    (
        "duban.deadline.clarified.v1",
        {
            "deadline": {"kind": "fixed", "text": "2018年11月底前完成", "due": "2018-12-01T00:00:00+08:00"},
            "due": "2018-12-01T00:00:00+08:00",
            "position": 5,
        },
    ),
    ("duban.extension.refused.v1", {"position": 6}),
    ("duban.extension.requested.v1", {"light": "yellow", "light_reason": "behind", "position": 7}),
    (
        "duban.extension.granted.v1",
        {
            "deadline": {"kind": "fixed", "text": "2018年11月底前完成", "due": "2019-01-01T00:00:00+08:00"},
            "due": "2019-01-01T00:00:00+08:00",
            "extensions": 1,
            "position": 8,
        },
    ),
    ("duban.deadline.neared.v1", {"light_reason": "due-soon", "position": 9}),
    (
        "duban.deadline.passed.v1",
        {
            "light": "red",
            "light_reason": "overdue",
            "overdue_since": "2019-01-01T00:00:00+08:00",
            "position": 10,
        },
    ),
    ("duban.task.urged.v1", {"position": 11}),
    (
        "duban.completion.submitted.v1",
        {
            "state": "submitted",
            "last_report_at": "2019-01-18T17:40:00+08:00",
            "position": 12,
            "units": {"市残联": {"last_report_at": "2019-01-18T17:40:00+08:00", "state": "submitted"}},
        },
    ),
    (
        "duban.completion.returned.v1",
        {"state": "returned", "returns": 1, "position": 13, "units": {"市残联": {"state": "returned"}}},
    ),
    (
        "duban.task.closed.v1",
        {
            "state": "closed",
            "light": "blue",
            "light_reason": "closed",
            "closed_at": "2019-02-15T10:00:00+08:00",
            "outcome": "implemented",
            "position": 14,
        },
    ),
    (
        "duban.task.reopened.v1",
        {
            "state": "in-progress",
            "light": "red",
            "light_reason": "overdue",
            "closed_at": None,
            "outcome": None,
            "position": 15,
            "units": {"市残联": {"state": "in-progress"}},
        },
    ),
    (
        "duban.task.reassigned.v1",
        {
            "lead": "市人力资源社会保障局",
            "lead_inferred": False,
            "percent": None,
            "position": 16,
            "units": {"市人力资源社会保障局": {"role": "lead"}, "市残联": {"role": "cooperating"}},
        },
    ),
]
"""What each event of the examples changes in the row; nothing else does."""

COUNTY = '{"unit":"%s","role":"cooperating","percent":null,"signed_at":null,"last_report_at":null,"state":"assigned"}'

GOLDEN = (
    '{"task":"zj-2017-07","title":"全市至少建立两个规模化残疾人集中就业基地，企业所在地政府要对其设施设备、无障碍改造等给予支持。",'
    '"plan":"zj-2017","row":7,"lead":"市人力资源社会保障局","lead_inferred":false,"units":['
    '{"unit":"市人力资源社会保障局","role":"lead","percent":null,"signed_at":null,"last_report_at":null,"state":"assigned"},'
    '{"unit":"市残联","role":"cooperating","percent":45.5,"signed_at":"2017-08-02T10:15:00+08:00",'
    '"last_report_at":"2019-01-18T17:40:00+08:00","state":"in-progress"},'
    f"{','.join(COUNTY % county for county in COUNTIES)},{COUNTY % '湛江开发区管委会'}],"
    '"deadline":{"kind":"fixed","text":"2018年11月底前完成","due":"2019-01-01T00:00:00+08:00"},'
    '"due":"2019-01-01T00:00:00+08:00","state":"in-progress","percent":null,"light":"red","light_reason":"overdue",'
    '"overdue_since":"2019-01-01T00:00:00+08:00","opened_at":"2017-08-01T09:00:00+08:00","closed_at":null,'
    '"outcome":null,"extensions":1,"returns":1,"last_report_at":"2019-01-18T17:40:00+08:00","position":16}'
)
"""The row at the end of the examples, byte for byte."""


def test_an_assignment_opens_the_row() -> None:
    """An assigned task has a row with its table's members, its groups expanded, and nothing that has not happened."""
    row = written(lived()[0])
    units = ["市残联", "市人力资源社会保障局", *COUNTIES, "湛江开发区管委会"]
    assert [part["unit"] for part in row["units"]] == units
    assert [part["role"] for part in row["units"]] == ["lead"] + ["cooperating"] * 11
    del row["units"]
    assert row == {
        "task": "zj-2017-07",
        "title": "全市至少建立两个规模化残疾人集中就业基地，企业所在地政府要对其设施设备、无障碍改造等给予支持。",
        "plan": "zj-2017",
        "row": 7,
        "lead": "市残联",
        "lead_inferred": True,
        "deadline": {
            "kind": "ambiguous",
            "text": "2018年12月前完成",
            "strict": "2018-12-01T00:00:00+08:00",
            "loose": "2019-01-01T00:00:00+08:00",
        },
        "due": "2019-01-01T00:00:00+08:00",
        "state": "assigned",
        "percent": None,
        "light": "green",
        "light_reason": "on-track",
        "overdue_since": None,
        "opened_at": "2017-08-01T09:00:00+08:00",
        "closed_at": None,
        "outcome": None,
        "extensions": 0,
        "returns": 0,
        "last_report_at": None,
        "position": 1,
    }


@pytest.mark.parametrize("number", range(15), ids=[name for name, _ in LIFE])
def test_each_event_changes_what_is_its_own(number: int) -> None:
    """An event of the examples changes exactly the members of the row that the contract says, and the position."""
    name, changed = LIFE[number]
    assert list(EXAMPLES)[number + 1] == name
    before, after = lived()[number : number + 2]
    assert difference(written(before), written(after)) == changed


def test_every_event_type_has_its_place_in_that_life() -> None:
    """The examples show all 16 event types, so what each does is pinned."""
    assert {"duban.task.assigned.v1", *(name for name, _ in LIFE)} == set(TYPES)


def test_the_whole_life_is_one_row() -> None:
    """The examples fold into one row, the same byte for byte wherever it is rebuilt."""
    assert msgspec.json.encode(lived()[-1].row).decode() == GOLDEN


@pytest.mark.parametrize("number", range(16))
def test_a_row_has_the_members_of_the_contract(number: int) -> None:
    """Row and units have exactly the contract's members, in its order, whatever happened."""
    row = json.loads(msgspec.json.encode(lived()[number].row))
    assert list(row) == ROW_MEMBERS
    assert all(list(part) == UNIT_MEMBERS for part in row["units"])


@pytest.mark.parametrize("name", [name for name in TYPES if name != "duban.task.assigned.v1"])
def test_nothing_happens_to_a_task_that_was_not_assigned(name: str) -> None:
    """An event of a task that was not assigned makes no row."""
    assert evolve(LEDGER, None, Recorded(1, EXAMPLES[name])) is None


examples = st.lists(st.sampled_from(list(EXAMPLES.values())), max_size=40)


@given(examples, st.integers(0, 3_000))
def test_folding_is_total_over_the_examples(happened: list[Any], days: int) -> None:
    """The examples fold in any order and number: a row from the assignment on, and never an error."""
    task: Task | None = None
    for position, event in enumerate(happened, 1):
        task = evolve(LEDGER, task, Recorded(position, event))
        assert (task is None) == all(not isinstance(past.data, TaskAssigned) for past in happened[:position])
        if task is not None:
            assert task.row.position == position
            assert list(written(task)) == ROW_MEMBERS
            relight(task, LEDGER.lights, event.time + timedelta(days=days))


@settings(max_examples=50)
@given(st.lists(any_event, max_size=15))
def test_folding_is_total_over_the_language(happened: list[Any]) -> None:
    """Whatever the language can say folds after an assignment, in any order, without an error."""
    task = opened()
    for position, event in enumerate(happened, 2):
        task = then_any(task, position, event)
        assert msgspec.json.decode(msgspec.json.encode(task), type=Task) == task


def then_any(task: Task, position: int, event: Any) -> Task:
    """Return the task after an event as it came."""
    after = evolve(LEDGER, task, Recorded(position, event))
    assert after is not None
    return after


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
    assert (task.asked, task.row.due, task.row.extensions) == (None, YEAR.due, 0)


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
    assert task.row.due == at("2018-02-28")
    task = then(task, ("2018-02-01", ProgressReported(LEAD, "…")))
    assert task.row.due == at("2018-03-31")


def test_counts_name_every_light_and_state() -> None:
    """The figures have every light and state, with 0 where there is none, and sum up to the tasks."""
    rows = {str(number): task.row for number, task in enumerate(lived())}
    assert counts({}) == {
        "lights": {"red": 0, "yellow": 0, "green": 0, "blue": 0},
        "states": {"assigned": 0, "in-progress": 0, "submitted": 0, "returned": 0, "closed": 0},
    }
    assert counts(rows) == {
        "lights": {"red": 6, "yellow": 3, "green": 6, "blue": 1},
        "states": {"assigned": 2, "in-progress": 11, "submitted": 1, "returned": 1, "closed": 1},
    }
