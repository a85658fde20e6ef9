"""What stands in the cells of a column: units, times, or a task's text with its units in brackets."""

import re
from collections.abc import Callable, Iterable, Sequence

from services.schedule.endings import has_end
from services.schedule.grid import Cell, is_blank
from services.schedule.names import split, split_names
from services.schedule.spelling import regular
from services.schedule.unnamed import is_open

_MOST_OF = 0.6
"""Part of the cells in which something stands that have to hold what the column is taken for."""

_SAMPLE = 50
_LONGEST_UNIT = 30
_SEPARATORS = "、，；\n/"
_ROLE = re.compile(r"(?:牵头|配合|负责|参与|落实|主办|协办|按职责分工负责|[（(][^（）()]*[）)])+$|[。；]$")
_LABEL = re.compile(r"^[^：:]{2,8}(?:单位|部门|责任)[:：]")
_TIME = re.compile(
    r"[0-9]{4}\s*[年./-]|[0-9〇一二三四五六七八九十]{1,3}\s*(?:月|季度|个?工作日)|年[底内末中]|[上下]半年|持续|长期|常态|全年|每[年月季周]|即[时日]|立即|次[/／]|适时"
)


def holds_units(cells: Iterable[Cell]) -> bool:
    """Return whether most of the cells are lists of names that end as those of organisations do."""
    return _mostly(cells, is_units)


def holds_times(cells: Iterable[Cell]) -> bool:
    """Return whether most of the cells have a time in them and are not long texts."""
    return _mostly(cells, lambda text: _TIME.search(text) is not None)


def mean_length(cells: Sequence[Cell]) -> float:
    """Return how many characters the cells have on average; 0 if there are none."""
    texts = [cell.text for cell in cells[:_SAMPLE] if cell.text]
    return sum(map(len, texts)) / len(texts) if texts else 0


def _mostly(cells: Iterable[Cell], holds: Callable[[str], bool]) -> bool:
    texts = [cell.text for cell in list(cells)[:_SAMPLE] if not is_blank(cell.text)]
    return bool(texts) and sum(map(holds, texts)) >= _MOST_OF * len(texts)


def is_units(text: str) -> bool:
    """Return whether a text is a list of names that end as those of organisations do."""
    try:
        parts = [_ROLE.sub("", part) for _, part in split(_LABEL.sub("", regular(text)), _SEPARATORS)]
        names = [_ROLE.sub("", name) for part in parts if part for name in split_names(part, ())]
    except ValueError:  # a bracket that is not closed, or a person
        return False
    return bool(names) and all(
        len(name) <= _LONGEST_UNIT and "。" not in name and (has_end(name) or is_open(name)) for name in names
    )
