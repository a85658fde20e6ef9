"""`make verify-bench`: events of sealed archives verified a second, with the 2017 table's tasks."""

import asyncio
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.table import Table

from events.entries import Recorded, Stored
from events.envelope import read
from events.ledger import Ledger
from events.seal.archive import Archive
from events.seal.policy import LogPolicy
from events.seal.signers import KeyFile
from events.seal.signing_state import SigningState
from events.seal.storage import CHECKPOINT, DirectoryStorage
from events.working_days import LIBRARY
from services.cli.archived.archives import Archives, PresentRules
from services.cli.archived.entries import SealedEntries
from services.cli.archived.verifying import verify_archives
from services.cli.checks.alerts import AlertFold
from services.cli.checks.decoding import Decoding
from services.cli.fsck.check import check_archive, processors
from services.cli.fsck.files import DirectoryFiles
from services.common.settings import load_ledger, shipped
from services.notify.record import alert_entry
from tests.bench.sealing import NOW, SealFigure, measure
from tests.bench.workload import seed_workload
from tests.examples import seal

COUNT = 1_000_000

ORIGIN = "bench.duban.invalid/zhanjiang"

A_SECOND = 100
"""Events that are recorded a second, by the ledger's clock."""


def events(ledger: Ledger, count: int) -> Iterator[bytes]:
    """Yield the stored bytes of a log: its tasks, and reports of their units."""
    workload, start = seed_workload(ledger), datetime(2018, 4, 1, tzinfo=UTC)
    for number in range(count):
        recorded = (start + timedelta(seconds=number // A_SECOND)).strftime("%Y-%m-%dT%H:%M:%SZ")
        tasks = workload.assignments
        raw, source = (tasks[number], "office") if number < len(tasks) else (workload.report(number, "units"), "units")
        yield seal(raw, recorded, source)


def sealed(folder: Path, stream: str, entries: Iterator[bytes]) -> KeyFile:
    """Seal a stream, and return its keys."""
    keys = KeyFile.make(folder / f"{stream}.key", ORIGIN if stream == "log" else f"{ORIGIN}/{stream}")
    archive = Archive.open(DirectoryStorage(folder / stream), keys, SigningState(folder / f"{stream}.signed"))
    archive.append(entries)
    archive.publish(archive.sign(NOW))
    return keys


def alerts(ledger: Ledger, count: int) -> Iterator[bytes]:
    """Yield the record of the alerts that the events cause."""
    fold, known = AlertFold(ledger, LIBRARY), set[str]()
    for position, raw in enumerate(events(ledger, count), 1):
        for alert in fold.event(Recorded(position, read(raw))):
            if alert.id not in known:
                known.add(alert.id)
                yield alert_entry(alert)


def run(folder: Path, count: int) -> list[SealFigure]:
    """Measure everything, in a folder on the disk to be measured."""
    ledger = load_ledger(shipped("zhanjiang.toml"))
    log, record = sealed(folder, "log", events(ledger, count)), sealed(folder, "record", alerts(ledger, count))
    policy = LogPolicy((*log.keys, *record.keys), {}, {}, "none")
    archives = Archives(*(DirectoryFiles(folder / stream) for stream in ("log", "rules", "record")))
    data = archives.log.read(CHECKPOINT)
    assert data is not None
    checkpoint = policy.check(data).checkpoint

    def tiles() -> None:
        assert not check_archive(archives.log, checkpoint, lambda _: None).flaws

    def decoded() -> None:
        decoding = Decoding()
        for batch in SealedEntries(archives.log, checkpoint).batches():
            for position, raw in batch:
                decoding.event(Stored(position, raw))
        assert not decoding.findings

    def everything() -> None:
        done = asyncio.run(verify_archives(archives, policy, PresentRules(ledger), None, lambda _: None))
        assert not done.findings, done.findings[:3]

    return [
        measure("tiles, entries and signatures", count, tiles),
        measure("density and decoding", count, decoded),
        measure("everything, alerts included", count, everything),
    ]


def main(arguments: list[str]) -> None:
    count = int(arguments[0]) if arguments else COUNT
    with tempfile.TemporaryDirectory(prefix="duban-verify-", dir=Path.cwd()) as folder:
        figures = run(Path(folder), count)
    table = Table(
        "figure", "a second", "a second of this process", title=f"{count:,} events, {processors()} processors"
    )
    for figure in figures:
        table.add_row(figure.name, f"{figure.per_second:,.0f}", f"{figure.per_cpu_second:,.0f}")
    Console().print(table)


if __name__ == "__main__":
    main(sys.argv[1:])
