"""`duban calendar`: the working days of a year."""

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from events.keys import key
from events.ledger import Ledger
from events.log import Log
from events.projection import Projection
from services.cli.client import Client, tally
from services.cli.files import SHARED_MODE, check, replace
from services.cli.log_at import log_at
from services.cli.options import (
    DataOption,
    directory_of,
    err,
    ledgers_of,
    out,
    print_outcomes,
    with_server,
)
from services.cli.target import find
from services.common.calendars import calendar_path, load_calendars, read_calendar, working_days
from services.common.ledger_clock import ledger_clock
from services.common.settings import SettingsError
from services.ingest.write_model import rules
from services.schedule.difference import Present
from services.schedule.explain import explain
from services.schedule.recalculated import Calendars, Recalculated, recalculated

commands = typer.Typer(add_completion=False, no_args_is_help=True, help="The working days of a year.")


@commands.callback()
def group() -> None:
    """Keep `add` a command of its own: a group with one command would be that command."""


@commands.command("add")
def add(
    file: Annotated[
        Path, typer.Argument(help="A year's working days, as holiday-cn has them", exists=True, dir_okay=False)
    ],
    data: DataOption = None,
    corrections: Annotated[
        bool, typer.Option("--corrections", help="Also submit deadline.clarified for the deadlines that change")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the deadlines that change; add nothing")] = False,
) -> None:
    """Add the calendar of a year, and print the deadlines whose reading changes with it.

    It applies when the services start the next time.
    """
    content = file.read_bytes()
    try:
        calendar = read_calendar(content)
    except ValueError as error:
        raise SettingsError(f"{file}: {error}") from error
    path = calendar_path(directory_of(data), calendar.year)
    check(path, f"the same calendar of {calendar.year}", lambda there: there == content)
    there = load_calendars(directory_of(data))
    others = [one for one in there if one.year != calendar.year]
    calendars = Calendars(working_days(there), working_days([*others, calendar]))
    reason = f"按国务院办公厅{calendar.year}年放假调休安排重新计算"
    ledgers, clock = ledgers_of(data), find(data).clock
    changes = with_server(
        data, lambda redis: _changes(partial(log_at, data, redis), redis, ledgers, calendars, reason, clock)
    )
    _print_changes(changes, calendars, ledgers)
    if dry_run:
        return
    replace(path, [content], f"the same calendar of {calendar.year}", lambda there: there == content, SHARED_MODE)
    out.print(f"{path} is there; restart the services to use it", markup=False, soft_wrap=True)
    if corrections:
        raise SystemExit(asyncio.run(_submit(data, changes)))
    if any(changes.values()):
        err.print("--corrections submits deadline.clarified for these tasks", style="yellow")


async def _changes(
    logs: Callable[[str], Log],
    redis: Any,
    ledgers: dict[str, Ledger],
    calendars: Calendars,
    reason: str,
    clock: str | None,
) -> dict[str, list[Recalculated]]:
    """Return the deadlines that change in each ledger that has events."""
    found: dict[str, list[Recalculated]] = {}
    for name, ledger in ledgers.items():
        if not await redis.exists(key(name, "log")):
            continue
        log = logs(name)
        tasks = (await Projection(redis, log, rules(ledger)).replay()).rows
        stored = await log.read_at([task.assigned for task in tasks.values()])
        now = (await ledger_clock(redis, name, clock)).now()
        present = {
            id: Present(assignment.raw, task.lead, task.units, task.term.deadline, task.closed)
            for (id, task), assignment in zip(tasks.items(), stored, strict=True)
        }
        again = (recalculated(id, one, calendars, ledger, now, reason) for id, one in present.items())
        found[name] = [one for one in again if one is not None]
    return found


def _print_changes(changes: dict[str, list[Recalculated]], calendars: Calendars, ledgers: dict[str, Ledger]) -> None:
    for name, again in changes.items():
        zone = ledgers[name].zone
        table = Table(title=f"{name}：{len(again)} 项任务的时限读法有变化", expand=True, show_lines=True)
        for heading in ("任务", "时间进度", "原读作", "现读作"):
            table.add_column(heading, overflow="fold")
        for one in again:
            readings = explain(one.before, zone, calendars.before), explain(one.after, zone, calendars.after)
            table.add_row(one.task, one.before.deadline.text, *readings)
        out.print(table)


async def _submit(data: Path | None, changes: dict[str, list[Recalculated]]) -> int:
    """Submit the corrections, each as the source of its task's assignment; return the exit code."""
    outcomes: list[dict[str, Any]] = []
    for name, again in changes.items():
        by_source: dict[str, list[bytes]] = {}
        for one in again:
            by_source.setdefault(one.source, []).append(one.proposal)
        async with Client(find(data), name) as client:
            for source, events in by_source.items():
                outcomes += await client.submit(events, source)
    return print_outcomes(outcomes, tally(outcomes))
