"""A clause that names a date or a span (2018年12月底前完成): when it falls due."""

import re

from events.deadline import Ambiguous, Fixed, Ongoing
from services.ingest.schedule.span import Origin, Span, read_span
from services.ingest.schedule.words import after_lead_in, check_no_time

_INCLUDED = r"\(?(?P<{0}not>不)?包?含(?P<{0}what>[当本][日天月年]|本数|[0-9年月日号]+底?|(?=\)|$))(?:在内)?\)?"
_LIMIT = re.compile(
    rf"""
    (?: {_INCLUDED.format("a")} )?
    (?: (?P<before>[以之]?前(?![期后述沿瞻景端列置提往线]))
      | (?P<within>[以之]?内(?![部容控涝])|期间|[为截]?止|结束前)
      | (?P<since>起(?![草步动])|以来|开始)
      | (?P<vague>左右|前后|初(?![步中级期始审评次稿])|中(?:期|段)?(?=前|以前|之前|完成|$)|[以之]?后(?![续勤]))
    )?
    (?: {_INCLUDED.format("b")} )?
    """,
    re.VERBOSE,
)
_RELATION = re.compile(r"前(?![期往景端沿])|后(?![续勤])|起(?![草步])|至(?!少|今)|到(?![位底])|左右|-")


def read_dated(clause: str, origin: Origin) -> tuple[Fixed | Ambiguous | Ongoing, Origin] | None:
    """Read a normalised clause that begins with a span; None if it does not, ValueError if it cannot be understood.

    A span is due with its end, also as 底前, 内 or 含当日. “12月前”, and just so “9月30日前”, has two readings: before
    the span begins (strict) and before it ends (loose); 含当日 and 不含当日 settle it.
    Returns also what the next clause is read on.
    """
    begin = after_lead_in(clause)
    span = read_span(clause, begin, origin)
    if span is None:
        return None
    limit = _LIMIT.match(clause, span.stop)
    assert limit is not None  # it matches nothing, too
    rest = clause[limit.end() :]
    check_no_time(rest)
    if limit["vague"]:
        raise ValueError(f"“{limit['vague']}” does not say which day")
    if not limit["before"] and not limit["within"] and not span.last and (match := _RELATION.search(rest)):
        raise ValueError(f"what “{match[0]}” means in “{rest}” cannot be read")
    if limit["since"] and _begins(clause[:begin], limit["since"]):
        return Ongoing(clause), span.origin
    return _due(clause, span, limit), span.origin


def _begins(lead_in: str, since: str) -> bool:
    """Tell whether the date is where something begins for good (自6月开始), not a step that is due (6月开始)."""
    return since != "开始" or lead_in.endswith(("从", "自", "由"))


def _due(clause: str, span: Span, limit: re.Match[str]) -> Fixed | Ambiguous:
    included = limit["awhat"] is not None or limit["bwhat"] is not None
    if limit["anot"] or limit["bnot"]:
        return Fixed(clause, span.start)
    if limit["before"] and not span.last and not included:
        return Ambiguous(clause, span.start, span.end)
    return Fixed(clause, span.end)
