"""`duban demo`: years on the real table in a minute."""

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
    once: Annotated[bool, typer.Option("--once", help="End when 2021 is reached")] = False,
    data: Annotated[
        Path, typer.Option("--data", help="Where the demo's data is left; only what an earlier demo left is replaced")
    ] = DATA / "demo",
    port: PortOption = 8801,
    seconds: Annotated[float, typer.Option("--seconds", min=10, help="How long the years take")] = 60,
) -> None:
    """Let 2017-08 to 2021-01 pass on the real table of 27 tasks, with a synthetic history that says it is synthetic."""
    os.umask(PRIVATE_UMASK)
    raise SystemExit(asyncio.run(Demo(data, port, seconds, once=once, console=out).run()))
