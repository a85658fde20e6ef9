"""`duban watch`: the board, live."""

import asyncio
from collections.abc import Callable
from typing import Any, NoReturn

import httpx
import typer
from rich.live import Live

from services.cli import board
from services.cli.client import Client, ServiceError
from services.cli.options import DataOption, LedgerOption, err, out
from services.cli.target import LEDGER, find
from services.common.clock import sleep

commands = typer.Typer(add_completion=False)


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
