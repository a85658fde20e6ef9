"""A complete deployment on the session's server, for the tests that kill parts of it."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest_asyncio

from tests.deployment import Deployment


@pytest_asyncio.fixture
async def deployment(tmp_path: Path, server_url: str, redis: Any) -> AsyncIterator[Deployment]:
    """Return the three services running on an empty server, with the wall clock."""
    del redis  # it emptied the server
    async with Deployment(tmp_path, server_url).running() as running:
        yield running
