"""A cell of responsible units (责任单位) to the units it names, with their roles."""

import re
import unicodedata
from collections.abc import Collection

from msgspec import Struct

from events.schema import Unit
from services.ingest.schedule.names import is_open, split, split_names, unbracket
from services.ingest.schedule.roles import Marked, Said, labelled, read_joint, read_mark
from services.ingest.schedule.text import UnreadableError, check_text

_LONGEST = 20_000
_LONGEST_PART = 500
_LONGEST_NAME = 200
_MOST = 200
"""Units of a task; and above, characters of a name, as `events.schema` limits both."""

_LISTING, _COMMAS, _STOPS = "、", "，,", "；;。"
_NO_NAME = re.compile(r"[：:]|^无$")


class Reading(Struct, frozen=True):
    """The units of a task in the order of the text; `lead_inferred` if the text does not say who leads."""

    lead: str
    lead_inferred: bool
    units: tuple[Unit, ...]


def read_units(text: str, groups: Collection[str]) -> Reading:
    """Read the units a text names; a unit that it names twice is there once, with the first role it states.

    Where no lead is stated the first unit leads, and who else has no stated role cooperates. A name in `groups`, in any
    width, is that group; other names are kept as they are written, without spaces.
    Raises UnreadableError, and nothing else, for a text that names no units or that is not understood.
    """
    try:
        check_text(text, _LONGEST)
        spoken = _Speech(groups)
        for says, section in labelled(unbracket(text)):
            spoken.hear(section, says)
        return spoken.reading()
    except ValueError as error:
        raise UnreadableError(f"“{text}”: {error}") from error


class _Speech:
    """What the text has said so far: each mention of a unit, and the role it states."""

    def __init__(self, groups: Collection[str]) -> None:
        self._groups = {_plain(group): group for group in groups}
        self._mentions: list[tuple[str, Said]] = []

    def hear(self, section: str, says: Said) -> None:
        """Take in what stands under one label.

        “牵头” speaks of all names since the last mark, “配合” of those since the last comma; after “会同” all
        cooperate.
        """
        marked = comma = len(self._mentions)
        joined = False
        for separator, part in split(section, _LISTING + _COMMAS + _STOPS):
            if len(part) > _LONGEST_PART:
                raise ValueError(f"“{part[:20]}…” goes on for {len(part)} characters without a separator")
            if separator not in _LISTING:
                comma = len(self._mentions)
            if separator and separator in _STOPS:
                marked, joined = comma, False
            first, others = read_joint(part) or ("", part)
            if others != part:
                self._add(read_mark(first), says)
                self._state("lead", marked)
                joined = True
            mark = Marked(others) if is_open(others) else read_mark(others)
            self._add(mark, "cooperating" if joined else mark.says or says)
            if mark.marked and not joined:
                self._state(mark.says, comma if mark.says == "cooperating" else marked)
                marked = comma = len(self._mentions)

    def reading(self) -> Reading:
        """Return who leads and who cooperates; raise ValueError if nobody can lead."""
        said: dict[str, Said] = {}
        for name, says in self._mentions:
            said[name] = said.get(name) or says
        if not said:
            raise ValueError("it names no unit")
        if len(said) > _MOST:
            raise ValueError(f"it names {len(said)} units; a task can have {_MOST}")
        inferred = "lead" not in said.values()
        if inferred:
            first = next((name for name, says in said.items() if says is None), None)
            if first is None:
                raise ValueError("all of its units cooperate, and none leads")
            said[first] = "lead"
        units = tuple(
            Unit(name, says or "cooperating", group=name in self._groups.values(), open=self._is_open(name))
            for name, says in said.items()
        )
        return Reading(next(unit.name for unit in units if unit.role == "lead"), inferred, units)

    def _add(self, mark: Marked, says: Said) -> None:
        if not mark.names:
            return
        for part in split_names(mark.names, self._groups.values()):
            own = Marked(part) if self._is_open(part) else read_mark(part)
            name = self._groups.get(_plain(own.names), own.names)
            if len(name) > _LONGEST_NAME:
                raise ValueError(f"a name has {len(name)} characters; at most {_LONGEST_NAME} can be kept")
            if _NO_NAME.search(name) or not any(map(str.isalpha, name)):
                raise ValueError(f"“{name}” is not the name of a unit")
            self._mentions.append((name, own.says or says))

    def _state(self, says: Said, since: int) -> None:
        """Give the names since a place that role, if none of their own was stated."""
        self._mentions[since:] = [(name, said or says) for name, said in self._mentions[since:]]

    def _is_open(self, name: str) -> bool:
        return name not in self._groups.values() and is_open(name)


def _plain(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).split())
