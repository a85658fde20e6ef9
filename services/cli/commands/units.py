"""`duban units`: how a cell of responsible units is read."""

import msgspec
import typer

from services.cli.options import DataOption, ExplainOption, LedgerOption, ledger_of, out
from services.cli.target import LEDGER
from services.schedule.units import explain_units, read_units

commands = typer.Typer(add_completion=False)


@commands.command()
def units(text: str, explain: ExplainOption = False, data: DataOption = None, ledger: LedgerOption = LEDGER) -> None:
    """Read a cell of responsible units and print its JSON."""
    own = ledger_of(data, ledger)
    read = read_units(text, own)
    out.out(msgspec.json.encode(read).decode(), highlight=False)
    if explain:
        out.out(explain_units(read, own), highlight=False)
