"""Units in the text of a task: in brackets at its end (…按职责分工负责), or after a label (责任单位：…)."""

import re
from collections.abc import Iterator

from msgspec import Struct

from services.schedule.asides import take_asides
from services.schedule.content import is_units
from services.schedule.endings import has_end
from services.schedule.labels import DUTIES, KINDS, LEADERS, PERSONS, RANKS
from services.schedule.season import FEASTS
from services.schedule.unnamed import is_open

_OPENING, _CLOSING = "（(〔[【", "）)〕]】"
_UNITS_LABEL = rf"(?:{RANKS}|{DUTIES}|[省市州县区]级?){{1,4}}(?:{KINDS})(?:（[^（）]{{1,8}}）)?\s*[:：]"
_LABEL_AT_END = re.compile(rf"(?:(?<=[。；！？）)〕])|(?<=[。；])\s|[\s　]+)(?P<units>{_UNITS_LABEL}.+)$", re.DOTALL)
_LABEL = re.compile(
    rf"(?:^|(?<=[；;。，,、\s]))(?:(?P<units>{_UNITS_LABEL})"
    rf"|[^:：，。；;\s]{{0,8}}?(?:(?P<leader>{LEADERS})|(?P<person>{PERSONS}))\s*[:：])"
    r"|(?P<deadline>(?:完成|办结|整改|办理|工作|推进|落实|计划|预计)*(?:时限|期限|时间|日期|节点|进度)(?:要求|安排|节点)?\s*[:：])"
)
"""A label of units, of leading officials, of persons in charge, or of a deadline."""

_APART = " \n\t　；;。，,、"
_CLAUSE = re.compile("([，,；;。])")
_DUTIES = "牵头|负责|配合|参与|参加|落实|主办|协办|承办|协助|组织实施"
_DUTY = re.compile(rf"(?:分别|共同|各自|积极)?(?:{_DUTIES}|会同[^，；。]+)(?:督导|落实|实施)?[。；]?$")
_ACTS = re.compile(rf"{_DUTIES}|保障|会同")
_WHOLE_AREA = re.compile("[全在][省市县区州国]$")
_TIME = re.compile(
    r"(?:[0-9]{4}年|[0-9一二三四五六七八九十]{1,3}月|年[内底末]|[上下]半年|第?[一二三四1-4]季度|持续|长期|常态化|全年|每[年月季]|立即|即[时日]"
    rf"|(?:{FEASTS}|两会|汛期|暑假|寒假|暑期)(?:节|假期|黄金周)?(?:期间|[以之]?[前后]))"
    r"[^、，；。]*|[^、，；。]{1,12}(?:[以之]?前|期间)(?:全部|基本)?(?:完成|办结|完工|到位|投用|启动|实施)?"
)
_SHORTEST = 3


class Statement(Struct, frozen=True):
    """A part of a text with the units that are stated for it, and its deadline if that stands with them."""

    text: str
    units: str
    deadline: str = ""


def statements(text: str) -> list[Statement]:
    """Return the parts of a text that end with their units, and what is left after the last (with no units)."""
    found: list[Statement] = []
    begin = 0
    for start, stop in _brackets(text):
        inside = text[start + 1 : stop - 1].strip()
        if start >= begin and _states_units(inside, last=not text[stop:].strip("。；; \n")):
            found.append(_statement(text[begin:start], inside))
            begin = stop
    rest = text[begin:].strip("。；; \n")
    label = _LABEL_AT_END.search(rest)
    if label is not None:
        found.append(_statement(rest[: label.start()], label["units"]))
        rest = ""
    return [*found, Statement(text[begin:].strip(), "")] if rest else found


def has_units(text: str) -> bool:
    """Return whether a text states units for a part of it."""
    return any(part.units and part.text for part in statements(text))


class LabelLine(Struct, frozen=True):
    """A line that is nothing but labels: units, leading officials, a deadline; `units` has persons in charge, too."""

    units: str = ""
    leader: str = ""
    deadline: str = ""


def label_line(text: str) -> LabelLine | None:
    """Read a line that begins with a label of units, of people or of a deadline; None for any other line."""
    text = text.strip()
    labels = list(_LABEL.finditer(text))
    if not labels or labels[0].start() > 0:
        return None
    said: dict[str, list[str]] = {"units": [], "leader": [], "deadline": []}
    for label, end in zip(labels, [*(label.start() for label in labels[1:]), len(text)], strict=True):
        words = text[label.end() : end].strip(_APART)
        match label.lastgroup:
            case "deadline":
                time, units = _time_before_units(words)
                said["deadline"].append(time)
                said["units"].append(units)
            case "leader":
                said["leader"].append(words)
            case _:
                said["units"].append(text[label.start() : end].strip(_APART))
    return LabelLine(*("；".join(filter(None, said[name])) for name in ("units", "leader", "deadline")))


def _time_before_units(words: str) -> tuple[str, str]:
    """Return what stands after the label of a deadline: the time, and units in the clauses after it."""
    clauses = _CLAUSE.split(words)
    at = next((at for at in range(0, len(clauses), 2) if _names_unit(clauses[at])), len(clauses))
    return "".join(clauses[:at]).strip(_APART), "".join(clauses[at:])


def _names_unit(clause: str) -> bool:
    """Return whether a clause names units, or says what one of them does (由市财政局落实资金)."""
    acts = (clause[: match.start()] for match in _ACTS.finditer("" if "的" in clause else clause))
    return any(has_end(name) and not _WHOLE_AREA.search(name) for name in acts) or (
        len(clause.strip()) >= _SHORTEST and is_units(clause)
    )


def _brackets(text: str) -> Iterator[tuple[int, int]]:
    """Find the outermost brackets, each from its opening to after its closing."""
    depth = start = 0
    for at, character in enumerate(text):
        if character in _OPENING:
            start = start if depth else at
            depth += 1
        elif character in _CLOSING and depth:
            depth -= 1
            if depth == 0:
                yield start, at + 1


def _states_units(inside: str, *, last: bool) -> bool:
    """Return whether what stands in a bracket states units: by a label, a duty, or as a list at the end of a text."""
    if (line := label_line(inside)) is not None:
        return bool(line.units)
    plain = _without_time(take_asides(inside).text)[0]
    if _DUTY.search(plain):
        first = re.split(r"[、，；]|牵头|负责|配合|会同|等|按|及", _DUTY.sub("", plain.removeprefix("由")), maxsplit=1)[
            0
        ].strip()
        return len(first) > 1 and (has_end(first) or is_open(first))
    if not last or len(plain) < _SHORTEST:
        return False
    return is_units(plain) or (_ACTS.search(plain) is not None and all(map(_names_unit, re.split("[，；]", plain))))


def _statement(text: str, units: str) -> Statement:
    plain, deadline = _without_time(units)
    return Statement(text.strip().strip("；;").strip(), plain, deadline)


def _without_time(units: str) -> tuple[str, str]:
    """Return units without a deadline that is labelled, or whole clauses that say when, and the deadline."""
    line = label_line(units)
    if line is not None and line.deadline:
        return "；".join(filter(None, (f"责任领导：{line.leader}" if line.leader else "", line.units))), line.deadline
    clauses = re.split("(?<=[，；。])", units.rstrip("。；"))
    times = [clause.strip(_APART) for clause in clauses if _is_time(clause)]
    if not times or len(times) == len(clauses):
        return units, ""
    return "".join(clause for clause in clauses if not _is_time(clause)).strip(_APART), "，".join(times)


def _is_time(clause: str) -> bool:
    """Return whether a clause says when, and does not name units as well."""
    return _TIME.fullmatch(clause.strip(_APART)) is not None and not _names_unit(clause)
