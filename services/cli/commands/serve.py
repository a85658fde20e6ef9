"""`duban serve`: one service, as containers start it."""

import os
from typing import Annotated

import typer

from services.applications import BUILDERS
from services.common import runtime
from services.common.settings import SERVICES, Settings, SettingsError

commands = typer.Typer(add_completion=False)


@commands.command()
def serve(service: Annotated[str, typer.Argument(help="ingest, status or notify")]) -> None:
    """Run one service, configured by the environment; this is what containers start."""
    if service not in BUILDERS:
        raise SettingsError(f"{service!r} is none of: {', '.join(SERVICES)}")
    runtime.serve(service, Settings.from_environment(os.environ), BUILDERS[service])
