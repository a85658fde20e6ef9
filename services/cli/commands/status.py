"""`duban status`: the board, printed once."""

import asyncio
from typing import Annotated

import msgspec
import typer

from services.cli import board
from services.cli.client import Client
from services.cli.options import DataOption, JsonOption, LedgerOption, ReaderOption, out
from services.cli.target import LEDGER, find

commands = typer.Typer(add_completion=False)


@commands.command()
def status(
    data: DataOption = None,
    ledger: LedgerOption = LEDGER,
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="Rebuild the board as of this position or instant")
    ] = None,
    source: ReaderOption = None,
    json: JsonOption = False,
) -> None:
    """Print the board: every task with its state and light."""

    async def work() -> None:
        query = {"as_of": as_of} if as_of is not None else {}
        async with Client(find(data), ledger, source) as client:
            position, rows = await client.tasks(**query)
            if json:
                out.out(msgspec.json.encode({"position": position, "items": rows}).decode(), highlight=False)
                return
            figures = await client.overview()
            out.print(
                board.table(
                    rows,
                    figures["title"],
                    board.figures(figures) if as_of is None else f"日志序号 {position}",
                    figures["light_names"],
                )
            )

    asyncio.run(work())
