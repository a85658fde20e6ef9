"""A whole duban on the session's server, for the tests that kill parts of it."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest_asyncio

from tests.house import House


@pytest_asyncio.fixture
async def house(tmp_path: Path, server_url: str, redis: Any) -> AsyncIterator[House]:
    """Return the three services, running, on an empty server, by the wall clock."""
    del redis  # it emptied the server
    async with House(tmp_path, server_url).running() as running:
        yield running
