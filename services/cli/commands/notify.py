"""`duban notify`: orders to send again what was not delivered, and links to the calendars of units."""

import asyncio
import sys
from typing import Annotated

import typer

from services.cli.options import DataOption, LedgerOption, err, ledger_of
from services.cli.resending import recover, retry
from services.cli.target import LEDGER, find
from services.common.connection import connected
from services.common.settings import SettingsError
from services.notify.calendar import links

commands = typer.Typer(add_completion=False, help="Send again what was not delivered; link calendars.")


@commands.callback()
def notify() -> None:
    """Do nothing by itself: each command has its own options."""


commands.command()(retry)
commands.command()(recover)


@commands.command()
def link(
    unit: Annotated[str, typer.Argument(help="The unit, such as 市残联")],
    revoke: Annotated[bool, typer.Option("--revoke", help="Revoke the unit's link instead")] = False,
    data: DataOption = None,
    ledger: LedgerOption = LEDGER,
) -> None:
    """Print the secret address of a unit's due days, for calendar programs. It replaces the one before it."""
    target = find(data)
    directory = ledger_of(data, ledger).directory
    named = directory.named(unit)
    if not directory.knows(named):
        raise SettingsError(f"{unit!r} is no unit of the ledger {ledger}; `duban status --json` lists them by task")

    async def work() -> str | None:
        async with connected(target.server()) as redis:
            if revoke:
                return None if await links.revoke_link(redis, ledger, named) else ""
            return await links.make_link(redis, ledger, named)

    secret = asyncio.run(work())
    if secret is None:
        err.print(f"{named}: its link leads nowhere from now on", markup=False, highlight=False)
    elif not secret:
        err.print(f"{named} has no link", markup=False, highlight=False)
        raise SystemExit(1)
    else:
        base = target.public_url or target.urls["status"]
        sys.stdout.write(links.address(base, ledger, named, secret) + "\n")
        err.print(
            f"whoever has this address can read the due days of {named}; `duban notify link {named} --revoke` ends it",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
