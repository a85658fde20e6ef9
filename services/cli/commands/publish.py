"""`duban publish`: a file of events, published in its order."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import msgspec
import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from services.cli import refusals
from services.cli.client import Client
from services.cli.event_file import STDIN, open_events
from services.cli.options import SHOWN, DataOption, JsonOption, LedgerOption, err, out
from services.cli.progress_file import Destination, ProgressFile, PublishProgress
from services.cli.publish_run import PublishRun
from services.cli.publisher import PATIENCE, Publisher
from services.cli.target import LEDGER, Bearer, Target, bearer_of, find
from services.common.settings import SettingsError

commands = typer.Typer(add_completion=False)


class Invocation(NamedTuple):
    """What one command line asks for: the file, where it goes, and how."""

    file: Path
    target: Target
    ledger: str
    source: str | None
    bearer: Bearer
    patience: float
    restart: bool
    json: bool


@commands.command()
def publish(
    file: Annotated[Path, typer.Argument(help="Events as NDJSON, one per line, plain or gzip; - reads standard input")],
    source: Annotated[
        str | None, typer.Option("--source", help="The source that publishes; not needed with DUBAN_TOKEN")
    ] = None,
    ledger: LedgerOption = LEDGER,
    data: DataOption = None,
    refused: Annotated[
        Path | None,
        typer.Option("--refused", help="Write refused events to this file: line, code, detail, raw", dir_okay=False),
    ] = None,
    restart: Annotated[
        bool, typer.Option("--restart", help="Start at line 1, even if an earlier run was interrupted")
    ] = False,
    patience: Annotated[
        float, typer.Option("--patience", min=0, help="Seconds to wait for a service that does not answer")
    ] = PATIENCE,
    json: JsonOption = False,
) -> None:
    """Publish a file of events in its order. An interrupted run resumes where it stopped.

    FILE.progress records the progress until every event has an outcome. An accepted event sent again is a duplicate.
    """
    if file != STDIN and (file.is_dir() or not file.exists()):
        raise SettingsError(f"{file} is not a file; give a file with one event per line, or - for standard input")
    if refused is not None:
        refusals.check_file(refused, file)
    target = find(data)
    bearer = _bearer(target, ledger, source)
    raise SystemExit(_run(Invocation(file, target, ledger, source, bearer, patience, restart, json), refused))


def _run(invocation: Invocation, refused: Path | None) -> int:
    """Publish, print and write the outcomes, and return the exit code."""
    with _progress_file(invocation.file) as progress_file:
        try:
            begun_after = asyncio.run(_publish(invocation, progress_file))
        except BaseException as error:
            refusals.write(refused, progress_file)
            _print_interrupted(invocation.file, progress_file)
            if isinstance(error, KeyboardInterrupt):
                return 1
            raise
        refusals.write(refused, progress_file)
        _print_outcomes(progress_file, begun_after, json=invocation.json)
        progress_file.done = True
    return 1 if progress_file.checkpoint.refused else 0


async def _publish(invocation: Invocation, progress_file: ProgressFile) -> int:
    """Publish the file and return the line after which this run began."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[counts]}"),
    )
    async with Client(invocation.target, invocation.ledger) as client:
        with Progress(*columns, console=err, disable=invocation.json) as progress:
            destination = Destination(client.events_url, invocation.source)
            publisher = Publisher(client, invocation.bearer, invocation.patience, _print_waiting)
            run = PublishRun(invocation.file, destination, progress_file, publisher)
            begun_after = await _begin(run, invocation, progress_file, destination)
            with open_events(invocation.file) as events:
                bar = progress.add_task("publishing", total=events.size, counts=_counts(progress_file.checkpoint))

                def report(checkpoint: PublishProgress) -> None:
                    progress.update(bar, completed=events.read, counts=_counts(checkpoint))

                await run.run(events, report)
                progress.update(bar, total=events.read, completed=events.read)
    return begun_after


async def _begin(run: PublishRun, invocation: Invocation, progress_file: ProgressFile, destination: Destination) -> int:
    """Resume at the last checkpoint if possible, else start at line 1; return the line after which the run begins."""
    reason = "--restart" if invocation.restart else await run.restart_reason()
    line = progress_file.checkpoint.line
    if reason is None and line:
        progress_file.resume()
        err.print(f"{invocation.file}: resuming after line {line:,}", style="yellow", markup=False)
    else:
        if line:
            err.print(f"{invocation.file}: starting at line 1: {reason}", style="yellow", markup=False)
        progress_file.start(destination)
    return progress_file.checkpoint.line


@contextmanager
def _progress_file(file: Path) -> Iterator[ProgressFile]:
    """Open the progress file, or a temporary one if the input cannot be read twice or the directory is read-only."""
    if not file.is_file():
        progress_file = ProgressFile.temporary()
    else:
        try:
            progress_file = ProgressFile.open_for(file)
        except OSError as error:
            wrong = f"progress cannot be saved: {error}; an interrupted run will start at line 1"
            err.print(wrong, style="yellow", markup=False)
            progress_file = ProgressFile.temporary()
    try:
        yield progress_file
    finally:
        progress_file.close()


def _bearer(target: Target, ledger: str, source: str | None) -> Bearer:
    if source is None and target.token is None and (token := os.environ.get("DUBAN_TOKEN")):
        return bearer_of(token)
    if source is None and target.token is None:
        raise SettingsError("no source given: name it with --source, or set DUBAN_TOKEN")
    return target.token_of(ledger, source or "")


def _print_waiting(reason: str | None) -> None:
    err.print(f"waiting: {reason}" if reason is not None else "resumed", style="yellow", markup=False)


def _print_outcomes(progress_file: ProgressFile, begun_after: int, *, json: bool) -> None:
    checkpoint = progress_file.checkpoint
    if json:
        counted = {"accepted": checkpoint.accepted, "duplicate": checkpoint.duplicate, "refused": checkpoint.refused}
        summary: dict[str, Any] = {**counted, "lines": checkpoint.line, "begun_after": begun_after}
        summary["refusals"] = [refusals.outcome(one) for one in progress_file.refusals()]
        out.out(msgspec.json.encode(summary).decode(), highlight=False)
        return
    for one in islice(progress_file.refusals(), SHOWN):
        text = f"refused: line {one.line:,}: {one.id or '?'}: {one.code}: {one.detail}"
        err.print(text, style="red", markup=False, soft_wrap=True)
    if checkpoint.refused > SHOWN:
        err.print(f"… and {checkpoint.refused - SHOWN:,} more; --refused FILE writes them all")
    out.print(_counts(checkpoint), highlight=False)


def _print_interrupted(file: Path, progress_file: ProgressFile) -> None:
    checkpoint = progress_file.checkpoint
    if not checkpoint.line:
        return
    again = (
        "the next run resumes there"
        if progress_file.persistent
        else "accepted events will be duplicates in the next run"
    )
    text = f"{file}: stopped after line {checkpoint.line:,}: {_counts(checkpoint)}; {again}"
    err.print(text, style="yellow", markup=False)


def _counts(checkpoint: PublishProgress) -> str:
    return f"accepted {checkpoint.accepted}, duplicate {checkpoint.duplicate}, refused {checkpoint.refused}"
