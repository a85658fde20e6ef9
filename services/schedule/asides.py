"""Notes in a cell of units that name no unit of its task: who leads, and what holds for other tasks, too."""

import re

from msgspec import Struct

_END = r"[）。；，\s]*"
_FIRST_LEADS = re.compile(
    r"[（；，。\s]{0,2}(?:注：|注明：)?[^（）、，；：。]{0,8}(?:第一|首位|首个|最前)[^（）、，；：。]{0,9}(?:为|是)[^（）、，；：。]{0,2}"
    rf"(?:总?牵头|主办|主责)(?:单位|部门)(?:或[^（）、，；：。]{{1,6}})?(?:[，、]其[他余][^（）。]*)?(?P<same>，?(?:下同|以下同))?{_END}"
)
_ELSEWHERE = re.compile(
    r"(?:^|(?<=[。；，（\s]))(?:以下|上述|以上各|下列|(?:具体|各项)(?:工作)?任务)[^。；（）]*(?:（[^（）]*）[^。；（）]*)*(?:均|都|不再|同样)[^。；]*"
    rf"(?:。不再[^。；]*)?{_END}$"
)
_SAME = re.compile(
    rf"[（，。；、\s]*(?:下同|以下同|不再(?:单独|一一|逐一|重复)?(?:列出|列明|注明|做分工|作分工)){_END}"
)


_SAYS = re.compile("下同|以下|上述|以上各|下列|不再|第一|首位|首个|最前")
"""What every note has one of."""


class Asides(Struct, frozen=True):
    """A text without its notes; `first_leads` if a note says that the first unit leads, `ever` if in all rows below."""

    text: str
    first_leads: bool
    ever: bool
    notes: tuple[str, ...]


def take_asides(text: str) -> Asides:
    """Take the notes out of a text of units (第一责任单位为牵头单位，下同; 以下各项均需各县区落实，不再列出)."""
    if not _SAYS.search(text):
        return Asides(text, first_leads=False, ever=False, notes=())
    notes: list[str] = []
    leads = _FIRST_LEADS.search(text)
    for pattern in (_FIRST_LEADS, _ELSEWHERE, _SAME):
        notes += [note for match in pattern.finditer(text) if (note := match[0].strip("（），。；、 \n"))]
        text = pattern.sub("；" if pattern is _FIRST_LEADS else "", text).strip("； ")
    return Asides(text, leads is not None, leads is not None and leads["same"] is not None, tuple(notes))
