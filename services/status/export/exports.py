"""The exports of each kind of answer, in each format."""

from collections.abc import Sequence
from functools import partial

from litestar import Response
from litestar.exceptions import ValidationException

from events.ledger import Ledger
from services.status.export.changes import compared_sheet
from services.status.export.csv_file import csv_file
from services.status.export.download import Asked, FileContents, download
from services.status.export.formats import Format
from services.status.export.notice import Facts, notice
from services.status.export.sheets import About, Sheet, overview_sheet, task_sheet, unit_sheet
from services.status.figures.units import UnitFigures
from services.status.past.compared import ComparedRow
from services.status.row import TaskRow

MOST_ROWS = 10_000
"""Rows of a table in a document: about 700 pages; word processors become slow beyond that."""


async def tasks_export(rows: Sequence[TaskRow], asked: Asked, about: About, ledger: Ledger) -> Response[bytes]:
    """Return the register of these tasks; raises ValidationException where a document would be too long."""
    format = asked.form.format
    _check_rows(len(rows), format)
    return await download(asked, "tasks", about, partial(_tasks_file, list(rows), format, about, ledger))


async def units_export(units: Sequence[UnitFigures], asked: Asked, about: About) -> Response[bytes]:
    """Return the figures of units."""
    format = asked.form.format
    _check_rows(len(units), format)
    return await download(asked, "units", about, partial(_units_file, units, format, about))


async def overview_export(facts: Facts, asked: Asked, about: About) -> Response[bytes]:
    """Return the figures of the ledger: as tables, or as the draft of a notice."""
    format = asked.form.format
    what: FileContents = "notice" if format == "docx" else "overview"
    return await download(asked, what, about, partial(_overview_file, facts, format, about))


async def changes_export(rows: Sequence[ComparedRow], asked: Asked, about: About, ledger: Ledger) -> Response[bytes]:
    """Return the register of these tasks with what changed in each; raises ValidationException as `tasks_export`."""
    format = asked.form.format
    _check_rows(len(rows), format)
    return await download(asked, "changes", about, partial(_changes_file, list(rows), format, about, ledger))


def _tasks_file(rows: Sequence[TaskRow], format: Format, about: About, ledger: Ledger) -> bytes:
    return _file(task_sheet(rows, about, ledger.groups, more=format != "docx"), format, about)


def _changes_file(rows: list[ComparedRow], format: Format, about: About, ledger: Ledger) -> bytes:
    return _file(compared_sheet(rows, about, ledger.groups, more=format != "docx"), format, about)


def _units_file(units: Sequence[UnitFigures], format: Format, about: About) -> bytes:
    return _file(unit_sheet(units, about), format, about)


def _overview_file(facts: Facts, format: Format, about: About) -> bytes:
    if format == "docx":
        from services.status.export.notice_file import notice_file  # noqa: PLC0415 - slow to import, and few ask

        return notice_file(notice(facts, about), about)
    figures = overview_sheet(facts.overview, about)
    return _xlsx([figures, unit_sheet(facts.units, about)], about) if format == "xlsx" else csv_file(figures, about)


def _file(sheet: Sheet, format: Format, about: About) -> bytes:
    if format == "docx":
        from services.status.export.register import register  # noqa: PLC0415 - slow to import, and few ask

        return register(sheet, about)
    return _xlsx([sheet], about) if format == "xlsx" else csv_file(sheet, about)


def _xlsx(sheets: Sequence[Sheet], about: About) -> bytes:
    from services.status.export.xlsx_file import xlsx_file  # noqa: PLC0415 - slow to import, and few ask

    return xlsx_file(sheets, about)


def _check_rows(rows: int, format: Format) -> None:
    if format == "docx" and rows > MOST_ROWS:
        detail = f"{rows:,} rows match, and a document has at most {MOST_ROWS:,}: filter them, or take csv or xlsx"
        raise ValidationException(detail)
