"""`duban archive`: commands on the archives of sealed logs."""

import asyncio
from typing import Any

import typer

from services.cli.client import Client
from services.cli.options import DataOption, JsonOption, LedgerOption, out
from services.cli.rotating import new_key, retire_key
from services.cli.target import LEDGER, find

AUDITOR = "audit"
"""The source that has logs sealed; DUBAN_TOKEN is another's."""

commands = typer.Typer(add_completion=False, no_args_is_help=True, help="The archives of sealed logs.")


commands.command("new-key")(new_key)
commands.command("retire-key")(retire_key)


@commands.callback()
def archive() -> None:
    """Do nothing by itself: each command has its own options."""


@commands.command()
def seal(data: DataOption = None, ledger: LedgerOption = LEDGER, json: JsonOption = False) -> None:
    """Seal a ledger's log and record as they are now, and publish their checkpoints."""

    async def work() -> dict[str, int]:
        async with Client(find(data), ledger) as client:
            return await client.seal(AUDITOR)

    sizes = asyncio.run(work())
    if json:
        out.print_json(data=sizes)
    else:
        out.print(f"{ledger}: sealed up to position {sizes['log']} of the log and {sizes['record']} of the record")


@commands.command()
def stamp(data: DataOption = None, ledger: LedgerOption = LEDGER, json: JsonOption = False) -> None:
    """Have the published checkpoints stamped by the authority of DUBAN_TSA (RFC 3161)."""

    async def work() -> dict[str, dict[str, Any]]:
        async with Client(find(data), ledger) as client:
            return await client.stamp(AUDITOR)

    stamped = asyncio.run(work())
    if json:
        out.print_json(data=stamped)
        return
    for stream, one in stamped.items():
        out.print(f"{ledger}: {stream}: the first {one['size']} entries are stamped, at {one['time']}")
