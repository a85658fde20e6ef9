"""`duban notify`: why whom an alert reached, what rules would send, what to send again, links to calendars."""

import asyncio
import sys
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from msgspec.structs import replace

from events.entries import Recorded
from services.cli.alert_explaining import explain_position, explain_task, explained_lines
from services.cli.alert_plan import compared, plan_lines, plan_rows, plan_total
from services.cli.log_at import log_at
from services.cli.options import DataOption, JsonOption, LedgerOption, err, ledger_of, out, working_days_of
from services.cli.resending import recover, retry
from services.cli.target import LEDGER, find
from services.common.connection import connected
from services.common.ledger_clock import ledger_clock
from services.common.settings import SettingsError, load_alert_rules
from services.notify.calendar import links
from services.notify.simulation import Simulation

commands = typer.Typer(
    add_completion=False, help="Alerts: explain, simulate, send again. Links to the calendars of units."
)

DAY = "%Y-%m-%d"


@commands.callback()
def notify() -> None:
    """Do nothing by itself: each command has its own options."""


commands.command()(retry)
commands.command()(recover)


@commands.command()
def explain(
    what: Annotated[str, typer.Argument(metavar="POSITION|TASK", help="A position of the log, or a task's id")],
    data: DataOption = None,
    ledger: LedgerOption = LEDGER,
    json: JsonOption = False,
) -> None:
    """Say which rules matched, whom they chose, what became of each alert, and why others did not match."""
    own, days = ledger_of(data, ledger), working_days_of(data)
    entries, now = asyncio.run(_log(data, ledger))
    if not any(entry.event.subject == what for entry in entries):
        if not what.isdecimal() or not 1 <= int(what) <= len(entries):
            raise SettingsError(
                f"{what!r} is neither a task nor a position of the ledger {ledger}: 1 to {len(entries)}"
            )
        found = explain_position(own, days, entries, int(what), now)
    else:
        found = explain_task(own, days, entries, what, now)
    if json:
        sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
        return
    for line in explained_lines(found, out.width):
        out.print(line, soft_wrap=False)


@commands.command()
def simulate(
    since: Annotated[datetime | None, typer.Option("--from", formats=[DAY], help="The first day")] = None,
    until: Annotated[datetime | None, typer.Option("--to", formats=[DAY], help="The last day")] = None,
    rules: Annotated[Path | None, typer.Option("--rules", help="Other rules: a ledger file, or [alerts] alone")] = None,
    down: Annotated[
        list[str] | None, typer.Option("--down", help="INSTANT/INSTANT: as if notify had not run then; may be repeated")
    ] = None,
    data: DataOption = None,
    ledger: LedgerOption = LEDGER,
    json: JsonOption = False,
) -> None:
    """Print by recipient and day what would be sent and why, and the difference to the rules in force. Sends nothing.

    Only the log is read: beyond its last event, what time alone gives rise to.
    """
    own, days = ledger_of(data, ledger), working_days_of(data)
    other = replace(own, alerts=load_alert_rules(rules)) if rules is not None else None
    entries, now = asyncio.run(_log(data, ledger))
    first = since.date() if since is not None else own.day(_instant(entries[0], now)) if entries else own.day(now)
    last = until.date() if until is not None else own.day(now)
    if last < first:
        raise SettingsError(f"--to {last} is before --from {first}")
    outages = [_interval(text) for text in down or ()]
    end = datetime.combine(last + timedelta(days=1), time(), own.zone) - timedelta.resolution
    rows = plan_rows(own, Simulation(own, days, outages).run(entries, end), first, last)
    if other is not None:
        rows = compared(rows, plan_rows(other, Simulation(other, days, outages).run(entries, end), first, last))
    if json:
        sys.stdout.write(msgspec.json.encode(rows).decode() + "\n")
        return
    for line in plan_lines(rows, out.width):
        out.print(line, no_wrap=True, overflow="ellipsis")
    out.print(plan_total(rows, compare=other is not None))


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


async def _log(data: Path | None, ledger: str) -> tuple[list[Recorded], datetime]:
    """Return the events of a ledger, and its instant."""
    target = find(data)
    async with connected(target.server()) as redis:
        clock = await ledger_clock(redis, ledger, target.clock)
        entries = [entry async for batch in log_at(data, redis, ledger).scan(0, None) for entry in batch]
        return entries, clock.now()


def _instant(entry: Recorded, now: datetime) -> datetime:
    return entry.event.recorded or now


def _interval(text: str) -> tuple[datetime, datetime]:
    """Read two instants with offsets, as ISO 8601 has an interval."""
    start, slash, end = text.partition("/")
    try:
        found = datetime.fromisoformat(start), datetime.fromisoformat(end)
    except ValueError:
        found = None
    if not slash or found is None or None in {one.tzinfo for one in found} or found[0] >= found[1]:
        raise SettingsError(
            f"--down {text!r} is no interval; one looks like 2018-02-10T00:00:00+08:00/2018-03-27T09:00:00+08:00"
        )
    return found
