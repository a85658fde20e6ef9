"""Fixtures of the tests of notify."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.notify.endpoint import Endpoint
from tests.notify.post import OPENED


@pytest_asyncio.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    """Return a webhook that is listening."""
    async with Endpoint().listening() as endpoint:
        yield endpoint


@pytest_asyncio.fixture(autouse=True)
async def closed() -> AsyncIterator[None]:
    """Close the connections of the instances that a test made."""
    yield
    while OPENED:
        await OPENED.pop().__aexit__(None, None, None)
