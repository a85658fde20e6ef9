"""A clause that names a day that moves (春节前, 两会前): the day that the configuration names, or it waits."""

import re
from collections.abc import Mapping
from datetime import date

from events.deadline import Fixed, Triggered
from services.schedule.grammar import Node, child, tokens
from services.schedule.span import Origin, read_date

_YEAR = re.compile(r"^[0-9]{4}年")
_OTHER_NAMES = re.compile(r"(?<=.)(?:节|小?长?假期?|放假|召开|到来|来临|开始)+$")


def read_festival(
    clause: Node, text: str, origin: Origin, festivals: Mapping[str, date]
) -> tuple[Fixed | Triggered, str, Origin]:
    """Read a `festival_clause`: before the day begins where `festivals` names it, else it waits for it."""
    node = child(clause, "festival") or clause
    named = tokens(node)
    years = {name: token for name, token in named.items() if name.endswith("YEAR")}
    after = read_date(years, origin).origin if years else origin
    day = _festival(named["FESTIVAL"], after.year, origin, festivals)
    if day is None:
        return Triggered(text, "".join(named.values())), "festival", after
    return Fixed(text, origin.at(day.year, day.month, day.day)), "festival", after


def _festival(name: str, year: int | None, origin: Origin, festivals: Mapping[str, date]) -> date | None:
    """Return the day that the configuration names: of that year, or the first after the day of issue."""
    wanted = _plain(name)
    days = [
        day
        for key, day in festivals.items()
        if _plain(_YEAR.sub("", key)) == wanted
        and (key.startswith(f"{year}年") if year is not None else day > origin.issued)
    ]
    return min(days, default=None)


def _plain(name: str) -> str:
    return _OTHER_NAMES.sub("", name)
