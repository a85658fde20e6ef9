"""Commands for the audit team."""

import asyncio
import re
import sys
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
import typer
from rich.console import OverflowMethod
from rich.progress import Progress
from rich.table import Column, Table

from events.log import Log
from events.seal.merkle import Tree
from services.cli import replay as audit
from services.cli.checks import verify
from services.cli.checks.finding import Finding, Head
from services.cli.options import DataOption, JsonOption, LedgerOption, err, ledger_of, out
from services.cli.target import LEDGER, find
from services.common.accepted import Acceptance, accepted
from services.common.connection import connect
from services.common.settings import SettingsError

T = TypeVar("T")

commands = typer.Typer(add_completion=False, no_args_is_help=True, help="Replay and verify the log.")


@commands.command("replay")
def audit_replay(
    data: DataOption = None,
    ledger: LedgerOption = LEDGER,
    task: Annotated[str | None, typer.Option("--task", help="Only this task's events")] = None,
    after: Annotated[int, typer.Option("--after", min=0, help="From the position that follows this")] = 0,
    until: Annotated[str | None, typer.Option("--until", help="Up to this position or recorded instant")] = None,
    since: Annotated[str | None, typer.Option("--since", help="From this recorded instant on")] = None,
    ndjson: Annotated[bool, typer.Option("--ndjson", "--json", help="The stored bytes, one event a line")] = False,
) -> None:
    """Show what the log holds, in order: a table, or the stored bytes as NDJSON."""
    wanted = audit.Slice(task, after, _moment(until), _instant(since) if since is not None else None)

    async def work(redis: Any) -> None:
        names = ("位置", "记录时间", "来源", "类型", "任务", "内容")
        overflow: OverflowMethod = "ellipsis" if task is None else "fold"  # of one task, all that there is
        shown = Table(*(Column(name, overflow=overflow) for name in names), title=ledger, expand=True)
        async for stored, recorded in audit.replay(Log(redis, ledger), wanted):
            if ndjson:
                sys.stdout.buffer.write(stored.raw + b"\n")
                continue
            event = recorded.event
            at = event.recorded.astimezone(ledger_of(data, ledger).zone) if event.recorded is not None else event.time
            content = msgspec.json.encode(event.data).decode()
            shown.add_row(
                str(stored.position), f"{at:%Y-%m-%d %H:%M:%S}", event.source, event.type, event.subject, content
            )
        if not ndjson:
            out.print(shown)

    _with_server(data, work)


@commands.command("verify")
def audit_verify(
    data: DataOption = None,
    ledger: LedgerOption = LEDGER,
    since: Annotated[str | None, typer.Option("--since", help="A tree head N:<hex> noted before")] = None,
    json: JsonOption = False,
) -> None:
    """Check that the log is whole and that every row and alert follows from it; print its tree head."""
    noted = _head(since) if since is not None else None
    tree = Tree()

    async def work(redis: Any) -> tuple[int, list[Finding], list[Acceptance]]:
        tail = await Log(redis, ledger).tail()
        with Progress(console=err, disable=json) as progress:
            bar = progress.add_task("reading the log", total=tail)
            found = await verify(
                redis,
                ledger,
                ledger_of(data, ledger),
                lambda position: progress.update(bar, completed=position),
                tree,
                noted,
            )
            return tail, found, await accepted(redis, ledger)

    position, findings, acceptances = _with_server(data, work)
    head = f"{tree.size}:{tree.head()}"
    if json:
        told = {
            "position": position,
            "tree": head,
            "findings": [finding._asdict() for finding in findings],
            "accepted": acceptances,
        }
        out.out(msgspec.json.encode(told).decode())
    else:
        out.out(head)
    for acceptance in [] if json else acceptances:
        out.print(f"accepted: {acceptance}", markup=False)
    for finding in [] if json else findings:
        out.print(f"{finding.check}: {finding.where}: {finding.detail}", style="red", markup=False)
    if not findings and not json:
        out.print(f"{ledger}: {position} events; positions dense, rows and alerts follow from the log")
    raise SystemExit(1 if findings else 0)


def _with_server(data: Path | None, work: Callable[[Any], Awaitable[T]]) -> T:
    async def connected() -> T:
        redis = connect(find(data).server())
        try:
            return await work(redis)
        finally:
            await redis.aclose()

    return asyncio.run(connected())


def _head(text: str) -> Head:
    found = re.fullmatch(r"([0-9]{1,18}):([0-9a-f]{64})", text)
    if found is None:
        raise SettingsError(f"--since {text!r} is no tree head; one is N:<64 hexadecimal digits>, as verify prints it")
    return Head(int(found[1]), found[2])


def _moment(text: str | None) -> int | datetime | None:
    if text is None or text.isdecimal():
        return int(text) if text is not None else None
    return _instant(text)


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise SettingsError(f"{text!r} is no instant with an offset; one looks like 2018-12-20T09:00:00+08:00")
    return instant
