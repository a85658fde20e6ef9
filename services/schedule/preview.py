"""What an official looks at before a document's tasks are assigned: its rows as they were read, beside the ledger."""

from collections.abc import Mapping

from msgspec import Raw, Struct, structs

from services.schedule.difference import RowDifference, State
from services.schedule.plan import ReadRow, Schedule
from services.schedule.table import RowRefusal


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
