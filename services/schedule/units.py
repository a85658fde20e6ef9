"""A cell of responsible units (责任单位) to the units it names, with their roles; and what there is to say of them."""

from collections.abc import Iterator, Sequence
from datetime import date
from difflib import get_close_matches

from msgspec import Struct

from events.ledger import Ledger
from events.schema import Role, Unit
from services.schedule.grid import is_blank
from services.schedule.speech import Speech
from services.schedule.text import UnreadableError, check_text

_LONGEST = 20_000
_NEAREST = 3
_LIKENESS = 0.6
"""How many known names are held against an unknown one, and how like it they are at least (difflib's ratio)."""


class Reading(Struct, frozen=True, omit_defaults=True):
    """The units of a task in the order of the text; `lead_inferred` if the text does not say who leads.

    `leader` are the leading officials that the text names, `people` the unit and the person in charge of it;
    `passed_over` are words that name no unit of this task.
    """

    lead: str
    lead_inferred: bool
    units: tuple[Unit, ...]
    leader: str = ""
    people: tuple[tuple[str, str], ...] = ()
    passed_over: tuple[str, ...] = ()


def read_units(text: str, ledger: Ledger) -> Reading:
    """Read the units a text names; a unit that it names twice is there once, with the first role it states.

    Where no lead is stated the first unit leads, and who else has no stated role cooperates. Names are kept as they are
    written, in one width and without spaces; a name that the directory has for a group is that group, and two names of
    one unit are one mention. Who is meant but not named, also by a collective name that the directory lacks, is `open`.
    Raises UnreadableError, and nothing else, for a text that names no units or that is not understood.
    """
    return read_unit_cells([(None, text)], ledger)


def read_unit_cells(cells: Sequence[tuple[Role | None, str]], ledger: Ledger, *, first_leads: bool = False) -> Reading:
    """Read the cells of one row, each with the role that its column’s heading states, as `read_units` reads one.

    `first_leads` if a note elsewhere in the document says that the first unit listed leads. What a cell itself says of
    a unit’s role goes before its heading; a cell that is empty, or a dash, names nobody.
    """
    text = "；".join(cell for _, cell in cells)
    try:
        check_text(text, _LONGEST)
        spoken = Speech(ledger.directory, first_leads=first_leads)
        for role, cell in cells:
            if len(cells) == 1 or not is_blank(cell):
                spoken.read(cell, role)
        lead, inferred, units = spoken.reading()
        return Reading(lead, inferred, units, spoken.leader, spoken.people, spoken.passed_over)
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
    parts += [f"{person}为{unit}责任人" for unit, person in reading.people]
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


def is_unknown(unit: Unit, ledger: Ledger) -> bool:
    """Return whether a unit is neither in the directory nor one that the text leaves open."""
    return not (unit.group or unit.open or ledger.directory.knows(unit.name))


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
    if is_unknown(unit, ledger):
        yield f"“{unit.name}” is not in the directory; {_nearest(unit.name, ledger)}."
    if heir := ledger.directory.successor(name, issued):
        doubtful = any(succession.to == heir and not succession.verified for succession in ledger.directory.successions)
        doubt = " (by the directory, which marks this as unverified)" if doubtful else ""
        yield f"“{unit.name}” had ended by {issued}; its successor is {heir}{doubt}."


def _nearest(name: str, ledger: Ledger) -> str:
    known = [*ledger.directory.names, *ledger.directory.groups, *ledger.directory.aliases]
    near = dict.fromkeys(map(ledger.directory.canonical, get_close_matches(name, sorted(known), _NEAREST, _LIKENESS)))
    return f"the nearest names it has: {'、'.join(near)}" if near else "it has no name like it"
