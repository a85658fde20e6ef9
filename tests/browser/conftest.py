"""Chromium, and a deployment with the demo's history, both once for all tests of the page."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright

from services.common.clock import FileClock
from tests.browser.chromium import CHROMIUM, FLAGS, MISSING
from tests.browser.history import START, play
from tests.browser.reader import Readers
from tests.browser.submitting import assign
from tests.deployment import Deployment
from tests.servers import make_server

TASKS = 5_000
"""Of the large ledger: the most that a city hands out in a year."""


@asynccontextmanager
async def deployed(directory: Path) -> AsyncIterator[tuple[Deployment, FileClock]]:
    """Run the three services on a server of their own, whose clock stands at the demo's start."""
    for name in ("server", "deployment"):
        (directory / name).mkdir()
    server = make_server(directory / "server")
    clock = FileClock(directory / "clock")
    clock.set(START)
    server.start()
    try:
        async with Deployment(directory / "deployment", server.url, clock=f"file:{clock.path}").running() as running:
            yield running, clock
    finally:
        server.close()


@pytest_asyncio.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Return Chromium; tests that need it are skipped where there is none."""
    if not CHROMIUM.exists():
        pytest.skip(MISSING)
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield chromium
        await chromium.close()


@pytest_asyncio.fixture(scope="session")
async def played(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Deployment]:
    """Return the deployment with the demo's history, in January 2021; tests only add to it."""
    del browser  # where there is none, nothing has to be played
    async with deployed(tmp_path_factory.mktemp("played")) as (deployment, clock):
        await asyncio.create_task(play(deployment, clock))
        yield deployment


@pytest_asyncio.fixture(scope="session")
async def large(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Deployment]:
    """Return a deployment with TASKS tasks of the seed's shape: thirteen units each."""
    del browser
    async with deployed(tmp_path_factory.mktemp("large")) as (deployment, _):
        await assign(deployment, TASKS)
        yield deployment


@pytest_asyncio.fixture(scope="session")
async def empty(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Deployment]:
    """Return a deployment without any event."""
    del browser
    async with deployed(tmp_path_factory.mktemp("empty")) as (deployment, _):
        yield deployment


@pytest_asyncio.fixture
async def readers(browser: Browser, played: Deployment) -> AsyncIterator[Readers]:
    """Return what opens browsers of people who read the ledger; a test fails where their pages report errors."""
    async with Readers(browser, played).open() as readers:
        yield readers


@pytest_asyncio.fixture
async def page(readers: Readers) -> Page:
    """Return a page of somebody who is signed in as `board`, at 1280 by 900."""
    return await readers.page()


@pytest_asyncio.fixture(scope="session")
async def modules(browser: Browser, played: Deployment) -> AsyncIterator[Page]:
    """Return a page on which tests only call what is in its modules; it is opened once, which takes two seconds."""
    async with Readers(browser, played).open() as readers:
        yield await readers.page()
