"""`duban archive`: commands on the archives of sealed logs."""

import asyncio
from functools import partial
from typing import Annotated, Any

import typer
from rich.progress import Progress, TaskID

from events.archive_rules import FEWEST_KEPT
from events.operations import COMMANDS
from events.saved_rows import RECORD
from events.seal.eras import LOG
from events.trimming import NotTrimmedError, Trimmed
from services.cli.client import Client
from services.cli.log_at import log_at, record_at
from services.cli.mirroring.commands import mirror
from services.cli.options import ByOption, DataOption, JsonOption, LedgerOption, err, out, with_server
from services.cli.rotating import new_key, retire_key
from services.cli.sealed_places import era_in, sealed_places
from services.cli.service_error import ServiceError
from services.cli.target import AUDITOR, LEDGER, find
from services.cli.users import operator
from services.common.stream_trimming import trimmings

commands = typer.Typer(add_completion=False, no_args_is_help=True, help="The archives of sealed logs.")

commands.command("mirror")(mirror)
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
def trim(
    keep: Annotated[
        int,
        typer.Option("--keep", min=FEWEST_KEPT, help="How many of the newest events, and entries of the record, stay"),
    ],
    data: DataOption = None,
    ledger: LedgerOption = LEDGER,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be trimmed")] = False,
    json: JsonOption = False,
    by: ByOption = None,
) -> None:
    """Take from the server events, and entries of the record of alerts, that are sealed, published and read by all.

    The archive has them from then on.
    """

    async def work(redis: Any) -> dict[str, Trimmed]:
        streams = log_at(data, redis, ledger), record_at(data, redis, ledger)
        found = trimmings(redis, *streams, sealed_places(data)[0] / ledger, era_in(data, ledger))
        if dry_run:
            return {one.stream: await one.plan(keep) for one in found}
        done: dict[str, Trimmed] = {}
        with Progress(console=err, disable=json) as progress:
            for one in found:
                bar = progress.add_task(f"trimming the {one.stream}", total=None)
                report = partial(_report, progress, bar)
                done[one.stream] = await one.trim(keep, COMMANDS, by or operator(), report)
        return done

    try:
        done = with_server(data, work)
    except NotTrimmedError as error:
        raise ServiceError(str(error)) from error
    if json:
        of_log, of_record = [{"first": one.first, "last": one.last} for one in (done[LOG], done[RECORD])]
        entries = {**of_record, "entries": done[RECORD].size}
        out.print_json(data={**of_log, "events": done[LOG].size, RECORD: entries})
        return
    for stream, one in done.items():
        out.print(f"{ledger}: {_said(stream, one, keep, dry_run=dry_run)}")


def _report(progress: Progress, bar: TaskID, position: int) -> None:
    progress.update(bar, completed=position)


def _said(stream: str, done: Trimmed, keep: int, *, dry_run: bool) -> str:
    """Return what left, or would leave, a stream."""
    verb, places = "would leave" if dry_run else "have left", "positions" if stream == LOG else "entries of the record"
    if done.size:
        return f"{places} {done.first} to {done.last} {verb} the server; the archive has them"
    lacking = "events" if stream == LOG else places
    until = "folded by all" if stream == LOG else "of digests that are done"
    return f"nothing to trim: no 256 {lacking} beyond the newest {keep} are sealed and {until}"


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
