"""`duban serve`: one service, for containers."""

import os
from typing import Annotated

import typer

from services.applications import BUILDERS
from services.common import runtime
from services.common.settings import SERVICES, Settings, SettingsError

commands = typer.Typer(add_completion=False)


@commands.command()
def serve(service: Annotated[str, typer.Argument(help="ingest, status or notify")]) -> None:
    """Run one service, configured by environment variables, in a container."""
    if service not in BUILDERS:
        raise SettingsError(f"{service!r} is not one of: {', '.join(SERVICES)}")
    runtime.serve(service, Settings.from_environment(os.environ), BUILDERS[service])
