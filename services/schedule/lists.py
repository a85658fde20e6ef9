"""A list of tasks (分工方案): numbered paragraphs with their units in brackets, or in lines of their own below them."""

from collections.abc import Callable, Iterator, Sequence

import msgspec
from msgspec import Struct

from services.schedule.asides import take_asides
from services.schedule.entry import TaskEntry
from services.schedule.grid import Cell, shorten
from services.schedule.limits import MOST_CHARACTERS, MOST_ROWS
from services.schedule.listing import LabelLine, Statement, label_line, statements
from services.schedule.minutes import sentence_units
from services.schedule.numbering import number
from services.schedule.outline import Node, Paragraph, nodes, outline, whole_paragraphs
from services.schedule.table import COLUMNS, Row, RowRefusal, Table
from services.schedule.text import UnreadableError

_LONGEST_NAME = 100
"""Characters of a paragraph that names a section; of a longer one its first sentence does."""


_BY_SENTENCES = "no units stand apart from the sentences; a sentence is a task of the units that it says are to act"


class _Open(Struct):
    """A task that lines of labels may add to."""

    number: str
    title: Cell
    sections: tuple[str, ...]
    units: list[Cell]
    leader: Cell | None = None
    deadline: Cell | None = None

    def add(self, line: LabelLine, place: str) -> None:
        """Add what a line of labels says."""
        if line.units:
            self.units.append(Cell(line.units, place))
        if line.leader:
            said = f"{self.leader.text}；{line.leader}" if self.leader else line.leader
            self.leader = Cell(said, place)
        if line.deadline:
            self.deadline = Cell(line.deadline, place)


def read_list(lines: Sequence[Paragraph]) -> Table | None:
    """Read the tasks of a document’s paragraphs; None if none of them states units for anything.

    Where none does so apart from its sentences, as in minutes, it is who begins a sentence and is to act. Units in a
    heading hold for what stands below it and has none of its own. What is no task is noted.
    """
    if len(lines) > MOST_ROWS:
        raise UnreadableError(f"the text has {len(lines):,} paragraphs; at most {MOST_ROWS:,} are read")
    whole = outline(whole_paragraphs(lines))
    for find, notes in ((statements, ()), (_sentences, (_BY_SENTENCES,))):
        reading = _List(find)
        reading.read(whole, (), ())
        if reading.tasks:
            table = reading.table()
            return msgspec.structs.replace(table, notes=(*notes, *table.notes))
    return None


def _sentences(text: str) -> list[Statement]:
    found = sentence_units(text)
    return [found] if found else []


class _List:
    """The tasks read so far, with what is noted and refused."""

    def __init__(self, find: Callable[[str], list[Statement]]) -> None:
        self.tasks: list[_Open] = []
        self._find = find
        self._refusals: list[RowRefusal] = []
        self._notes: list[str] = []

    def table(self) -> Table:
        """Return the rows with their numbers."""
        numbered = number(list(self._entries()))
        notes = [f"the rows are counted through from 1: {numbered.counted}"] if numbered.counted else []
        return Table(numbered.rows, (*self._refusals, *numbered.refusals), (*notes, *self._notes))

    def _entries(self) -> Iterator[TaskEntry]:
        first_leads = False
        for task in self.tasks:
            asides = [take_asides(cell.text) for cell in task.units]
            title, units = task.title, tuple((None, cell) for cell in task.units)
            row = Row(0, title, units, task.deadline, "／".join(task.sections) or None, task.leader)
            row = msgspec.structs.replace(row, first_leads=first_leads)
            first_leads = first_leads or any(one.ever for one in asides)
            wrong: tuple[RowRefusal, ...] = ()
            if len(title.text) > MOST_CHARACTERS:
                detail = f"it has {len(title.text):,} characters; at most {MOST_CHARACTERS:,} can be kept"
                wrong = (RowRefusal(0, COLUMNS[1], title.place, detail),)
            cell = Cell(task.number, title.place)
            yield TaskEntry(cell, COLUMNS[0], task.sections, goes_on=False, row=None if wrong else row, refusals=wrong)

    def read(self, node: Node, sections: tuple[str, ...], units: tuple[Cell, ...]) -> None:
        """Read a numbered paragraph and what stands below it; `units` are those of the headings above it."""
        before = len(self.tasks)
        parts = self._find(node.text) if node.level else []
        own = [part for part in parts if part.units]
        heads = bool(own) and _is_heading(node, own)
        if heads:
            units = tuple(Cell(part.units, node.place) for part in own)
        else:
            self._add_all(node, own, sections)
            self._note_rest(node, parts, own)
        name = _section_name(node, parts)
        self._below(node, sections, (*sections, *name), units, taken=bool(own))
        if len(self.tasks) == before and node.level and not heads:
            self._without_units(node, sections, units)

    def _add_all(self, node: Node, parts: Sequence[Statement], sections: tuple[str, ...]) -> None:
        for part in parts:
            self._add("" if self._find is _sentences else node.number, Cell(part.text, node.place), sections, part)

    def _add(self, numeral: str, title: Cell, sections: tuple[str, ...], part: Statement | None = None) -> _Open:
        task = _Open(numeral, title, sections, [])
        if part is not None:
            task.add(LabelLine(part.units, deadline=part.deadline), title.place)
        self.tasks.append(task)
        return task

    def _below(
        self, node: Node, sections: tuple[str, ...], inner: tuple[str, ...], units: tuple[Cell, ...], *, taken: bool
    ) -> None:
        """Read what stands below a paragraph; `taken` if it is a task already, or the heading of some."""
        body: list[Paragraph] = []
        task = self.tasks[-1] if taken and self.tasks else None
        for one in node.below:
            if isinstance(one, Node):
                self._note_body(body)
                body, task, taken = [], None, True
                self.read(one, inner, units)
            elif line := label_line(one.text):
                if task is None and (node.level or body) and not (taken and not body):
                    task = self._add(node.number if node.level else "", _title(node, body, taken=taken), sections)
                    body, taken = ([] if node.level else body[:-1]), True
                if task is not None:
                    task.add(line, one.place)
                else:
                    self._note(one, "stands below no task")
            elif (own := [part for part in self._find(one.text) if part.units]) and self._find is _sentences:
                self._note_body(body)
                self._add("", Cell(one.text, one.place), inner, own[0])
                body, task, taken = [], None, True
            elif own:
                for part in own:
                    title = _title(node, [*body, Paragraph(part.text, one.place)], taken=taken)
                    task = self._add(node.number if node.level else "", title, sections, part)
                    body, taken = [], True
            else:
                task = None if not node.level else task
                body.append(one)
        self._note_body(body if taken or not node.level else [])

    def _without_units(self, node: Node, sections: tuple[str, ...], units: tuple[Cell, ...]) -> None:
        """Read a paragraph that states no units: by those of the heading above it, else it is no task."""
        body = [one for one in node.below if isinstance(one, Paragraph)]
        if not units:
            self._note(Paragraph(node.text, node.place), "names no unit; it is no task")
            self._note_body(body if next(nodes(node), None) is None else [])
        elif next(nodes(node), None) is None:
            task = self._add(node.number, _title(node, body, taken=False), sections)
            task.units.extend(units)

    def _note_rest(self, node: Node, parts: Sequence[Statement], own: Sequence[Statement]) -> None:
        for part in parts if own else []:
            if not part.units:
                self._note(Paragraph(part.text, node.place), "names no unit; it is no task")

    def _note_body(self, body: Sequence[Paragraph]) -> None:
        for one in body:
            self._note(one, "is no task")

    def _note(self, one: Paragraph, what: str) -> None:
        self._notes.append(f"{one.place}: “{shorten(one.text)}” {what}")


def _is_heading(node: Node, own: Sequence[Statement]) -> bool:
    """Return whether a paragraph with units is the heading of others, to which its units belong."""
    below = list(nodes(node))
    return bool(below) and len(own) == 1 and "。" not in own[0].text and not any(map(_states, below))


def _states(node: Node) -> bool:
    return any(part.units for part in statements(node.text)) or any(
        _states(one) if isinstance(one, Node) else label_line(one.text) is not None for one in node.below
    )


def _section_name(node: Node, parts: Sequence[Statement]) -> tuple[str, ...]:
    """Return how the paragraph is called as a section; nothing for the document itself."""
    if not node.level:
        return ()
    text = parts[0].text if parts and parts[0].units else node.text
    if len(text) > _LONGEST_NAME:
        text = f"{text.split('。')[0][:_LONGEST_NAME]}"
    return (f"{node.number}{text}",)


def _title(node: Node, body: Sequence[Paragraph], *, taken: bool) -> Cell:
    """Return the title of a task: the numbered paragraph with those below it, or, without a number, the last one."""
    if not node.level:
        return Cell(body[-1].text, body[-1].place)
    texts = [*([] if taken else [node.text]), *(one.text for one in body)]
    return Cell("\n".join(texts), body[0].place if taken and body else node.place)
