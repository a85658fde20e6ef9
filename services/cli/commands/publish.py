"""The command that publishes a file of events, and what it shows meanwhile."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from services.cli import refusals
from services.cli.client import Client
from services.cli.event_file import STDIN, opened
from services.cli.options import SHOWN, DataOption, JsonOption, LedgerOption, err, out
from services.cli.progress_file import Journal, Reached, Target
from services.cli.publish_run import Publication
from services.cli.publisher import PATIENCE, Publisher
from services.cli.target import LEDGER, Place, find
from services.common.settings import SettingsError

commands = typer.Typer(add_completion=False)


@commands.command()
def publish(
    file: Annotated[
        Path,
        typer.Argument(help="One event a line, plain or gzip; - for standard input"),
    ],
    source: Annotated[
        str | None, typer.Option("--source", help="Who publishes, if DUBAN_TOKEN does not say it")
    ] = None,
    ledger: LedgerOption = LEDGER,
    data: DataOption = None,
    refused: Annotated[
        Path | None,
        typer.Option("--refused", help="Write what was refused here: line, code, detail, raw", dir_okay=False),
    ] = None,
    restart: Annotated[
        bool, typer.Option("--restart", help="Begin with the first line, whatever was published")
    ] = False,
    patience: Annotated[
        float, typer.Option("--patience", min=0, help="Seconds to wait for a service that does not answer")
    ] = PATIENCE,
    json: JsonOption = False,
) -> None:
    """Publish a file of events in their order; a run that was stopped is gone on with by the next.

    How far it came is kept beside the file until all of it has its outcomes. Running it again is safe then, too: what
    was accepted is a duplicate.
    """
    if file != STDIN and (file.is_dir() or not file.exists()):
        raise SettingsError(
            f"{file} is no file; what is published is a file with one event a line, or - for standard input"
        )
    if refused is not None:
        refusals.check_file(refused, file)
    place = find(data)
    token = _token(place, ledger, source)
    with _journal(file) as journal:
        try:
            begun = asyncio.run(
                _work(file, place, ledger, source, token, journal, patience, restart=restart, json=json)
            )
        except BaseException as error:
            refusals.write(refused, journal)
            _tell_stopped(file, journal)
            if isinstance(error, KeyboardInterrupt):
                raise SystemExit(1) from None
            raise
        refusals.write(refused, journal)
        _tell(journal, begun, json=json)
        journal.done = True
    raise SystemExit(1 if journal.reached.refused else 0)


async def _work(
    file: Path,
    place: Place,
    ledger: str,
    source: str | None,
    token: str,
    journal: Journal,
    patience: float,
    *,
    restart: bool,
    json: bool,
) -> int:
    """Publish the file and return the line after which this run began."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[counts]}"),
    )
    async with Client(place, ledger) as client:
        with Progress(*columns, console=err, disable=json) as progress:

            def waiting(why: str | None) -> None:
                err.print(f"waiting: {why}" if why is not None else "going on", style="yellow", markup=False)

            publisher = Publisher(client, token, patience, waiting)
            publication = Publication(file, Target(client.events_url, source), journal, publisher)
            why = "--restart" if restart else await publication.why_anew()
            if why is None and journal.reached.line:
                journal.go_on()
                err.print(f"{file}: going on after line {journal.reached.line:,}", style="yellow", markup=False)
            else:
                if journal.reached.line:
                    err.print(f"{file}: beginning with the first line: {why}", style="yellow", markup=False)
                journal.begin(Target(client.events_url, source))
            begun = journal.reached.line
            with opened(file) as opened_file:
                bar = progress.add_task("publishing", total=opened_file.size, counts=_counts(journal.reached))

                def moved(reached: Reached) -> None:
                    progress.update(bar, completed=opened_file.read, counts=_counts(reached))

                await publication.run(opened_file, moved)
                progress.update(bar, total=opened_file.read, completed=opened_file.read)
    return begun


@contextmanager
def _journal(file: Path) -> Iterator[Journal]:
    """Have the journal of a file, or one that ends with this process, where it cannot be read twice or none be kept."""
    if not file.is_file():
        journal = Journal.passing()
    else:
        try:
            journal = Journal.beside(file)
        except OSError as error:
            err.print(
                f"how far it comes cannot be kept: {error}; stopped, it begins anew", style="yellow", markup=False
            )
            journal = Journal.passing()
    try:
        yield journal
    finally:
        journal.close()


def _token(place: Place, ledger: str, source: str | None) -> str:
    token = place.token or (os.environ.get("DUBAN_TOKEN") if source is None else None)
    if token is not None:
        return token
    if source is None:
        raise SettingsError("who publishes? Say --source, or set DUBAN_TOKEN")
    return place.token_of(ledger, source)


def _tell(journal: Journal, begun: int, *, json: bool) -> None:
    reached = journal.reached
    if json:
        counted = {"accepted": reached.accepted, "duplicate": reached.duplicate, "refused": reached.refused}
        told: dict[str, Any] = {**counted, "lines": reached.line, "begun_after": begun}
        told["refusals"] = [refusals.outcome(one) for one in journal.refusals()]
        out.out(msgspec.json.encode(told).decode(), highlight=False)
        return
    for one in islice(journal.refusals(), SHOWN):
        said = f"refused: line {one.line:,}: {one.id or '?'}: {one.code}: {one.detail}"
        err.print(said, style="red", markup=False, soft_wrap=True)
    if reached.refused > SHOWN:
        err.print(f"… and {reached.refused - SHOWN:,} more; --refused FILE writes them all")
    out.print(_counts(reached), highlight=False)


def _tell_stopped(file: Path, journal: Journal) -> None:
    reached = journal.reached
    if not reached.line:
        return
    again = "the next run goes on from there" if journal.kept else "what was accepted will be duplicates"
    err.print(f"{file}: stopped after line {reached.line:,}: {_counts(reached)}; {again}", style="yellow", markup=False)


def _counts(reached: Reached) -> str:
    return f"accepted {reached.accepted}, duplicate {reached.duplicate}, refused {reached.refused}"
