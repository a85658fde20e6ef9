"""The command line. Exit 0: done; 1: the work found a problem; 2: wrong usage."""

import signal
import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from io import TextIOWrapper
from typing import Any

import httpx
import structlog
import typer
from redis.exceptions import RedisError
from typer.core import TyperGroup

from services.cli.client import ServiceError
from services.cli.options import err
from services.cli.place import SupervisionError
from services.ingest.schedule.text import UnreadableError
from services.settings import SettingsError

MODULES = {
    "serve": "running",
    "up": "running",
    "demo": "running",
    "init": "running",
    "import": "importing",
    "publish": "publishing",
    "deadline": "explaining",
    "units": "explaining",
    "status": "reading",
    "watch": "reading",
    "rebuild": "tending",
    "doctor": "tending",
    "contract": "contracting",
    "audit": "auditing",
    "token": "admitting",
}
"""Where each command, or group of them, is: in the `commands` of that module."""


FAILURES = (ServiceError, SupervisionError, RedisError, httpx.HTTPError, OSError)
"""What can go wrong with sound usage."""


class Imported(Mapping[str, Any]):
    """The commands, each imported when it is asked for: all of them would take a second."""

    def __getitem__(self, name: str) -> Any:
        found = typer.main.get_command(import_module(f"services.cli.{MODULES[name]}").commands)
        if isinstance(found, TyperGroup) and name in found.commands:
            return found.commands[name]
        found.name = name
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(MODULES)

    def __len__(self) -> int:
        return len(MODULES)


class Commands(TyperGroup):
    """What `duban` can do."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands: Any = Imported()


app = typer.Typer(cls=Commands, no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)


@app.callback(help=__doc__)
def duban() -> None:
    """Take no options of one's own: each command has some."""


def run() -> None:
    """Run the command line; what went wrong is one line on standard error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that has no Chinese still shows the rest
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))  # what is printed is read by programs
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what is started here is stopped before we end
    try:
        app()
    except (SettingsError, UnreadableError, *FAILURES) as error:
        err.print(f"duban: {error or type(error).__name__}", style="red", markup=False, highlight=False)
        sys.exit(2 if isinstance(error, SettingsError) else 1)
