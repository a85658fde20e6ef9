"""`duban import`: a document of tasks, previewed and assigned."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import msgspec
import typer
from msgspec import structs
from rich.progress import Progress
from rich.table import Table

from events.envelope import parse
from events.schema import TaskAssigned
from services.cli.client import Client, tally
from services.cli.notify_warnings import notify_warnings
from services.cli.options import (
    DataOption,
    IssuedOption,
    JsonOption,
    LedgerOption,
    err,
    ledger_of,
    out,
    print_outcomes,
    working_days_of,
)
from services.cli.target import LEDGER, Target, find
from services.cli.unreachable import unreachable_warning
from services.common.settings import SettingsError
from services.schedule.plan import Order
from services.schedule.preview import Preview, PreviewRow, preview_rows
from services.schedule.sandbox import read_safely

BATCH = 500
"""Events between two updates of the progress bar."""

commands = typer.Typer(add_completion=False)


class Document(NamedTuple):
    """A document of tasks, its plan and day of issue, and the ledger it is for."""

    name: str
    content: bytes
    order: Order
    ledger: str
    data: Path | None


class Chosen(NamedTuple):
    """The options that choose which events of a preview are submitted."""

    dry_run: bool
    partial: bool
    corrections: bool

    def events(self, read: Preview) -> list[bytes]:
        """Return the events of a preview to submit."""
        if self.dry_run or (read.refusals and not self.partial):
            return []
        return read.events(corrections=self.corrections)


@commands.command("import")
def import_(
    file: Annotated[
        Path, typer.Argument(help="A table: .docx, .xlsx, .csv, .html or text", exists=True, dir_okay=False)
    ],
    issued: IssuedOption,
    plan: Annotated[str, typer.Option("--plan", help="The plan; task ids are PLAN-01, PLAN-02 …")],
    ledger: LedgerOption = LEDGER,
    source: Annotated[str, typer.Option("--source", help="The assigner that submits")] = "office",
    data: DataOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print each row as it is read; assign nothing")] = False,
    partial: Annotated[
        bool, typer.Option("--partial", help="Assign the readable rows if others cannot be read")
    ] = False,
    corrections: Annotated[
        bool, typer.Option("--corrections", help="Also submit corrections of tasks that the document has changed")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Read a document of tasks and assign them. Importing it again assigns nothing new.

    If a row cannot be read, nothing is assigned without --partial.
    """
    order = _order(plan, issued, source)
    document = Document(file.name, file.read_bytes(), order, ledger, data)
    target = _target(data, dry_run=dry_run)
    chosen = Chosen(dry_run, partial, corrections)
    read, outcomes = asyncio.run(_import(document, target, chosen, quiet=json))
    if json:
        raise SystemExit(_print_json(read, outcomes))
    _print_preview(read, file, rows=dry_run)
    told = asyncio.run(notify_warnings(target, ledger)) if target is not None else ()
    for warning in told or filter(None, [unreachable_warning(data, ledger, read.rows)]):
        err.print(f"warning: {warning}", style="yellow", markup=False, soft_wrap=True)
    if dry_run:
        raise SystemExit(1 if read.refusals else 0)
    raise SystemExit(_print_result(read, outcomes, chosen))


async def _import(
    document: Document, target: Target | None, chosen: Chosen, *, quiet: bool
) -> tuple[Preview, list[dict[str, Any]]]:
    """Read a document, submit what was chosen of it, and return its preview and the outcomes."""
    with Progress(console=err, disable=quiet, transient=True) as progress:
        bar = progress.add_task(f"reading {document.name}", total=None)
        read = await _read(document, target)
        events = chosen.events(read)
        outcomes: list[dict[str, Any]] = []
        if target is not None and events:
            progress.update(bar, total=len(events), completed=0, description="assigning")
            async with Client(target, document.ledger) as client:
                for start in range(0, len(events), BATCH):
                    outcomes += await client.submit(events[start : start + BATCH], document.order.source)
                    progress.update(bar, completed=len(outcomes))
    return read, outcomes


def _counts(read: Preview, outcomes: Sequence[dict[str, Any]]) -> dict[str, int]:
    """Return the number of rows per outcome; rows that the ledger has already are duplicates."""
    counts = tally(outcomes)
    counts["duplicate"] += sum(row.state == "same" for row in read.rows)
    return counts


def _print_json(read: Preview, outcomes: list[dict[str, Any]]) -> int:
    counts = _counts(read, outcomes)
    out.out(msgspec.json.encode({**counts, **structs.asdict(read), "outcomes": outcomes}).decode(), highlight=False)
    return 1 if read.refusals or counts["refused"] else 0


def _print_result(read: Preview, outcomes: list[dict[str, Any]], chosen: Chosen) -> int:
    """Print the outcomes, or why nothing was assigned, and return the exit code."""
    if read.refusals and not chosen.partial:
        others = f"; --partial assigns the {len(read.rows)} readable rows" if read.rows else ""
        err.print(f"nothing was assigned{others}", style="red")
        return 1
    if not chosen.corrections and (proposed := sum(len(row.proposals) for row in read.rows)):
        err.print(f"{proposed} corrections are proposed; --corrections submits them", style="yellow")
    return print_outcomes(outcomes, _counts(read, outcomes)) or (1 if read.refusals else 0)


async def _read(document: Document, target: Target | None) -> Preview:
    """Return a document's preview: compared with its ledger by ingest or, without a target, read here."""
    name, content, order, ledger, data = document
    if target is not None:
        async with Client(target, ledger) as client:
            return await client.preview(name, content, order)
    schedule = await read_safely(content, name, order, ledger_of(data, ledger), working_days_of(data))
    return Preview(preview_rows(schedule, {}), schedule.refusals, schedule.notes)


def _target(data: Path | None, *, dry_run: bool) -> Target | None:
    try:
        return find(data)
    except SettingsError:
        if dry_run:
            return None
        raise


def _order(plan: str, issued: datetime, source: str) -> Order:
    try:
        return msgspec.convert({"plan": plan, "issued": issued.date(), "source": source}, Order)
    except msgspec.ValidationError as error:
        raise SettingsError(f"--plan {plan!r}: {error}") from error


def _print_preview(read: Preview, file: Path, *, rows: bool) -> None:
    """Print refusals, warnings and differences; with `rows` also each row as it was read."""
    if rows:
        out.print(_table(read.rows))
    notes = list(read.notes)
    for row in read.rows:
        notes += [f"row {row.row}, {row.place}: {note}" for note in (*row.warnings, *row.differences)]
    if read.missing:
        notes.append(f"not in the document, but open in the ledger: {', '.join(read.missing)}")
    for note in notes:
        err.print(f"{file}: {note}", style="yellow", markup=False, soft_wrap=True)
    for refusal in read.refusals:
        number = f"row {refusal.row}" if refusal.row else ""
        where = ", ".join(filter(None, (number, refusal.column, refusal.place)))
        err.print(f"{file}: {where}: {refusal.detail}", style="red", markup=False, soft_wrap=True)


def _table(rows: Sequence[PreviewRow]) -> Table:
    shown = Table(title="将要交办的任务", expand=True)
    for heading in ("任务", "工作任务", "读作", "规则", "状态"):
        shown.add_column(heading, overflow="fold")
    for row in rows:
        data = parse(bytes(row.event)).data
        assert isinstance(data, TaskAssigned)
        state = {"new": "新", "same": "已交办", "changed": "有出入", None: "—"}[row.state]
        shown.add_row(row.task, data.title, "\n".join(row.reading), row.rule, state)
    return shown
