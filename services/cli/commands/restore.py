"""`duban restore`: put a ledger back on its server from the archive."""

import asyncio
from typing import Annotated

import msgspec
import typer
from rich.progress import Progress

from events.archive_rules import FEWEST_KEPT
from events.seal.errors import FormatError, PolicyError, SignatureError
from services.cli.fsck.commands import PolicyOption, trust_of
from services.cli.options import (
    ByOption,
    ClockOption,
    DataOption,
    JsonOption,
    LedgerOption,
    audited_ledger_of,
    err,
    out,
)
from services.cli.restoring.ledger import LedgerRestoring, Places, Restored
from services.cli.restoring.server import check_nobody_sends, idle_server, nobody_seals
from services.cli.sealed_places import sealed_places
from services.cli.service_error import ServiceError
from services.cli.target import LEDGER
from services.cli.users import operator
from services.ingest.sealing.places import LOG

commands = typer.Typer(add_completion=False)


@commands.command()
def restore(
    data: DataOption = None,
    ledger: LedgerOption = LEDGER,
    policy: PolicyOption = None,
    keep: Annotated[
        int | None,
        typer.Option(
            "--keep",
            min=FEWEST_KEPT,
            help="On an empty server: only the newest events and entries of the record; default: all",
        ),
    ] = None,
    clock: ClockOption = None,
    by: ByOption = None,
    json: JsonOption = False,
) -> None:
    """Put a ledger's sealed events, alerts and rules back on its server, while the services are stopped.

    What the server has on sealed positions instead is set aside, and its events are submitted again after the end.
    """
    trusted = trust_of(policy, None) if policy is not None else None
    known, places = audited_ledger_of(data, ledger), Places(*sealed_places(data), ledger)

    async def work() -> Restored:
        async with idle_server(data) as redis:
            await check_nobody_sends(redis, ledger)
            with nobody_seals(places.of(LOG).lock), Progress(console=err, disable=json) as progress:
                bar = progress.add_task("", total=None)

                def report(what: str, count: int) -> None:
                    progress.update(bar, description=what, completed=count)

                return await LedgerRestoring(redis, known, places, clock, by or operator(), report).run(trusted, keep)

    try:
        done = asyncio.run(work())
    except (FormatError, PolicyError, SignatureError) as error:
        raise ServiceError(f"the archive of {ledger}, so nothing was restored: {error}") from error
    _print(ledger, done, json=json)


def _print(ledger: str, done: Restored, *, json: bool) -> None:
    if json:
        again = [{"before": one.before, **msgspec.to_builtins(one.outcome)} for one in done.again]
        out.print_json(data={**done._asdict(), "again": again})
        return
    out.print(f"{ledger}: {done.sealed} sealed events are on the server; it lacked {done.lacking} of them")
    for name in done.apart:
        out.print(f"set aside, and left on the server: {name}", markup=False, soft_wrap=True)
    for one in done.again:
        became = one.outcome.code or f"position {one.outcome.position}"
        said = f"position {one.before}: {one.outcome.id}: {one.outcome.outcome}, {became}"
        out.print(said, markup=False, soft_wrap=True)
    if done.unsent:
        out.print(
            f"{done.unsent} alerts of the last day may be sent a second time: nothing on record says that they were"
        )
