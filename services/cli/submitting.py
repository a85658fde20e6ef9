"""Commands that hand events in, and those that show how a cell of a table is read."""

import asyncio
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.progress import Progress

from services.cli.client import Client, tally
from services.cli.options import DataOption, IssuedOption, JsonOption, LedgerOption, err, ledger_of, out, report
from services.cli.place import LEDGER, find
from services.ingest.schedule.explain import explain as explain_deadline
from services.ingest.schedule.phrase import read_phrase
from services.ingest.schedule.units import explain_units, read_units

PUBLISH_LINES = 10_000
"""Events between two moves of the progress bar."""

ExplainOption = Annotated[bool, typer.Option("--explain", help="Also say the reading in a Chinese sentence")]

commands = typer.Typer()


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

    outcomes = asyncio.run(work())
    counted = tally(outcomes)
    if json:
        refused = [outcome for outcome in outcomes if outcome["outcome"] == "refused"]
        out.out(msgspec.json.encode({**counted, "refusals": refused}).decode(), highlight=False)
        raise SystemExit(1 if refused else 0)
    raise SystemExit(report(outcomes, counted))


@commands.command()
def deadline(
    text: str,
    issued: IssuedOption,
    explain: ExplainOption = False,
    data: DataOption = None,
    ledger: LedgerOption = LEDGER,
) -> None:
    """Read a deadline's phrase and print its JSON."""
    own = ledger_of(data, ledger)
    read = read_phrase(text, issued.date(), own.zone, own.festivals)
    out.out(msgspec.json.encode(read.deadline).decode(), highlight=False)
    if explain:
        out.out(explain_deadline(read.deadline, own.zone), highlight=False)


@commands.command()
def units(text: str, explain: ExplainOption = False, data: DataOption = None, ledger: LedgerOption = LEDGER) -> None:
    """Read a cell of responsible units and print its JSON."""
    own = ledger_of(data, ledger)
    read = read_units(text, own)
    out.out(msgspec.json.encode(read).decode(), highlight=False)
    if explain:
        out.out(explain_units(read, own), highlight=False)
