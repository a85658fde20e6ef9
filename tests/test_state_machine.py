"""The tables of “The life of a task” in ARCHITECTURE.md: ingest and status go through every cell of them."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple, get_args

import pytest
from msgspec.structs import replace

from events.deadline import Deadline, Fixed, Ongoing
from events.envelope import CODES, Event
from events.ledger import CLOCK
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
from services.ingest import core as ingest
from services.ingest.timers import clock_events
from services.settings import load_ledger, shipped
from services.status import core as status
from tests.examples import TASK

LEDGER = load_ledger(shipped("zhanjiang.toml"))

LEAD, OTHER, THIRD = "市卫生计生局", "市民政局", "市教育局"

HEIR = "市卫生健康局"
"""Succeeds LEAD by the directory."""

START = datetime.fromisoformat("2019-04-01T09:00:00+08:00")

DUE = datetime.fromisoformat("2020-01-01T00:00:00+08:00")

LATER = datetime.fromisoformat("2021-01-01T00:00:00+08:00")


class Life:
    """One task as ingest and as status know it, told step by step, an hour apart."""

    def __init__(self, deadline: Deadline | None = None) -> None:
        self.deadline = deadline or Fixed("2019年12月底前", DUE)
        self.now = START
        self.told: list[Event] = []
        self.ingest: ingest.Task | None = None
        self.status: status.Task | None = None

    def tell(self, *steps: EventData) -> CODES | None:
        """Have steps decided and folded; return the code of the first that is refused, with which it ends."""
        for data in steps:
            code = self._tell(data)
            if code is not None:
                return code
        return None

    def hear(self, until: datetime) -> list[Event]:
        """Fold what the clock says up to an instant, at which the life then stands."""
        heard: list[Event] = []
        while self.ingest is not None:
            event = next(clock_events(TASK, self.ingest, LEDGER), None)
            if event is None or event.time > until:
                break
            self._fold(replace(event, recorded=max(self.now, event.time)))
            heard.append(event)
        self.now = max(self.now, until)
        return heard

    def report(self, unit: str) -> str:
        """Return the id of the latest report of a unit, or one that nobody has."""
        own = [event.id for event in self.told if isinstance(event.data, ProgressReported) and event.data.unit == unit]
        return own[-1] if own else "nothing"

    @property
    def request(self) -> str:
        """The id of the latest request."""
        return next((e.id for e in reversed(self.told) if isinstance(e.data, ExtensionRequested)), "nothing")

    def _tell(self, data: EventData) -> CODES | None:
        self.now += timedelta(hours=1)
        role = ingest.needed_role(data)
        authid = {"assigner": "office", "reporter": "units", None: CLOCK}[role]
        event = Event(f"e-{len(self.told)}", authid, TASK, self.now, data, self.now, authid)
        cited = None
        if isinstance(data, ProgressCorrected):
            cited = next((past for past in self.told if past.id == data.report and past.source == authid), None)
        refusal = ingest.decide(self.ingest, event, authid, LEDGER.sources.get(authid), LEDGER, self.now, cited)
        if refusal is None:
            self._fold(event)
        return refusal.code if refusal is not None else None

    def _fold(self, event: Event) -> None:
        self.told.append(event)
        entry = Recorded(len(self.told), event)
        self.ingest = ingest.evolve(LEDGER, self.ingest, entry)
        self.status = status.evolve(LEDGER, self.status, entry)
        assert self.ingest is not None
        assert self.status is not None
        row = self.status.row
        submitted = {part.unit for part in row.units if part.state == "submitted"}
        assert set(self.ingest.submitted) == submitted, "ingest and status know of the same submissions"
        assert self.ingest.closed == (row.state == "closed")
        assert (self.ingest.request is None) == (self.status.asked is None)

    @property
    def row(self) -> status.TaskRow:
        assert self.status is not None
        return self.status.row

    def part(self, unit: str) -> str:
        """Return a unit's own state, or that it is gone."""
        return next((part.state for part in self.row.units if part.unit == unit), "gone")

    @property
    def condition(self) -> str:
        """How the deadline stands, in the words of the third table: ingest and status have to say the same."""
        assert self.ingest is not None
        row = self.row
        if row.due is None:
            word = "never"
        elif row.due > self.now:
            word = "ahead"
            assert row.overdue_since is None
        else:
            word = "passed"
            assert row.overdue_since is not None
        assert (ingest.due_ahead(self.ingest, self.now) is not None) == (word == "ahead")
        return word if self.ingest.request is None else f"{word}, asked"


class Cell(NamedTuple):
    """One cell: what happens, with the words in brackets after it, in which column, and what it says."""

    event: str
    words: str
    column: str
    says: str


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
    for label, *says in rows:
        event, _, words = label.partition(" (")
        for column, said in zip(columns, says, strict=True):
            found.append(pytest.param(Cell(event, words.removesuffix(")"), column, said), id=f"{label}: {column}"))
    return found


def assignment(deadline: Deadline) -> TaskAssigned:
    units = (Unit(LEAD, "lead"), Unit(OTHER))
    return TaskAssigned("建立就业基地", "zj-2019", LEAD, lead_inferred=True, units=units, deadline=deadline)


def handed(lead: str, *others: str) -> TaskReassigned:
    return TaskReassigned(lead, (Unit(lead, "lead"), *(Unit(name) for name in others)), "机构改革")


def steps_of(life: Life, cell: Cell, unit: str) -> list[EventData]:
    """Return what the first column of a table says, for a unit and at the point where a life stands."""
    match cell.event:
        case "task.assigned":
            return [assignment(life.deadline)]
        case "task.signed":
            return [TaskSigned(unit)]
        case "progress.reported":
            return [ProgressReported(unit, "…", 60)]
        case "progress.corrected":
            return [ProgressCorrected(life.report(unit), "有误", unit, "…", 50)]
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
            return [ExtensionGranted(life.request, DUE if cell.words == "not later" else LATER)]
        case "extension.refused":
            return [ExtensionRefused(life.request, "…")]
        case "deadline.clarified":
            over = life.now - timedelta(days=1)
            deadlines: dict[str, Deadline] = {"a due that is over": Fixed("…", over), "none": Ongoing("持续实施")}
            return [DeadlineClarified(deadlines.get(cell.words, Fixed("…", LATER)), "…")]
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
    assert heading[1:] == ["no task", *get_args(status.State)]
    assert {row[0].partition(" (")[0] for row in rows} == {name[len("duban.") : -len(".v1")] for name in TYPES}
    assert table(1)[0][1:] == [state for state in get_args(status.State) if state != "closed"]
    known = {*get_args(status.State), *get_args(CODES)}
    assert {cell for row in rows for cell in row[1:]} <= known
    assert {cell for row in table(1)[1:] for cell in row[1:]} <= {*known, "gone"}


def brought_to(state: str, *before: EventData) -> Life:
    """Return a life in a state of the first table, with `before` told in it where it has a task."""
    life = Life()
    work = (ProgressReported(LEAD, "…", 40), ProgressReported(OTHER, "…", 30))
    way: dict[str, Sequence[EventData]] = {
        "no task": (),
        "assigned": (assignment(life.deadline), *before),
        "in-progress": (assignment(life.deadline), *before, *work),
        "submitted": (assignment(life.deadline), *before, *work, CompletionSubmitted(LEAD, "…")),
        "returned": (
            assignment(life.deadline),
            *before,
            *work,
            CompletionSubmitted(LEAD, "…"),
            CompletionReturned(LEAD, "…"),
        ),
        "closed": (assignment(life.deadline), *before, *work, TaskClosed("implemented")),
    }
    assert life.tell(*way[state]) is None
    assert state in {"no task", life.row.state if life.status is not None else ""}
    return life


@pytest.mark.parametrize("cell", cells(0))
def test_the_task_goes_from_state_to_state(cell: Cell) -> None:
    """Each event, in each state of a task, brings about the state that the table says, or is refused as it says."""
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
        life = brought_to(cell.column, *before)
        code = life.tell(*([variant] if variant is not None else steps_of(life, cell, unit)))
        assert (code or life.row.state) == cell.says
        if code is None and life.row.state in {"submitted", "returned"}:
            assert life.part(life.row.lead) == life.row.state, "a task is submitted or returned exactly as its lead is"


@pytest.mark.parametrize("unit", [LEAD, OTHER], ids=["lead", "cooperating"])
@pytest.mark.parametrize("cell", cells(1))
def test_a_units_part_goes_from_state_to_state(cell: Cell, unit: str) -> None:
    """Each event that names a unit, in each state of its part, brings about what the table says, whatever its role."""
    other = LEAD if unit == OTHER else OTHER
    life = Life()
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
    assert life.tell(assignment(life.deadline), *way[cell.column]) is None
    assert life.part(unit) == cell.column
    afterwards = unit
    match cell.words:
        case "it stays, or its successor" if unit == LEAD:
            code, afterwards = life.tell(handed(HEIR, OTHER)), HEIR
        case "it stays, or its successor":
            code = life.tell(handed(LEAD, OTHER, THIRD))
        case "it newly leads":
            if unit == LEAD:  # it has to have left the lead before
                assert life.tell(handed(OTHER, LEAD)) is None
            code = life.tell(handed(unit, other))
        case "it leaves":
            code = life.tell(handed(THIRD, other))
        case _:
            code = life.tell(*steps_of(life, cell, unit))
    assert (code or life.part(afterwards)) == cell.says


@pytest.mark.parametrize("cell", cells(2))
def test_the_deadline_goes_from_condition_to_condition(cell: Cell) -> None:
    """Each event, in each condition of the deadline, brings about what the table says, and is told of by the clock."""
    life = Life()
    assert life.tell(assignment(life.deadline)) is None
    if cell.column.endswith(", asked"):
        assert life.tell(ExtensionRequested(OTHER, "…", LATER)) is None
    if cell.column.startswith("passed"):
        life.hear(DUE)
    if cell.column.startswith("never"):
        assert life.tell(DeadlineClarified(Ongoing("持续实施"), "…")) is None
    assert life.condition == cell.column
    if cell.event == "deadline.passed":
        said = any(isinstance(event.data, DeadlinePassed) for event in life.hear(LATER))
        assert (life.condition if said else "not said") == cell.says
        return
    code = life.tell(
        *([handed(THIRD, LEAD, OTHER)] if cell.event == "task.reassigned" else steps_of(life, cell, OTHER))
    )
    assert (code or life.condition) == cell.says
    due = life.row.due
    life.hear(LATER)
    passed = [event.data.due for event in life.told if isinstance(event.data, DeadlinePassed)]
    assert len(set(passed)) == len(passed)
    assert due is None or due in passed
