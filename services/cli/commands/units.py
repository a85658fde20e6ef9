"""`duban units`: the reading of a cell of responsible units, and what a table suggests for a ledger's directory."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from events.ledger import Ledger
from services.cli.options import DataOption, ExplainOption, LedgerOption, err, has_ledger, ledger_of, out
from services.cli.target import LEDGER
from services.schedule.document import read_document
from services.schedule.learn import learn, lesson_toml
from services.schedule.units import explain_units, read_units

commands = typer.Typer(add_completion=False)


@commands.command()
def units(
    text: Annotated[str | None, typer.Argument(help="A cell, such as 市民政局牵头，市残联配合")] = None,
    file: Annotated[
        Path | None,
        typer.Option("--learn", exists=True, dir_okay=False, help="Propose a directory from this table, as TOML"),
    ] = None,
    explain: ExplainOption = False,
    data: DataOption = None,
    ledger: LedgerOption = LEDGER,
) -> None:
    """Read a cell of responsible units and print it as JSON, or propose entries of the ledger's directory.

    What --learn prints is the file of a new ledger, or, for a ledger that there is, what its directory lacks.
    """
    if (text is None) == (file is None):
        raise typer.BadParameter("give either a cell or --learn FILE")
    if file is not None:
        _learn(file, data, ledger)
        return
    own = ledger_of(data, ledger)
    read = read_units(text or "", own)
    out.out(msgspec.json.encode(read).decode(), highlight=False)
    if explain:
        out.out(explain_units(read, own), highlight=False)


def _learn(file: Path, data: Path | None, ledger: str) -> None:
    there = has_ledger(data, ledger)
    table = read_document(file.read_bytes(), file.name)
    lesson = learn(table, ledger_of(data, ledger) if there else Ledger(""))
    out.out(lesson_toml(lesson, ledger, None if there else file.stem), highlight=False, end="")
    for refusal in table.refusals:
        err.print(f"{file.name}: {refusal.place}: {refusal.detail}", style="yellow", markup=False)
    err.print(
        f"{lesson.tasks} tasks: {len(lesson.units)} new units, {len(lesson.aliases)} likely other names, "
        f"{len(lesson.groups)} groups to complete, {len(lesson.unread)} cells that could not be read",
        markup=False,
    )
    if not lesson.tasks:
        raise SystemExit(1)
