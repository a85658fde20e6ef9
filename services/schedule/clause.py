"""The clauses of a phrase, and what each means for itself."""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import TypeAlias

import msgspec
from lark import Tree
from msgspec import Struct

from events.deadline import Deadline, Ongoing, Recurring, Triggered
from services.schedule.counted import NoTaskError, UnclearPeriodError, read_counted, read_event, read_issue
from services.schedule.dated import NoLimitError, PastError, is_done, read_dated
from services.schedule.doubt import Doubt
from services.schedule.festival import read_festival
from services.schedule.goal import has_masked, hide, make_masked, unmask
from services.schedule.grammar import Node, UnparsedError, carrying, child, marks_of, parse, tokens
from services.schedule.series import MOST_STEPS, UnevenError, read_series
from services.schedule.span import Origin
from services.schedule.text import Plain
from services.schedule.wording import OTHER_INTERVAL, WORDINGS, every_other, is_bare, read_wording

_MOST_UNPARSED = 5
"""Clauses of a phrase that are passed over because the grammar does not derive them."""

_STRETCH = re.compile("[^,;。]+|$")

MOST_CLAUSES = 150
"""Clauses of a phrase of 2,000 characters that are read."""

_NEXT_LINE = re.compile(
    r"(?<![年自从由于在至到及和与或—–~、，,；;。：:（(\s\d-])(?<!阶段|[一二三四五\d][步批期])\n"
    r"(?=\d{4}年(?:\d{1,2}月|第?[一二三四1-4]季度|[上下]半年|年?[底末内])"
    r"|\d{1,2}月|第?[一二三四1-4]季度|[上下]半年|年[底内]|第[一二三四五1-9](?:阶段|[步批期])"
    r"|(?:[（(]?[\d一二三四五六七八九十]{1,2}[）)]|\d{1,2}[.．、])\s*(?:\d{4}年|\d{1,2}月|[^\s\d]))"
)
"""A line’s end after which a new clause begins with its own date or number; others only wrap (2018年12月\n底前)."""
_CIRCLED = re.compile("[①-⑳⑴-⒇⒈-⒛㈠-㈩❶-❿]")
_SINCE = re.compile(
    r"(?<=[年月日度])起(?=[^0-9,;。起]{1,24}(?:每|[0-9]次/))|(?<=[年月日度])开始(?=[^0-9,;。]{0,24}每|[分逐按])"
)
"""Where a recurrence begins, before words that stand between (2020年起，各县每年2月底前)."""
_YEAR = re.compile(r"^20[0-9]{2}$")
"""A cell that is nothing but a year, as those of 起止年限 beside 2018-2020 are."""
_ENUMERATOR = re.compile(
    r"\([0-9一二三四五六七八九十]{1,2}\)"
    r"|(?:(?<=[,;。:])|^)(?:[0-9]{1,2}\.(?=[0-9]{1,2}月)|(?:[0-9]{1,2}[.、]|(?!五一|五四|六一|七一|八一|十一、[^一-鿿]{0,2}(?:元旦|春节|国庆))[一二三四五六七八九十]{1,2}、)(?=[0-9]{4}年|[^0-9]))"
    r"|[一二三四五六七八九]是(?=[0-9于在力到至今明年自从])"
)
"""What only numbers a clause; it is no part of a date (①2018年)."""

_AGAIN = re.compile("每|[按逐分][月季]|季度")
_CALLED = re.compile(
    r"(?P<day>[0-9](?:[日号]|月[底末]))(?:(?:\((?!不?包?[含括])[^()0-9]{1,8}\)|[一-鿿]{1,4}节|开学|供[暖热]期?|采暖季|入汛|汛期)(?=[以之]?前)"
    r"|(?:第[0-9一二三四五六七八九十]+[次个届])?[一-鿿]{2,10}(?<!工作)(?<!节假)(?<!之)日(?=[以之]?前|当天|期间|开展|举办|组织|集中))"
)
"""A day with what it is called (9月10日教师节前, 6月1日（入汛）前, 5月12日全国防灾减灾日开展…)."""

_YEARS_WORK = re.compile(
    r"(?:(?<=[,;。])|^)(?P<year>20[0-9]{2})年度?(?=[^0-9,;。()起底末内前以之中全上下第至到、和春夏秋冬-][^0-9,;。()]{1,24}[0-9]{1,2}月(?:底|[0-9]{1,2}日)?[以之]?前)"
)
"""A year at the head of a clause with a date of its own (2020年资金支出进度6月底前达到60%).

Of the year of issue it says of which year the date is; next year's plan is made this year.
"""

_WITHIN = re.compile(
    r"(?P<range>(?:[0-9]月[-至到][0-9]{1,2}月|20[0-9]{2}年[-至到]20[0-9]{2}年)(?:期间)?),[^0-9,;。每]{1,12}(?=每[月季年半])"
)
"""Words between a range and what comes again in it (7月至9月，市专班每月开展一次; 2023年至2025年，市局每年评选)."""

_EVENT = re.compile(
    r"(?<=[一-鿿])后(?=[^0-9,;。、前内后]{2,10}[0-9]{1,3}(?:个工作日|[日天]|个月)[以之]?内)"
    r"|(?<![今此随以之年月日季度旬束了])后(?=每(?:半?年|个?季|个?月))"
)
"""Where an event ends, before who acts within days of it (签约后县级领导15日内…), or what comes again (销号后每年…)."""

_START_UNCLEAR: Doubt = "start-unclear"

_NEXT_MONTH = re.compile("(?P<before>[0-9]月[^月]{0,24}[,;。(、至到于在])次月")

_WEEKDAY = re.compile(
    r"(?:(?:[本这]|下1?)个?)?(?:周|星期)[一二三四五六日天]\((?P<date>(?:[0-9]{4}年)?[0-9]{1,2}月[0-9]{1,2}[日号])\)"
)
"""A day of the week with its date, which goes before (下周三（10月19日）)."""

_WHO = re.compile("由?[^,;。]{2,40}?(?:牵头|负责|配合|参与|协助)")
"""What says only whose work it is (由市住建局牵头，一周内提出方案)."""

_BRACKETED = re.compile(
    r"(?<=[前底末内成次])\((?!不?包?[含括])(?=[^0-9()]{0,12}(?:[0-9]{4}年|[0-9]{1,2}月|每[0-9]*[年月季半周]))"
)
"""A bracket with a time of its own (2017年底（部分项目2018年底）): a clause, its end a word of it."""


_RESPECTIVELY = re.compile(
    r"(?:[年月日底末度前][、和及与]|[0-9]年?[-至到])[^,;。]{1,9}分别(?=[^,;。]*[\U000f0000-\U000fffff])"
)
"""Parts of the work for several times at once (2018年、2019年分别完成50%、100%)."""


Unread: TypeAlias = UnclearPeriodError | NoTaskError | NoLimitError | PastError | UnparsedError | UnevenError
"""Why the time of a clause is not its limit, though it may stand beside one."""


class Clause(Struct, frozen=True):
    """A clause, where it stands in the phrase, and what it means for itself (None: nothing about time).

    `carried` is where the words stand that mean it. `bare` is false where the words about the work could mean it
    instead (不断提高质量), `goal` true where it has a quantity to reach, and `itemised` where what comes again names
    its time in each period. `bare_year` is true of a year without words that make it a limit, and `frame` of one that
    says nothing but of which year the clauses after it are (2019年，6月底前).
    `unread` is the error of a time that is no limit by itself, but may stand beside one.
    """

    begin: int
    end: int
    means: Deadline | None
    rule: str
    carried: tuple[int, int]
    bare: bool = True
    goal: bool = False
    itemised: bool = False
    bare_year: bool = False
    frame: bool = False
    unread: Unread | None = None
    doubts: tuple[Doubt, ...] = ()


def read_clauses(text: str, origin: Origin, festivals: Mapping[str, date]) -> Iterator[Clause]:
    """Read each clause; one without a year or a month takes those named before it."""
    plain = _plain(text, origin.issued.year)
    if several := _RESPECTIVELY.search(plain.text):
        raise ValueError(f"which part of the work “{several[0]}” means for which time cannot be read")
    shown = unmask(plain.text)
    tree, unparsed = _parse(plain.text)
    filled = [node for node in tree.children if isinstance(node, Tree) and not node.meta.empty]
    if len(filled) > MOST_CLAUSES:
        raise ValueError(f"it has {len(filled)} clauses; a deadline can have {MOST_STEPS} steps")
    for node in filled:
        at = node.meta.start_pos
        while at and plain.text[at - 1] == ";" and text[plain.begins[at - 1]] not in ";；\n":
            at -= 1  # the number before it is part of the clause
        begin, end = plain.origin(at, node.meta.end_pos)
        unread: Unread | None = unparsed.get(node.meta.start_pos)
        doubts = () if _has_start(node, origin) else (_START_UNCLEAR,)
        try:
            means, rule, origin = _read_clause(node, shown, origin, festivals)
        except (UnclearPeriodError, NoTaskError, NoLimitError, PastError, UnevenError) as error:
            means, rule, unread = None, "", error
        whole = isinstance(means, Triggered) and rule not in WORDINGS
        carried = plain.origin(node.meta.start_pos if whole else carrying(node)[0], carrying(node)[1])
        goal = has_masked(plain.text[node.meta.start_pos : node.meta.end_pos])
        bare = rule not in WORDINGS or is_bare(node)
        itemised = isinstance(means, Recurring) and any(node.find_data("item"))
        bare_year = rule == "year-end" and _is_bare_year(node)
        frame = bare_year and not is_done("".join(marks_of(node, -1))) and not (goal and "ALL_YEAR" in tokens(node))
        doubts = (*_doubts(node, rule), *doubts)
        yield Clause(begin, end, means, rule, carried, bare, goal, itemised, bare_year, frame, unread, doubts)


def _parse(plain: str) -> tuple[Node, dict[int, UnparsedError]]:
    """Return the tree of a phrase; a clause that the grammar does not derive is masked, its error kept by its place.

    Raise UnparsedError if nothing else is left.
    """
    unparsed: dict[int, UnparsedError] = {}
    text = plain
    while True:
        try:
            return parse(text), unparsed
        except UnparsedError as error:
            begin, end = next(match.span() for match in _STRETCH.finditer(text) if match.end() > error.at)
            if begin in unparsed or len(unparsed) == _MOST_UNPARSED:
                raise
            unparsed[begin] = error
            text = text[:begin] + hide(unmask(text[begin:end])) + text[end:]


def _is_bare_year(node: Node) -> bool:
    """Return whether a clause names a year, and no word beside it makes it a limit (2019年，; 今年推进20个项目)."""
    dated = child(node, "dated") or node
    leads = {mark.type for mark in marks_of(node)}
    if child(dated, "limit") or leads & {"AT", "TO"} or len((child(dated, "span") or dated).children) > 1:
        return False
    return "END" not in tokens(dated)


def _doubts(node: Node, rule: str) -> Iterator[Doubt]:
    """Find what in a clause's own words a person should look at."""
    named = tokens(node)
    if rule == OTHER_INTERVAL:
        yield "other-interval"
    elif rule and "EVERY_OTHER" in named:
        yield "other-time-passed-over"
    rough = {"CLOSING", "ABOUT"} & named.keys() or named.get("WITHIN") == "时间" or named.get("TEN") in ("初", "中")
    if rough or named.get("HALF", "").endswith("中"):
        yield "about"


def _has_start(node: Node, origin: Origin) -> bool:
    """Return false for a 次年 of which no time before it says what it follows (对今后形成的档案，次年6月底前)."""
    named = tokens(node)
    follows = named.get("NEAR_YEAR", "")[:1] in {"次", "翌"} and "EVERY_YEAR" not in named
    return not follows or origin.year is not None or origin.latest is not None


def _plain(text: str, year: int) -> Plain:
    """Return the phrase with a “;” for all that only sets its clauses apart, and its goals masked.

    次月 after a named month is the one after it, as 下月 is, but for what comes again each month or quarter.
    """
    plain = make_masked(_CIRCLED.sub(";", _NEXT_LINE.sub(";", text)))
    if not _AGAIN.search(plain.text):
        plain = plain.sub(_NEXT_MONTH, lambda match: f"{match['before']}下月")
    plain = plain.sub(_WITHIN, lambda match: f"{match['range']},")
    plain = plain.sub(_YEARS_WORK, lambda match: f"{match[0]}," if int(match["year"]) == year else match[0])
    plain = plain.sub(_EVENT, lambda match: f"{match[0]},")
    plain = plain.sub(_CALLED, lambda match: match["day"])
    plain = plain.sub(_WEEKDAY, lambda match: match["date"])
    plain = plain.sub(_YEAR, lambda match: f"{match[0]}年").sub(_ENUMERATOR, lambda match: ";" * len(match[0]))
    return plain.sub(_SINCE, lambda match: f"{match[0]};").sub(_BRACKETED, lambda _: ";")


def _read_clause(
    node: Node, shown: str, origin: Origin, festivals: Mapping[str, date]
) -> tuple[Deadline | None, str, Origin]:
    text = shown[node.meta.start_pos : node.meta.end_pos]
    match str(node.data):
        case "dated_clause":
            means, rule, after = read_dated(node, text, origin)
            return means, rule, msgspec.structs.replace(after, worded=text)
        case "festival_clause" | "event_clause" if every_other(node):
            return Ongoing(text), OTHER_INTERVAL, origin
        case "festival_clause":
            return read_festival(node, text, origin, festivals)
        case "recurring_clause":
            again = read_series(child(node, "recurring") or node, shown, origin, marks_of(node, -1))
            return again, f"every-{again.every}" if isinstance(again, Recurring) else "series", origin
        case "counted_clause":
            return *read_counted(node, text, origin), origin
        case "issue_clause":
            return *read_issue(node, text, origin), origin
        case "event_clause":
            event, rule = read_event(node, text)
            begins = event.trigger if rule == "event" and event.trigger.endswith("起") else None
            return event, rule, msgspec.structs.replace(origin, event=begins)
        case _:
            worded = msgspec.structs.replace(origin, worded=text) if _is_worded(node) else origin
            return *(read_wording(node, text) or (None, "")), worded


def _is_worded(node: Node) -> bool:
    """Return whether a clause of words says what is to be done, and no more.

    A quantity is to be reached by then; what is done whenever it comes up (随报随办) is no date.
    """
    types = {mark.type for mark in marks_of(node)}
    if _WHO.fullmatch("".join(marks_of(node))):
        return False
    on_call = any(mark.type == "GOES_ON" and mark.startswith("随") for mark in marks_of(node))
    return on_call or ("WORD" in types and "GOAL" not in types)
