"""On time or late, by hand-written lives of one task; pure."""

import pytest
from msgspec.structs import replace

from events.deadline import Ambiguous, Fixed, Milestone, Milestones, Ongoing, Recurring, Triggered
from events.schema import (
    CompletionReturned,
    CompletionSubmitted,
    DeadlineClarified,
    DeadlinePassed,
    ExtensionGranted,
    ExtensionRequested,
    ProgressReported,
    TaskAssigned,
    TaskClosed,
    TaskReassigned,
    TaskReopened,
    Unit,
)
from services.status.core import evolve
from services.status.figures.board import figures_of
from services.status.figures.units import UnitFigures
from services.status.lights import lit
from services.status.row import TrackedTask
from tests.status.given import Step
from tests.status.tracked_tasks import HELPER, LEAD, LEDGER, YEAR, at, folded, opened, recorded, then

OTHER = "市教育局"

SUBMITTED = CompletionSubmitted(LEAD, "…")
RETURNED = CompletionReturned(LEAD, "缺材料")
CLOSED = TaskClosed("implemented")
REOPENED = TaskReopened("抽查不合格")
PASSED = ("2019-01-01", DeadlinePassed(YEAR.due))


def figures(task: TrackedTask, now: str, unit: str = LEAD) -> UnitFigures:
    """Return a unit's figures of a ledger with this task alone, as at an instant."""
    instant = at(now)
    shown = lit(task, LEDGER.lights, instant)
    found = figures_of({task.row.task: shown}, LEDGER.zone).unit(unit, instant, task.row.position)
    assert found is not None
    return found


def outcome(task: TrackedTask, now: str, unit: str = LEAD) -> tuple[int, int, float | None]:
    """Return how many tasks count for a unit, how many of them are on time, and the mean days late of the others."""
    found = figures(task, now, unit)
    return found.counted, found.on_time, found.mean_days_late


ON_TIME = (1, 1, None)
NOT_COUNTED = (0, 0, None)


def late(days: float) -> tuple[int, int, float]:
    """Return the outcome of one task that is late by so many days."""
    return 1, 0, days


@pytest.mark.parametrize(
    ("steps", "now", "expected"),
    [
        ([], "2018-12-31", NOT_COUNTED),
        ([], "2019-01-01", late(1)),
        ([PASSED], "2019-01-01", late(1)),
        ([PASSED], "2019-01-31", late(31)),
        ([("2018-12-31", SUBMITTED)], "2018-12-31", NOT_COUNTED),
        ([("2018-12-31", SUBMITTED), PASSED], "2019-03-01", ON_TIME),
        ([("2018-12-31", SUBMITTED), PASSED, ("2019-03-01", CLOSED)], "2019-03-02", ON_TIME),
        ([PASSED, ("2019-01-10", SUBMITTED)], "2019-01-31", late(31)),
        ([PASSED, ("2019-01-10", SUBMITTED), ("2019-03-01", CLOSED)], "2019-06-01", late(10)),
        ([("2018-11-01", CLOSED)], "2018-11-01", ON_TIME),
        ([PASSED, ("2019-01-05", CLOSED)], "2019-06-01", late(5)),
        ([("2018-11-01", TaskClosed("cancelled", "并入另一项"))], "2018-11-02", ON_TIME),
    ],
    ids=[
        "open",
        "past due before the clock's event",
        "past due",
        "past due for a month",
        "submitted before the due instant, which lies ahead",
        "submitted in time, not closed",
        "submitted in time, closed late",
        "submitted late, still open: until today",
        "submitted late, closed: until the submission",
        "closed early without a submission",
        "closed late without a submission",
        "cancelled early",
    ],
)
def test_one_due_instant(steps: list[Step], now: str, expected: object) -> None:
    """A task counts once it is closed or past due; the due instant is exclusive, and days are calendar days."""
    assert outcome(then(opened(), *steps), now) == expected


@pytest.mark.parametrize(
    ("steps", "now", "expected"),
    [
        ([("2018-11-01", SUBMITTED), ("2018-11-05", RETURNED), PASSED], "2019-01-03", late(3)),
        (
            [("2018-11-01", SUBMITTED), ("2018-11-05", RETURNED), PASSED, ("2019-01-05", CLOSED)],
            "2019-06-01",
            late(5),
        ),
        (
            [("2018-11-01", SUBMITTED), ("2018-11-05", RETURNED), ("2018-12-01", SUBMITTED), PASSED],
            "2019-06-01",
            ON_TIME,
        ),
        (
            [("2018-11-01", SUBMITTED), PASSED, ("2019-01-02", SUBMITTED), ("2019-01-09", CLOSED)],
            "2019-06-01",
            late(2),
        ),
        (
            [("2018-11-01", SUBMITTED), PASSED, ("2019-01-02", SUBMITTED), ("2019-01-03", RETURNED)],
            "2019-01-10",
            late(10),
        ),
    ],
    ids=["returned", "returned, then closed late", "submitted again in time", "the last one counts", "all returned"],
)
def test_a_returned_submission_does_not_count(steps: list[Step], now: str, expected: object) -> None:
    """The last submission that was not returned counts; a return takes back all before it."""
    assert outcome(then(opened(), *steps), now) == expected


ASKED = ExtensionRequested(LEAD, "雨季", at("2019-02-01"))


@pytest.mark.parametrize(
    ("steps", "now", "expected"),
    [
        ([("2018-12-01", ASKED), ("2018-12-05", ExtensionGranted("e-2"))], "2019-01-20", NOT_COUNTED),
        (
            [("2018-12-01", ASKED), ("2018-12-05", ExtensionGranted("e-2")), ("2019-01-20", SUBMITTED)],
            "2019-03-01",
            ON_TIME,
        ),
        ([("2018-12-01", ASKED), PASSED, ("2019-01-05", ExtensionGranted("e-2"))], "2019-01-20", NOT_COUNTED),
        ([("2018-12-01", ASKED), ("2018-12-05", ExtensionGranted("e-2"))], "2019-02-03", late(3)),
        (
            [
                ("2018-12-01", ASKED),
                PASSED,
                ("2019-01-03", SUBMITTED),
                ("2019-01-05", ExtensionGranted("e-2")),
                ("2019-01-06", CLOSED),
            ],
            "2019-03-01",
            late(3),
        ),
        (
            [
                ("2018-11-01", SUBMITTED),
                ("2018-11-02", DeadlineClarified(Fixed("10月底前", at("2018-11-01")), "写错了")),
                ("2018-12-01", CLOSED),
            ],
            "2019-03-01",
            ON_TIME,
        ),
    ],
    ids=[
        "extended",
        "in time for the extended due",
        "extended after it had passed",
        "late for the extended due",
        "submitted before the extension was granted",
        "an earlier due instant, set after the submission",
    ],
)
def test_the_due_instant_that_held_then_counts(steps: list[Step], now: str, expected: object) -> None:
    """An extension or clarification judges what comes after it, never what came before."""
    assert outcome(then(opened(), *steps), now) == expected


@pytest.mark.parametrize(
    ("steps", "now", "expected"),
    [
        ([("2018-11-01", SUBMITTED), ("2018-11-02", CLOSED), ("2018-11-20", REOPENED)], "2018-12-01", NOT_COUNTED),
        ([("2018-11-01", SUBMITTED), ("2018-11-02", CLOSED), ("2019-03-01", REOPENED)], "2019-03-02", late(61)),
        (
            [
                ("2018-11-01", SUBMITTED),
                ("2018-11-02", CLOSED),
                ("2018-11-20", REOPENED),
                ("2018-12-01", SUBMITTED),
                PASSED,
                ("2019-02-01", CLOSED),
            ],
            "2019-03-02",
            ON_TIME,
        ),
        (
            [("2018-11-02", CLOSED), ("2018-11-20", REOPENED), PASSED, ("2019-01-07", CLOSED)],
            "2019-03-02",
            late(7),
        ),
    ],
    ids=["before it is due", "after it was due", "submitted again", "closed again"],
)
def test_a_reopened_task_starts_anew(steps: list[Step], now: str, expected: object) -> None:
    """Reopening takes back the closing and all submissions."""
    assert outcome(then(opened(), *steps), now) == expected


YEARLY = Recurring("每年12月底前", "year", at("2018-01-01"))


@pytest.mark.parametrize(
    ("steps", "now", "expected"),
    [
        ([], "2017-12-01", NOT_COUNTED),
        ([("2018-01-01", DeadlinePassed(YEARLY.first))], "2018-01-10", late(10)),
        (
            [("2018-01-01", DeadlinePassed(YEARLY.first)), ("2018-01-10", ProgressReported(LEAD, "…"))],
            "2018-02-01",
            NOT_COUNTED,
        ),
        ([("2018-01-01", DeadlinePassed(YEARLY.first)), ("2018-01-10", CLOSED)], "2018-02-01", late(10)),
        (
            [("2018-01-01", DeadlinePassed(YEARLY.first)), ("2018-01-10", SUBMITTED), ("2018-01-12", CLOSED)],
            "2018-02-01",
            late(10),
        ),
        ([("2017-12-01", SUBMITTED), ("2018-01-12", CLOSED)], "2018-02-01", ON_TIME),
        ([("2017-12-01", SUBMITTED), ("2019-01-01", DeadlinePassed(at("2019-01-01")))], "2019-01-04", late(4)),
        ([("2017-12-01", ProgressReported(LEAD, "…")), ("2018-06-01", CLOSED)], "2018-07-01", ON_TIME),
    ],
    ids=[
        "ahead",
        "an occurrence passed",
        "a report ends the lateness",
        "closed while late",
        "submitted while late",
        "submitted in time",
        "a submission is for its own occurrence",
        "met, then closed",
    ],
)
def test_a_recurring_deadline(steps: list[Step], now: str, expected: object) -> None:
    """While an occurrence is owed, it is the due instant that holds; one that is met is followed by the next."""
    assert outcome(then(opened(YEARLY, "2017-06-01"), *steps), now) == expected


STEPS = Milestones(
    "6月底前启动，12月底前完成",
    (Milestone("6月底前启动", at("2018-07-01")), Milestone("12月底前完成", at("2019-01-01"))),
)
FIRST = ("2018-07-01", DeadlinePassed(at("2018-07-01")))


@pytest.mark.parametrize(
    ("steps", "now", "expected"),
    [
        ([], "2018-06-01", NOT_COUNTED),
        ([FIRST], "2018-07-10", late(10)),
        ([FIRST, ("2018-12-31", SUBMITTED)], "2019-02-01", ON_TIME),
        ([FIRST, PASSED, ("2019-01-02", SUBMITTED), ("2019-01-03", CLOSED)], "2019-02-01", late(2)),
        ([("2018-06-01", SUBMITTED), FIRST, PASSED], "2019-02-01", ON_TIME),
    ],
    ids=["ahead", "a step passed", "before the step ahead", "after the last step", "before the first step"],
)
def test_milestones(steps: list[Step], now: str, expected: object) -> None:
    """A completion is for the whole task, and is judged by the step that lay ahead of it."""
    assert outcome(then(opened(STEPS), *steps), now) == expected


def test_an_ambiguous_deadline_is_judged_by_its_later_reading() -> None:
    """“12月前” is not late before its loose reading, which is when it passes."""
    task = opened(Ambiguous("12月前", at("2018-12-01"), at("2019-01-01")))
    assert outcome(then(task, ("2018-12-15", SUBMITTED), PASSED), "2019-01-05") == ON_TIME
    assert outcome(then(task, PASSED), "2019-01-05") == late(5)


@pytest.mark.parametrize("deadline", [Ongoing("持续实施"), Triggered("适时", "适时")])
def test_a_task_without_a_due_instant_cannot_be_late(deadline: Ongoing | Triggered) -> None:
    """It does not count while open, however long, and is on time once it is closed."""
    task = opened(deadline)
    assert outcome(task, "2030-01-01") == NOT_COUNTED
    assert outcome(then(task, ("2020-01-01", SUBMITTED), ("2020-01-02", CLOSED)), "2030-01-01") == ON_TIME
    assert outcome(then(task, ("2020-01-02", CLOSED)), "2030-01-01") == ON_TIME


def test_a_triggered_deadline_counts_from_its_clarification_on() -> None:
    """Once the office sets a due instant, that one holds."""
    task = then(opened(Triggered("适时", "适时")), ("2018-06-01", DeadlineClarified(YEAR, "条件成熟")))
    assert outcome(then(task, PASSED), "2019-01-02") == late(2)


def reassigned(lead: str, *others: str) -> TaskReassigned:
    units = (Unit(lead, "lead"), *(Unit(name) for name in others))
    return TaskReassigned(lead, units, "机构改革")


@pytest.mark.parametrize(
    ("steps", "unit", "expected"),
    [
        ([("2018-11-01", SUBMITTED), ("2018-12-01", reassigned(OTHER, LEAD)), PASSED], OTHER, late(2)),
        ([("2018-11-01", SUBMITTED), ("2018-12-01", reassigned(LEAD, OTHER)), PASSED], LEAD, ON_TIME),
        (
            [("2018-11-01", CompletionSubmitted(HELPER, "…")), ("2018-12-01", reassigned(HELPER)), PASSED],
            HELPER,
            late(2),
        ),
    ],
    ids=["a new lead has submitted nothing", "the lead stays", "a cooperating unit that leads starts anew"],
)
def test_a_reassigned_task(steps: list[Step], unit: str, expected: object) -> None:
    """The units that lead now are judged, by what they have submitted as leads."""
    task = then(opened(), *steps)
    assert outcome(task, "2019-01-02", unit) == expected
    assert figures_of({"t": task}, LEDGER.zone).unit("市体育局", at("2019-01-02"), 1) is None


def test_a_successor_has_what_its_predecessor_submitted() -> None:
    """A merger hands the lead's submission over to the unit that takes the tasks."""
    (succession,) = [one for one in LEDGER.successions if "市卫生计生局" in one.predecessors]
    lead, heir = "市卫生计生局", succession.to
    day = succession.on.isoformat()
    due = at("2019-12-01")
    task = then(
        opened(Fixed("…", due), lead=lead),
        ("2018-11-01", CompletionSubmitted(lead, "…")),
        (day, reassigned(heir)),
        ("2019-12-01", DeadlinePassed(due)),
    )
    assert outcome(task, "2019-12-31", heir) == ON_TIME


def joint(*units: Unit) -> TrackedTask:
    data = TaskAssigned("…", "zj-2017", units[0].name, lead_inferred=False, units=units, deadline=YEAR)
    return folded(evolve(LEDGER, None, recorded(1, "2018-01-01", data)))


def test_units_that_lead_together() -> None:
    """Each is judged by its own submission, a further one without any by that of the first."""
    task = joint(Unit(LEAD, "lead"), Unit(OTHER, "lead"), Unit(HELPER))
    first = then(task, ("2018-12-01", SUBMITTED), PASSED)
    assert [outcome(first, "2019-01-05", unit) for unit in (LEAD, OTHER, HELPER)] == [ON_TIME, ON_TIME, NOT_COUNTED]
    second = then(first, ("2019-01-03", CompletionSubmitted(OTHER, "…")), ("2019-01-04", CLOSED))
    assert [outcome(second, "2019-02-05", unit) for unit in (LEAD, OTHER)] == [ON_TIME, late(3)]
    only = then(task, ("2018-12-01", CompletionSubmitted(OTHER, "…")), PASSED)
    assert [outcome(only, "2019-01-05", unit) for unit in (LEAD, OTHER)] == [late(5), ON_TIME]


def test_a_group_that_leads() -> None:
    """Each member leads, and is judged by its own submission."""
    group = "各县（市、区）政府"
    task = then(joint(Unit(group, "lead", group=True)), ("2018-12-01", CompletionSubmitted("廉江市", "…")), PASSED)
    assert [outcome(task, "2019-01-05", unit) for unit in ("廉江市", "雷州市")] == [ON_TIME, late(5)]
    assert figures(task, "2019-01-05", "雷州市").led == 1


def test_the_ledgers_zone_makes_the_days() -> None:
    """A due instant at six in the evening, missed by an hour, is late by no day; the next morning, by one."""
    due = at("2018-12-31T18:00:00")
    task = then(opened(Fixed("12月31日18时前", due)), ("2018-12-31T19:00:00", SUBMITTED), ("2019-03-01", CLOSED))
    assert outcome(task, "2019-06-01") == late(0)
    task = then(opened(Fixed("12月31日18时前", due)), ("2019-01-01T07:00:00", SUBMITTED), ("2019-03-01", CLOSED))
    assert outcome(task, "2019-06-01") == late(1)


def test_the_units_own_time_does_not_count() -> None:
    """A submission that is dated back is judged by the instant at which the ledger recorded it."""
    entry = recorded(3, "2019-01-05", SUBMITTED)
    backdated = replace(entry, event=replace(entry.event, time=at("2018-12-01")))
    task = folded(evolve(LEDGER, then(opened(), PASSED), backdated))
    assert outcome(then(task, ("2019-01-06", CLOSED)), "2019-02-01") == late(5)
