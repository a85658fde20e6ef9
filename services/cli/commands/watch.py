"""`duban watch`: the board, updated live."""

import asyncio
from collections.abc import Callable
from typing import Any, NoReturn

import httpx
import typer
from rich.live import Live

from services.cli import board
from services.cli.client import Client
from services.cli.options import DataOption, LedgerOption, ReaderOption, err, out
from services.cli.service_error import RefusedTokenError, ServiceError
from services.cli.target import LEDGER, find
from services.common.clock import sleep

commands = typer.Typer(add_completion=False)


@commands.command()
def watch(data: DataOption = None, ledger: LedgerOption = LEDGER, source: ReaderOption = None) -> None:
    """Show the board and update it live. Ctrl-C ends it."""

    async def work() -> None:
        async with Client(find(data), ledger, source) as client:
            with Live(console=out, auto_refresh=False, screen=out.is_terminal) as live:
                await _follow(
                    client,
                    lambda rows, figures: live.update(
                        board.table(rows, figures["title"], board.figures(figures), figures["light_names"]),
                        refresh=True,
                    ),
                )

    asyncio.run(work())


async def _follow(client: Client, show: Callable[[list[dict[str, Any]], dict[str, Any]], None]) -> NoReturn:
    """Show the rows after each change; after a restart of status, start with a new snapshot."""
    while True:
        try:
            async for rows in client.follow():
                show(list(rows.values()), await client.overview())
        except RefusedTokenError:
            raise
        except (httpx.HTTPError, ServiceError) as error:
            err.print(f"duban: status does not answer, retrying: {error}", style="yellow")
            await sleep(1)
