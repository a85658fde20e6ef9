"""The command that hands a document of tasks in, and what it shows of it before."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from msgspec import structs
from rich.progress import Progress
from rich.table import Table

from events.envelope import parse
from events.schema import TaskAssigned
from services.cli.client import Client, tally
from services.cli.options import DataOption, IssuedOption, JsonOption, LedgerOption, err, ledger_of, out, report
from services.cli.target import LEDGER, Place, find
from services.common.settings import SettingsError
from services.schedule.plan import Order
from services.schedule.preview import Preview, PreviewRow, preview_rows
from services.schedule.sandbox import read_safely

BATCH = 500
"""Events between two moves of the progress bar."""

commands = typer.Typer(add_completion=False)


@commands.command("import")
def import_(
    file: Annotated[
        Path, typer.Argument(help="A table: .docx, .xlsx, .csv, .html or text", exists=True, dir_okay=False)
    ],
    issued: IssuedOption,
    plan: Annotated[str, typer.Option("--plan", help="The plan's name; tasks are called PLAN-01, PLAN-02 …")],
    ledger: LedgerOption = LEDGER,
    source: Annotated[str, typer.Option("--source", help="The assigner to import as")] = "office",
    data: DataOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show how it is read, assign nothing")] = False,
    partial: Annotated[
        bool, typer.Option("--partial", help="Assign the rows that can be read without the others")
    ] = False,
    corrections: Annotated[
        bool, typer.Option("--corrections", help="Also submit what settles differences from tasks assigned before")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Read a document of tasks and assign them; importing it again assigns nothing new.

    If a row cannot be read, nothing is assigned unless --partial.
    """
    order = _order(plan, issued, source)
    document = file.read_bytes()
    place = _place(data, dry_run=dry_run)

    async def work() -> tuple[Preview, list[dict[str, Any]]]:
        with Progress(console=err, disable=json, transient=True) as progress:
            bar = progress.add_task(f"reading {file.name}", total=None)
            read = await _read(file.name, document, order, place, ledger, data)
            events = [] if dry_run or (read.refusals and not partial) else read.events(corrections=corrections)
            if events:
                progress.update(bar, total=len(events), completed=0, description="assigning")
            outcomes: list[dict[str, Any]] = []
            if place is not None and events:
                async with Client(place, ledger) as client:
                    for start in range(0, len(events), BATCH):
                        outcomes += await client.submit(events[start : start + BATCH], source)
                        progress.update(bar, completed=len(outcomes))
        return read, outcomes

    read, outcomes = asyncio.run(work())
    counted = tally(outcomes)
    counted["duplicate"] += sum(row.state == "same" for row in read.rows)
    if json:
        out.out(
            msgspec.json.encode({**counted, **structs.asdict(read), "outcomes": outcomes}).decode(), highlight=False
        )
        raise SystemExit(1 if read.refusals or counted["refused"] else 0)
    _show(read, file, whole=dry_run)
    if dry_run:
        raise SystemExit(1 if read.refusals else 0)
    if read.refusals and not partial:
        others = f"; with --partial the {len(read.rows)} rows that can be read would be" if read.rows else ""
        err.print(f"nothing was assigned{others}", style="red")
        raise SystemExit(1)
    if not corrections and (proposed := sum(len(row.proposals) for row in read.rows)):
        err.print(f"{proposed} corrections are proposed; --corrections submits them", style="yellow")
    raise SystemExit(report(outcomes, counted) or (1 if read.refusals else 0))


async def _read(
    name: str, document: bytes, order: Order, place: Place | None, ledger: str, data: Path | None
) -> Preview:
    """Have a document read by the ledger it is for, or here, beside no ledger, where none runs."""
    if place is not None:
        async with Client(place, ledger) as client:
            return await client.preview(name, document, order)
    schedule = await read_safely(document, name, order, ledger_of(data, ledger))
    return Preview(preview_rows(schedule, {}), schedule.refusals, schedule.notes)


def _place(data: Path | None, *, dry_run: bool) -> Place | None:
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


def _show(read: Preview, file: Path, *, whole: bool) -> None:
    """Tell what cannot be read and what is different; with `whole` also each row as it was read."""
    if whole:
        out.print(_table(read.rows))
    notes = list(read.notes)
    for row in read.rows:
        notes += [f"row {row.row}, {row.place}: {said}" for said in (*row.warnings, *row.differences)]
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
