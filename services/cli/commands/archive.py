"""`duban archive`: commands on the archives of sealed logs."""

import asyncio
from typing import Annotated, Any

import typer
from rich.progress import Progress

from events.archive_rules import FEWEST_KEPT
from events.operations import COMMANDS
from events.schema import LogTrimmed
from events.seal.eras import LOG
from events.seal.roots import storage_of
from events.trimming import NotTrimmedError, Trimmed, Trimming
from services.cli.client import Client
from services.cli.log_at import log_at
from services.cli.mirroring.commands import mirror
from services.cli.options import ByOption, DataOption, JsonOption, LedgerOption, err, out, with_server
from services.cli.rotating import new_key, retire_key
from services.cli.sealed_places import era_in, place_in
from services.cli.service_error import ServiceError
from services.cli.target import AUDITOR, LEDGER, find
from services.cli.users import operator
from services.common.folded import folded
from services.common.operations import record

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
    keep: Annotated[int, typer.Option("--keep", min=FEWEST_KEPT, help="How many of the newest events stay")],
    data: DataOption = None,
    ledger: LedgerOption = LEDGER,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be trimmed")] = False,
    json: JsonOption = False,
    by: ByOption = None,
) -> None:
    """Take from the server what is sealed, published and folded by every reader; the archive has it from then on."""

    async def work(redis: Any) -> Trimmed:
        positions = await folded(redis, ledger)
        storage = storage_of(place_in(data, ledger, LOG).archive)
        trimming = Trimming(redis, log_at(data, redis, ledger), storage, era_in(data, ledger))
        until = min(positions.values(), default=0)
        if dry_run:
            return await trimming.plan(keep, until)
        with Progress(console=err, disable=json) as progress:
            bar = progress.add_task("indexing events", total=None)
            done = await trimming.trim(keep, until, lambda position: progress.update(bar, completed=position))
        if done.size:
            trimmed = LogTrimmed(by or operator(), done.first, done.last, done.size)
            await record(redis, COMMANDS, ledger, trimmed)
        return done

    try:
        done = with_server(data, work)
    except NotTrimmedError as error:
        raise ServiceError(str(error)) from error
    if json:
        out.print_json(data={"first": done.first, "last": done.last, "events": done.size})
    elif done.size:
        verb = "would leave" if dry_run else "have left"
        out.print(f"{ledger}: positions {done.first} to {done.last} {verb} the server; the archive has them")
    else:
        out.print(f"{ledger}: nothing to trim: no 256 events beyond the newest {keep} are sealed and folded by all")


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
