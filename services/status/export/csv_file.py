"""A table as CSV by RFC 4180: UTF-8 with a byte order mark, by which spreadsheets recognise it, and CRLF. Pure."""

import csv
import io

from services.status.export.cells import guarded
from services.status.export.sheets import About, Sheet, Value


def csv_file(sheet: Sheet, about: About) -> bytes:
    """Return a table as a CSV file; texts are quoted, and those that a spreadsheet would compute begin with a quote."""
    file = io.StringIO(newline="")
    writer = csv.writer(file, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n")
    writer.writerow([about.word(column.key) for column in sheet.columns])
    writer.writerows([_cell(value) for value in row] for row in sheet.rows)
    return file.getvalue().encode("utf-8-sig")


def _cell(value: Value) -> str | int | float:
    match value:
        case None:
            return ""
        case str():
            return guarded(value)
        case int() | float():
            return value
        case _:
            return value.isoformat()
