"""The units of a text, read part by part: each mention, and the role it states."""

import re
from collections.abc import Mapping
from functools import lru_cache
from itertools import zip_longest

from events.directory import Directory
from events.schema import Role, Unit
from services.schedule.asides import take_asides
from services.schedule.endings import is_trade, share_endings
from services.schedule.grid import is_blank
from services.schedule.names import split, split_lines, split_names, unbracket
from services.schedule.people import take_people
from services.schedule.roles import Labelled, Marked, Said, is_watching, labelled, read_joint, read_mark
from services.schedule.spelling import hide, regular, show, spelling
from services.schedule.unnamed import is_open, is_unnamed

_LONGEST_PART = 500
_LONGEST_NAME = 200
_MOST = 200
"""Units of a task; and above, characters of a name, as `events.schema` limits both."""

_LISTING, _COMMAS, _STOPS = "、/", "，", "；。"
_FIRST_AND = re.compile(r"^(?:以及|以|和|及|与)(?=[一-鿿])")
_SEATS = "省市州县区旗镇"
_TOWNS = {"镇", "乡"}
_NO_NAME = re.compile(
    r"[：*★☆▲△●◆※#]|^\d+[年月日]|\d[年月](?:\d|[底末前内完）]|$)|\d{7}|\d[名人户]|.(?:配合|协助)."
    r"|^(?:牵头|主办|承办|责任|配合|协办)(?:单位|部门)."
    r"|^无（[^（）]*）$|^(?:无|略|是|否|其[他它]|[同见][上前]|同左|见附[件表]|待[定明确]+|暂[无缺]|持续|长期|常态化?|立即|全年|年内|根据需要|根据实际)$"
    r"|^(?:人民)?(?:政府|党委|管委会)$|^(?:持续|长期|年内|全年)|均需|下同|不再|列出|实际|贯彻|督导(?!组|办|室|局|中心|处|科|委员会|评估)|推进$|[分负]别|派出所.{2,}[所站局队]$"
    r"|(?:[^成增]长|书记|主任|主席|领导)(?:.?某{1,2})?$|(?:干部|责任人|负责人|联系人|班子成员|(?<![委成])员[”』」]?|负责同志|工作人员|分管同志)$"
    r"|按.*(?:职责|职能|分工)|落实(?!办|局|中心|科|组|专班|领导)|^(?:以下|上述|以及|和|及|与)"
)
"""What is in no unit's name, or is none."""


_OFFICIAL = re.compile(r".{2,4}（[^（）]*(?:[^社]长|书记|主任|主席)）")
"""A person with an office (张某某（镇长）)."""


@lru_cache(maxsize=8)  # a directory is asked for each row
def _spelled(names: tuple[str, ...]) -> Mapping[str, str]:
    return {spelling(name): name for name in names}


class Speech:
    """What was said so far; `passed_over` are words that name no unit of this task, `people` units with persons."""

    def __init__(self, directory: Directory, *, first_leads: bool = False) -> None:
        self.leader = ""
        self.people: tuple[tuple[str, str], ...] = ()
        self.passed_over: tuple[str, ...] = ()
        self._directory = directory
        self._known = _spelled((*directory.names, *directory.groups, *directory.aliases))
        self._mentions: list[tuple[str, Said]] = []
        self._charged: list[int] = []
        self._shared = False
        self._first_leads = first_leads

    def read(self, text: str, role: Said) -> None:
        """Read a cell whose heading states a role."""
        asides = take_asides(unbracket(split_lines(regular(text), self._known)))
        self.passed_over += asides.notes
        self._first_leads = self._first_leads or asides.first_leads
        whole = hide(share_endings(hide(unbracket(asides.text), self._known), self._known), self._known)
        sections = list(labelled(whole))
        for section in sections:
            if len(sections) == 1 or not is_blank(section.text):
                self._section(section, role)

    def _section(self, section: Labelled, role: Said) -> None:
        """Read what stands under one label: units, or people."""
        if section.whose is None:
            self._hear(section.text, section.says or role)
            return
        if section.whose == "watcher":
            self.passed_over += (show(section.text),)
            return
        people = "、".join(part for _, part in split(section.text, _LISTING + _COMMAS + _STOPS))
        if section.whose == "person" and self._mentions:
            self.people += ((self._mentions[-1][0], people),)
        else:
            self.leader = "、".join(filter(None, (self.leader, people)))

    def _hear(self, section: str, says: Said) -> None:
        """Read the units under one label.

        “牵头” speaks of all names since the last mark, “配合” of those since the last comma; after “会同” all
        cooperate. “负责” alone makes a lead of one unit, and of several if others are said to cooperate; where another
        unit is said to lead, it makes none.
        """
        marked = comma = len(self._mentions)
        joined = False
        parts = list(split(section, _LISTING + _COMMAS + _STOPS))
        for (separator, part), (after, _) in zip_longest(parts, parts[1:], fillvalue=("", "")):
            if len(part) > _LONGEST_PART:
                raise ValueError(f"“{show(part[:20])}…” goes on for {len(part)} characters without a separator")
            if separator not in _LISTING:
                comma = len(self._mentions)
            if separator and separator in _STOPS:
                marked, joined = comma, False
            part = _FIRST_AND.sub("", part)  # noqa: PLW2901 - 、以及各县区政府
            if is_watching(part):
                self.passed_over += (show(part),)
                continue
            first, others = read_joint(part) or ("", part)
            if others != part:
                self._add(read_mark(first), says)
                self._state("lead", marked)
                joined = True
            mark = Marked(others) if is_unnamed(others) else read_mark(others)
            self._add(mark, "cooperating" if joined else mark.says or says)
            self._shared = self._shared or mark.shared
            if mark.says == "lead" and others.endswith("）") and after and after in _COMMAS + _STOPS:
                self._state("lead", comma)
            if mark.marked and not joined:
                if mark.charge:
                    self._charged += range(marked, len(self._mentions))
                self._state(mark.says, comma if mark.says == "cooperating" else marked)
                if mark.says == "cooperating" and comma > marked:  # also after a label of leads (牵头单位：A，B、C协办)
                    self._mentions[comma:] = [(name, mark.says) for name, _ in self._mentions[comma:]]
                marked = comma = len(self._mentions)

    def reading(self) -> tuple[str, bool, tuple[Unit, ...]]:
        """Return who leads, whether that is inferred, and all units; raise ValueError if nobody can lead."""
        leads = any(says == "lead" for _, says in self._mentions)
        alone = len(self._charged) == 1 and not self._shared
        if not leads and not self._shared and len(self._charged) == len(self._mentions) and self._all_open():
            alone = True
        if not leads and (alone or any(says == "cooperating" for _, says in self._mentions)):
            for at in self._charged:
                self._state("lead", at, at + 1)
        names: dict[str, str] = {}
        said: dict[str, Said] = {}
        for name, says in self._mentions:
            unit = self._directory.canonical(name)
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
        return lead, not (stated or self._first_leads), units

    def _all_open(self) -> bool:
        return all(is_open(name) for name, _ in self._mentions)

    def _unit(self, name: str, role: Role) -> Unit:
        group = self._directory.canonical(name) in self._directory.groups
        named = group or name in self._known.values() or self._is_of_one_place(name)
        return Unit(name, role, group=group, open=not named and is_open(name))

    def _is_of_one_place(self, name: str) -> bool:
        """Return whether a government stands beside another unit of its town (镇党委、镇政府; 镇人民政府、镇派出所)."""
        place = name.removesuffix("政府").removesuffix("人民")
        others = [said for said, _ in self._mentions if said != name]
        beside = place in _TOWNS and any(said.startswith(place) and not is_open(said) for said in others)
        return place != name and (beside or f"{place}党委" in others)

    def _add(self, mark: Marked, says: Said) -> None:
        if not mark.names:
            return
        known = spelling(mark.names) in self._known
        names, people = (mark.names, "") if known else take_people(mark.names)
        for part in split_names(names, self._known):
            own = Marked(part) if is_unnamed(part) else read_mark(part)
            name = self._name(show(own.names))
            self._check(name)
            self._mentions.append((name, own.says or says))
        if people:
            self.people += ((self._mentions[-1][0], people),)

    def _name(self, plain: str) -> str:
        """Return a name as the directory spells it, also where only the name before has the seat (市财政局、民政局)."""
        before = self._mentions[-1][0] if self._mentions else ""
        seated = self._known.get(before[0] + plain) if before[:1] and before[0] in _SEATS else None
        return self._known.get(plain) or seated or plain

    def _check(self, name: str) -> None:
        """Raise ValueError for what is not the name of a unit."""
        if len(name) > _LONGEST_NAME:
            raise ValueError(f"a name has {len(name)} characters; at most {_LONGEST_NAME} can be kept")
        if name in self._known.values() or is_open(name):
            return
        if _NO_NAME.search(name) or _OFFICIAL.fullmatch(name) or not any(map(str.isalpha, name)):
            raise ValueError(f"“{name}” is not the name of a unit")
        if name.isprintable() and is_trade(name):  # what is hidden in one, the ledger refuses with its place
            raise ValueError(
                f"“{name}” is not known as the name of a unit: write it in full, or add it to the directory"
            )

    def _state(self, says: Said, since: int, until: int | None = None) -> None:
        """Give the names from one place to another that role, if none of their own was stated."""
        self._mentions[since:until] = [(name, said or says) for name, said in self._mentions[since:until]]
