"""Units in the text of a task: in brackets at its end (…按职责分工负责), or after a label (责任单位：…)."""

import re
from collections.abc import Iterator

from msgspec import Struct

from services.schedule.asides import take_asides
from services.schedule.content import is_units
from services.schedule.endings import has_end
from services.schedule.unnamed import is_open

_OPENING, _CLOSING = "（(〔[【", "）)〕]】"
_UNITS_LABEL = (
    r"(?:牵头|责任|主办|承办|协办|配合|主责|实施|落实|执行|负责|主管|主要|首要|第一|具体|协同|其他|参加|参与|整改|[省市州县区]级?){1,4}"
    r"(?:单位|部门|主体|科室|处室|股室|机构)(?:（[^（）]{1,8}）)?\s*[:：]"
)
_LABELLED = re.compile(rf"\s*{_UNITS_LABEL}")
_LABEL_AT_END = re.compile(rf"(?:(?<=[。；！？）)〕])|(?<=[。；])\s|[\s　]+)(?P<units>{_UNITS_LABEL}.+)$", re.DOTALL)
_PEOPLE = re.compile(
    r"\s*[^:：，。；\s]{0,8}?(?:(?P<leader>领导|[省市县区州镇]长|书记)|(?P<person>责任人员?|负责人|联系人|经办人|牵头人))\s*[:：]\s*"
)
_DEADLINE = re.compile(
    r"(?:完成|办结|整改|办理|工作|推进|落实|计划|预计)*(?:时限|期限|时间|日期|节点|进度)(?:要求|安排|节点)?\s*[:：]\s*(?P<time>[^；。\n]*)"
)
_DUTY = re.compile(
    r"(?:分别|共同|各自|积极)?(?:牵头|负责|配合|参与|参加|落实|主办|协办|承办|协助|组织实施|会同[^，；。]+)(?:督导|落实|实施)?[。；]?$"
)
_TIME = re.compile(
    r"(?:[0-9]{4}年|[0-9一二三四五六七八九十]{1,3}月|年[内底末]|[上下]半年|第?[一二三四1-4]季度|持续|长期|常态化|全年|每[年月季]|立即|即[时日])"
    r"[^、，；。]*"
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
    people = _PEOPLE.match(text)
    if people and people["leader"] and not _LABELLED.search(text, people.end()):
        return LabelLine(leader=text[people.end() :].strip().rstrip("。；"))
    deadline = _DEADLINE.match(text.strip())
    if deadline and not deadline.string[deadline.end() :].strip("。； "):
        return LabelLine(deadline=deadline["time"].strip())
    if not (people or _LABELLED.match(text)):
        return None
    within = _DEADLINE.search(text)
    if within is None:
        return LabelLine(units=text.strip())
    units = f"{text[: within.start()]}{text[within.end() :]}".strip(" ；;。，,")
    return LabelLine(units=units, deadline=within["time"].strip())


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
    if _LABELLED.match(inside):
        return True
    plain = _without_time(take_asides(inside).text)[0]
    if _DUTY.search(plain):
        first = re.split(r"[、，；]|牵头|负责|配合|会同|等|按|及", _DUTY.sub("", plain.removeprefix("由")), maxsplit=1)[
            0
        ].strip()
        return len(first) > 1 and (has_end(first) or is_open(first))
    return last and len(plain) >= _SHORTEST and is_units(plain)


def _statement(text: str, units: str) -> Statement:
    plain, deadline = _without_time(units)
    return Statement(text.strip().strip("；;").strip(), plain, deadline)


def _without_time(units: str) -> tuple[str, str]:
    """Return units without a deadline that ends them (…，6月底完成), and the deadline."""
    if within := _DEADLINE.search(units):
        return f"{units[: within.start()]}{units[within.end() :]}".strip(" ；;，,。"), within["time"].strip()
    kept = re.split("([，；])", units.rstrip("。；"))
    times: list[str] = []
    while len(kept) > 1 and _TIME.fullmatch(kept[-1].strip()):
        times.insert(0, kept.pop().strip())
        kept.pop()
    return ("".join(kept), "，".join(times)) if times else (units, "")
