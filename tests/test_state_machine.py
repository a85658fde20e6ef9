"""The tables of “The life of a task” in ARCHITECTURE.md: ingest and status go through every cell of them."""

import re
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple, get_args

import pytest

from events.deadline import Deadline, Fixed, Ongoing
from events.envelope import CODES
from events.schema import (
    OF_TASKS,
    AlertAcknowledged,
    CompletionReturned,
    CompletionSubmitted,
    DeadlineClarified,
    DeadlineNeared,
    DeadlinePassed,
    EventData,
    ExtensionGranted,
    ExtensionRefused,
    ExtensionRequested,
    ProgressCorrected,
    ProgressReported,
    TaskClosed,
    TaskReopened,
    TaskSigned,
    TaskUrged,
)
from services.status.row import State
from tests.two_folds import DUE, HEIR, LATER, LEAD, OTHER, THIRD, TwoFolds, assignment, handed


class Cell(NamedTuple):
    """One cell: an event, the words in brackets after it, the column, and the expected result."""

    event: str
    words: str
    column: str
    expected: str


def table(number: int) -> list[list[str]]:
    """Return the rows of the section's tables, heading first, without the line of hyphens."""
    text = Path(__file__).parents[1].joinpath("ARCHITECTURE.md").read_text(encoding="utf-8")
    section = text.split("\n## The life of a task\n")[1].split("\n## ")[0]
    found = re.findall(r"(?:^\|.*\|\n)+", section, re.MULTILINE)
    assert len(found) == 3
    lines = [[cell.strip() for cell in line.strip("|\n ").split("|")] for line in found[number].splitlines()]
    assert len({len(line) for line in lines}) == 1, "every row has a cell for every column"
    return [lines[0], *lines[2:]]


def cells(number: int) -> list[Any]:
    """Return the cells of a table, each with its place as its name."""
    (_, *columns), *rows = table(number)
    found = []
    for label, *cells in rows:
        event, _, words = label.partition(" (")
        for column, expected in zip(columns, cells, strict=True):
            found.append(pytest.param(Cell(event, words.removesuffix(")"), column, expected), id=f"{label}: {column}"))
    return found


def steps_of(folds: TwoFolds, cell: Cell, unit: str) -> list[EventData]:
    """Return the steps of a table's first column, for a unit and the present state of a task."""
    match cell.event:
        case "task.assigned":
            return [assignment(folds.deadline)]
        case "task.signed":
            return [TaskSigned(unit)]
        case "progress.reported":
            return [ProgressReported(unit, "…", 60)]
        case "progress.corrected":
            return [ProgressCorrected(folds.report(unit), "有误", unit, "…", 50)]
        case "completion.submitted":
            return [CompletionSubmitted(unit, "…")]
        case "completion.returned":
            return [CompletionReturned(unit, "…")]
        case "task.closed":
            return [TaskClosed("implemented")]
        case "task.closed, then task.reopened":
            return [TaskClosed("implemented"), TaskReopened("…")]
        case "task.reopened":
            return [TaskReopened("…")]
        case "task.urged":
            return [TaskUrged((LEAD,), "…")]
        case "extension.requested":
            return [ExtensionRequested(OTHER, "…", DUE if cell.words == "not later" else LATER)]
        case "extension.granted":
            return [ExtensionGranted(folds.request, DUE if cell.words == "not later" else LATER)]
        case "extension.refused":
            return [ExtensionRefused(folds.request, "…")]
        case "deadline.clarified":
            over = folds.now - timedelta(days=1)
            deadlines: dict[str, Deadline] = {"a due that is over": Fixed("…", over), "none": Ongoing("持续实施")}
            return [DeadlineClarified(deadlines.get(cell.words, Fixed("…", LATER)), "…")]
        case "alert.acknowledged":
            return [AlertAcknowledged("a-1", "李明", "已联系", folds.now + timedelta(days=3))]
        case "deadline.neared":
            return [DeadlineNeared(DUE, 30)]
        case "deadline.passed":
            return [DeadlinePassed(DUE)]
    raise AssertionError(f"nothing is known of {cell.event}")


REASSIGNED = {
    "": (handed(LEAD, OTHER),),
    "the lead stays, or its successor": (handed(LEAD, OTHER, THIRD), handed(HEIR, OTHER)),
    "another lead": (handed(THIRD, OTHER), handed(THIRD, LEAD, OTHER), handed(OTHER), handed(OTHER, LEAD)),
}


def test_every_type_and_state_has_its_place() -> None:
    """The first table has a row for each of the types, and a column for each of the states, and for no task."""
    heading, *rows = table(0)
    assert heading[1:] == ["no task", *get_args(State)]
    assert {row[0].partition(" (")[0] for row in rows} == {name[len("duban.") : -len(".v1")] for name in OF_TASKS}
    assert table(1)[0][1:] == [state for state in get_args(State) if state != "closed"]
    known = {*get_args(State), *get_args(CODES)}
    assert {cell for row in rows for cell in row[1:]} <= known
    assert {cell for row in table(1)[1:] for cell in row[1:]} <= {*known, "gone"}


def brought_to(state: str, *before: EventData) -> TwoFolds:
    """Return both folds in a state of the first table, with `before` submitted after its assignment."""
    folds = TwoFolds()
    work = (ProgressReported(LEAD, "…", 40), ProgressReported(OTHER, "…", 30))
    way: dict[str, Sequence[EventData]] = {
        "no task": (),
        "assigned": (assignment(folds.deadline), *before),
        "in-progress": (assignment(folds.deadline), *before, *work),
        "submitted": (assignment(folds.deadline), *before, *work, CompletionSubmitted(LEAD, "…")),
        "returned": (
            assignment(folds.deadline),
            *before,
            *work,
            CompletionSubmitted(LEAD, "…"),
            CompletionReturned(LEAD, "…"),
        ),
        "closed": (assignment(folds.deadline), *before, *work, TaskClosed("implemented")),
    }
    assert folds.submit(*way[state]) is None
    assert state in {"no task", folds.row.state if folds.status is not None else ""}
    return folds


@pytest.mark.parametrize("cell", cells(0))
def test_the_task_goes_from_state_to_state(cell: Cell) -> None:
    """Each event, in each state of a task, leads to the state in the table, or to the code of the refusal there."""
    unit = OTHER if cell.words == "cooperating" else LEAD
    before: list[EventData] = []
    if cell.event in {"extension.granted", "extension.refused"}:
        before = [ExtensionRequested(LEAD, "…", LATER)]
    if (cell.event, unit) == ("completion.returned", OTHER):
        before = [CompletionSubmitted(OTHER, "…")]
    variants: Sequence[EventData | None] = (None,)
    if cell.event == "task.reassigned":
        variants = REASSIGNED[cell.words]
    for variant in variants:
        folds = brought_to(cell.column, *before)
        if cell.event in {"deadline.neared", "deadline.passed"} and cell.column not in {"no task", "closed"}:
            code = None
            assert f"duban.{cell.event}.v1" in {event.type for event in folds.advance(DUE)}
        else:
            code = folds.submit(*([variant] if variant is not None else steps_of(folds, cell, unit)))
        assert (code or folds.row.state) == cell.expected


@pytest.mark.parametrize("unit", [LEAD, OTHER], ids=["lead", "cooperating"])
@pytest.mark.parametrize("cell", cells(1))
def test_a_units_part_goes_from_state_to_state(cell: Cell, unit: str) -> None:
    """Each event that names a unit, in each state of its part, leads to the state in the table, whatever its role."""
    other = LEAD if unit == OTHER else OTHER
    folds = TwoFolds()
    way: dict[str, list[EventData]] = {
        "assigned": [],
        "in-progress": [ProgressReported(unit, "…", 40)],
        "submitted": [ProgressReported(unit, "…", 40), CompletionSubmitted(unit, "…")],
        "returned": [
            ProgressReported(unit, "…", 40),
            CompletionSubmitted(unit, "…"),
            CompletionReturned(unit, "…"),
        ],
    }
    assert folds.submit(assignment(folds.deadline), *way[cell.column]) is None
    assert folds.part(unit) == cell.column
    afterwards = unit
    match cell.words:
        case "it stays, or its successor" if unit == LEAD:
            code, afterwards = folds.submit(handed(HEIR, OTHER)), HEIR
        case "it stays, or its successor":
            code = folds.submit(handed(LEAD, OTHER, THIRD))
        case "it newly leads":
            if unit == LEAD:  # it has to have left the lead before
                assert folds.submit(handed(OTHER, LEAD)) is None
            code = folds.submit(handed(unit, other))
        case "it leaves":
            code = folds.submit(handed(THIRD, other))
        case _:
            code = folds.submit(*steps_of(folds, cell, unit))
    assert (code or folds.part(afterwards)) == cell.expected


@pytest.mark.parametrize("cell", cells(2))
def test_the_deadline_goes_from_condition_to_condition(cell: Cell) -> None:
    """Each event, in each condition of the deadline, leads to the condition in the table; the clock events agree."""
    folds = TwoFolds()
    assert folds.submit(assignment(folds.deadline)) is None
    if cell.column.endswith(", asked"):
        assert folds.submit(ExtensionRequested(OTHER, "…", LATER)) is None
    if cell.column.startswith("passed"):
        folds.advance(DUE)
    if cell.column.startswith("never"):
        assert folds.submit(DeadlineClarified(Ongoing("持续实施"), "…")) is None
    assert folds.condition == cell.column
    if cell.event == "deadline.passed":
        fired = any(isinstance(event.data, DeadlinePassed) for event in folds.advance(LATER))
        assert (folds.condition if fired else "not recorded") == cell.expected
        return
    code = folds.submit(
        *([handed(THIRD, LEAD, OTHER)] if cell.event == "task.reassigned" else steps_of(folds, cell, OTHER))
    )
    assert (code or folds.condition) == cell.expected
    due = folds.row.due
    folds.advance(LATER)
    passed = [event.data.due for event in folds.log if isinstance(event.data, DeadlinePassed)]
    assert len(set(passed)) == len(passed)
    assert due is None or due in passed
