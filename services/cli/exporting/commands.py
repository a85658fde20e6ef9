"""The command `duban audit export`."""

from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress

from events.schema import ExportMade
from services.cli.exporting.bag import new_bag
from services.cli.exporting.parquet import load_pyarrow
from services.cli.exporting.payload import Exported, fill
from services.cli.exporting.sealed import positions_of, write_sealed
from services.cli.log_at import log_at, record_at
from services.cli.options import DataOption, LedgerOption, audited_ledger_of, err, out, with_server
from services.cli.sealed_places import archives_in
from services.cli.target import LEDGER
from services.cli.users import operator
from services.common.operations import record
from services.common.sealed_log import archive_root


def export(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Missing or empty: it becomes the package")],
    parquet: Annotated[bool, typer.Option("--parquet", help="Also events.parquet (needs duban[parquet])")] = False,
    proofs: Annotated[
        str | None, typer.Option("--proofs", metavar="N,N-M", help="Positions with a .tlog-proof each")
    ] = None,
    archive: Annotated[
        str | None, typer.Option("--archive", metavar="DIR|s3://…", help="Where `log` is; default: as duban runs")
    ] = None,
    data: DataOption = None,
    ledger: LedgerOption = LEDGER,
) -> None:
    """Write a ledger as a BagIt package: log, refusals, alerts, rules, tables, with SHA-256 and SM3 of each file."""
    known = audited_ledger_of(data, ledger)
    positions = positions_of(proofs) if proofs is not None else []
    place = archive_root(archive) if archive is not None else archives_in(data, ledger)
    if parquet:
        load_pyarrow()  # before anything is written

    async def work(redis: Any) -> Exported:
        with new_bag(directory) as bag, Progress(console=err) as progress:
            log, of_alerts = log_at(data, redis, ledger), record_at(data, redis, ledger)
            bar = progress.add_task("exporting events", total=await log.tail())

            def report(position: int) -> None:
                progress.update(bar, completed=position)

            write_sealed(bag, place, positions)  # first: the log then has what the checkpoint signs
            done = await fill(bag, redis, log, of_alerts, known, report, with_parquet=parquet)
            await record(redis, "audit", ledger, ExportMade(operator(), "ledger", "bagit", done.events))
            bag.finish(_info(ledger, done))
            return done

    done = with_server(data, work)
    out.print(f"{directory}: {done.events} events; tree head {done.events}:{done.head}", markup=False, soft_wrap=True)


def _info(ledger: str, done: Exported) -> list[tuple[str, str]]:
    """Return what is told of the bag; its date is that of its last event, so that a ledger always gives one bag."""
    board = done.board
    dated = [("Bagging-Date", f"{board.at.astimezone(board.ledger.zone):%Y-%m-%d}")] if board.at is not None else []
    return [
        ("External-Identifier", ledger),
        ("External-Description", board.ledger.title),
        *dated,
        ("Bag-Software-Agent", f"duban {version('duban')}"),
        ("Duban-Positions", str(done.events)),
        ("Duban-Tree-Head", f"{done.events}:{done.head}"),
    ]
