"""The corpus of published deadline cells (corpus/README.md), and how a reading of each compares with the official's."""

import csv
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from msgspec import Struct

from events.deadline import Ambiguous, Deadline, Fixed, Milestones, Recurring
from services.schedule.phrase import read_phrase
from services.schedule.text import UnreadableError
from tests.schedule.verdicts import CORPUS, Half, Verdict

CHINA = ZoneInfo("Asia/Shanghai")
REFUSE = "refuse"
MARKED = "marked"


class DeadlineCell(Struct, frozen=True):
    """A cell as published, the day its document was issued, and the readings that a careful official gives it.

    `round` is the drawing that it came with, which measured it unseen; made-up inputs have none. Several readings are
    alternatives of which each is right; one is written as `summary` writes it. After `marked` it is right only with a
    doubt that makes a person look at it.
    """

    source: str
    issued: date
    text: str
    readings: tuple[str, ...]
    round: str = ""


class Answer(Struct, frozen=True):
    """What the reader makes of a cell, and how that compares."""

    cell: DeadlineCell
    reading: str
    verdict: Verdict
    doubts: tuple[str, ...] = ()


def deadline_cells(half: Half) -> list[DeadlineCell]:
    """Return the cells of a half of the corpus."""
    issued = {row["key"]: date.fromisoformat(row["issued"]) for row in _rows(CORPUS / "sources.tsv")}
    return [
        DeadlineCell(row["source"], issued[row["source"]], row["text"], tuple(_readings(row["reading"])), row["round"])
        for row in _rows(CORPUS / f"deadlines_{half}.tsv")
    ]


def made_up_cells() -> list[DeadlineCell]:
    """Return the inputs that were made up; their source is their kind."""
    return [
        DeadlineCell(row["kind"], date.fromisoformat(row["issued"]), row["text"], tuple(_readings(row["reading"])))
        for row in _rows(CORPUS / "deadlines_made_up.tsv")
    ]


def answer(cell: DeadlineCell) -> Answer:
    """Read a cell and compare; a reading that is right in kind and dates is right."""
    try:
        phrase = read_phrase(cell.text, cell.issued, CHINA)
    except UnreadableError:
        return Answer(cell, REFUSE, "fairly refused" if REFUSE in cell.readings else "wrongly refused")
    reading = summary(phrase.deadline)
    right = reading in cell.readings or (phrase.doubts and f"{MARKED} {reading}" in cell.readings)
    return Answer(cell, reading, "right" if right else "wrong", phrase.doubts)


def summary(deadline: Deadline) -> str:
    """Return a reading in one line: `fixed 2019-01-01`, `recurring month 2021-02-01 day 30`, `ongoing`."""
    kind = type(deadline).__struct_config__.tag
    return " ".join([str(kind), *_details(deadline)])


def _details(deadline: Deadline) -> list[str]:
    match deadline:
        case Fixed(due=due):
            return [_day(due)]
        case Ambiguous(strict=strict, loose=loose):
            return [_day(strict), _day(loose)]
        case Recurring(every=every, first=first):
            day = getattr(deadline, "day", None)
            return [every, _day(first), *(["day", str(day)] if day else [])]
        case Milestones(milestones=milestones):
            return [_day(step.due) for step in milestones]
        case _:
            return []


def _day(due: datetime) -> str:
    local = due.astimezone(CHINA)
    return f"{local:%Y-%m-%d}" if (local.hour, local.minute) == (0, 0) else f"{local:%Y-%m-%dT%H:%M}"


def _readings(written: str) -> Iterator[str]:
    for reading in written.split(" / "):
        yield REFUSE if reading.startswith(REFUSE) else reading.strip()


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
