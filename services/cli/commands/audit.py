"""`duban audit`: commands for the audit team."""

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
from services.cli.checks.finding import Finding, TreeHead
from services.cli.fsck.commands import check_proof, fsck
from services.cli.options import DataOption, JsonOption, LedgerOption, err, ledger_of, out, working_days_of
from services.cli.proving import key, prove
from services.cli.target import LEDGER, find
from services.common.accepted import Acceptance, accepted
from services.common.connection import connected
from services.common.settings import SettingsError

T = TypeVar("T")

commands = typer.Typer(add_completion=False, no_args_is_help=True, help="Replay the log, or verify it.")
commands.command("fsck")(fsck)
commands.command("check-proof")(check_proof)
commands.command("key")(key)
commands.command("prove")(prove)


@commands.command("replay")
def audit_replay(
    data: DataOption = None,
    ledger: LedgerOption = LEDGER,
    task: Annotated[str | None, typer.Option("--task", help="Events of this task only")] = None,
    after: Annotated[int, typer.Option("--after", min=0, help="Events after this position")] = 0,
    until: Annotated[str | None, typer.Option("--until", help="Events up to this position or recorded instant")] = None,
    since: Annotated[str | None, typer.Option("--since", help="Events recorded at or after this instant")] = None,
    ndjson: Annotated[
        bool, typer.Option("--ndjson", "--json", help="Print the stored bytes, one event per line")
    ] = False,
) -> None:
    """Print the events of the log in order, as a table or as NDJSON."""
    wanted = audit.Selection(task, after, _moment(until), _instant(since) if since is not None else None)

    async def work(redis: Any) -> None:
        names = ("日志序号", "记录时间", "来源", "类型", "任务", "内容")
        overflow: OverflowMethod = "ellipsis" if task is None else "fold"  # one task is shown in full
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
    since: Annotated[str | None, typer.Option("--since", help="Compare with an earlier tree head N:<hex>")] = None,
    json: JsonOption = False,
) -> None:
    """Verify the log, and that rows and alerts follow from it. Print its tree head."""
    noted = _head(since) if since is not None else None
    tree = Tree()

    async def work(redis: Any) -> tuple[int, list[Finding], list[Acceptance]]:
        tail, days = await Log(redis, ledger).tail(), working_days_of(data)
        with Progress(console=err, disable=json) as progress:
            bar = progress.add_task("verifying events", total=tail)

            def report(position: int) -> None:
                progress.update(bar, completed=position)

            found = await verify(redis, ledger, ledger_of(data, ledger), report, tree, noted, days)
            return tail, found, await accepted(redis, ledger)

    position, findings, acceptances = _with_server(data, work)
    head = f"{tree.size}:{tree.head()}"
    if json:
        out.out(_as_json(position, head, findings, acceptances))
    else:
        _print_verified(ledger, position, head, findings, acceptances)
    raise SystemExit(1 if findings else 0)


def _as_json(position: int, head: str, findings: list[Finding], acceptances: list[Acceptance]) -> str:
    found = [finding._asdict() for finding in findings]
    result = {"position": position, "tree": head, "findings": found, "accepted": acceptances}
    return msgspec.json.encode(result).decode()


def _print_verified(
    ledger: str, position: int, head: str, findings: list[Finding], acceptances: list[Acceptance]
) -> None:
    out.out(head)
    for acceptance in acceptances:
        out.print(f"accepted: {acceptance}", markup=False)
    for finding in findings:
        out.print(f"{finding.check}: {finding.where}: {finding.detail}", style="red", markup=False)
    if not findings:
        out.print(f"{ledger}: {position} events; positions dense, rows and alerts follow from the log")


def _with_server(data: Path | None, work: Callable[[Any], Awaitable[T]]) -> T:
    async def with_client() -> T:
        async with connected(find(data).server()) as redis:
            return await work(redis)

    return asyncio.run(with_client())


def _head(text: str) -> TreeHead:
    found = re.fullmatch(r"([0-9]{1,18}):([0-9a-f]{64})", text)
    if found is None:
        raise SettingsError(
            f"--since {text!r} is not a tree head; give N:<64 hexadecimal digits>, as `duban audit verify` prints it"
        )
    return TreeHead(int(found[1]), found[2])


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
        raise SettingsError(f"{text!r} is not an instant with an offset; give one such as 2018-12-20T09:00:00+08:00")
    return instant
