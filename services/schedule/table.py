"""What a document’s tables say: a row for each task, what cannot be read, and what is no task."""

from msgspec import Struct

from events.schema import Role
from services.schedule.grid import Cell

COLUMNS = ("序号", "工作任务", "责任单位", "时间进度")
"""What the columns are called where a table does not say."""


class PeriodCell(Struct, frozen=True):
    """What is to be done in a period that a column stands for: its words (2025年第一季度), and the cell."""

    period: str
    cell: Cell


class Row(Struct, frozen=True):
    """One task as the table has it; a cell that is None has no column, one that is empty may have no text.

    `units` are the cells that name units, each with the role that its column’s heading states; `year` is the one that
    the heading of the deadline names (完成时限（2018年）), in which a deadline without a year is meant. `steps` are all
    columns for periods, in their order; `deadline` then has the words of those that are not empty together.
    `first_leads` if a note of the document says that the first unit listed leads.
    """

    number: int
    title: Cell
    units: tuple[tuple[Role | None, Cell], ...]
    deadline: Cell | None
    section: str | None = None
    leader: Cell | None = None
    deliverable: Cell | None = None
    year: int | None = None
    steps: tuple[PeriodCell, ...] = ()
    first_leads: bool = False


class RowRefusal(Struct, frozen=True):
    """What cannot be read and where: `row` is the row’s number, or its place among the rows; 0 is the table itself."""

    row: int
    column: str
    place: str
    detail: str


def whole(detail: str) -> RowRefusal:
    """Return the refusal of a document that cannot be read at all."""
    return RowRefusal(0, "", "the file", detail)


class Table(Struct, frozen=True):
    """The rows that could be read, in their order; what is wrong with the others; notes on the table as a whole."""

    rows: tuple[Row, ...]
    refusals: tuple[RowRefusal, ...]
    notes: tuple[str, ...] = ()
