import gc
import resource
import sys
from collections.abc import Callable

import pytest

from events.working_days import LIBRARY
from services.common.sizes import MIB
from services.schedule import sandbox
from services.schedule.limits import MOST_MEMORY
from services.schedule.plan import Schedule
from services.schedule.sandbox import read_safely
from tests.schedule.documents import (
    SEED,
    SEED_ROWS,
    Drawing,
    book,
    changed,
    long_word,
    package,
    page,
    parts,
    separated,
    word,
)
from tests.schedule.orders import LEDGER, ORDER, schedule

DOCUMENT, SHEET = "word/document.xml", "xl/worksheets/sheet1.xml"


HEADER = ["序号", "工作任务", "责任单位", "完成时限"]

WORD, BOOK = word(SEED_ROWS[:2]), book(S=SEED_ROWS[:2])

SECONDS = 20
"""Processor time of a file's reader; it takes far less."""


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let readers take their processor time, however long they wait for it."""
    monkeypatch.setattr(sandbox, "MOST_WAITED", 10 * sandbox.MOST_WAITED)


def spent() -> float:
    """Return the processor time of the readers that have ended: other time depends on what else the machine does."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


async def read(data: bytes, name: str = "table") -> Schedule:
    """Read a document in a process of its own."""
    return await read_safely(data, name, ORDER, LEDGER, LIBRARY)


async def test_a_document_is_read_as_it_is_here() -> None:
    """The process returns what reading here returns."""
    for name, data in (
        ("/in/a folder/表 1.docx", word(SEED_ROWS)),
        ("\0", SEED.encode()),
        ("-c", book(S=SEED_ROWS)),
        ("a.doc", b"\xff"),
        ("\ud800", b""),
    ):
        assert await read(data, name) == schedule(data, name)


def numbered(count: int) -> Drawing:
    """Return a table of so many rows, of which ten have no title."""
    broken = range(100, count, count // 10)
    return [
        HEADER,
        *(
            [str(at), "" if at in broken else f"开展第{at}项工作", "市民政局、市财政局", "年底前"]
            for at in range(1, count + 1)
        ),
    ]


@pytest.mark.parametrize("make", [long_word, lambda drawing: book(S=drawing), page, separated])
async def test_five_thousand_rows(make: Callable[[Drawing], bytes]) -> None:
    """5,000 rows take seconds; ten broken ones are told together, and the others come."""
    data = make(numbered(5_000))
    began = spent()
    found = await read(data)
    assert spent() - began < SECONDS
    assert len(found.lines) == 4_990
    assert [(refusal.row, refusal.column) for refusal in found.refusals] == [
        (at, "工作任务") for at in range(100, 5_000, 500)
    ]


async def test_a_wide_table() -> None:
    """As many cells as are read take seconds also where all columns have the same heading."""
    data = separated([["工作任务"] * 198 + ["单位", "时限"], *[["培训"] * 200] * 2_400])
    began = spent()
    assert len({refusal.row for refusal in (await read(data)).refusals}) == 2_400
    assert spent() - began < SECONDS


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "a bomb": (lambda: package({**parts(WORD), "word/a.xml": bytes(201 * MIB)}), "unpacked, the file has more than"),
    "many parts": (lambda: package({**parts(BOOK), **{f"a{at}": b"" for at in range(6_000)}}), "parts; at most 5,000"),
    "entities": (
        lambda: changed(
            WORD, DOCUMENT, "<w:document", '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><w:document'
        ),
        "declares a document type",
    ),
    "a document type in UTF-16": (
        lambda: package({**parts(BOOK), SHEET: "<!DOCTYPE a><worksheet/>".encode("utf-16")}),
        "declares a document type",
    ),
    "a sheet merged into one cell": (
        lambda: changed(
            BOOK, SHEET, "</sheetData>", '</sheetData><mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>'
        ),
        "S!A1:XFD1048576 is merged",
    ),
    "many merged cells": (
        lambda: changed(
            book(S=[["", ""]] * 2 + [["a", "b"]] * 2_000),
            SHEET,
            "</sheetData>",
            "</sheetData><mergeCells>" + '<mergeCell ref="A3:B2000"/>' * 1_000 + "</mergeCells>",
        ),
        "the merged cells cover more than",
    ),
    "many merged cells of few rows": (
        lambda: changed(
            BOOK,
            SHEET,
            "</sheetData>",
            "</sheetData><mergeCells>" + '<mergeCell ref="A1:A450000"/>' * 300_000 + "</mergeCells>",
        ),
        "the merged cells cover more than",
    ),
    "a cell at the end of the sheet": (
        lambda: changed(
            BOOK, SHEET, "</sheetData>", '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
        ),
        "S!1048576: there are more than 200 columns",
    ),
    "more rows than a sheet has": (
        lambda: changed(BOOK, SHEET, "</sheetData>", "<row/>" * 2_000_000 + "</sheetData>"),
        "more rows than",
    ),
    "many rows": (lambda: "\n".join(",".join(row) for row in numbered(21_000)).encode(), "more than 20,000 rows"),
    "many columns": (lambda: ",".join([*HEADER, *["a"] * 1_000_000]).encode(), "more than 200 columns"),
    "a large file": (lambda: bytes(20 * MIB + 1), "at most 20,971,520 are read"),
    "spans": (lambda: b"<table>" + b"<tr><td rowspan=65534 colspan=1000>a" * 1_000, "a cell goes over 1,000 columns"),
    "spans beside each other": (
        lambda: b"<table>" + b"<tr><td rowspan=65534 colspan=150>a" * 1_000,
        "more than 200 columns",
    ),
    "nested tables": (lambda: b"<table><tr><td>a" * 100_000, "there is no header"),
    "a long merged cell": (
        lambda: page(
            [
                [*HEADER, "成果"],
                ["1", "a", "b", "c", "长" * 15_000],
                *[[str(at), "a", "b", "c", "^"] for at in range(2, 2_000)],
            ]
        ),
        "more than 20,000,000 characters",
    ),
    "headings without end": (lambda: "序号,工作任务,".encode() * 500_000, "more than 200 columns"),
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_files(name: str) -> None:
    """A file made to exhaust its reader is refused, in little time and memory."""
    make, detail = HOSTILE[name]
    data = make()
    began = spent()
    found = await read(data)
    assert spent() - began < SECONDS
    assert found.lines == ()
    assert detail in found.refusals[-1].detail


async def test_a_reader_that_takes_too_much_memory() -> None:
    """Within all limits, a file may still take too much memory: that is a refusal, too."""
    found = await read(changed(WORD, DOCUMENT, "<w:tbl>", "<w:p/>" * 30_000_000 + "<w:tbl>"), "table.docx")
    assert found.lines == ()
    assert len(found.refusals) == 1


async def test_the_memory_of_reading() -> None:
    """No reader had more memory than it is given; a process begins with what the one that starts it has."""
    unit = 1 if sys.platform == "darwin" else 1024
    most = max(MOST_MEMORY, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit)
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit <= most


@pytest.mark.parametrize(
    ("program", "detail"),
    [
        ("import os; os.abort()", "ended early"),
        ("print('nonsense')", "ended early"),
        ("import time; time.sleep(60)", "it took more than 1 seconds to read"),
        ("print('x' * 3_000_000)", "ended early"),
        ("import time; print('x' * 9_000_000, flush=True); time.sleep(60)", "ended early"),
    ],
)
async def test_a_reader_that_dies(program: str, detail: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader that dies, talks nonsense or without end, or never ends is a refusal, and leaves nothing open."""
    monkeypatch.setattr(sandbox, "MODULE", ("-c", program))
    monkeypatch.setattr(sandbox, "MOST_WAITED", 1)
    monkeypatch.setattr(sandbox, "MOST_WRITTEN", 1_000_000)
    (refusal,) = (await read(b"a" * MIB)).refusals
    assert detail in refusal.detail
    gc.collect()  # pytest finds what was left open
