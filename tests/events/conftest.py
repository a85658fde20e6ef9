from collections.abc import Iterator
from typing import Any

import pytest
import pytest_asyncio

from events.log import Log
from tests.events.appending import append
from tests.events.counting import entries
from tests.events.driver import Driver
from tests.events.story import LEDGER, STORY


@pytest.fixture
def driver(server_url: str) -> Iterator[Driver]:
    """Return a driver of the session's server, which is empty."""
    driver = Driver(server_url)
    driver.empty()
    yield driver
    driver.close()


@pytest_asyncio.fixture
async def log(redis: Any) -> Log:
    """Return a log with the story in it."""
    log = Log(redis, LEDGER)
    await append(log, 0, entries(STORY))
    return log
