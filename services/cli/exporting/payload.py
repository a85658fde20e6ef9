"""What a ledger's export has: the log as it is stored, what was refused, alerts and attempts, rules, and tables.

log.ndjson         the stored bytes of each position, a line each; line breaks inside an event are written as spaces
log-bytes.ndjson   position and base64 of the events that have such line breaks, whose bytes are otherwise not exact
events.csv         the same events, a row each
events.parquet     the same as columns, with the stored bytes, if it is asked for
refused.ndjson     refused submissions: number, instant, source, outcome, and the bytes where they are kept
record.ndjson      alerts, and what became of them
rules.ndjson       which rules decided from which position on; rules/<SHA-256>.json has each text
accepted.ndjson    what operators accepted: losses, clocks
tasks.csv, .xlsx   the board at the last position
archive/, proofs/  checkpoints, time stamps and proofs (services/cli/exporting/sealed.py)
"""

import base64
import csv
import io
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any, NamedTuple

import msgspec

from events.entries import Recorded
from events.ledger import Ledger
from events.log import Log
from events.record import Record
from events.recorded_rules import read_rules, read_texts
from events.seal.merkle import Tree
from services.cli.asking.past_board import PastRows, board_as_of
from services.cli.exporting.bag import Bag
from services.cli.exporting.parquet import EventColumns, parquet_file
from services.cli.recorded import recorded_entries
from services.cli.replay import Selection, refusals, replay
from services.common.accepted import accepted
from services.status.export.cells import guarded
from services.status.export.csv_file import csv_file
from services.status.export.sheets import About, task_sheet
from services.status.export.xlsx_file import xlsx_file

_SPACES = bytes.maketrans(b"\r\n", b"  ")

COLUMNS = ("position", "recordedtime", "time", "authid", "source", "type", "id", "subject", "data")


class Exported(NamedTuple):
    """What was exported: how many events, the RFC 6962 head of their tree, and the board after them."""

    events: int
    head: str
    board: PastRows


async def fill(
    bag: Bag,
    redis: Any,
    log: Log,
    record: Record,
    ledger: Ledger,
    progress: Callable[[int], None],
    *,
    with_parquet: bool = False,
) -> Exported:
    """Write a ledger's payload: the log up to its present tail, all else as it is when it is read."""
    name, tail = log.ledger, await log.tail()
    with ExitStack() as stack:
        columns = None
        if with_parquet:
            columns = stack.enter_context(parquet_file(stack.enter_context(bag.open("events.parquet"))))
        head = await _write_events(bag, log, tail, progress, columns)
    with bag.open("refused.ndjson") as file:
        async for one in refusals(redis, name, Selection()):
            file.write(_line(one.as_json()))
    with bag.open("record.ndjson") as file:
        async for _, raw in recorded_entries(record):
            file.write(raw + b"\n")
    await _write_rules(bag, redis, name)
    bag.add("accepted.ndjson", [_line(one) for one in await accepted(redis, name)])
    board = await board_as_of(redis, log, ledger, tail)
    _write_tables(bag, board)
    return Exported(tail, head, board)


async def _write_events(
    bag: Bag, log: Log, tail: int, progress: Callable[[int], None], columns: EventColumns | None
) -> str:
    """Write the events as they are stored and as a table; return the head of their tree."""
    tree = Tree()
    with bag.open("log.ndjson") as lines, bag.open("log-bytes.ndjson") as exact, bag.open("events.csv") as table:
        table.write(_csv_row(COLUMNS).encode("utf-8-sig"))
        async for stored, recorded in replay(log, Selection(until=tail)):
            tree.add(stored.raw)
            flat = stored.raw.translate(_SPACES)
            lines.write(flat + b"\n")
            if flat != stored.raw:
                exact.write(_line({"position": stored.position, "base64": base64.b64encode(stored.raw).decode()}))
            table.write(_csv_row(_cells(recorded)).encode())
            if columns is not None:
                columns.add(stored.raw, recorded)
            progress(stored.position)
    return tree.head()


async def _write_rules(bag: Bag, redis: Any, name: str) -> None:
    entries = await read_rules(redis, name)
    bag.add("rules.ndjson", [_line(entry) for entry in entries])
    hashes = sorted({entry.sha256 for entry in entries})
    for sha256, text in zip(hashes, await read_texts(redis, name, hashes), strict=True):
        if text is not None:
            bag.add(f"rules/{sha256}.json", [text])


def _write_tables(bag: Bag, board: PastRows) -> None:
    """Write the board, if there is one, in Chinese as the page exports it."""
    if board.at is None:
        return
    ledger = board.ledger
    about = About(ledger.title, board.at.astimezone(ledger.zone), board.position, "zh", ledger.light_names)
    sheet = task_sheet(list(board.rows.values()), about, ledger.groups)
    bag.add("tasks.csv", [csv_file(sheet, about)])
    bag.add("tasks.xlsx", [xlsx_file([sheet], about)])


def _cells(entry: Recorded) -> tuple[str, ...]:
    event = entry.event
    recorded = event.recorded.isoformat() if event.recorded is not None else ""
    texts = (event.authid or "", event.source, event.type, event.id, event.subject, _json(event.data))
    return str(entry.position), recorded, event.time.isoformat(), *map(guarded, texts)


def _csv_row(cells: Sequence[str]) -> str:
    """Return a row by RFC 4180."""
    file = io.StringIO(newline="")
    csv.writer(file, lineterminator="\r\n").writerow(cells)
    return file.getvalue()


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _line(value: object) -> bytes:
    return msgspec.json.encode(value) + b"\n"
