"""What the tests of ingest share."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest_asyncio

from tests.ingest.office import Office, opened


@pytest_asyncio.fixture
async def office(redis: Any, server_url: str, tmp_path: Path) -> AsyncIterator[Office]:
    """Return a running ingest on an empty server."""
    async with opened(redis, server_url, tmp_path) as office:
        yield office
