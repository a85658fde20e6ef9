"""The command line. Exit 0: done; 1: the work found a problem; 2: wrong usage."""

import signal
import sys

import httpx
import typer
from redis.exceptions import RedisError

from services.cli import (
    admitting,
    auditing,
    contracting,
    explaining,
    importing,
    publishing,
    reading,
    running,
    tending,
)
from services.cli.client import ServiceError
from services.cli.options import err
from services.ingest.schedule.text import UnreadableError
from services.settings import SettingsError

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False, help=__doc__)
for group in (running, importing, publishing, explaining, reading, tending, contracting):
    app.add_typer(group.commands)
app.add_typer(auditing.commands, name="audit")
app.add_typer(admitting.commands, name="token")


def run() -> None:
    """Run the command line; what went wrong is one line on standard error."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what is started here is stopped before we end
    try:
        app()
    except (SettingsError, UnreadableError, ServiceError, RedisError, httpx.HTTPError, OSError) as error:
        err.print(f"duban: {error or type(error).__name__}", style="red", markup=False, highlight=False)
        sys.exit(2 if isinstance(error, SettingsError) else 1)
