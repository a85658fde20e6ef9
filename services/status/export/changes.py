"""What changed in a task, as one cell of an export. Pure."""

from datetime import date

from services.status.export.sheets import About, Groups, Sheet, SheetColumn, task_sheet
from services.status.export.spelling import plain, spelled_day
from services.status.past.compared import ComparedRow, RowBefore

CHANGES = SheetColumn("task.changes", 30)

PLACE = 2
"""Of the column: after number and title, where a reader looks first."""

EVENTS = {"new", "closed", "newly-overdue", "absent"}
"""Changes that have no value before and after."""


def compared_sheet(rows: list[ComparedRow], about: About, groups: Groups, *, more: bool = True) -> Sheet:
    """Return the register of tasks with what changed in each since the other moment."""
    sheet = task_sheet(rows, about, groups, more=more)
    columns = (*sheet.columns[:PLACE], CHANGES, *sheet.columns[PLACE:])
    texts = [changes(row, about) for row in rows]
    cells = [(*cells[:PLACE], text, *cells[PLACE:]) for cells, text in zip(sheet.rows, texts, strict=True)]
    return sheet._replace(name=about.word("file.changes"), columns=columns, rows=cells)


def changes(row: ComparedRow, about: About) -> str:
    """Return what changed in a row, with the values before and after; empty where nothing did."""
    before, texts = row.changes.before, []
    for kind in row.changes.kinds:
        word = about.word(f"change.{kind}")
        texts.append(word if kind in EVENTS or before is None else f"{word}{_values(kind, before, row, about)}")
    return about.word("list.semicolon").join(texts)


def _values(kind: str, before: RowBefore, row: ComparedRow, about: About) -> str:
    match kind:
        case "light":
            return _arrow(about.light_word(before.light), about.light_word(row.light), about)
        case "percent":
            return _arrow(_number(before.percent, about), _number(row.percent, about), about)
        case "deadline" if before.due_day != row.due_day:
            return _arrow(_day(before.due_day, about), _day(row.due_day, about), about)
        case "deadline":
            none = about.word("change.no-deadline")
            return _arrow(before.deadline.text or none, row.deadline.text or none, about)
        case _:
            return _units(before, row, about)


def _units(before: RowBefore, row: ComparedRow, about: About) -> str:
    """Return how the lead changed, and the units that came and went; or that only their roles differ."""
    comma, names = about.word("list.comma"), row.unit_names
    came = comma.join(name for name in names if name not in before.units)
    went = comma.join(name for name in before.units if name not in names)
    lead = about.word("change.lead").format(before.lead, row.lead) if before.lead != row.lead else ""
    parts = (lead, came and about.word("change.came").format(came), went and about.word("change.went").format(went))
    return about.word("list.clause").join(filter(None, parts)) or about.word("change.roles")


def _arrow(one: str, other: str, about: About) -> str:
    return about.word("change.arrow").format(one, other)


def _number(percent: float | None, about: About) -> str:
    return f"{plain(percent)}%" if percent is not None else about.word("change.no-percent")


def _day(day: date | None, about: About) -> str:
    return spelled_day(day, about.language) if day is not None else about.word("change.no-due")
