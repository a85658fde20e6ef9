"""The command `duban audit replay`."""

import sys
from collections.abc import AsyncIterable
from datetime import datetime
from typing import Annotated, Any

import msgspec
import typer
from rich.table import Column, Table

from events.entries import Recorded, Stored
from events.ledger import Ledger
from services.cli.asking.moments import begin_of, moment_of
from services.cli.log_at import log_at
from services.cli.options import DataOption, LedgerOption, audited_ledger_of, out, with_server
from services.cli.replay import Outcomes, RefusedEntry, Replayed, Selection, in_order, replayed
from services.cli.target import LEDGER


def replay(
    data: DataOption = None,
    ledger: LedgerOption = LEDGER,
    task: Annotated[str | None, typer.Option("--task", help="Of this task only")] = None,
    unit: Annotated[str | None, typer.Option("--unit", help="Naming this unit, by any of its names")] = None,
    source: Annotated[str | None, typer.Option("--source", help="From this source, such as office or units/a")] = None,
    type: Annotated[str | None, typer.Option("--type", help="Of this type, such as progress.reported")] = None,
    outcome: Annotated[Outcomes, typer.Option("--outcome", help="Accepted, refused, or all submissions")] = "accepted",
    after: Annotated[int, typer.Option("--after", min=0, help="Events after this position")] = 0,
    until: Annotated[str | None, typer.Option("--until", help="Up to this position, recorded instant or day")] = None,
    since: Annotated[str | None, typer.Option("--since", help="Recorded at or after this instant or day")] = None,
    by_time: Annotated[bool, typer.Option("--by-time", help="In the order of the times that sources gave")] = False,
    ndjson: Annotated[
        bool, typer.Option("--ndjson", "--json", help="Print the stored bytes, one event per line")
    ] = False,
) -> None:
    """Print the events of the log in order, as a table or as NDJSON; also refused submissions."""
    known = audited_ledger_of(data, ledger)
    wanted = Selection(
        task,
        after,
        moment_of(until, known) if until is not None else None,
        begin_of(since, known) if since is not None else None,
        known.directory.named(unit) if unit is not None else None,
        source,
        type,
    )

    async def work(redis: Any) -> None:
        found = replayed(redis, log_at(data, redis, ledger), wanted, known.directory, outcome)
        if by_time:
            found = in_order([one async for one in found])
        await (_print_lines(found) if ndjson else _print_table(found, known, ledger, whole=task is not None))

    with_server(data, work)


async def _print_lines(found: AsyncIterable[Replayed]) -> None:
    async for one in found:
        line = msgspec.json.encode(one.as_json()) if isinstance(one, RefusedEntry) else one[0].raw
        sys.stdout.buffer.write(line + b"\n")


async def _print_table(found: AsyncIterable[Replayed], ledger: Ledger, title: str, *, whole: bool) -> None:
    """Print a table; what one task's events say is shown in full."""
    names = ("日志序号", "记录时间", "来源", "类型", "任务", "内容")
    shown = Table(*(Column(name, overflow="fold" if whole else "ellipsis") for name in names), title=title, expand=True)
    async for one in found:
        shown.add_row(*(_refusal(one, ledger) if isinstance(one, RefusedEntry) else _event(one, ledger)))
    out.print(shown)


def _event(one: tuple[Stored, Recorded], ledger: Ledger) -> tuple[str, ...]:
    event = one[1].event
    content = msgspec.json.encode(event.data).decode()
    return str(one[1].position), _second(event.at, ledger), event.source, event.type, event.subject, content


def _refusal(one: RefusedEntry, ledger: Ledger) -> tuple[str, ...]:
    told = f"{one.outcome.code}：{one.outcome.detail}"
    event = one.event
    source, type, task = (event.source, event.type, event.subject) if event is not None else (one.by, "", "")
    return f"拒绝 {one.number}", _second(one.at, ledger), source, type, task, told


def _second(at: datetime, ledger: Ledger) -> str:
    return f"{at.astimezone(ledger.zone):%Y-%m-%d %H:%M:%S}"
