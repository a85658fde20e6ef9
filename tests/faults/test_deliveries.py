"""A few hundred deliveries while notify is killed; `python -m tests.faults.deliveries` makes many."""

from pathlib import Path

import pytest

from tests.faults.deliveries import run


@pytest.mark.long(60)
async def test_killing_notify_loses_no_delivery(server_url: str, tmp_path: Path) -> None:
    """Each alert arrives; what came twice came under the same webhook-id with the same body."""
    outcome = await run(server_url, tmp_path, 300, 3, 7, expire=True)
    assert outcome.wrong == []
    assert outcome.received == outcome.wanted >= 300
    assert outcome.repeated <= outcome.interrupted
