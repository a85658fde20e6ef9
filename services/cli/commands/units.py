"""`duban units`: the reading of a cell of responsible units."""

from typing import Annotated

import msgspec
import typer

from services.cli.options import DataOption, ExplainOption, LedgerOption, ledger_of, out
from services.cli.target import LEDGER
from services.schedule.units import explain_units, read_units

commands = typer.Typer(add_completion=False)


@commands.command()
def units(
    text: Annotated[str, typer.Argument(help="A cell, such as 市民政局牵头，市残联配合")],
    explain: ExplainOption = False,
    data: DataOption = None,
    ledger: LedgerOption = LEDGER,
) -> None:
    """Read a cell of responsible units and print it as JSON."""
    own = ledger_of(data, ledger)
    read = read_units(text, own)
    out.out(msgspec.json.encode(read).decode(), highlight=False)
    if explain:
        out.out(explain_units(read, own), highlight=False)
