"""Many subscribers to the feed, a quarter of them reading slowly: what each ends with, and what they cost."""

from pathlib import Path
from typing import Any

from services.common.sizes import MIB
from tests.bench.crowd import SLOW_SHARE
from tests.bench.subscribers import subscribed

CLIENTS = 60

BURST = 3_000
"""Changes at once, thirty of each task: the rows of all have 12 MB, those that are sent 400 kB."""

MEMORY = 48 * MIB
"""Growth of status with all of it: the saved rows, their feed, and at most 100 kB for each client."""


async def test_each_subscriber_ends_with_the_rows(redis: Any, server_url: str, tmp_path: Path) -> None:
    """Whether it reads or hardly does; changes come in order, and nobody who reads is reset."""
    del redis  # it emptied the server
    async with subscribed(tmp_path, server_url, CLIENTS) as running:
        await running.assign()
        found = await running.measured(CLIENTS, 60, 30, BURST)
    assert (found.outcome.unordered, found.outcome.wrong, found.outcome.resets) == (0, 0, 0)
    assert found.outcome.late == CLIENTS // SLOW_SHARE
    assert len(found.seconds) > 0
    assert found.most - found.before < MEMORY
