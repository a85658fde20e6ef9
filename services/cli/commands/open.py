"""`duban open`: a one-time link to the page."""

import asyncio
from typing import Annotated

import typer

from services.cli.options import DataOption, LedgerOption, ReaderOption, err, out
from services.cli.sign_in import sign_in_link
from services.cli.target import LEDGER, find

commands = typer.Typer(add_completion=False)


@commands.command("open")
def open_(
    data: DataOption = None,
    ledger: LedgerOption = LEDGER,
    source: ReaderOption = None,
    days: Annotated[
        int | None,
        typer.Option("--days", min=1, max=90, help="Days until the browser is signed out; needs the role dashboard"),
    ] = None,
) -> None:
    """Print a link that signs a browser in: good once, for five minutes. Opens nothing by itself."""
    link = asyncio.run(sign_in_link(find(data), ledger, source, days))
    out.out(link, highlight=False)
    err.print("The link works once, within five minutes. It signs in any person who opens it.")
