"""Rules on record: which rules decided each event, from the first on, however instances and files change."""

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from events.keys import key
from events.ledger import Source
from events.recorded_rules import RulesEntry, RulesOnRecord, read_rules, read_texts
from events.rules_text import RulesText, read_ledger, without_secrets
from services.ingest.core import VERSION
from tests.examples import assigned, reported
from tests.ingest.running_writer import LEDGER, NAME, RunningWriter, working

OTHER = replace(LEDGER, sources={**LEDGER.sources, "other": Source("reporter", ("*",))})

ONE, TWO = (RulesText.of(ledger, VERSION).sha256 for ledger in (LEDGER, OTHER))


async def entries(redis: Any) -> list[RulesEntry]:
    return await read_rules(redis, NAME)


async def accept(running: RunningWriter, task: str) -> int:
    """Submit an assignment and return its position."""
    (outcome,) = await running.submit(assigned(task))
    assert outcome.position is not None, outcome
    return outcome.position


async def test_the_first_batch_puts_its_rules_on_record(redis: Any) -> None:
    """Once, however often the writer starts; the text is that of the ledger, without secrets."""
    for task in ("a", "b"):
        async with working(redis) as running:
            await accept(running, task)
            await accept(running, f"{task}2")
    assert await entries(redis) == [RulesEntry(1, VERSION, ONE)]
    (text,) = await read_texts(redis, NAME, [ONE])
    assert text is not None
    assert read_ledger(text) == without_secrets(LEDGER)


async def test_other_rules_are_on_record_from_their_first_event(redis: Any) -> None:
    """Another ledger file, then the first one again; a text is kept once."""
    for task, ledger in (("a", LEDGER), ("b", OTHER), ("c", LEDGER)):
        async with working(redis, ledger=ledger) as running:
            await accept(running, task)
    assert await entries(redis) == [
        RulesEntry(1, VERSION, ONE),
        RulesEntry(2, VERSION, TWO),
        RulesEntry(3, VERSION, ONE),
    ]
    assert await redis.hlen(key(NAME, "rules", "texts")) == 2


async def test_another_version_of_the_codes_rules_is_on_record(redis: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the same ledger file."""
    async with working(redis) as running:
        await accept(running, "a")
    monkeypatch.setattr("services.ingest.write_model.DECISIONS", "next")
    async with working(redis) as running:
        await accept(running, "b")
    assert await entries(redis) == [RulesEntry(1, VERSION, ONE), RulesEntry(2, "next", ONE)]


async def test_two_instances_with_different_files(redis: Any) -> None:
    """Each event is on record under the rules of the one that decided it."""
    async with working(redis) as first, working(redis, ledger=OTHER) as second:
        for number in range(6):
            assert await accept((first, second)[number % 2], f"t-{number}") == number + 1
    assert await entries(redis) == [RulesEntry(n + 1, VERSION, (ONE, TWO)[n % 2]) for n in range(6)]


async def test_refusals_and_duplicates_have_rules(redis: Any) -> None:
    """What is refused is decided, too: the rules stand from the position that the next event gets."""
    async with working(redis) as running:
        await running.submit(reported("nowhere"))
    assert await entries(redis) == [RulesEntry(1, VERSION, ONE)]
    async with working(redis, ledger=OTHER) as running:
        await running.submit(reported("nowhere", 2))
        await accept(running, "a")
    assert (await entries(redis))[1:] == [RulesEntry(1, VERSION, TWO)]
    async with working(redis) as running:
        await running.submit(assigned("a"))  # a duplicate writes nothing
    assert len(await entries(redis)) == 2


async def test_many_at_once_under_changing_rules(redis: Any) -> None:
    """Batches that were packed under rules that have changed meanwhile are decided again, and none is lost."""
    async with working(redis) as first, working(redis, ledger=OTHER) as second:
        for number in range(30):
            await (first, second)[number % 2].submit(*(assigned(f"t-{number}-{n}") for n in range(20)))
    assert await redis.xlen(key(NAME, "log")) == 600
    assert [(one.first, one.sha256) for one in await entries(redis)] == [
        (20 * n + 1, (ONE, TWO)[n % 2]) for n in range(30)
    ]


async def test_rules_that_begin_after_the_logs_end_are_an_error(redis: Any) -> None:
    """Somebody has put them there: nothing is appended under them."""
    await redis.xadd(key(NAME, "rules"), {"e": msgspec.json.encode(RulesEntry(7, "1", "0"))}, id="1-0")
    rules = RulesOnRecord(redis, NAME, RulesText.of(LEDGER, VERSION))
    await rules.load()
    with pytest.raises(RuntimeError, match="rules are on record from 7 on; the next position is 1"):
        rules.step(1)
