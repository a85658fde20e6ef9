"""The ledger `ops`: what operators do, from the inboxes of duban's own parts to its log."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from events.envelope import Event, encode
from events.keys import key
from events.ledger import Source
from events.log import Log
from events.operations import COMMANDS, OPS, WRITERS, operations_ledger
from events.schema import NAMES, EventData, LinkMade, Operation
from services.common.clock import SystemClock, sleep
from services.common.operations import record
from services.ingest.core import decide
from tests.events.strategies import events_of, operations
from tests.examples import EXAMPLES, OPERATION_EXAMPLES, assigned
from tests.ingest.ingest_client import opened
from tests.ingest.running_writer import LEDGER, NAME, receipts
from tests.patience import PATIENCE

OPERATIONS_LEDGER = operations_ledger([LEDGER])


async def recorded(redis: Any, writer: str, count: int) -> list[Event]:
    """Wait until the log of operations has so many events of a writer, and return them."""
    async with asyncio.timeout(PATIENCE):
        while True:
            every = [entry.event async for batch in Log(redis, OPS).scan() for entry in batch]
            found = [event for event in every if event.authid == writer]
            if len(found) >= count:
                return found
            await sleep(0.02)


@pytest.mark.parametrize("data", operations, ids=lambda data: NAMES[data])
def test_an_operation_is_accepted_in_its_ledger_alone(data: type[EventData]) -> None:
    """Of each of its writers, whatever time it gives; elsewhere of nobody, whoever has the writer's name."""
    now = SystemClock().now()

    @given(events_of(data))
    def check(event: Event) -> None:
        for name, source in OPERATIONS_LEDGER.sources.items():
            assert decide(None, event, name, source, OPERATIONS_LEDGER, now) is None
            assert decide(None, event, name, source, OPERATIONS_LEDGER, event.time) is None
        for name, other in (("status", Source("assigner")), (COMMANDS, None), ("notify", None), ("duban", None)):
            refusal = decide(None, event, name, other, LEDGER, now.replace(year=2999))
            assert refusal is not None
            assert refusal.code == "not-permitted"

    check()


@pytest.mark.parametrize("event", EXAMPLES.values(), ids=EXAMPLES)
def test_the_ledger_of_operations_has_no_tasks(event: Event) -> None:
    """No writer can submit what other ledgers have."""
    for name, source in OPERATIONS_LEDGER.sources.items():
        refusal = decide(None, event, name, source, OPERATIONS_LEDGER, SystemClock().now())
        assert refusal is not None
        assert refusal.code == "not-permitted"


async def test_what_is_recorded_reaches_the_log(redis: Any, server_url: str, tmp_path: Path) -> None:
    """In the order of its writer, also what was recorded while ingest was down; its clock is the wall clock."""
    examples = [event.data for event in OPERATION_EXAMPLES.values() if isinstance(event.data, Operation)]
    before = SystemClock().now()
    for data in examples[:6]:
        await record(redis, "audit", NAME, data)
    async with opened(redis, server_url, tmp_path):
        for data in examples[6:]:
            await record(redis, "audit", NAME, data)
        events = await recorded(redis, "audit", len(examples))
    assert [event.data for event in events] == examples
    assert {(event.source, event.subject) for event in events} == {("audit", NAME)}
    assert all(before <= event.time <= event.at for event in events)


async def test_each_is_in_the_log_once_whenever_ingest_runs(redis: Any, server_url: str, tmp_path: Path) -> None:
    """Two instances start and stop while several writers submit: nothing is lost, doubled or reordered."""
    writers, count = ("status", "audit"), 120

    async def submit(writer: str) -> None:
        for number in range(count):
            await record(redis, writer, NAME, LinkMade(f"{writer}-{number}", "0" * 16))
            await sleep(0.01)

    submitting = [asyncio.create_task(submit(writer)) for writer in writers]
    for _ in range(2):
        async with opened(redis, server_url, tmp_path), opened(redis, server_url, tmp_path):
            await sleep(0.3)
    await asyncio.gather(*submitting)
    async with opened(redis, server_url, tmp_path):
        for writer in writers:
            made = [event.data for event in await recorded(redis, writer, count)]
            assert made == [LinkMade(f"{writer}-{number}", "0" * 16) for number in range(count)]
        log = Log(redis, OPS)
        positions = [entry.position async for batch in log.scan() for entry in batch]
        assert positions == list(range(1, len(positions) + 1))


async def test_a_repeated_entry_is_a_duplicate(redis: Any, server_url: str, tmp_path: Path) -> None:
    """A client that sends again after a lost answer adds the same bytes: they are recorded once."""
    event = next(iter(OPERATION_EXAMPLES.values()))
    raw = encode(event)
    for _ in range(2):
        await redis.xadd(key(OPS, "inbox", "ingest"), {"e": raw})
    await redis.xadd(key(OPS, "inbox", "ingest"), {"e": encode(assigned())})
    async with opened(redis, server_url, tmp_path):
        async with asyncio.timeout(PATIENCE):
            while len(found := await receipts(redis, "ingest", OPS)) < 3:
                await sleep(0.02)
    assert [outcome.outcome for _, outcome in found][:3] == ["accepted", "duplicate", "refused"]


def test_the_zone_is_that_of_the_first_ledger() -> None:
    """Of an installation without ledgers, that of Beijing."""
    assert OPERATIONS_LEDGER.timezone == LEDGER.timezone
    assert operations_ledger([]).timezone == "Asia/Shanghai"
    assert set(OPERATIONS_LEDGER.sources) == set(WRITERS)
