"""Delivery channels: Apprise URLs (WeCom, DingTalk, Feishu, e-mail …) and webhooks, signed by Standard Webhooks."""

import asyncio
import hashlib
import logging
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import urlsplit

import apprise
import httpx
import msgspec
from standardwebhooks import Webhook

from events.channel import Channel
from services.common.clock import real_time
from services.notify.channels.fault import fault as fault
from services.notify.channels.result import Result

SEND_SECONDS = 8.0
"""Time limit of one attempt; shorter than the sender's lease."""

AGAIN = frozenset({408, 425, 429})
"""The 4xx statuses after which another attempt may succeed."""

SERVER_ERROR = 500

RETRY_AFTER_MOST = 3_600.0
"""The most seconds of a Retry-After that are honoured."""


class Message(NamedTuple):
    """The content of a delivery: `id` is the same at every attempt, `payload` is the body for a webhook."""

    id: str
    title: str
    text: str
    payload: bytes


def fingerprint(channel: Channel) -> str:
    """Return an identifier of a channel, without its secrets."""
    return hashlib.blake2b(msgspec.json.encode(channel), digest_size=8).hexdigest()


def shown(channel: Channel) -> str:
    """Return a channel for people to read, without its secrets."""
    if channel.webhook is not None:
        return f"webhook {urlsplit(channel.webhook).hostname}"
    return f"apprise {(channel.apprise or '').partition('://')[0]}"


async def send(http: httpx.AsyncClient, channel: Channel, message: Message) -> Result:
    """Attempt to deliver a message."""
    try:
        async with asyncio.timeout(SEND_SECONDS):
            if channel.webhook is not None:
                return await _post(http, channel.webhook, channel.secret or "", message)
            return await asyncio.to_thread(_notify, channel.apprise or "", message)
    except TimeoutError:
        return Result("again", f"no answer within {SEND_SECONDS:g} s")
    except httpx.HTTPError as error:
        return Result("again", f"{type(error).__name__}: {error}")


async def _post(http: httpx.AsyncClient, url: str, secret: str, message: Message) -> Result:
    """Post by https://www.standardwebhooks.com: the receiver recognises a repeat by its webhook-id."""
    at = datetime.fromtimestamp(int(real_time()), UTC)
    headers = {
        "Content-Type": "application/json",
        "webhook-id": message.id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(message.id, at, message.payload.decode()),
    }
    answer = await http.post(url, content=message.payload, headers=headers)
    detail = f"{answer.status_code} {answer.reason_phrase}"
    if answer.is_success:
        return Result("accepted", detail)
    again = answer.status_code in AGAIN or answer.status_code >= SERVER_ERROR
    asked = answer.headers.get("retry-after", "")
    after = min(RETRY_AFTER_MOST, float(asked)) if asked.isdecimal() else 0.0
    return Result("again" if again else "never", detail, after)


def _notify(url: str, message: Message) -> Result:
    """Send through Apprise, which reports the reason of a failure only in its log."""
    warnings: list[str] = []
    token = _warnings.set(warnings)
    try:
        service = apprise.Apprise()
        service.add(url)
        sent = bool(service.notify(title=message.title, body=message.text))
    finally:
        _warnings.reset(token)
    return Result(
        "handed-over" if sent else "again",
        "; ".join(warnings)[:500] or ("taken by the service" if sent else "not taken"),
    )


_warnings: ContextVar[list[str] | None] = ContextVar("warnings", default=None)


class _Listener(logging.Handler):
    """Collects Apprise's warnings for the attempt that caused them."""

    def emit(self, record: logging.LogRecord) -> None:
        warnings = _warnings.get()
        if warnings is not None:
            warnings.append(record.getMessage())


logging.getLogger("apprise").addHandler(_Listener(logging.WARNING))
