"""`duban deadline`: the reading of a deadline's phrase."""

from typing import Annotated

import msgspec
import typer

from services.cli.options import DataOption, ExplainOption, IssuedOption, LedgerOption, ledger_of, out, working_days_of
from services.cli.target import LEDGER
from services.schedule.explain import explain as explain_deadline
from services.schedule.grounds import grounds
from services.schedule.phrase import read_phrase

commands = typer.Typer(add_completion=False)


@commands.command()
def deadline(
    text: Annotated[str, typer.Argument(help="A phrase, such as 2018年12月前完成")],
    issued: IssuedOption,
    explain: ExplainOption = False,
    data: DataOption = None,
    ledger: LedgerOption = LEDGER,
) -> None:
    """Read the phrase of a deadline and print it as JSON."""
    own, days = ledger_of(data, ledger), working_days_of(data)
    read = read_phrase(text, issued.date(), own.zone, own.festivals, days=days)
    out.out(msgspec.json.encode(read.deadline).decode(), highlight=False)
    if explain:
        for line in (explain_deadline(read, own.zone, days), *grounds(read)):
            out.out(line, highlight=False)
