"""`duban up`: an embedded server and the three services in one terminal."""

import asyncio
import contextlib
import os
from pathlib import Path
from typing import Annotated

import typer

from services.cli.files import PRIVATE_UMASK
from services.cli.options import ClockOption, PortOption, out
from services.cli.sign_in import print_links
from services.cli.supervisor import Supervisor
from services.cli.target import DATA, find
from services.common import runtime
from services.common.clock import ClockError, clock_for
from services.common.settings import SettingsError, load_ledgers, server_url, shown

commands = typer.Typer(add_completion=False)


@commands.command()
def up(
    data: Annotated[Path, typer.Option("--data", envvar="DUBAN_DATA", help="The directory of all data")] = DATA,
    port: PortOption = 8801,
    clock: ClockOption = None,
) -> None:
    """Run an embedded server and the three services in this terminal. With DUBAN_REDIS_URL, use that server."""

    async def work() -> None:
        async with Supervisor(data, port, clock, redis_url=server_url(os.environ)).running() as running:
            out.print(f"duban runs: ingest :{port}, status :{port + 1}, notify :{port + 2}; data in {data}")
            out.print(f"server {shown(running.redis_url or '')}; tokens in {data / 'tokens'}; Ctrl-C stops it")
            await print_links(find(data), load_ledgers(data / "ledgers"))
            await running.until_stopped()

    _check_clock(clock)
    os.umask(PRIVATE_UMASK)
    runtime.configure_logging("up", "console")
    with contextlib.suppress(KeyboardInterrupt):  # which is how it ends
        asyncio.run(work())


def _check_clock(clock: str | None) -> None:
    try:
        if clock is not None:
            clock_for(clock, 0)
    except (ValueError, ClockError) as error:
        raise SettingsError(f"--clock: {error}") from error
