from collections.abc import Iterator

import pytest

from tests.events.driver import Driver


@pytest.fixture
def driver(server_url: str) -> Iterator[Driver]:
    """Return a driver of the session's server, which is empty."""
    driver = Driver(server_url)
    driver.empty()
    yield driver
    driver.close()
