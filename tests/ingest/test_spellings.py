"""One name in several spellings: folded where the meaning is certain, refused with the character where it is not."""

import unicodedata
from typing import Any

import pytest
from msgspec.structs import replace

from events.deadline import Fixed
from events.envelope import Event, encode, submitted
from events.log import Log
from events.schema import (
    CompletionSubmitted,
    ExtensionGranted,
    ExtensionRefused,
    ExtensionRequested,
    ProgressReported,
    TaskAssigned,
    TaskReassigned,
    TaskSigned,
    TaskUrged,
    Unit,
)
from events.text import hidden
from services.common.outcome import Outcome
from tests.examples import LEAD, assigned, reported
from tests.ingest.running_writer import LEDGER, NAME, START, history, short, working
from tests.ingest.test_corrections import corrected

CAFE = "café"

DECOMPOSED = unicodedata.normalize("NFD", CAFE)

CAFE_UNIT = "Café 办"

UNIT = "市民政局"

ONE = [("accepted", 1)]

TWO = [("accepted", 2)]


def decomposed(text: str) -> str:
    """Return a text as a macOS file name or a Vietnamese keyboard has it."""
    return unicodedata.normalize("NFD", text)


def handed(*units: str, task: str = "t") -> Event:
    """Return an assignment to units, the first of which leads."""
    event = assigned(task)
    assert isinstance(event.data, TaskAssigned)
    named = (Unit(units[0], "lead"), *(Unit(name) for name in units[1:]))
    return replace(event, data=replace(event.data, lead=units[0], units=named))


def of(data: Any, id: str, task: str = "t", source: str = "units") -> Event:
    """Return an event at the instant at which the writer starts."""
    return replace(reported(), id=id, source=source, subject=task, data=data, time=START)


async def test_a_task_is_one_in_either_normal_form(redis: Any) -> None:
    """An assignment of café is task-exists once it is assigned in the other form; the bytes stay as they came."""
    assert CAFE != DECOMPOSED
    async with working(redis) as running:
        first = encode(assigned(DECOMPOSED, id="a-1"))
        assert short(await running.submit(first, authid="office")) == ONE
        outcomes = await running.submit(encode(assigned(CAFE, id="a-2")), authid="office")
        assert short(outcomes) == [("refused", "task-exists")]
        assert short(await running.submit(reported(CAFE))) == TWO
        assert short(await running.submit(replace(reported(DECOMPOSED), id="r-2"))) == [("accepted", 3)]
        same_batch = [encode(assigned(form, id=f"b-{number}")) for number, form in enumerate(("ñ", decomposed("ñ")))]
        assert short(await running.submit(*same_batch, authid="office")) == [
            ("accepted", 4),
            ("refused", "task-exists"),
        ]
    stored = await Log(redis, NAME).read(0)
    assert submitted(stored[0].raw) == first
    assert [entry.event.subject for entry in await history(redis)] == [CAFE, CAFE, CAFE, "ñ"]


async def test_an_id_is_one_in_either_normal_form(redis: Any) -> None:
    """The same id in another form names the same submission: other bytes of it are id-reused, the same a duplicate."""
    async with working(redis) as running:
        await running.submit(assigned("t"))
        sent = [encode(replace(reported("t"), id=form)) for form in (CAFE, DECOMPOSED)]
        assert short(await running.submit(*sent, authid="units")) == [("accepted", 2), ("refused", "id-reused")]
    async with working(redis) as running:  # the log's index knows it
        assert short(await running.submit(sent[1], sent[0], authid="units")) == [
            ("refused", "id-reused"),
            ("duplicate", 2),
        ]


async def test_what_is_cited_is_found_in_either_normal_form(redis: Any) -> None:
    """A correction and an answer name a report and a request by their ids, in whichever form."""
    later = START.replace(year=2019, month=3)
    async with working(redis) as running:
        due = Fixed("2018年12月底前完成", due=START.replace(year=2019, month=1))
        await running.submit(replace(assigned("t", deadline=due), time=START))
        await running.submit(of(ProgressReported(LEAD, "…", 10), CAFE, source=reported().source))
        assert short(await running.submit(corrected(DECOMPOSED, task="t"))) == [("accepted", 3)]
        await running.submit(of(ExtensionRequested(LEAD, "…", later), decomposed("request-é")))
        assert short(await running.submit(of(ExtensionRefused("request-é", "…"), "no", source="office"))) == [
            ("accepted", 5)
        ]
        await running.submit(of(ExtensionRequested(LEAD, "…", later), "request-ü"))
        answer = of(ExtensionGranted(decomposed("request-ü")), "yes", source="office")
        assert short(await running.submit(answer)) == [("accepted", 7)]


UNITS: dict[str, str] = {
    "a space at the end": f"{UNIT} ",
    "a wide space at the beginning": f"\u3000{UNIT}",
    "a line break at the end": f"{UNIT}\n",
    "a space that does not break": f"{UNIT}\u00a0",
}


@pytest.mark.parametrize("spelled", UNITS.values(), ids=UNITS)
async def test_white_space_around_a_units_name_is_none_of_it(redis: Any, spelled: str) -> None:
    """A task assigned with it is one that its unit can report on, with it or without it."""
    async with working(redis) as running:
        assert short(await running.submit(handed(spelled, "市财政局"))) == ONE
        events = [
            of(ProgressReported(UNIT, "…"), "r-1"),
            of(TaskSigned(spelled), "s-1"),
            of(CompletionSubmitted(spelled, "…"), "c-1"),
            of(TaskUrged((spelled,), "…"), "u-1", source="office"),
            of(TaskReassigned(spelled, (Unit(spelled, "lead"),), "…"), "a-2", source="office"),
            of(ProgressReported(UNIT, "…"), "r-2"),
        ]
        assert {outcome.outcome for outcome in await running.submit(*events)} == {"accepted"}
    for entry in await history(redis):
        data = entry.event.data
        assert spelled not in {getattr(data, "unit", None), getattr(data, "lead", None), *getattr(data, "units", ())}


async def test_a_units_name_is_one_in_either_normal_form(redis: Any) -> None:
    """A unit that the directory does not have, too, reports in whichever form."""
    async with working(redis) as running:
        assert short(await running.submit(handed(CAFE_UNIT))) == ONE
        assert short(await running.submit(of(ProgressReported(decomposed(CAFE_UNIT), "…"), "r-1"))) == TWO
        twice = handed(CAFE_UNIT, decomposed(CAFE_UNIT), task="t-2")
        (outcome,) = await running.submit(twice)
        assert (outcome.code, "named twice in units" in (outcome.detail or "")) == ("invalid-data", True)


HIDDEN: dict[str, tuple[str, str]] = {
    "a zero-width space at the end": (f"{UNIT}\u200b", "U+200B"),
    "a zero-width space inside": ("市\u200b民政局", "U+200B"),
    "a turn to the left": (f"{UNIT}\u202e", "U+202E"),
    "a byte order mark": (f"\ufeff{UNIT}", "U+FEFF"),
    "a soft hyphen": ("市民\u00ad政局", "U+00AD"),
    "a line break inside": ("市民\n政局", "U+000A"),
    "a tab inside": ("市民\t政局", "U+0009"),
    "a separator of lines inside": ("市民\u2028政局", "U+2028"),
    "a filler": (f"{UNIT}\u3164", "U+3164"),
    "a variation selector": (f"{UNIT}\ufe00", "U+FE00"),
    "a noncharacter": (f"{UNIT}\uffff", "U+FFFF"),
    "nothing to be seen": (" \u3000", "nothing but white space"),
}


@pytest.mark.parametrize(("name", "words"), HIDDEN.values(), ids=HIDDEN)
async def test_what_cannot_be_seen_is_in_no_units_name(redis: Any, name: str, words: str) -> None:
    """Wherever an event names a unit, a hidden character is invalid-data, and the detail names it."""
    events = {
        "$.lead": handed(name),
        "$.units[1].name": handed(UNIT, name),
        "$.unit": of(ProgressReported(name, "…"), "r-1"),
        "$.units[0]": of(TaskUrged((name,), "…"), "u-1", source="office"),
    }
    async with working(redis) as running:
        for path, outcome in zip(events, await running.submit(*events.values()), strict=True):
            assert outcome.code == "invalid-data"
            assert outcome.detail is not None
            assert words in outcome.detail
            assert path in outcome.detail
            assert not any(map(hidden, outcome.detail))


async def test_a_tasks_id_has_nothing_hidden(redis: Any) -> None:
    """White space around a task's id is none of it; a hidden character is named, as what it is."""
    async with working(redis) as running:
        assert short(await running.submit(assigned(" zj-1\u3000"))) == ONE
        assert short(await running.submit(assigned("zj-1", id="a-2"))) == [("refused", "task-exists")]
        assert short(await running.submit(reported("zj-1 "))) == TWO
        outcomes: list[Outcome] = await running.submit(
            assigned("zj-1\u200b"), assigned("zj\u202e-1"), reported("zj-1\u200b")
        )
        assert [outcome.code for outcome in outcomes] == ["invalid-data", "invalid-data", "unknown-task"]
        details = [outcome.detail or "" for outcome in outcomes]
        assert ["U+200B" in details[0], "U+202E" in details[1], "U+200B" in details[2]] == [True, True, True]
        assert all(detail.isprintable() for detail in details)


async def test_a_detail_is_bounded(redis: Any) -> None:
    """A refusal that lists a task's units does not list all of 200 with long names."""
    names = [f"{UNIT}{number:03}{'长' * 190}" for number in range(80)]
    async with working(redis) as running:
        assert short(await running.submit(handed(*names))) == ONE
        (outcome,) = await running.submit(of(ProgressReported("市财政局", "…"), "r-1"))
        assert outcome.code == "not-responsible"
        assert len(outcome.detail or "") == 2_001


def test_the_directory_is_as_it_is_compared() -> None:
    """The shipped ledger can be named: what it has is in NFC, and nothing in it is hidden."""
    assert LEDGER.directory.knows(UNIT)
    assert LEDGER.directory.named(f" {UNIT}\u3000") == UNIT


async def test_the_clock_can_name_the_longest_task(redis: Any) -> None:
    """An id that is longest in NFC stands in the ids of the clock's events, and the log can be read."""
    long = "\u0958" * 75
    due = Fixed("2018年3月底前完成", due=START.replace(hour=3))
    async with working(redis) as running:
        assert short(await running.submit(replace(assigned(long, deadline=due), time=START))) == ONE
        running.clock.instant = START.replace(hour=4)
        assert (await running.submit(reported("nowhere")))[0].code == "unknown-task"
    subjects = {entry.event.subject for entry in await history(redis)}
    assert subjects == {"\u0915\u093c" * 75}
    assert (await history(redis))[-1].event.type == "duban.deadline.passed.v1"
