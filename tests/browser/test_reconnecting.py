"""Pages that stay live: restarts behind a proxy, a service that stands still, eight tabs."""

import asyncio
import os
import signal

import pytest
from playwright.async_api import Browser, Page, Route, expect

from events.schema import ProgressReported
from tests.browser.chromium import PLAIN_HOST
from tests.browser.gateway import Gateway
from tests.browser.reader import Readers
from tests.browser.submitting import submit
from tests.deployment import LEDGER, Deployment

SAID = """new MutationObserver(() => {
  const said = document.querySelector("p.plain");
  if (said !== null) sessionStorage.said = said.textContent;
}).observe(document, { childList: true, subtree: true });"""
"""Keeps what the page says instead of its content, which it may load anew before anybody has looked."""

LIVE_MS = 60_000
"""Milliseconds after which every page must be live again: the watchdog's 40 s, and an attempt."""


async def _live(page: Page, position: int) -> None:
    status = page.locator("p.live")
    await expect(status).to_contain_text("实时", timeout=LIVE_MS)
    await expect(status).to_contain_text(f"日志序号 {position}", timeout=LIVE_MS)


async def test_a_restart_behind_a_proxy_that_answers_502(browser: Browser, played: Deployment) -> None:
    """EventSource gives up for ever at a 502; the page does not, and shows what came meanwhile."""
    async with Gateway(played.base("status")).serving() as address:
        readers = Readers(browser, played)
        readers.base = address
        async with readers.open():
            page = await readers.page()
            await expect(page.locator("p.live")).to_contain_text("实时")
            await page.evaluate("window.same = true")
            played.stop("status")
            await expect(page.locator("p.stale")).to_contain_text("连接已断开")
            position = await submit(played, "zj-2017-04", ProgressReported("市残联", "重启期间补报"))
            await asyncio.sleep(3)  # attempts that are answered 502
            played.start("status")
            await played.ready("status")
            await _live(page, position)
            await expect(page.locator("p.stale")).to_have_count(0)
            assert await page.evaluate("window.same")


@pytest.mark.parametrize("file", ["js/format.js", "js/main.js", "css/board.css"])
async def test_a_file_of_the_page_that_does_not_come(readers: Readers, file: str) -> None:
    """The page says so where it has nothing to show, and loads anew by itself."""
    context = await readers.reader()
    loads = 0  # of the page: it asks for a script twice in each, as it preloads them

    async def load(route: Route) -> None:
        nonlocal loads
        loads += route.request.resource_type == "document"
        await route.continue_()

    async def miss(route: Route) -> None:
        await (route.abort("connectionreset") if loads == 1 else route.continue_())

    await context.route(f"**/{LEDGER}/", load)
    await context.route(f"**/{file}", miss)
    await context.add_init_script(SAID)
    page = await context.new_page()
    await page.goto(f"/{LEDGER}/")
    await expect(page.locator("p.live")).to_contain_text("实时")
    if file.endswith(".js"):
        assert "页面未能完整载入，正在自动重试。" in await page.evaluate("sessionStorage.said")
    await expect(page.locator("tbody tr")).to_have_count(27)
    await asyncio.sleep(2)  # longer than until it loads anew
    await expect(page.locator("tbody tr")).to_have_count(27)
    assert loads == 2


async def test_eight_tabs_share_one_stream(browser: Browser, played: Deployment) -> None:
    """At a plain-http address, where there are no Web Locks; when the leading tab is closed, another one takes over."""
    readers = Readers(browser, played)
    readers.base = played.base("status").replace("127.0.0.1", PLAIN_HOST)
    async with readers.open():
        context = await readers.reader(signed_in=False)
        first = await context.new_page()
        await first.goto(f"/{LEDGER}/")
        assert await first.evaluate("!isSecureContext && !('locks' in navigator)")
        await first.get_by_label("令牌").fill(played.token("board"))
        await first.keyboard.press("Enter")
        await expect(first.locator("p.live")).to_contain_text("实时")
        pages = [first, *[await readers.show(context) for _ in range(7)]]
        position = await submit(played, "zj-2017-06", ProgressReported("市残联", "八个标签页"))
        for page in pages:
            await _live(page, position)
        assert len([url for url in readers.requests if "/changes" in url]) == 1
        await pages.pop(0).close()
        position = await submit(played, "zj-2017-06", ProgressReported("市残联", "七个标签页"))
        for page in pages:
            await _live(page, position)
        assert len([url for url in readers.requests if "/changes" in url]) == 2


@pytest.mark.parametrize("seconds", [60])
async def test_a_service_that_stands_still_for_a_minute(readers: Readers, played: Deployment, seconds: int) -> None:
    """Its connections stay open and silent; the page says so in time, and is live by itself afterwards."""
    page = await readers.page()
    await expect(page.locator("p.live")).to_contain_text("实时")
    os.kill(played.pid("status"), signal.SIGSTOP)
    try:
        position = await submit(played, "zj-2017-15", ProgressReported("市残联", "停顿期间补报"))
        await asyncio.sleep(seconds)
        await expect(page.locator("p.stale")).to_be_visible()
    finally:
        os.kill(played.pid("status"), signal.SIGCONT)
    await _live(page, position)
    await expect(page.locator("p.stale")).to_have_count(0)
    assert page.url == f"{readers.base}/{LEDGER}/"
