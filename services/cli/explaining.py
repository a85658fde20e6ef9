"""Commands that show how a cell of a table is read."""

from typing import Annotated

import msgspec
import typer

from services.cli.options import DataOption, IssuedOption, LedgerOption, ledger_of, out
from services.cli.place import LEDGER
from services.ingest.schedule.explain import explain as explain_deadline
from services.ingest.schedule.phrase import read_phrase
from services.ingest.schedule.units import explain_units, read_units

ExplainOption = Annotated[bool, typer.Option("--explain", help="Also say the reading in a Chinese sentence")]

commands = typer.Typer(add_completion=False)


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
