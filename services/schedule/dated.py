"""A clause that names a date or a span (2018年12月底前完成): when it falls due."""

import re
from datetime import datetime

import msgspec
from lark import Token

from events.deadline import Ambiguous, Fixed, Ongoing
from services.schedule.goal import unmask
from services.schedule.grammar import Node, child, marks_of, tokens
from services.schedule.season import season_of
from services.schedule.span import Origin, Span, read_span

_DONE = re.compile(
    r"(?:全面|全部|基本|正式|集中|分批|陆续|统一|建设|如期|整改|确保|力争|争取|务必|累计|大规模|大幅|要|拟)*(?:完成|完工|出台|建成|启动|开工|竣工|投入|投产|印发|实现|上报|报送|达到|新[建增]|新改建|控制[在到]|保持|维持|稳定在|不[少低高]于|不超过|结束|终止|截止"
    "|立项|获批|批复|签约|验收|交付|投用|进场|挂牌|试运行|启用|达产|封顶|招标|开园|揭牌|落地|通车|运营|投运|开学|开业|开馆|开放|开班|开课|支出|拨付|到位|兑[付现]|发放|收回|清零|销号|脱贫|达标|办结|征[缴收]|缴纳|开展|组织|实施|举办|召开|进行|制定|建立|取得|新[签招]|下达|形成|编制|提交|拆除|签订|淘汰|消除|化解|取消|清退|成立|更换|关停|组建|追回|开通|答复|补齐|取缔|退还|追缴|盘活|上线|提高|增长|下降|降低|上升|减少|增加|扩[招大]|招[收录聘]|引进)(?!的?(?:行动|工程|方案|计划|规划|项目|目标|指标|活动|问题|清单|台账|名单|要点|标准|情况))"
)
"""Words about the work that make the bare span before them its limit (全市12月完成)."""

_OVER = re.compile("已[于在]?$|追溯[至到自于]?$")
_WAS = re.compile("已|尚未|[仍还][未有]|未能")
"""What follows the time of a report on how things stand (2023年一季度尚未支出)."""

_ON = re.compile("至(?!少|今)|到(?![位达账岗期货场户村人边])")
"""Words that go on to an end which is no date (2021年3月至长期)."""

_WAITS = re.compile("(?<![接等对期招款优看亏亟虐])待")
"""With this a time may be that of what is waited for (待6月底中期评估后调整)."""

_STAGE = re.compile("(?:阶段|[近中远短长]期)[(:]$")
"""What is named so is to be done in the bare span after it (实施阶段：4—10月)."""

_MARK = re.compile("为(?:时间)?(?:节点|界|限|期限|最后期限)")
"""What makes a limit of the date between 以 and it (以3月15日为时间节点)."""

_AIMS = {"力争", "争取", "确保", "保证", "务必", "计划", "拟", "预计", "暂定"}
"""With these a bare span after them is when it is to be reached (会议要求力争明年上半年完成)."""

_AHEAD = re.compile(
    "(?:编制|编报|制定|报送|上报|下达|提交|印发|拟[定订]|审议|征集|申报|谋划|确定|发布|公布|研究|提出|出台|批复|签订|落实|安排)[0-9]{4}年"
)
"""What is made for the year to come (12月10日前制定2012年境外展会计划)."""

_PLACE = re.compile("(?:[省市县区州旗镇乡]|全国|各地)$")

_VERB = range(2, 5)
"""Characters of a verb before a quantity."""

_RELATIONS = {"BEFORE", "AFTER", "SINCE", "RELATION", "OCCASION"}


class NoLimitError(ValueError):
    """A time of which the words do not say that it is a limit."""


class PastError(ValueError):
    """A time that says what was done, or not, by then."""


def is_done(words: str) -> bool:
    """Return whether words say that work is to be done, of which the bare span before them is the limit."""
    return _DONE.match(words) is not None


def dues_of(span: Span, limit: Node | None) -> tuple[datetime, ...]:
    """Return the due instant of a span with its limit; the strict and the loose one where it has two readings.

    A span is due with its end, also as 底前, 内 or 含当日. “12月前”, and just so “9月30日前”, has two readings: before
    the span begins (strict) and before it ends (loose); 含当日 and 不含当日 settle it.
    """
    stated = tokens(limit) if limit else {}
    if "EXCLUDED" in stated:
        return (span.start,)
    if "BEFORE" in stated and not span.last and "INCLUDED" not in stated:
        return (span.start, span.end)
    return (span.end,)


def read_dated(clause: Node, text: str, origin: Origin) -> tuple[Fixed | Ambiguous | Ongoing, str, Origin]:
    """Read a `dated_clause`: what it means, the rule that reads it, and what the next clause is read on.

    ValueError where the words around the span leave open whether it is a limit, or could change it.
    """
    dated = child(clause, "dated") or clause
    span = read_span(child(dated, "span") or dated, origin)
    limit = child(dated, "limit")
    stated = tokens(limit) if limit else {}
    before = [mark.type for mark in marks_of(clause)]
    after = marks_of(clause, -1)
    then = "".join(after)
    if not stated and _ON.match(then):
        raise ValueError(f"until when “{then}” lasts cannot be read")
    if "SINCE" in stated or ("FROM" in before[-1:] and ("START" in stated or not (stated or span.unit == "range"))):
        return Ongoing(text), "since", msgspec.structs.replace(span.origin, since=span.start)
    words = "".join(marks_of(clause))
    if _OVER.search(words):
        raise PastError("it says what was done by then, not by when to do it")
    if _WAITS.search(words) and any(token.type == "AFTER" for token in after):
        raise ValueError(f"when what it waits for is, “{then}” does not say")
    own = _STAGE.search(words) or (words.endswith("(") and then.startswith(")"))
    own = own or any(mark in _AIMS for mark in marks_of(clause)[-1:])
    own = own or (words.endswith("以") and _MARK.match(then)) or (span.unit == "year" and _is_target(words, after))
    _check_words([] if own else before, span, stated, after)
    dues = dues_of(span, limit)
    if len(dues) > 1:
        return Ambiguous(text, *dues), f"before-{span.unit}", span.origin
    return Fixed(text, dues[0]), "excluded" if "EXCLUDED" in stated else _end(span.unit), span.origin


def _is_target(words: str, after: list[Token]) -> bool:
    """Return whether a year stands before what is to be reached (款项2012年支付30%; 全市2017年……下降15%)."""
    goal = next((at for at, token in enumerate(after) if token.type == "GOAL"), 0)
    return goal in _VERB or (goal > 0 and _PLACE.search(words) is not None)


def _end(unit: str) -> str:
    return unit if unit == "hour" else f"{unit}-end"


def _check_words(before: list[str], span: Span, stated: dict[str, str], after: list[Token]) -> None:
    """Raise ValueError if the words around a span leave open whether it is a limit, or could change it."""
    words = "".join(after)
    if after and after[0].type == "AFTER":
        raise ValueError(f"“{after[0]}” does not say by when")
    if _WAS.match(words):
        raise PastError(f"“{words}” says what was done by then, not by when to do it")
    if not stated and not span.last:
        if season := season_of(words) if span.unit == "year" else None:
            raise ValueError(f"when “{season}” is, it does not say")
        for token in after:
            if token.type in _RELATIONS:
                raise ValueError(f"what “{token}” means in “{words}” cannot be read")
        leads = before[-1:] in (["AT"], ["TO"]) or (before[-1:] == ["FROM"] and span.unit == "range" and not after)
        if "WORD" in before and not leads and not is_done(unmask(words)):
            raise NoLimitError("it names a time, but does not say that this is a limit")
    issued = span.origin.issued.year
    later = [token for token in after if token.type == "NAMED_YEAR" and int(token[:4]) > issued]
    soon = all(token == f"{issued + 1}年度" or (token == f"{issued + 1}年" and _AHEAD.search(words)) for token in later)
    soon = soon and span.start.year == issued and span.end > span.origin.start
    if later and not ((span.dated or soon) and (stated or span.last)):
        raise ValueError(f"what a second year means in “{words}” cannot be read")
