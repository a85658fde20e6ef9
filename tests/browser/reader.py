"""People with browsers: each has cookies and storage of their own, and is signed in or not."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Self

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Response, expect

from tests.deployment import LEDGER, Deployment

log = logging.getLogger(__name__)  # pytest shows it where a test fails

PATIENCE_MS = 60_000
"""Milliseconds that a page may take to show something on a busy machine."""

expect.set_options(timeout=PATIENCE_MS)


class Readers:
    """Browsers of readers of one deployment; `faults` has what their pages reported as errors."""

    def __init__(self, browser: Browser, deployment: Deployment) -> None:
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        self.deployment = deployment
        self.base = deployment.base("status")
        self.faults: list[str] = []
        self.requests: list[str] = []

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Self]:
        """Close all browsers at the end, and require that no page reported an error or asked another origin."""
        try:
            yield self
        finally:
            for context in self._contexts:
                await context.close()
        assert self.faults == []
        assert [url for url in self.requests if not url.startswith((self.base, "data:", "blob:"))] == []

    async def reader(
        self, *, signed_in: bool = True, choices: dict[str, str] | None = None, **options: Any
    ) -> BrowserContext:
        """Return a browser; `choices` are the reader's, such as {"lang": "en"}."""
        kept = [{"name": f"duban.{name}", "value": value} for name, value in (choices or {}).items()]
        state = {"cookies": [], "origins": [{"origin": self.base, "localStorage": kept}]}
        given = {"base_url": self.base, "viewport": {"width": 1280, "height": 900}, "storage_state": state, **options}
        context = await self._browser.new_context(**given)
        context.set_default_timeout(PATIENCE_MS)
        self._contexts.append(context)
        context.on("console", self._note)
        context.on("weberror", lambda error: self.faults.append(str(error.error)))
        context.on("request", lambda request: self.requests.append(request.url))
        context.on("requestfailed", lambda request: log.warning("%s: %s", request.url, request.failure))
        if signed_in:
            await self.sign_in(context)
        return context

    async def sign_in(self, context: BrowserContext) -> None:
        """Sign a browser in as `board`."""
        answer = await context.request.post(
            f"/v1/{LEDGER}/session", data={"token": self.deployment.tokens["board"]}, headers={"Origin": self.base}
        )
        assert answer.status == 200, await answer.text()

    async def page(self, path: str = f"/{LEDGER}/", **options: Any) -> Page:
        """Return a page of a new reader that shows an address."""
        return await self.show(await self.reader(**options), path)

    async def show(self, context: BrowserContext, path: str = f"/{LEDGER}/") -> Page:
        """Return a further page of a browser, with its heading shown."""
        page = await context.new_page()
        await page.goto(path)
        await expect(page.locator("main h1")).to_be_visible()
        return page

    def _note(self, message: ConsoleMessage) -> None:
        """Note an error, except that an answer was not 200: Chromium reports that, and tests ask for it."""
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.faults.append(message.text)


async def module(page: Page, path: str) -> str:
    """Return the address of a module of the page, for `import`."""
    source: str = await page.locator("script[type=module]").get_attribute("src") or ""
    return source.replace("js/main.js", path)


def answered(page: Page, part: str) -> list[Response]:
    """Return a list of the answers to come whose address contains a text."""
    found: list[Response] = []
    page.on("response", lambda response: found.append(response) if part in response.url else None)
    return found
