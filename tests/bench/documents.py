"""Reading documents: rows a second, next to the format's library alone; and how many deadline cells are read right."""

import csv
import time
from collections.abc import Callable
from datetime import date, timedelta
from io import BytesIO, StringIO

import docx
import openpyxl

from events.ledger import Ledger
from events.working_days import LIBRARY
from services.schedule.plan import Order
from services.schedule.sandbox import read_safely
from tests.schedule.cells import answer, deadline_cells
from tests.schedule.documents import SEED_ROWS, Drawing, book, long_word, separated
from tests.schedule.verdicts import HALVES, Verdict, counts

ROWS = 5_000

PHRASES = (
    "{:%Y年%-m月}底前完成",
    "{:%Y年%-m月%-d日}前",
    "持续实施",
    "{:%-m}月底前启动，{:%Y}年底前完成",
    "每年{:%-m月}底前",
)

MAKERS: dict[str, Callable[[Drawing], bytes]] = {
    ".docx": long_word,
    ".xlsx": lambda drawing: book(S=drawing),
    ".csv": separated,
}


def accuracy() -> dict[str, dict[Verdict, int]]:
    """Return for each half of the corpus of deadline cells how many of its answers have each verdict."""
    return {f"deadlines, {half}": counts(answer(cell).verdict for cell in deadline_cells(half)) for half in HALVES}


def drawing() -> Drawing:
    """Return the 2017 table many times over, each row with a distinct title and, mostly, a distinct deadline."""
    rows = []
    for number in range(1, ROWS + 1):
        _, title, units, _ = SEED_ROWS[1 + number % 27]
        day = date(2018, 1, 1) + timedelta(days=number)
        rows.append([str(number), f"{number}：{title}", units, PHRASES[number % len(PHRASES)].format(day, day)])
    return [SEED_ROWS[0], *rows]


async def rows_per_second(document: bytes, ledger: Ledger) -> float:
    """Return the rows/s from a document's bytes to its assignments, in a process of its own as in ingest."""
    start = time.monotonic()
    schedule = await read_safely(document, "table", Order("bench", date(2017, 8, 1), "office"), ledger, LIBRARY)
    assert len(schedule.lines) == ROWS, schedule.refusals[:3]
    return ROWS / (time.monotonic() - start)


async def bare_rows_per_second(document: bytes, form: str) -> float:
    """Return the rows/s at which the format's library alone reads the texts of the cells."""
    start = time.monotonic()
    assert _opened(document, form) >= ROWS
    return ROWS / (time.monotonic() - start)


def _opened(document: bytes, form: str) -> int:
    """Read every cell of a document; return the number of rows."""
    match form:
        case ".docx":
            rows = docx.Document(BytesIO(document)).tables[0].rows
            return sum(1 for row in rows if [cell.text for cell in row.cells])
        case ".xlsx":
            sheet = openpyxl.load_workbook(BytesIO(document)).worksheets[0]
            return sum(1 for row in sheet.iter_rows() if [cell.value for cell in row])
        case _:
            return sum(1 for row in csv.reader(StringIO(document.decode())) if row)
