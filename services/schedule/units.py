"""A cell of responsible units (责任单位) to the units it names, with their roles; and what there is to say of them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from difflib import get_close_matches
from functools import lru_cache

from msgspec import Struct

from events.ledger import Ledger
from events.schema import Role, Unit
from services.schedule.names import split, split_names, unbracket
from services.schedule.roles import Marked, Said, labelled, read_joint, read_mark, without_note
from services.schedule.spelling import hide, regular, show, spelling
from services.schedule.text import UnreadableError, check_text
from services.schedule.unnamed import is_open, is_unnamed

_LONGEST = 20_000
_LONGEST_PART = 500
_LONGEST_NAME = 200
_MOST = 200
"""Units of a task; and above, characters of a name, as `events.schema` limits both."""

_LISTING, _COMMAS, _STOPS = "、/", "，", "；。"
_NO_NAME = re.compile(
    r"[：*★☆▲△●◆※#]|^\d+[年月日]|\d[年月](?:\d|[底末前内完）]|$)|\d{7}|.(?:配合|协助)."
    r"|^(?:牵头|主办|承办|责任|配合|协办)(?:单位|部门)."
    r"|^(?:无|略|其[他它]|[同见][上前]|同左|见附[件表]|待[定明确]+|暂[无缺]|持续|长期|常态化?|立即|全年)$"
)
_EMPTY = re.compile(r"[\s—―–\-－/无]*")
"""A cell of a column that says: nobody."""

_NEAREST = 3
_LIKENESS = 0.6
"""How many known names are held against an unknown one, and how like it they are at least (difflib's ratio)."""


class Reading(Struct, frozen=True):
    """The units of a task in the order of the text; `lead_inferred` if the text does not say who leads."""

    lead: str
    lead_inferred: bool
    units: tuple[Unit, ...]


def read_units(text: str, ledger: Ledger) -> Reading:
    """Read the units a text names; a unit that it names twice is there once, with the first role it states.

    Where no lead is stated the first unit leads, and who else has no stated role cooperates. Names are kept as they are
    written, in one width and without spaces; a name that the directory has for a group is that group, and two names of
    one unit are one mention. Who is meant but not named, also by a collective name that the directory lacks, is `open`.
    Raises UnreadableError, and nothing else, for a text that names no units or that is not understood.
    """
    return read_unit_cells([(None, text)], ledger)


def read_unit_cells(cells: Sequence[tuple[Role | None, str]], ledger: Ledger) -> Reading:
    """Read the cells of one row, each with the role that its column’s heading states, as `read_units` reads one.

    What a cell itself says of a unit’s role goes before its heading; a cell that is empty, or a dash, names nobody.
    """
    text = "；".join(cell for _, cell in cells)
    try:
        check_text(text, _LONGEST)
        spoken = _Speech(ledger)
        for role, cell in cells:
            if len(cells) == 1 or not _EMPTY.fullmatch(cell):
                spoken.read(cell, role)
        return spoken.reading()
    except ValueError as error:
        raise UnreadableError(f"“{text}”: {error}") from error


def explain_units(reading: Reading, ledger: Ledger) -> str:
    """Return a reading in a Chinese sentence: who leads and why, who cooperates, whom groups and aliases stand for."""
    leads = [unit.name for unit in reading.units if unit.role == "lead" and unit.name != reading.lead]
    others = [unit.name for unit in reading.units if unit.role == "cooperating"]
    parts = [f"{reading.lead}牵头（{'文中未写明，因列首位' if reading.lead_inferred else '文中写明'}）"]
    if leads:
        parts.append(f"{_listed(leads)}同为牵头单位")
    if others:
        parts.append(f"{_listed(others)}配合")
    for unit in reading.units:
        name = ledger.directory.canonical(unit.name)
        if unit.group:
            members = ledger.directory.groups[name]
            parts.append(f"{unit.name}指{'、'.join(members)}，共{len(members)}个单位")
        elif unit.open:
            parts.append(f"“{unit.name}”未列出具体单位")
        elif name != unit.name:
            parts.append(f"{unit.name}即{name}")
    return f"{'；'.join(parts)}。"


def _listed(names: Sequence[str]) -> str:
    return "、".join(names).replace("、等", "等")


def remarks(reading: Reading, ledger: Ledger, issued: date) -> list[str]:
    """Return what an importer should look at before the task is assigned, each in a sentence."""
    return [remark for unit in reading.units for remark in _remarks(unit, ledger, issued)]


def _remarks(unit: Unit, ledger: Ledger, issued: date) -> Iterator[str]:
    name = ledger.directory.canonical(unit.name)
    if unit.role == "lead" and unit.group:
        members = "、".join(ledger.directory.groups[name])
        yield f"“{unit.name}” leads as a group: each member reports and submits for itself, and all count ({members})."
    if unit.role == "lead" and unit.open:
        yield f"“{unit.name}” leads, but names no unit: nobody can report or submit for it."
    if name != unit.name:
        yield f"“{unit.name}” is another name of {name} in the directory."
    if not (unit.group or unit.open or ledger.directory.knows(name)):
        yield f"“{unit.name}” is not in the directory; {_nearest(unit.name, ledger)}."
    if heir := ledger.directory.successor(name, issued):
        doubtful = any(succession.to == heir and not succession.verified for succession in ledger.directory.successions)
        doubt = " (by the directory, which marks this as unverified)" if doubtful else ""
        yield f"“{unit.name}” had ended by {issued}; its successor is {heir}{doubt}."


def _nearest(name: str, ledger: Ledger) -> str:
    known = [*ledger.directory.names, *ledger.directory.groups, *ledger.directory.aliases]
    near = dict.fromkeys(map(ledger.directory.canonical, get_close_matches(name, sorted(known), _NEAREST, _LIKENESS)))
    return f"the nearest names it has: {'、'.join(near)}" if near else "it has no name like it"


@lru_cache(maxsize=8)  # a directory is asked for each row
def _spelled(names: tuple[str, ...]) -> Mapping[str, str]:
    return {spelling(name): name for name in names}


class _Speech:
    """What the text has said so far: each mention of a unit, and the role it states."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._known = _spelled((*ledger.directory.names, *ledger.directory.groups, *ledger.directory.aliases))
        self._mentions: list[tuple[str, Said]] = []
        self._charged: list[int] = []
        self._first_leads = False

    def read(self, text: str, role: Said) -> None:
        """Take in a cell whose heading states a role."""
        text, noted = without_note(unbracket(regular(text)))
        self._first_leads = self._first_leads or noted
        sections = list(labelled(hide(unbracket(text), self._known)))
        for says, section in sections:
            if len(sections) == 1 or not _EMPTY.fullmatch(section):
                self._hear(section, says or role)

    def _hear(self, section: str, says: Said) -> None:
        """Take in what stands under one label.

        “牵头” speaks of all names since the last mark, “配合” of those since the last comma; after “会同” all
        cooperate. “负责” alone makes a lead of one unit, and of several if others are said to cooperate.
        """
        marked = comma = len(self._mentions)
        joined = False
        for separator, part in split(section, _LISTING + _COMMAS + _STOPS):
            if len(part) > _LONGEST_PART:
                raise ValueError(f"“{show(part[:20])}…” goes on for {len(part)} characters without a separator")
            if separator not in _LISTING:
                comma = len(self._mentions)
            if separator and separator in _STOPS:
                marked, joined = comma, False
            first, others = read_joint(part) or ("", part)
            if others != part:
                self._add(read_mark(first), says)
                self._state("lead", marked)
                joined = True
            mark = Marked(others) if is_unnamed(others) else read_mark(others)
            self._add(mark, "cooperating" if joined else mark.says or says)
            if mark.marked and not joined:
                if mark.charge:
                    self._charged += range(marked, len(self._mentions))
                self._state(mark.says, comma if mark.says == "cooperating" else marked)
                marked = comma = len(self._mentions)

    def reading(self) -> Reading:
        """Return who leads and who cooperates; raise ValueError if nobody can lead."""
        if len(self._charged) == 1 or any(says == "cooperating" for _, says in self._mentions):
            for at in self._charged:
                self._state("lead", at, at + 1)
        names: dict[str, str] = {}
        said: dict[str, Said] = {}
        for name, says in self._mentions:
            unit = self._ledger.directory.canonical(name)
            names.setdefault(unit, name)
            said[unit] = said.get(unit) or says
        if not said:
            raise ValueError("it names no unit")
        if len(said) > _MOST:
            raise ValueError(f"it names {len(said)} units; a task can have {_MOST}")
        stated = "lead" in said.values()
        if not stated:
            first = next((unit for unit, says in said.items() if says is None), None)
            if first is None:
                raise ValueError("all of its units cooperate, and none leads")
            said[first] = "lead"
        units = tuple(self._unit(names[unit], says or "cooperating") for unit, says in said.items())
        lead = next(unit.name for unit in units if unit.role == "lead")
        return Reading(lead, not (stated or self._first_leads), units)

    def _unit(self, name: str, role: Role) -> Unit:
        group = self._ledger.directory.canonical(name) in self._ledger.directory.groups
        return Unit(name, role, group=group, open=not group and name not in self._known.values() and is_open(name))

    def _add(self, mark: Marked, says: Said) -> None:
        if not mark.names:
            return
        for part in split_names(mark.names, self._known):
            own = Marked(part) if is_unnamed(part) else read_mark(part)
            plain = show(own.names)
            name = self._known.get(plain, plain)
            if len(name) > _LONGEST_NAME:
                raise ValueError(f"a name has {len(name)} characters; at most {_LONGEST_NAME} can be kept")
            if _NO_NAME.search(name) or not any(map(str.isalpha, name)):
                raise ValueError(f"“{name}” is not the name of a unit")
            self._mentions.append((name, own.says or says))

    def _state(self, says: Said, since: int, until: int | None = None) -> None:
        """Give the names from one place to another that role, if none of their own was stated."""
        self._mentions[since:until] = [(name, said or says) for name, said in self._mentions[since:until]]
