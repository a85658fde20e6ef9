"""Corrections on a real server: what they name is found wherever it is, and nothing else can be corrected."""

import asyncio
from typing import Any

import pytest
from msgspec.structs import replace

from events.envelope import Event
from events.schema import ProgressCorrected
from services.ingest.queue import BATCH
from tests.examples import EXAMPLES, LEAD, TASK, assigned, reported
from tests.ingest.running_writer import DAY, kept, short, working


def corrected(report: str, number: int = 1, *, unit: str = LEAD, task: str = TASK, **changes: object) -> Event:
    """Return a correction of a report; `number` distinguishes the corrections of a unit."""
    data = ProgressCorrected(report, "安置人数有误。", unit, "廉江市就业基地已挂牌。", 45)
    id = f"correction-{task}-{unit}-{number}"
    return replace(reported(), id=id, subject=task, data=data, **changes)


FIRST = reported().id


async def test_a_report_in_the_log_is_corrected(redis: Any) -> None:
    """A report of an earlier call is found in the log, also by another instance, and so is a correction."""
    async with working(redis) as running:
        await running.submit(assigned(), reported())
        assert short(await running.submit(corrected(FIRST))) == [("accepted", 3)]
    async with working(redis) as running:
        outcomes = await running.submit(corrected(FIRST, 2), corrected(corrected(FIRST).id, 3), corrected(FIRST, 2))
        assert short(outcomes) == [("accepted", 4), ("accepted", 5), ("duplicate", 4)]


async def test_a_report_of_the_same_call_is_corrected(redis: Any) -> None:
    """A report is there for what follows it in the same call, but not for what comes before it."""
    async with working(redis) as running:
        outcomes = await running.submit(assigned(), corrected(FIRST), reported(), corrected(FIRST, 2))
        assert short(outcomes) == [
            ("accepted", 1),
            ("refused", "invalid-data"),
            ("accepted", 2),
            ("accepted", 3),
        ]


async def test_reports_that_are_being_appended_are_corrected(redis: Any) -> None:
    """A batch of corrections that is decided while their reports are on their way to the log finds each of them."""
    reports = [reported(number=number) for number in range(BATCH - 1)]
    corrections = [corrected(report.id, number) for number, report in enumerate(reports)]
    again = [corrected(correction.id, BATCH + number) for number, correction in enumerate(corrections)]
    async with working(redis) as running:
        await running.submit(assigned())
        answers = await asyncio.gather(
            running.submit(*reports), running.submit(*corrections), running.submit(*again), running.submit(*again[:1])
        )
    counted = iter(range(2, 3 * BATCH))
    for answer in answers[:3]:
        assert short(answer) == [("accepted", next(counted)) for _ in answer]
    assert short(answers[3]) == [("duplicate", 2 * BATCH)]


@pytest.mark.parametrize(
    ("correction", "says"),
    [
        (corrected("nothing"), "report 'nothing' is no event of source 'units/disabled-persons-federation'"),
        (corrected(corrected("itself").id), "is no event of source"),
        (corrected(FIRST, source="units"), f"report '{FIRST}' is no event of source 'units'"),
        (corrected(FIRST, unit="市民政局"), "is of 市残联, of which 市民政局 is no successor"),
        (corrected(reported("zj-2").id), "is of task 'zj-2', not of 'zj-2017-07'"),
        (
            corrected("submitted"),
            "report 'submitted' is a duban.completion.submitted.v1; only a report or",
        ),
    ],
    ids=["unknown", "itself", "another source's", "another unit's", "another task's", "another type"],
)
async def test_nothing_else_is_corrected(redis: Any, correction: Event, says: str) -> None:
    """A correction of anything but a report of its own source, task and unit is invalid, with a detail."""
    submitted = replace(EXAMPLES["duban.completion.submitted.v1"], id="submitted")
    events = [assigned(others=("市民政局",)), assigned("zj-2"), reported(), reported("zj-2"), submitted]
    async with working(redis) as running:
        running.clock.instant += 365 * DAY
        assert {one.outcome for one in await running.submit(*events)} == {"accepted"}
        (outcome,) = await running.submit(correction)
    assert (outcome.outcome, outcome.code) == ("refused", "invalid-data")
    assert says in (outcome.detail or "")
    assert len(await kept(redis)) == 1


async def test_calls_without_corrections_read_no_event(redis: Any) -> None:
    """The log is read for what corrections name, each event once, and for nothing else."""

    async def reads() -> int:
        return int((await redis.info("commandstats")).get("cmdstat_xrange", {"calls": 0})["calls"])

    async with working(redis) as running:
        await running.submit(assigned(), reported())
        before = await reads()
        await running.submit(reported(number=2), reported(number=3))
        assert await reads() == before
        await running.submit(corrected(FIRST), corrected(FIRST, 2), reported(number=4))
        assert await reads() == before + 1
