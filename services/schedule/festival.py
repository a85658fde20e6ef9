"""A clause that names a festival or an event of the year (国庆前, 春节前, 两会前): its day, or it waits."""

import re
from collections.abc import Mapping
from datetime import date

from events.deadline import Fixed, Triggered
from services.schedule.grammar import Node, child, tokens
from services.schedule.span import Origin, read_date

_YEAR = re.compile(r"^[0-9]{4}年")
_SOLAR = {
    "元旦": (1, 1),
    "五一": (5, 1),
    "劳动": (5, 1),
    "五一劳动": (5, 1),
    "五四": (5, 4),
    "六一": (6, 1),
    "儿童": (6, 1),
    "六一儿童": (6, 1),
    "七一": (7, 1),
    "八一": (8, 1),
    "三八": (3, 8),
    "妇女": (3, 8),
    "三八妇女": (3, 8),
    "植树": (3, 12),
    "青年": (5, 4),
    "五四青年": (5, 4),
    "建党": (7, 1),
    "建军": (8, 1),
    "教师": (9, 10),
    "国庆": (10, 1),
    "圣诞": (12, 25),
    "十一": (10, 1),
}
"""Days that are the same in every year; those of the moon's calendar are for the configuration to name."""

_OTHER_NAMES = re.compile(r"(?<=.)(?:节|小?长?假期?|放假|黄金周|召开|到来|来临|开始)+$")


def read_festival(
    clause: Node, text: str, origin: Origin, festivals: Mapping[str, date]
) -> tuple[Fixed | Triggered, str, Origin]:
    """Read a `festival_clause`: before its day begins, if `festivals` or the calendar has it; else it waits."""
    node = child(clause, "festival") or clause
    named = tokens(node)
    years = {name: token for name, token in named.items() if name.endswith("YEAR")}
    after = read_date(years, origin).origin if years else origin
    day = _festival(named["FESTIVAL"], after.year, origin, festivals)
    if day is None:
        return Triggered(text, "".join(named.values())), "festival", after
    return Fixed(text, origin.at(day.year, day.month, day.day)), "festival", after


def _festival(name: str, year: int | None, origin: Origin, festivals: Mapping[str, date]) -> date | None:
    """Return the festival’s day: of that year, or the first after the day of issue."""
    wanted = _plain(name)
    if wanted in _SOLAR and not any(_plain(_YEAR.sub("", key)) == wanted for key in festivals):
        this = date(year or origin.issued.year, *_SOLAR[wanted])
        return this if year is not None or this > origin.issued else date(this.year + 1, *_SOLAR[wanted])
    days = [
        day
        for key, day in festivals.items()
        if _plain(_YEAR.sub("", key)) == wanted
        and (key.startswith(f"{year}年") if year is not None else day > origin.issued)
    ]
    return min(days, default=None)


def _plain(name: str) -> str:
    return _OTHER_NAMES.sub("", name)
