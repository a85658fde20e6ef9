"""The command line. Exit 0: done; 1: the work found a problem; 2: wrong usage."""

import signal
import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from io import TextIOWrapper
from pkgutil import iter_modules
from typing import Any

import httpx
import structlog
import typer
from redis.exceptions import RedisError
from typer.core import TyperGroup

from services.cli import commands
from services.cli.client import ServiceError
from services.cli.options import err
from services.cli.target import SupervisionError
from services.common.settings import SettingsError
from services.schedule.text import UnreadableError

COMMANDS = sorted(module.name for module in iter_modules(commands.__path__))
"""A module each, named after the command; `import` is a word of Python's, so that one has the name `importing`."""

FAILURES = (ServiceError, SupervisionError, RedisError, httpx.HTTPError, OSError)
"""What can go wrong with sound usage."""


class CommandTable(Mapping[str, Any]):
    """The commands, each imported when it is asked for: all of them would take a second."""

    def __getitem__(self, name: str) -> Any:
        if name not in self:
            raise KeyError(name)
        command = typer.main.get_command(import_module(f"{commands.__name__}.{_module(name)}").commands)
        command.name = name
        return command

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and _module(name) in COMMANDS

    def __iter__(self) -> Iterator[str]:
        return ("import" if module == "importing" else module for module in COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


def _module(name: str) -> str:
    return "importing" if name == "import" else name


class Commands(TyperGroup):
    """What `duban` can do."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands: Any = CommandTable()


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
