"""What an official looks at before a document's tasks are assigned: its rows as they were read, beside the ledger."""

from collections.abc import Mapping

from msgspec import Raw, Struct, structs

from services.schedule.difference import RowDifference, State
from services.schedule.plan import Mark, ReadRow, Schedule
from services.schedule.table import COLUMNS, RowRefusal

MARKS: dict[Mark, str] = {
    "ambiguous": "the deadline has two readings",
    "number-passed-over": "a number in the deadline’s cell was read as no time",
    "condition-passed-over": "a condition in the deadline’s cell was read as no time",
    "counted-from-issue": "a period is counted from the day of issue",
    "start-unclear": "nothing says from when a period counts",
    "other-time-passed-over": "a second time in the deadline’s cell was passed over",
    "other-interval": "an interval such as each week was read as going on",
    "about": "the deadline’s cell gives the time only roughly",
    "no-time": "the deadline’s cell states a goal and no time",
    "next-year": "it names no year, and this year’s was long over: read in the next",
    "out-of-order": "dates that were not in order were read as steps in order",
    "over-when-issued": "its last day was over when the document was issued",
    "lead-inferred": "nothing says which of the units leads",
    "unit-unknown": "a unit is not in the directory",
}
"""Why a person should look at a row, in a clause."""


class PreviewRow(ReadRow, frozen=True, kw_only=True):
    """One row as it was read, and how it stands to the ledger's task of its name (`state` None: not compared)."""

    state: State | None
    differences: tuple[str, ...] = ()
    proposals: tuple[Raw, ...] = ()


class Preview(Struct, frozen=True):
    """A whole document; `missing` are open tasks of its plan that the ledger has and the document does not."""

    rows: tuple[PreviewRow, ...]
    refusals: tuple[RowRefusal, ...]
    notes: tuple[str, ...]
    missing: tuple[str, ...] = ()

    def events(self, *, corrections: bool) -> list[bytes]:
        """Return the events to submit if this is accepted: what is new, and with `corrections` the proposals."""
        new = [bytes(row.event) for row in self.rows if row.state == "new"]
        return new + [bytes(event) for row in self.rows for event in row.proposals if corrections]


def refuse_marked(rows: tuple[PreviewRow, ...]) -> tuple[tuple[PreviewRow, ...], tuple[RowRefusal, ...]]:
    """Return the rows that no person has to look at, and refusals of the others; what the ledger has already stays."""
    doubtful = [row for row in rows if row.marks and row.state != "same"]
    refusals = (RowRefusal(row.row, COLUMNS[1], row.place, f"--strict: {_why(row)}") for row in doubtful)
    return tuple(row for row in rows if row not in doubtful), tuple(refusals)


def _why(row: PreviewRow) -> str:
    return "; ".join(MARKS[mark] for mark in row.marks)


def preview_rows(schedule: Schedule, differences: Mapping[str, RowDifference]) -> tuple[PreviewRow, ...]:
    """Return a schedule's rows, each with its task's difference; where there is none it was not compared."""
    rows = []
    for line in schedule.lines:
        difference = differences.get(line.task)
        rows.append(
            PreviewRow(
                **structs.asdict(line),
                state=difference.state if difference is not None else None,
                differences=difference.says if difference is not None else (),
                proposals=difference.proposals if difference is not None else (),
            )
        )
    return tuple(rows)
