"""`duban demo`: three and a half years on a real table in about a minute."""

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer

from services.cli.demo import Demo
from services.cli.files import PRIVATE_UMASK
from services.cli.options import PortOption, out
from services.cli.target import DATA

commands = typer.Typer(add_completion=False)


@commands.command()
def demo(
    once: Annotated[bool, typer.Option("--once", help="Exit at the end of the history, in January 2021")] = False,
    data: Annotated[
        Path,
        typer.Option("--data", help="The directory of the demo's data; only a directory made by a demo is replaced"),
    ] = DATA / "demo",
    port: PortOption = 8801,
    seconds: Annotated[float, typer.Option("--seconds", min=10, help="Real seconds for the whole history")] = 60,
) -> None:
    """Play August 2017 to January 2021 on a real table of 27 tasks. The history is synthetic and marked as such."""
    os.umask(PRIVATE_UMASK)
    raise SystemExit(asyncio.run(Demo(data, port, seconds, once=once, console=out).run()))
