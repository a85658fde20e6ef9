"""How exports spell days and numbers. Pure."""

from datetime import date

from events.text import Language
from services.status.export.sheets import About


def spelled_day(day: date, language: Language) -> str:
    """Return a day as a document writes it: 2018年12月31日, 31 December 2018."""
    if language == "zh":
        return f"{day.year}年{day.month}月{day.day}日"
    return f"{day.day} {day:%B} {day.year}"


def day_of(about: About) -> str:
    """Return the day that an export shows."""
    return spelled_day(about.at.date(), about.language)


def plain(number: float) -> str:
    """Return a number without needless digits: 3, 45.5."""
    return f"{number:g}"
