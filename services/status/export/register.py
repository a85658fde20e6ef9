"""A table as a document (DOCX): the 督查台账 of what is shown, or the units, on turned pages."""

from services.status.export.paper import DENSE_TABLE, TABLE, TITLE, Paper
from services.status.export.sheets import About, Sheet, Value
from services.status.export.spelling import day_of, plain


def register(sheet: Sheet, about: About) -> bytes:
    """Return a table with its title, its day, and day and position at the foot of each page."""
    paper = Paper(f"{about.title} {sheet.name}", f"{day_of(about)} · {about.position}", turned=True)
    paper.text(f"{about.title}{'' if about.language == 'zh' else ' · '}{sheet.name}", TITLE, "center")
    counted = about.word(sheet.counted).format(len(sheet.rows))
    paper.text(f"{_as_of(about)}　{counted}", TABLE, "right")
    headings = [about.word(column.key) for column in sheet.columns]
    rows = [[_cell(value) for value in row] for row in sheet.rows]
    paper.table(headings, [column.width for column in sheet.columns], rows, DENSE_TABLE)
    paper.footer(f"{_as_of(about)}　{about.word('task.position')} {about.position}")
    return paper.bytes()


def _as_of(about: About) -> str:
    return f"截至{day_of(about)}" if about.language == "zh" else f"As of {day_of(about)}"


def _cell(value: Value) -> str:
    match value:
        case None:
            return "—"
        case str():
            return value or "—"
        case int() | float():
            return plain(value)
        case _:
            return value.isoformat()
