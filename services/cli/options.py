"""Shared by several commands: options, the terminal, printed outcomes."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from events.ledger import Ledger
from events.operations import OPS, operations_ledger
from events.text import name_fault, quoted
from events.working_days import WorkingDays
from services.cli.target import DATA, LEDGER, find
from services.cli.terminal import Terminal
from services.common.calendars import load_working_days
from services.common.connection import connected
from services.common.settings import SERVICES, load_ledger, load_ledgers, shipped

T = TypeVar("T")

MOST_NAME = 200
"""Characters of a name in an event."""


def _person(by: str | None) -> str | None:
    """Check a name that goes on record, where it stays."""
    fault = name_fault(by) if by else None
    if fault is None and by and len(by) > MOST_NAME:
        fault = f"has more than {MOST_NAME} characters"
    if fault is not None:
        raise typer.BadParameter(f"the name {quoted(by or '')} {fault}")
    return by


DataOption = Annotated[Path | None, typer.Option("--data", help="The data directory of a running `duban up`")]
LedgerOption = Annotated[str, typer.Option("--ledger", help="The ledger")]
ReaderOption = Annotated[
    str | None,
    typer.Option("--source", help="Read with this source's token; default: DUBAN_TOKEN, else board's"),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON")]
ByOption = Annotated[
    str | None, typer.Option("--by", callback=_person, help="The person responsible; default: user@machine")
]
ExplainOption = Annotated[bool, typer.Option("--explain", help="Also explain the reading in a Chinese sentence")]
IssuedOption = Annotated[datetime, typer.Option("--issued", formats=["%Y-%m-%d"], help="The day of issue of the table")]
ClockOption = Annotated[
    str | None,
    typer.Option(
        "--clock", envvar="DUBAN_CLOCK", help="INSTANT@SPEED, such as 2018-12-20T09:00:00+08:00@86400, or file:PATH"
    ),
]

LAST_PORT = 65_535 - len(SERVICES) + 1

PortOption = Annotated[
    int, typer.Option("--port", min=1, max=LAST_PORT, help="Port of ingest; status and notify use the next two")
]

SHOWN = 20
"""Refusals that are printed one by one."""

out = Terminal()
err = Terminal(stderr=True)


def home(data: Path | None) -> Path:
    """Return the data directory, which may not exist."""
    return data or Path(os.environ.get("DUBAN_DATA") or DATA)


def witnesses_of(data: Path | None) -> Path | None:
    """Return the policy of published checkpoints: DUBAN_POLICY, or that of the data directory, or None."""
    given, own = os.environ.get("DUBAN_POLICY"), home(data) / "witnesses.policy"
    return Path(given) if given else own if own.exists() else None


def ledger_of(data: Path | None, name: str) -> Ledger:
    """Return a ledger's configuration, from DUBAN_LEDGERS, the data directory or the shipped file."""
    path = directory_of(data) / f"{name}.toml"
    return load_ledger(path if path.exists() or name != LEDGER else shipped(path.name))


def audited_ledger_of(data: Path | None, name: str) -> Ledger:
    """Return a ledger's configuration, that of the ledger of operations included, for those who audit it."""
    if name != OPS:
        return ledger_of(data, name)
    known = directory_of(data)
    return operations_ledger(load_ledgers(known).values() if any(known.glob("*.toml")) else ())


def has_ledger(data: Path | None, name: str) -> bool:
    """Return whether a ledger has a file, or comes with duban; an empty file is being written (`> FILE`)."""
    path = directory_of(data) / f"{name}.toml"
    return name == LEDGER or (path.exists() and path.stat().st_size > 0)


def ledgers_of(data: Path | None) -> dict[str, Ledger]:
    """Return the configuration of all ledgers, from DUBAN_LEDGERS or the data directory."""
    return load_ledgers(directory_of(data))


def working_days_of(data: Path | None) -> WorkingDays:
    """Return the working days by the calendars in DUBAN_LEDGERS or the data directory, and by the library."""
    return load_working_days(directory_of(data))


def with_server(data: Path | None, work: Callable[[Any], Awaitable[T]]) -> T:
    """Do work with a client of the server of a running duban."""

    async def with_client() -> T:
        async with connected(find(data).server()) as redis:
            return await work(redis)

    return asyncio.run(with_client())


def print_outcomes(outcomes: Sequence[dict[str, Any]], counted: dict[str, int]) -> int:
    """Print outcomes for people and return the exit code."""
    refused = [outcome for outcome in outcomes if outcome["outcome"] == "refused"]
    for outcome in refused[:SHOWN]:
        err.print(f"refused: {outcome['id']}: {outcome['code']}: {outcome['detail']}", style="red", markup=False)
    if len(refused) > SHOWN:
        err.print(f"… and {len(refused) - SHOWN} more; --json lists them all")
    out.print(f"accepted {counted['accepted']}, duplicate {counted['duplicate']}, refused {counted['refused']}")
    return 1 if refused else 0


def directory_of(data: Path | None) -> Path:
    """Return the directory of the ledgers' files: DUBAN_LEDGERS, or that of the data directory."""
    return Path(os.environ.get("DUBAN_LEDGERS") or home(data) / "ledgers")
