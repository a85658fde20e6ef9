"""Fixtures shared by the tests of ingest."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest_asyncio

from tests.ingest.ingest_client import IngestClient, opened


@pytest_asyncio.fixture
async def client(redis: Any, server_url: str, tmp_path: Path) -> AsyncIterator[IngestClient]:
    """Return a client of a running ingest service on an empty server."""
    async with opened(redis, server_url, tmp_path) as client:
        yield client
