"""Exports read back: a CSV file's rows, a workbook's cells, a document's paragraphs and tables."""

import csv
import io
from collections.abc import Sequence
from typing import Any

from docx import Document
from openpyxl import load_workbook

from services.status.export.sheets import About
from services.status.figures.board import figures_of
from services.status.row import TaskRow
from tests.status.figures.boards import NOW, board
from tests.status.tracked_tasks import LEDGER

ABOUT = About("湛江市残疾人工作重点任务", NOW, 12, "zh")

FIGURES = figures_of(board(), LEDGER.zone)

ROWS: Sequence[TaskRow] = [task.row for task in board().values()]


def csv_rows(body: bytes) -> list[list[str]]:
    """Return the rows of a CSV file, which must be UTF-8 with a byte order mark and CRLF."""
    assert body.startswith(b"\xef\xbb\xbf")
    text = body.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert text.endswith("\r\n")
    return rows


def workbook(body: bytes) -> Any:
    """Return a workbook with its formulas, not their results."""
    return load_workbook(io.BytesIO(body), data_only=False)


def values(page: Any) -> list[list[Any]]:
    """Return the values of a sheet, by row."""
    return [[cell.value for cell in row] for row in page.iter_rows()]


def document(body: bytes) -> Any:
    """Return a document."""
    return Document(io.BytesIO(body))


def texts(found: Any) -> list[str]:
    """Return the texts of a document's paragraphs."""
    return [paragraph.text for paragraph in found.paragraphs]
