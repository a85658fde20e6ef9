"""duban follows inter-agency tasks. Exit codes: 0 success, 1 a problem was found, 2 wrong usage."""

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

from events.seal.errors import TrimmedError
from services.cli import commands
from services.cli.options import err
from services.cli.service_error import ServiceError
from services.cli.target import SupervisionError
from services.common.settings import SettingsError
from services.schedule.text import UnreadableError

COMMANDS = sorted(module.name for module in iter_modules(commands.__path__))
"""One module per command, with its name; `import` is a keyword of Python, so its module is `importing`."""

FAILURES = (ServiceError, TrimmedError, SupervisionError, RedisError, httpx.HTTPError, OSError)
"""Errors of correct usage: exit code 1."""


class LazyCommands(Mapping[str, Any]):
    """The commands by name, each imported on use: importing all of them takes a second."""

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


class CommandGroup(TyperGroup):
    """The commands of `duban`."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands: Any = LazyCommands()


app = typer.Typer(cls=CommandGroup, no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)


@app.callback(help=__doc__)
def duban() -> None:
    """Take no options: each command has its own."""


def run() -> None:
    """Run the command line; an error is one line on standard error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without Chinese still shows the rest
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))  # standard output is for programs
    # children are stopped before this process ends: as for Ctrl-C, which asyncio takes up between two steps
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        app()
    except (SettingsError, UnreadableError, *FAILURES) as error:
        err.print(f"duban: {error or type(error).__name__}", style="red", markup=False, highlight=False)
        sys.exit(2 if isinstance(error, SettingsError) else 1)
