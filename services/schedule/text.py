"""The text of official documents made regular: widths, numerals, spaces, dashes; and the error of this package."""

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache, partial

from msgspec import Struct

from services.schedule.radicals import RADICALS

_DIGITS = {character: value for value, character in enumerate("〇一二三四五六七八九")} | {"零": 0, "两": 2}
_DIGIT = "[一二两三四五六七八九]"
_COUNT = re.compile(rf"(?:({_DIGIT})百)?(?:({_DIGIT})?(十)({_DIGIT})?|(零)?({_DIGIT}))?")
_POSITIONAL_LENGTH = 4

_IGNORED = re.compile(r"[\s\u00ad\u200b-\u200f\u2060\ufeff“”‘’\"']")
"""What only sets characters apart or off, also without width."""

_MIDNIGHT = re.compile(r"(?<![0-9])[0-9]{4}([-/.])[0-9]{1,2}\1[0-9]{1,2}(?P<time>[ T]0?0:00(?::00)?)(?![0-9:])")
"""A day as programs write it (2018-12-31 00:00:00); the time says nothing."""

_COMPACT = re.compile(r"(?<![0-9])(?P<year>20[0-9]{2})(?P<month>0[1-9]|1[0-2])(?P<day>0[1-9]|[12][0-9]|3[01])(?![0-9])")
"""A day as eight digits (20190331)."""

_SHORT_YEAR = re.compile(r"(?<![0-9近前后第每满约用])[12][0-9]年(?=(?:1[0-2]|0?[1-9])月|年?[底末])")
"""A year of this century without it (19年底)."""

_ROUND = re.compile(r"[○◯]|(?<=[一二三四五六七八九])[Oo0](?=[〇○Oo0一二三四五六七八九])")
_DASHES = re.compile(r"[-‐‑‒–—―−─~〜]+")
_NUMERAL = re.compile(
    r"[〇零一二两三四五六七八九十百]+"
    r"(?=[年月日号天周旬时点%]|个(?:工作日|月|星期|季度)|工作日|季|半年|星期|小时|[-至到]第?[0-9〇一二三四五六七八九十])"
    r"|[一二三四五六七八九十]+(?=(?:[、和及][一二三四五六七八九十]+)+(?:月|季度))"
    r"|^[〇零一二三四五六七八九十百]+$"
)
_MONTHS_LONG = re.compile(r"(?<![0-9〇零一二三四五六七八九十年、和及至到-])(?:[一两](?=月[以之]?内)|两(?=月))")
"""A period of months without its measure word (应在一月内报告, 两月一次); the first month is written 1月."""

_YEAR_ALONE = re.compile(r"(?<![0-9])20[0-9]{2}(?=第?[一二三四1-4]季|全年|[上下]半年|Q[1-4](?![0-9]))")
_QUARTERS = re.compile(r"(?<![A-Za-z])Q(?P<number>[1-4])(?![0-9])")
"""A year without 年 (2026全年), and quarters as firms write them (2026Q2)."""

_NAMED_DAY = re.compile(
    r"(?<![0-9.])(?P<month>1[0-2]|[1-9])·(?P<day>3[01]|[12][0-9]|[1-9])"
    r"(?:[^0-9,;。年月日]{0,12}?日(?!常|期(?!间))|(?P<before>[以之]?前)|(?=期间))"
)
"""A day of the year with its name (6·26国际禁毒日), or that is one (“3·15”前)."""

_ROMAN = re.compile(r"(?<![A-Za-z])(?:I{1,3}|IV)(?=季)")
_ROMANS = ("I", "II", "III", "IV")
_MONTH_DAY = r"(1[0-2]|[1-9])\.(3[01]|[12][0-9]|0?[1-9])"
_REGULAR = (
    (re.compile("上(?=[、和及]下半年)"), "上半年"),
    (re.compile("([0-9]{1,2}月)([上中]旬)([-至到])(?=(?:上中|中?下|中)旬)"), r"\1\2\3\1"),
    (re.compile(r"(?<![0-9百千万亿美日])元月"), "1月"),
    (re.compile(r"(?<![0-9])([0-9]{4})([./-])([0-9]{1,2})\2([0-9]{1,2})(?![0-9])日?"), r"\1年\3月\4日"),
    (re.compile(r"(?<![0-9])([0-9]{4})[./]([0-9]{1,2})-([0-9]{1,2})(?![0-9日号./])月?"), r"\1年\2月-\3月"),  # 2018.3-12
    (re.compile(r"(?<![0-9])([0-9]{4})[./-]([0-9]{1,2})(?![0-9年./])月?"), r"\1年\2月"),
    (re.compile(r"(?<![0-9])([0-9]{4})-([0-9]{4})(?![0-9年])"), r"\1年-\2年"),
    (re.compile(r"(?<![0-9])([0-9]{4})(?=(?:[-、至到和及][0-9]{4})+年)"), r"\1年"),  # 2016—2020年
    (re.compile(r"(?<=[0-9]月)([0-9]{1,2})(?=[-至到][0-9]{1,2}月[0-9]{1,2}[日号])"), r"\1日"),  # 10月1至10月31日
    (
        re.compile(r"(?<![0-9.])(1[0-2]|[1-9])\.(3[01]|[12][0-9]|[1-9])(?=日?(?:[以之]?前|起))日?"),
        r"\1月\2日",
    ),  # 3.15前
    (re.compile(rf"(?<![0-9.]){_MONTH_DAY}-{_MONTH_DAY}(?=$|[,;。)]|[以之]?前)"), r"\1月\2日-\3月\4日"),  # 6.1-6.30
    (
        re.compile(r"(?<![0-9:])([0-9]{1,2})(?=(?:[-、至到和及]第?[0-9]{1,2})+(月|日|号|季度))"),
        r"\1\2",
    ),  # 3、6、9、12月
)


class UnreadableError(ValueError):
    """A phrase, a cell or a table that cannot be read; the message holds it and says what is wrong."""


class Plain(Struct, frozen=True):
    """A text made regular, and for each of its characters where it came from: from `begins` to `ends`."""

    text: str
    begins: tuple[int, ...]
    ends: tuple[int, ...]

    def origin(self, begin: int, end: int) -> tuple[int, int]:
        """Return the stretch of the original that the characters from `begin` to `end` came from."""
        return self.begins[begin], self.ends[end - 1]

    def sub(self, pattern: re.Pattern[str], regular: Callable[[re.Match[str]], str]) -> "Plain":
        """Replace each match; what replaces it came from all of it, or, where the lengths agree, one from one."""
        text, at = "", 0
        begins: list[int] = []
        ends: list[int] = []
        for match in pattern.finditer(self.text):
            begin, end, new = match.start(), match.end(), regular(match)
            same = len(new) == end - begin
            text += self.text[at:begin] + new
            begins += self.begins[at : end if same else begin]
            ends += self.ends[at : end if same else begin]
            if not same:
                begins += [self.begins[begin]] * len(new)
                ends += [self.ends[end - 1]] * len(new)
            at = end
        return Plain(text + self.text[at:], (*begins, *self.begins[at:]), (*ends, *self.ends[at:])) if at else self


def check_text(text: str, most: int) -> None:
    """Raise ValueError for text that an event cannot hold: longer than `most` characters, or not text in UTF-8."""
    if len(text) > most:
        raise ValueError(f"it has {len(text):,} characters; at most {most:,} can be kept")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"it is not text in UTF-8: {error.reason}") from error


def normalise(text: str) -> str:
    """Return a phrase in the one spelling the grammar knows.

    Compatibility forms and radicals, as PDF files hold them, become plain characters (NFKC), numerals digits
    where they count something, all dashes “-”, all dates 年月日; spaces and quotation marks go.
    """
    return make_plain(text).text


def make_plain(text: str) -> Plain:
    """Return the same as `normalise`, with the place of each character."""
    return regular_dates(read_characters(text))


def _day(match: re.Match[str]) -> str:
    day = f"{match['month']}月{match['day']}日"
    return f"{day}{match['before']}(不含当日)" if match["before"] else day


@lru_cache(maxsize=1_024)
def read_characters(text: str) -> Plain:
    """Return a text with its characters, dashes and numerals made regular, and its dates as they are written."""
    midnights = {at for match in _MIDNIGHT.finditer(text) for at in range(*match.span("time"))}
    places = [
        (new, at)
        for at, character in enumerate(text)
        if at not in midnights
        for new in unicodedata.normalize("NFKC", character.translate(RADICALS))
        if not _IGNORED.match(new)
    ]
    plain = Plain(
        "".join(new for new, _ in places),
        tuple(at for _, at in places),
        tuple(at + 1 for _, at in places),
    )
    plain = plain.sub(_ROUND, lambda _: "〇").sub(_DASHES, lambda _: "-")
    plain = plain.sub(_YEAR_ALONE, lambda match: f"{match[0]}年").sub(_QUARTERS, lambda match: f"{match['number']}季度")
    plain = plain.sub(_COMPACT, lambda match: f"{match['year']}年{int(match['month'])}月{int(match['day'])}日")
    plain = plain.sub(_SHORT_YEAR, lambda match: f"20{match[0]}")
    plain = plain.sub(_NAMED_DAY, _day)
    plain = plain.sub(_MONTHS_LONG, lambda match: f"{match[0]}个").sub(_NUMERAL, _digits)
    return plain.sub(_ROMAN, lambda match: str(_ROMANS.index(match[0]) + 1))


def regular_dates(plain: Plain) -> Plain:
    """Return a text with all dates as 年月日, each with its year and unit where a list or range has them once."""
    for pattern, regular in _REGULAR:
        plain = plain.sub(pattern, partial(_expand, regular))
    return plain


def numeral(text: str) -> int | None:
    """Return the number that 三十一 or 二〇一八 is; None for what is no number (十三五, 一二)."""
    if all(character in _DIGITS for character in text) and (len(text) in (1, _POSITIONAL_LENGTH) or "〇" in text):
        return int("".join(str(_DIGITS[character]) for character in text))
    match = _COUNT.fullmatch(text)
    if match is None:
        return None
    hundreds, tens, ten, units, gap, rest = match.groups()
    if bool(hundreds and rest) != bool(gap):  # 一百零二 is 102; 一百二, which is 120, is not written in documents
        return None
    return 100 * _DIGITS[hundreds or "零"] + (10 * _DIGITS[tens or "一"] if ten else 0) + _DIGITS[units or rest or "零"]


def _digits(match: re.Match[str]) -> str:
    value = numeral(match[0])
    return match[0] if value is None else str(value)


def _expand(regular: str, match: re.Match[str]) -> str:
    return match.expand(regular)
