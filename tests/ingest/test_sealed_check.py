"""A writer that finds its log shorter than what is sealed, or different, accepts nothing: without a note of its own."""

from pathlib import Path
from typing import Any

import pytest

from events.keys import key
from events.log import Log
from services.ingest.request import UnavailableError
from tests.examples import assigned, reported
from tests.ingest.running_writer import NAME, accept_loss, short, working
from tests.ingest.trimmed_log import eras, record, seal, trim, whole

LOG = key(NAME, "log")


async def _rolled_back(redis: Any, last: int, other: int) -> None:
    """Make the log end at a position, and continue with other events."""
    entries = (await whole(Log(redis, NAME)))[:last]
    await redis.delete(LOG)
    for position, raw in entries:
        await redis.xadd(LOG, {"e": raw}, f"{position}-0")
    for position in range(last + 1, last + 1 + other):
        await redis.xadd(LOG, {"e": entries[-1].raw}, f"{position}-0")


@pytest.mark.parametrize(
    ("last", "other", "said"),
    [
        (599, 0, "of 601 acknowledged events positions 600 to 601 .* are missing: the log ends at 599"),
        (300, 0, "positions 301 to 601 .* are missing: the log ends at 300"),
        (300, 100, r"positions 301 to 601 \(recorded after .* and up to .*\) are not all as they were"),
        (600, 1, "position 601 .* is not as it was"),
        (500, 300, "positions 501 to 601 .* are not all as they were"),
    ],
)
async def test_a_log_that_lacks_what_is_sealed_is_not_written(
    redis: Any, tmp_path: Path, last: int, other: int, said: str
) -> None:
    """The positions are named at once, by a writer that starts; what was accepted is not said again."""
    await record(redis, tmp_path, range(600))
    await seal(redis, tmp_path)
    await _rolled_back(redis, last, other)
    await redis.delete(key(NAME, "ingest", "checkpoint"))
    async with working(redis, archive=eras(tmp_path)) as running:
        with pytest.raises(UnavailableError, match=said):
            await running.submit(reported(number=1_000))
        assert await Log(redis, NAME).tail() == last + other
        await accept_loss(redis, running)
        assert running.writer.loss is None
    async with working(redis, archive=eras(tmp_path)) as again:
        await again.writer.tick()
        assert again.writer.loss is None


async def test_a_log_that_has_what_is_sealed_is_written(redis: Any, tmp_path: Path) -> None:
    """Also one that was trimmed, one that is longer, and one whose archive has nothing yet."""
    async with working(redis, archive=eras(tmp_path)) as running:
        assert short(await running.submit(assigned())) == [("accepted", 1)]
    await record(redis, tmp_path, range(600))
    await seal(redis, tmp_path)
    await trim(redis, tmp_path, 1)
    async with working(redis, archive=eras(tmp_path)) as running:
        assert short(await running.submit(reported(number=1_000))) == [("accepted", 602)]
    async with working(redis, archive=eras(tmp_path)) as running:
        assert short(await running.submit(reported(number=1_001))) == [("accepted", 603)]
