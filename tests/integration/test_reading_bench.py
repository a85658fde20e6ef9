"""The measurement of status' reads runs, and on a small ledger each read is answered."""

from pathlib import Path
from typing import Any

from tests.bench.reading import READS, measure
from tests.servers import Server


async def test_every_read_is_measured(redis: Any, server: Server, tmp_path: Path) -> None:
    """A log of 60 tasks and 600 events is written and folded; status starts twice and answers every kind of read."""
    del redis  # it emptied the server
    sizes, reads = await measure(server.url, tmp_path, 60, 600, 2)
    assert {*READS} < {one.name for one in reads}
    assert all(0 < one.p50 <= one.p99 for one in reads)
    assert all(size.value > 0 for size in sizes)
