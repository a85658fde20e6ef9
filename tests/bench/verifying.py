"""`make verify-bench`: events of sealed archives verified a second, with the 2017 table's tasks; what a state saves."""

import asyncio
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import NamedTuple

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
from services.cli.archived.keeper import Keeping
from services.cli.archived.state_file import StateFile, VerifyClock
from services.cli.archived.verifying import verify_archives
from services.cli.checks.alerts import AlertFold
from services.cli.checks.decoding import Decoding
from services.cli.fsck.check import check_archive, processors
from services.cli.fsck.files import DirectoryFiles
from services.common.clock import SystemClock, monotonic
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
    """Seal more entries of a stream, and return its keys."""
    path = folder / f"{stream}.key"
    origin = ORIGIN if stream == "log" else f"{ORIGIN}/{stream}"
    keys = KeyFile.load(path) if path.exists() else KeyFile.make(path, origin)
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


class StateFigures(NamedTuple):
    """Seconds: a first run with a state, one after growth with it and without it, writing it; and its bytes."""

    first: float
    resumed: float
    fresh: float
    save: float
    size: int


def resume(folder: Path, count: int) -> StateFigures:
    """Measure what a state saves: verify some events, let the log grow by a hundredth, verify again."""
    ledger, more = load_ledger(shipped("zhanjiang.toml")), count + count // 100
    for stream, entries in (("log", events(ledger, count)), ("record", alerts(ledger, count))):
        sealed(folder, stream, entries)
    archives = Archives(*(DirectoryFiles(folder / stream) for stream in ("log", "rules", "record")))
    file = StateFile(folder / "state", VerifyClock(SystemClock().now, monotonic))

    def seconds(keeping: Keeping | None) -> float:
        keys = [KeyFile.load(folder / f"{stream}.key") for stream in ("log", "record")]
        policy = LogPolicy(tuple(key for one in keys for key in one.keys), {}, {}, "none")
        begun = monotonic()
        work = verify_archives(archives, policy, PresentRules(ledger), None, lambda _: None, None, keeping)
        done = asyncio.run(work)
        assert not done.findings, done.findings[:3]
        return monotonic() - begun

    first, size = seconds(Keeping(file)), file.path.stat().st_size
    begun = monotonic()
    assert file.save(lambda _: file.load())
    save = monotonic() - begun
    known = sum(1 for _ in alerts(ledger, count))
    sealed(folder, "log", islice(events(ledger, more), count, None))
    sealed(folder, "record", islice(alerts(ledger, more), known, None))
    fresh = seconds(None)
    return StateFigures(first, seconds(Keeping(file)), fresh, save, size)


def main(arguments: list[str]) -> None:
    count = int(arguments[0]) if arguments else COUNT
    with tempfile.TemporaryDirectory(prefix="duban-verify-", dir=Path.cwd()) as folder:
        figures = run(Path(folder), count)
    with tempfile.TemporaryDirectory(prefix="duban-verify-", dir=Path.cwd()) as folder:
        state = resume(Path(folder), count)
    table = Table(
        "figure", "a second", "a second of this process", title=f"{count:,} events, {processors()} processors"
    )
    for figure in figures:
        table.add_row(figure.name, f"{figure.per_second:,.0f}", f"{figure.per_cpu_second:,.0f}")
    Console().print(table)
    Console().print(
        f"with --state: {state.first:.1f} s; 1 % more: {state.resumed:.2f} s instead of {state.fresh:.1f} s;"
        f" the state has {state.size / count:.1f} bytes an event, and is written in {state.save * 1000:.0f} ms"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
