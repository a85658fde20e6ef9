"""What several commands share: their options, and the terminal."""

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from events.ledger import Ledger
from services.cli.place import DATA, LEDGER
from services.settings import load_ledger, shipped

DataOption = Annotated[Path | None, typer.Option("--data", help="The data directory of a running duban")]
LedgerOption = Annotated[str, typer.Option("--ledger", help="Which ledger")]
JsonOption = Annotated[bool, typer.Option("--json", help="For programs")]
ClockOption = Annotated[
    str | None,
    typer.Option("--clock", envvar="DUBAN_CLOCK", help="INSTANT@SPEED, such as 2018-12-20T09:00:00+08:00@86400"),
]

out = Console()
err = Console(stderr=True)


def ledger_of(data: Path | None, name: str) -> Ledger:
    """Return a ledger's configuration: of DUBAN_LEDGERS, of the data directory, or the shipped one."""
    directory = os.environ.get("DUBAN_LEDGERS") or (data or Path(os.environ.get("DUBAN_DATA") or DATA)) / "ledgers"
    path = Path(directory) / f"{name}.toml"
    return load_ledger(path if path.exists() or name != LEDGER else shipped(path.name))
