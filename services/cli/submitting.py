"""Commands that hand something in: a table, a file of events; and those that show how a cell is read."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.progress import Progress
from rich.table import Table

from events.envelope import Event, encode
from events.schema import TaskAssigned
from services.cli.client import Client, tally
from services.cli.options import DataOption, JsonOption, LedgerOption, err, ledger_of, out
from services.cli.place import LEDGER, find
from services.ingest.schedule.phrase import read_deadline
from services.ingest.schedule.plan import plan_tasks
from services.ingest.schedule.text import UnreadableError
from services.ingest.schedule.units import read_units

SHOWN = 20
"""Refusals that are told one by one."""

PUBLISH_LINES = 10_000
"""Events between two moves of the progress bar."""

IssuedOption = Annotated[datetime, typer.Option("--issued", formats=["%Y-%m-%d"], help="The day the table was issued")]

commands = typer.Typer()


@commands.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="The table, as text", exists=True, dir_okay=False)],
    issued: IssuedOption,
    plan: Annotated[str, typer.Option("--plan", help="The plan's name; tasks are called PLAN-01, PLAN-02 …")],
    ledger: LedgerOption = LEDGER,
    source: Annotated[str, typer.Option("--source", help="The assigner to import as")] = "office",
    data: DataOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be assigned, assign nothing")] = False,
    json: JsonOption = False,
) -> None:
    """Read a table of tasks and assign them; importing it again assigns nothing new."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableError(f"{file}: not text in UTF-8: {error}") from error
    schedule = plan_tasks(text, plan=plan, issued=issued.date(), ledger=ledger_of(data, ledger), source=source)
    events = [encode(event) for event in schedule.assignments]
    for refusal in schedule.refusals:
        err.print(f"{file}: row {refusal.row}, {refusal.column}, line {refusal.line}: {refusal.detail}", style="red")
    if dry_run:
        if json:
            out.out("\n".join(event.decode() for event in events), highlight=False)
        else:
            out.print(_assignments(schedule.assignments))
        raise SystemExit(1 if schedule.refusals else 0)

    async def work() -> list[dict[str, Any]]:
        async with Client(find(data), ledger) as client:
            return await client.submit(events, source)

    raise SystemExit(_report(asyncio.run(work()), json=json, unread=len(schedule.refusals)))


@commands.command()
def publish(
    file: Annotated[Path, typer.Argument(help="One event a line", exists=True, dir_okay=False)],
    source: Annotated[str, typer.Option("--source", help="Who publishes")],
    ledger: LedgerOption = LEDGER,
    data: DataOption = None,
    json: JsonOption = False,
) -> None:
    """Publish a file of events; running it again is safe: what was accepted is a duplicate then."""

    async def work() -> list[dict[str, Any]]:
        lines = [line for line in file.read_bytes().split(b"\n") if line.strip()]
        outcomes: list[dict[str, Any]] = []
        async with Client(find(data), ledger) as client:
            with Progress(console=err, disable=json) as progress:
                bar = progress.add_task("publishing", total=len(lines))
                for start in range(0, len(lines), PUBLISH_LINES):
                    outcomes += await client.submit(lines[start : start + PUBLISH_LINES], source)
                    progress.update(bar, completed=len(outcomes))
        return outcomes

    raise SystemExit(_report(asyncio.run(work()), json=json))


@commands.command()
def deadline(text: str, issued: IssuedOption, data: DataOption = None, ledger: LedgerOption = LEDGER) -> None:
    """Read a deadline's phrase and print its JSON."""
    read = read_deadline(text, issued.date(), ledger_of(data, ledger).zone)
    out.out(msgspec.json.encode(read).decode(), highlight=False)


@commands.command()
def units(text: str, data: DataOption = None, ledger: LedgerOption = LEDGER) -> None:
    """Read a cell of responsible units and print its JSON."""
    read = read_units(text, ledger_of(data, ledger))
    out.out(msgspec.json.encode(read).decode(), highlight=False)


def _assignments(events: Sequence[Event]) -> Table:
    shown = Table(
        "任务", "工作任务", "牵头单位", "责任单位", "时间进度", "类别", "到期", title="将要交办的任务", expand=True
    )
    for event in events:
        data = event.data
        assert isinstance(data, TaskAssigned)
        deadline = msgspec.to_builtins(data.deadline)
        due = deadline.get("due") or deadline.get("loose") or deadline.get("first") or "—"
        shown.add_row(
            event.subject,
            data.title,
            data.lead,
            "、".join(unit.name for unit in data.units if unit.name != data.lead),
            data.deadline.text or "—",
            deadline["kind"],
            str(due)[:10],
        )
    return shown


def _report(outcomes: Sequence[dict[str, Any]], *, json: bool, unread: int = 0) -> int:
    """Tell what became of the events and return the exit code."""
    counted = tally(outcomes)
    refused = [outcome for outcome in outcomes if outcome["outcome"] == "refused"]
    if json:
        out.out(msgspec.json.encode({**counted, "refusals": refused}).decode(), highlight=False)
    else:
        for outcome in refused[:SHOWN]:
            err.print(f"refused: {outcome['id']}: {outcome['code']}: {outcome['detail']}", style="red", markup=False)
        if len(refused) > SHOWN:
            err.print(f"… and {len(refused) - SHOWN} more; --json lists them all")
        out.print(f"accepted {counted['accepted']}, duplicate {counted['duplicate']}, refused {counted['refused']}")
    return 1 if refused or unread else 0
