"""What channels make of a message, over real HTTP."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from litestar import Litestar, Request, Response, post

from events.channel import Channel
from services.notify.channels import RETRY_AFTER_MOST, Message, fault, fingerprint, send, shown
from tests.notify.endpoint import SECRET, Endpoint
from tests.webserver import serving

MESSAGE = Message("zhanjiang-1-0", "【督办】逾期", "全市至少建立两个……", b'{"type":"duban.alerts.v1"}')


@pytest_asyncio.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    """Return a webhook that is listening."""
    async with Endpoint().listening() as endpoint:
        yield endpoint


@pytest.mark.parametrize(
    ("status", "sent", "final"),
    [
        (200, True, True),
        (302, False, True),
        (400, False, True),
        (404, False, True),
        (408, False, False),
        (429, False, False),
        (500, False, False),
        (503, False, False),
    ],
)
async def test_an_answer_says_whether_another_try_makes_sense(
    endpoint: Endpoint, *, status: int, sent: bool, final: bool
) -> None:
    """What the receiver will never take is final; what it could not take now is not."""
    endpoint.answers = iter([(status, {"retry-after": "7"})])
    async with httpx.AsyncClient() as http:
        result = await send(http, Channel(webhook=endpoint.url, secret=SECRET), MESSAGE)
    assert (result.sent, result.final) == (sent, final)
    assert result.detail.startswith(str(status))
    assert sent or result.after == 7


async def test_a_long_retry_after_is_bounded(endpoint: Endpoint) -> None:
    """A receiver cannot put alerts off for ever."""
    endpoint.answers = iter([(503, {"retry-after": "999999"})])
    async with httpx.AsyncClient() as http:
        result = await send(http, Channel(webhook=endpoint.url, secret=SECRET), MESSAGE)
    assert result.after == RETRY_AFTER_MOST


async def test_nobody_listening_is_told_and_tried_again() -> None:
    """A receiver that is away is no final answer."""
    async with httpx.AsyncClient() as http:
        result = await send(http, Channel(webhook="http://127.0.0.1:9/hook", secret=SECRET), MESSAGE)
    assert (result.sent, result.final) == (False, False)
    assert result.detail.startswith("ConnectError")


async def test_apprise_carries_title_and_text_and_says_why_it_failed() -> None:
    """A service behind an Apprise URL gets both; its refusal is in the attempt's detail."""
    got: list[dict[str, Any]] = []

    @post("/message")
    async def chat(request: Request[Any, Any, Any]) -> Response[None]:
        got.append(await request.json())
        return Response(None, status_code=200 if len(got) == 1 else 500)

    async with serving(Litestar([chat], openapi_config=None, logging_config=None)) as base, httpx.AsyncClient() as http:
        channel = Channel(apprise=f"gotify://{base.removeprefix('http://')}/token")
        assert (await send(http, channel, MESSAGE)).sent
        refused = await send(http, channel, MESSAGE)
    assert (got[0]["title"], got[0]["message"]) == (MESSAGE.title, MESSAGE.text)
    assert not refused.sent
    assert "500" in refused.detail


@pytest.mark.parametrize(
    ("channel", "wrong"),
    [
        (
            Channel(webhook="https://example.org/x", secret="whsec_%%%"),
            "a secret is whsec_ and the Base64 of at least 24 bytes",
        ),
        (Channel(apprise="nothing-we-know"), "Apprise does not understand this URL"),
        (Channel(webhook="https://example.org/x", secret=SECRET), None),
        (Channel(apprise="slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/%23cherry"), None),
    ],
)
def test_a_channel_that_cannot_work_is_found_before_anything_is_sent(channel: Channel, wrong: str | None) -> None:
    """A fault in the configuration is told at the start, without the secrets."""
    found = fault(channel)
    assert found is None if wrong is None else found is not None and found.endswith(wrong)


def test_a_channel_is_shown_and_fingerprinted_without_its_secrets() -> None:
    """Records outlive secrets: neither tokens in URLs nor signing secrets get into them."""
    webhook = Channel(webhook="https://user:pass@example.org/token-in-path", secret=SECRET)
    assert shown(webhook) == "webhook example.org"
    assert shown(Channel(apprise="tgram://token/secret")) == "apprise tgram"
    assert fingerprint(webhook) != fingerprint(Channel(webhook="https://example.org/token-in-path", secret=SECRET))
