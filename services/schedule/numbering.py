"""The numbers of a document’s rows: those it states, or, where they do not tell its rows apart, counted through."""

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from services.schedule.entry import TaskEntry
from services.schedule.grid import Cell, shorten
from services.schedule.numbers import MOST, is_sub_number, read_number
from services.schedule.table import Row, RowRefusal


class Numbered(Struct, frozen=True):
    """The rows and refusals with their numbers, and why they were counted through, if they were."""

    rows: tuple[Row, ...]
    refusals: tuple[RowRefusal, ...]
    counted: str


def number(entries: Sequence[TaskEntry]) -> Numbered:
    """Number rows; a number that is there twice is refused the second time, unless a new part begins with 1."""
    counted = _why_count(entries)
    rows: list[Row] = []
    refusals: list[RowRefusal] = []
    first: dict[int, str] = {}
    for at, entry in enumerate(entries, 1):
        stated = None if counted or entry.number is None else read_number(entry.number.text)
        mine = at if stated is None else stated
        wrong = list(entry.refusals)
        if not counted and entry.number is not None and (detail := _wrong(entry.number, stated, first)):
            wrong.insert(0, RowRefusal(mine, entry.column, entry.number.place, detail))
        refusals += [msgspec.structs.replace(refusal, row=mine) for refusal in wrong]
        if not wrong and entry.row is not None:
            rows.append(msgspec.structs.replace(entry.row, number=mine))
    return Numbered(tuple(rows), tuple(refusals), counted)


def _wrong(cell: Cell, stated: int | None, first: dict[int, str]) -> str:
    """Return what is wrong with a number; `first` has the places of those before, and then its own."""
    if not cell.text:
        return "the cell is empty"
    if stated is None or stated > MOST:
        return f"“{shorten(cell.text)}” is not a number up to {MOST:,}"
    if first.setdefault(stated, cell.place) != cell.place:
        return f"the number {stated} is there twice; first in {first[stated]}"
    return ""


def _why_count(entries: Sequence[TaskEntry]) -> str:
    """Return why the numbers of the table cannot be those of the rows; nothing if they can."""
    cells = [entry.number for entry in entries if entry.number is not None]
    if len(cells) < len(entries) or not any(cell.text or cell.fault for cell in cells):
        return "" if not entries else "the table does not number them"
    for cell in cells:
        if cell.fault:
            return f"in {cell.place} is a formula, no number"
        if is_sub_number(cell.text):
            return f"“{cell.text}” in {cell.place} is part of a number"
    seen: set[str] = set()
    for cell, entry in zip(cells, entries, strict=True):
        if cell.place in seen or (not cell.text and entry.goes_on):
            return f"the number in {cell.place} is that of several rows"
        seen.add(cell.place)
    return _restarts(entries)


def _restarts(entries: Sequence[TaskEntry]) -> str:
    """Find a part of the table that begins with 1 and has a number that was there before."""
    before: set[int] = set()
    here: set[int] = set()
    part: tuple[str, ...] | None = None
    anew = False
    for entry in entries:
        stated = None if entry.number is None else read_number(entry.number.text)
        if entry.part != part:
            part, anew = entry.part, stated == 1
            before |= here
            here = set()
        if stated is not None:
            if anew and stated in before and entry.number:
                return f"in {entry.number.place} the numbers begin anew"
            here.add(stated)
    return ""
