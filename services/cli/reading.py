"""Commands that show the board."""

import asyncio
from collections.abc import Callable
from typing import Annotated, Any, NoReturn

import httpx
import msgspec
import typer
from rich.live import Live

from services.cli import board
from services.cli.client import Client, ServiceError
from services.cli.options import DataOption, JsonOption, LedgerOption, err, out
from services.cli.place import LEDGER, find
from services.clock import sleep

commands = typer.Typer(add_completion=False)


@commands.command()
def status(
    data: DataOption = None,
    ledger: LedgerOption = LEDGER,
    as_of: Annotated[str | None, typer.Option("--as-of", help="A position or an instant")] = None,
    json: JsonOption = False,
) -> None:
    """Print the board."""

    async def work() -> None:
        query = {"as_of": as_of} if as_of is not None else {}
        async with Client(find(data), ledger) as client:
            position, rows = await client.tasks(**query)
            if json:
                out.out(msgspec.json.encode({"position": position, "items": rows}).decode(), highlight=False)
                return
            figures = await client.overview()
            out.print(
                board.table(rows, figures["title"], board.figures(figures) if as_of is None else f"位置 {position}")
            )

    asyncio.run(work())


@commands.command()
def watch(data: DataOption = None, ledger: LedgerOption = LEDGER) -> None:
    """Show the board and follow it live, until Ctrl-C."""

    async def work() -> None:
        async with Client(find(data), ledger) as client:
            with Live(console=out, auto_refresh=False, screen=out.is_terminal) as live:
                await _follow(
                    client,
                    lambda rows, figures: live.update(
                        board.table(rows, figures["title"], board.figures(figures)), refresh=True
                    ),
                )

    asyncio.run(work())


async def _follow(client: Client, show: Callable[[list[dict[str, Any]], dict[str, Any]], None]) -> NoReturn:
    """Keep the rows by snapshot and changes, through restarts of status, and show them as they change."""
    while True:
        try:
            async for rows in client.follow():
                show(list(rows.values()), await client.overview())
        except (httpx.HTTPError, ServiceError) as error:
            err.print(f"duban: status is away, trying again: {error}", style="yellow")
            await sleep(1)
