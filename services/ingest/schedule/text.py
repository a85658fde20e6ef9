"""The text of official documents made regular: widths, numerals, spaces, dashes; and the error of this package."""

import re
import unicodedata

_DIGITS = {character: value for value, character in enumerate("〇一二三四五六七八九")} | {"零": 0, "两": 2}
_DIGIT = "[一二两三四五六七八九]"
_COUNT = re.compile(rf"(?:({_DIGIT})百)?(?:({_DIGIT})?(十)({_DIGIT})?|(零)?({_DIGIT}))?")
_POSITIONAL_LENGTH = 4

SPACE = re.compile(r"[\s\u00ad\u200b-\u200f\u2060\ufeff]")
"""A character that only sets others apart, also one without width."""

_IGNORED = re.compile(rf"(?:{SPACE.pattern}|[“”‘’\"'])+")
_ROUND = re.compile(r"[○◯]|(?<=[一二三四五六七八九])[Oo0](?=[〇○Oo0一二三四五六七八九])")
_DASHES = re.compile(r"[-‐‑‒–—―−─~〜]+")
_NUMERAL = re.compile(
    r"[〇零一二两三四五六七八九十百]+"
    r"(?=[年月日号天周旬时点%]|个(?:工作日|月|星期|季度)|工作日|季|半年|星期|小时|[-至到]第?[0-9〇一二三四五六七八九十])"
    r"|^[〇零一二三四五六七八九十百]+$"
)
_REGULAR = (
    (re.compile(r"(?<![0-9])([0-9]{4})[./-]([0-9]{1,2})[./-]([0-9]{1,2})(?![0-9])日?"), r"\1年\2月\3日"),
    (re.compile(r"(?<![0-9])([0-9]{4})[./-]([0-9]{1,2})(?![0-9年./])月?"), r"\1年\2月"),
    (re.compile(r"(?<![0-9])([0-9]{4})-([0-9]{4})(?![0-9年])"), r"\1年-\2年"),
    (re.compile(r"([0-9]+)(?=(?:[-、至到]第?[0-9]+)+(年|月|日|号|季度))"), r"\1\2"),  # 2016—2020年, 3、6、9、12月
)


class UnreadableError(ValueError):
    """A phrase, a cell or a table that cannot be read; the message holds it and says what is wrong."""


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

    Compatibility forms become plain (NFKC, so full-width digits and the radicals that PDF files hold), numerals digits
    where they count something, all dashes “-”, all dates 年月日; spaces and quotation marks go.
    """
    plain = _IGNORED.sub("", unicodedata.normalize("NFKC", text))
    plain = _DASHES.sub("-", _ROUND.sub("〇", plain))
    plain = _NUMERAL.sub(_digits, plain)
    for pattern, regular in _REGULAR:
        plain = pattern.sub(regular, plain)
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
