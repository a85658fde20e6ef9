"""Entries of a ledger's directory that a table suggests, as TOML for a person to accept. Pure."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from events.ledger import Ledger
from services.schedule.table import Table
from services.schedule.text import UnreadableError
from services.schedule.units import Reading, read_unit_cells

_SHORT_ENDINGS = (("联合会", "联"), ("委员会", "委"), ("办公室", "办"), ("人民政府", "政府"))
_LEVELS = "省市州区县旗镇乡"
_SHORTEST = 3
_FEWEST_LEFT_OUT = 1
_AREA_GROUP = re.compile(
    r"(?=.*[县市区镇乡旗])[各全].*(?:县|区|镇|乡|街道|旗|市|政府|管委会)[）)]?(?:人民政府|政府)?(?:（[^）]*）)?"
)
_AREA = re.compile(r"[^市省县区各]{1,6}(?:县|区|市|旗)(?:人民政府|政府|管委会)?")
_UNKNOWN = re.compile(r"“([^”]{2,30})” is not known as the name")

_HEAD = """\
# {ledger}: proposed by `duban units --learn` from {count} tasks. Read it through before you use it.
title = {title}
timezone = "Asia/Shanghai"
"""

_SOURCES = """
[sources.office]  # hands out tasks, settles and closes them
role = "assigner"

[sources.units]  # the units' reporting system, for all of them
role = "reporter"
units = ["*"]

[sources.audit]
role = "auditor"

[sources.board]
role = "dashboard"
"""


class Lesson(Struct, frozen=True):
    """What a table suggests: units with how often it has them, their likely other names, groups with likely members.

    `unsure` are words that may be the name of a unit; `unread` says which cells could not be read.
    """

    tasks: int
    units: tuple[tuple[str, int], ...]
    aliases: tuple[tuple[str, str], ...]
    groups: tuple[tuple[str, tuple[str, ...]], ...]
    unsure: tuple[str, ...]
    unread: tuple[str, ...]


def learn(table: Table, ledger: Ledger) -> Lesson:
    """Return what a table suggests for a directory, without what the ledger's has already."""
    readings, unread = [], []
    for row in table.rows:
        try:
            cells = [(role, cell.text) for role, cell in row.units]
            readings.append(read_unit_cells(cells, ledger, first_leads=row.first_leads))
        except UnreadableError as error:
            unread.append(str(error))
    own = ledger.directory
    found = Counter(unit.name for reading in readings for unit in reading.units if not (unit.open or unit.group))
    new = {name: count for name, count in found.items() if not own.knows(name)}
    aliases = dict(_aliases(new, {*own.names, *new}, readings))
    groups = _groups(readings, [name for name in {**dict.fromkeys(own.names), **new} if name not in aliases])
    return Lesson(
        len(table.rows),
        tuple((name, count) for name, count in new.items() if name not in aliases),
        tuple(aliases.items()),
        tuple((group, members) for group, members in groups if group not in own.groups and group not in own.aliases),
        tuple(dict.fromkeys(name for text in unread for name in _UNKNOWN.findall(text) if not own.knows(name))),
        tuple(dict.fromkeys(unread)),
    )


def _aliases(new: Iterable[str], names: set[str], readings: Sequence[Reading]) -> Iterator[tuple[str, str]]:
    """Find the names that lack another’s level, or shorten one other name and never stand beside it in a task."""
    beside = {frozenset((a.name, b.name)) for read in readings for a in read.units for b in read.units}
    for short in new:
        full = [name for name in names if name[1:] == short and name[0] in _LEVELS]
        if len(full) == 1:
            yield short, full[0]
            continue
        longer = [name for name in names if _shortens(short, name) and frozenset((short, name)) not in beside]
        longest = [name for name in longer if not any(_shortens(name, other) for other in longer)]
        if len(longest) == 1:
            yield short, longest[0]


def _shortens(short: str, name: str) -> bool:
    """Return whether a name has the characters of another, in their order, and the same first and last one.

    One with the beginning or the end of the other left as it is, is more likely another unit (市教育局, 市教育体育局).
    """
    if len(short) < _SHORTEST or len(short) + _FEWEST_LEFT_OUT > len(name):
        return False
    brief, full = _brief(short), _brief(name)
    if brief[0] != full[0] or brief[-1] != full[-1]:
        return False
    stem, whole = brief[1:-1], full[1:-1]
    if stem == whole or stem == whole.replace("和", ""):
        return True
    if len(stem) > 1 and (whole.startswith(stem) or whole.endswith(stem)):
        return False
    rest = iter(whole)
    return stem[:1] == whole[:1] and all(character in rest for character in stem)


def _brief(name: str) -> str:
    for ending, short in _SHORT_ENDINGS:
        if name.endswith(ending):
            return name.removesuffix(ending) + short
    return name


def _groups(readings: Sequence[Reading], names: Sequence[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Find the collective names of areas, with the areas that the table names."""
    members = tuple(name for name in names if _AREA.fullmatch(name))
    met = dict.fromkeys(unit.name for reading in readings for unit in reading.units if unit.open or unit.group)
    for name in met:
        if _AREA_GROUP.fullmatch(name):
            yield name, members


def lesson_toml(lesson: Lesson, name: str, title: str | None) -> str:
    """Return a lesson as TOML: a whole ledger's file if it has a title, else the entries to add to one."""
    lines = [] if title is None else [_HEAD.format(ledger=name, count=lesson.tasks, title=_quoted(title)).rstrip("\n")]
    lines += ["# Units by the names that the table has, with the number of its tasks.", "units = ["]
    lines += [f"  {_quoted(unit)},  # {count}" for unit, count in lesson.units]
    lines += [f"  # {_quoted(unit)},  # a unit? Then take the first # away" for unit in lesson.unsure]
    lines += ["]", "", "[groups]  # who is meant by a collective name: complete it, and take the # away"]
    lines += [f"# {_quoted(group)} = [{', '.join(map(_quoted, members))}]" for group, members in lesson.groups]
    lines += ["", "[aliases]  # likely other names: move to units what is a unit of its own"]
    lines += [f"{_quoted(alias)} = {_quoted(unit)}" for alias, unit in lesson.aliases]
    if lesson.unread:
        lines += ["", "# Cells that could not be read:"]
        lines += [f"# {' '.join(text.split())}" for text in lesson.unread]
    return "\n".join(lines) + "\n" + (_SOURCES if title is not None else "")


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
