"""`duban rebuild`: a new generation of rows."""

import asyncio
from typing import Annotated, Any

import msgspec
import typer

from events.difference import members
from events.ledger import Ledger
from events.operations import COMMANDS
from events.projection import Projection
from events.rules import Rules
from events.schema import RowsRebuilt
from events.working_days import WorkingDays
from services.cli.log_at import log_at
from services.cli.options import ByOption, DataOption, JsonOption, LedgerOption, ledger_of, out, working_days_of
from services.cli.target import LEDGER, find
from services.cli.users import operator
from services.common.connection import connected
from services.common.folded import PROJECTIONS
from services.common.operations import record
from services.common.settings import SettingsError
from services.ingest.write_model import rules as ingest_rules
from services.notify.calendar.reader import rules as dues_rules
from services.notify.store import rules as notify_rules
from services.status.store import rules as status_rules

commands = typer.Typer(add_completion=False)


@commands.command()
def rebuild(
    data: DataOption = None,
    ledger: LedgerOption = LEDGER,
    only: Annotated[str | None, typer.Option("--only", help=f"One of {', '.join(PROJECTIONS)}")] = None,
    json: JsonOption = False,
    by: ByOption = None,
) -> None:
    """Fold all rows from scratch, compare them with the saved ones, and switch to them. Sends nothing."""

    async def work() -> dict[str, dict[str, list[str]]]:
        chosen = [
            rules for rules in _all_rules(ledger_of(data, ledger), working_days_of(data)) if only in {None, rules.name}
        ]
        if not chosen:
            raise SettingsError(f"--only {only!r} is not one of: {', '.join(PROJECTIONS)}")
        async with connected(find(data).server()) as redis:
            log = log_at(data, redis, ledger)
            found = {rules.name: await Projection(redis, log, rules).rebuild() for rules in chosen}
            differing = sum(map(len, found.values()))
            await record(redis, COMMANDS, ledger, RowsRebuilt(by or operator(), tuple(found), differing))
        return {name: {row: members(*pair) for row, pair in rows.items()} for name, rows in found.items()}

    differing = asyncio.run(work())
    if json:
        shown = {name: [{"row": row, "members": m} for row, m in rows.items()] for name, rows in differing.items()}
        out.out(msgspec.json.encode(shown).decode())
    for name, rows in differing.items() if not json else ():
        named = ", ".join(f"{row} ({', '.join(differs)})" for row, differs in list(rows.items())[:20])
        out.print(
            f"{name}: " + (f"{len(rows)} saved rows differed: {named}" if rows else "all rows equal"), markup=False
        )
    raise SystemExit(1 if any(differing.values()) else 0)


def _all_rules(ledger: Ledger, days: WorkingDays) -> list[Rules[Any]]:
    return [ingest_rules(ledger), status_rules(ledger), notify_rules(ledger, days), dues_rules(ledger)]
