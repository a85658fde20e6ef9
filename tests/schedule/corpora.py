"""The corpus of published documents: unit cells, tables and lists, each with the reading of a careful official.

How the files in `corpus/` are written stands in the README of the tests' folder (`corpus/README.md`).
"""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Literal, TypeAlias

from msgspec import Struct

from events.ledger import Ledger
from events.schema import Role, Unit
from services.schedule.document import read_document
from services.schedule.grid import Cell
from services.schedule.table import Row, Table
from services.schedule.text import UnreadableError
from services.schedule.units import Reading, read_unit_cells, read_units
from tests.schedule.documents import book, page, paragraphs, word
from tests.schedule.verdicts import CORPUS, Half, Verdict

Part: TypeAlias = Half | Literal["made-up"]

NO_DIRECTORY = Ledger("")


class UnitCase(Struct, frozen=True):
    """A cell of units and its reading in one line: ~ inferred lead, = stated lead, x to be refused."""

    source: str
    text: str
    reading: str


class TaskCase(Struct, frozen=True):
    """A task as a table or list has it; a title that ends in … is the beginning of one, a section * is not judged."""

    title: str
    units: str
    deadline: str
    section: str
    leader: str


class TableCase(Struct, frozen=True):
    """A table or list, its lines, its tasks, and words that its notes have to have."""

    source: str
    form: Literal["table", "list"]
    issued: date
    lines: tuple[str, ...]
    tasks: tuple[TaskCase, ...]
    noted: tuple[str, ...]

    @property
    def drawing(self) -> list[list[str]]:
        """The cells of a table."""
        return [[cell.strip().replace("\\n", "\n") for cell in line.split(" | ")] for line in self.lines]


def unit_cases(half: Part) -> Iterator[UnitCase]:
    """Find the unit cells of a half, or those that were made up."""
    source = text = ""
    for line in _lines(f"units-{half}.txt"):
        if line.startswith("## "):
            source = line[3:]
        elif line[:2] in {"~ ", "= ", "x "}:
            yield UnitCase(source, text.replace("⏎", "\n"), line)
        else:
            text = line


def table_cases(half: Half) -> Iterator[TableCase]:
    """Find the tables and lists of a half."""
    for part in "\n".join(_lines(f"tables-{half}.txt")).split("## ")[1:]:
        source, kind, *lines = part.strip("\n").split("\n")
        form, issued = kind.split()
        yield TableCase(
            source,
            "table" if form == "table" else "list",
            date.fromisoformat(issued),
            tuple(line for line in lines if line[:2] not in {"- ", "* "}),
            tuple(_task(line[2:]) for line in lines if line.startswith("- ")),
            tuple(line[2:] for line in lines if line.startswith("* ")),
        )


def _lines(name: str) -> list[str]:
    return [line for line in (CORPUS / name).read_text(encoding="utf-8").split("\n") if line.strip()]


def _task(line: str) -> TaskCase:
    title, units, deadline, section, *leader = [part.strip() for part in line.split("|")]
    return TaskCase(title, units, deadline, section, leader[0] if leader else "")


def written(reading: Reading) -> str:
    """Return a reading as the corpus writes it."""
    leader = f" +{reading.leader}" if reading.leader else ""
    return f"{'~' if reading.lead_inferred else '='} {' '.join(map(_written, reading.units))}{leader}"


def _written(unit: Unit) -> str:
    return unit.name + "!" * (unit.role == "lead") + "?" * (unit.open or unit.group)


def judge_units(case: UnitCase, ledger: Ledger = NO_DIRECTORY) -> tuple[Verdict, str]:
    """Return how a cell is read next to how it should be, and what was read."""
    try:
        read = written(read_units(case.text, ledger))
    except UnreadableError as error:
        return "fairly refused" if case.reading.startswith("x ") else "wrongly refused", str(error)
    return "right" if read == case.reading else "wrong", read


def documents(case: TableCase) -> Iterator[tuple[str, bytes]]:
    """Make the case in each form that it can have: name and bytes."""
    if case.form == "table":
        yield "a.html", page(case.drawing)
        yield "a.docx", word(case.drawing)
        yield "a.xlsx", book(S=case.drawing)
    else:
        yield "a.txt", "\n".join(case.lines).encode()
        yield "a.html", ("<html><body>" + "".join(f"<p>{line}</p>" for line in case.lines) + "</body></html>").encode()
        yield "a.docx", paragraphs(case.lines)


def judge_table(case: TableCase) -> tuple[Verdict, str]:
    """Return how a table is read next to how it should be, in all its forms: the worst of them decides.

    What is read otherwise is wrong, also where other rows are refused.
    """
    worst: tuple[Verdict, str] = ("right", "")
    for name, data in documents(case):
        table = read_document(data, name)
        if wrong := list(_differences(case, table)):
            return "wrong", f"{name}: {'; '.join(wrong)}"
        if table.refusals:
            worst = "wrongly refused", f"{name}: {[refusal.detail for refusal in table.refusals]}"
    return worst


def _differences(case: TableCase, table: Table) -> Iterator[str]:
    """Find what is read otherwise; with refusals, tasks may be missing."""
    rows = list(table.rows)
    for task in case.tasks:
        row = next((row for row in rows if not table.refusals or _is_titled(row, task)), None)
        if row is not None:
            rows.remove(row)
            yield from _task_differences(row, task)
        elif not table.refusals:
            yield f"no task {task.title!r}"
    for row in rows:
        yield f"a task that is none: {row.title.text!r}"
    notes = "\n".join(table.notes)
    for words in case.noted:
        if words not in notes and not table.refusals:
            yield f"not noted: {words}; {table.notes}"


def _is_titled(row: Row, task: TaskCase) -> bool:
    title = task.title.removesuffix("…")
    return row.title.text.startswith(title) if task.title.endswith("…") else row.title.text == title


def _task_differences(row: Row, task: TaskCase) -> Iterator[str]:
    if not _is_titled(row, task):
        yield f"title {row.title.text!r}, expected {task.title!r}"
    units = _units(row.units, first_leads=row.first_leads)
    if units != task.units:
        yield f"units {units!r}, expected {task.units!r}"
    deadline = row.deadline.text if row.deadline else ""
    if deadline != task.deadline:
        yield f"deadline {deadline!r}, expected {task.deadline!r}"
    if task.section not in {"*", row.section or ""}:
        yield f"section {row.section!r}, expected {task.section!r}"
    leader = row.leader.text if row.leader else ""
    if leader != task.leader:
        yield f"leader {leader!r}, expected {task.leader!r}"


def _units(cells: Sequence[tuple[Role | None, Cell]], *, first_leads: bool) -> str:
    try:
        return written(
            read_unit_cells([(role, cell.text) for role, cell in cells], NO_DIRECTORY, first_leads=first_leads)
        )
    except UnreadableError as error:
        return f"refused: {error}"
