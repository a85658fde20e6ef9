"""Reaching people: Apprise URLs (WeCom, DingTalk, Feishu, e-mail …) and webhooks signed as Standard Webhooks has it."""

import asyncio
import base64
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

from events.ledger import Channel
from services.common.clock import real_time

SEND_SECONDS = 8.0
"""What one attempt may take; shorter than the sender's lease."""

AGAIN = frozenset({408, 425, 429})
"""Answers of the 4xx kind that another attempt may turn out better."""

SERVER_ERROR = 500

SECRET_LEAST = 24
"""Bytes a signing secret has at least, by the Standard Webhooks specification."""

SECRET_FORM = f"a secret is whsec_ and the Base64 of at least {SECRET_LEAST} bytes"

RETRY_AFTER_MOST = 3_600.0
"""Seconds of a Retry-After that are honoured."""


class Message(NamedTuple):
    """What is sent: `id` is the same at every attempt, `payload` is a webhook's body."""

    id: str
    title: str
    text: str
    payload: bytes


class Result(NamedTuple):
    """How an attempt ended: `final` if another would end no better, `after` the least seconds to wait before it."""

    sent: bool
    detail: str
    final: bool = False
    after: float = 0.0


def fingerprint(channel: Channel) -> str:
    """Return what tells a channel from every other, without its secrets."""
    return hashlib.blake2b(msgspec.json.encode(channel), digest_size=8).hexdigest()


def shown(channel: Channel) -> str:
    """Return a channel for people to read, without its secrets."""
    if channel.webhook is not None:
        return f"webhook {urlsplit(channel.webhook).hostname}"
    return f"apprise {(channel.apprise or '').partition('://')[0]}"


def fault(channel: Channel) -> str | None:
    """Return what is wrong with a channel's configuration, or None."""
    if channel.webhook is not None:
        if urlsplit(channel.webhook).scheme not in {"http", "https"}:
            return f"{shown(channel)}: a webhook is an http or https URL"
        return None if _is_secret(channel.secret or "") else f"{shown(channel)}: {SECRET_FORM}"
    known = apprise.Apprise.instantiate(channel.apprise or "", suppress_exceptions=True)
    return None if known else f"{shown(channel)}: Apprise does not understand this URL"


def _is_secret(text: str) -> bool:
    try:
        return len(base64.b64decode(text.removeprefix("whsec_"), validate=True)) >= SECRET_LEAST
    except ValueError:
        return False


async def send(http: httpx.AsyncClient, channel: Channel, message: Message) -> Result:
    """Try once to deliver a message."""
    try:
        async with asyncio.timeout(SEND_SECONDS):
            if channel.webhook is not None:
                return await _post(http, channel.webhook, channel.secret or "", message)
            return await asyncio.to_thread(_tell, channel.apprise or "", message)
    except TimeoutError:
        return Result(sent=False, detail=f"no answer within {SEND_SECONDS:g} s")
    except httpx.HTTPError as error:
        return Result(sent=False, detail=f"{type(error).__name__}: {error}")


async def _post(http: httpx.AsyncClient, url: str, secret: str, message: Message) -> Result:
    """Post as https://www.standardwebhooks.com has it: the receiver knows a repeat by its webhook-id."""
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
        return Result(sent=True, detail=detail)
    again = answer.status_code in AGAIN or answer.status_code >= SERVER_ERROR
    asked = answer.headers.get("retry-after", "")
    after = min(RETRY_AFTER_MOST, float(asked)) if asked.isdecimal() else 0.0
    return Result(sent=False, detail=detail, final=not again, after=after)


def _tell(url: str, message: Message) -> Result:
    """Send through Apprise, which says only in its log why something failed."""
    said: list[str] = []
    token = _said.set(said)
    try:
        told = apprise.Apprise()
        told.add(url)
        sent = bool(told.notify(title=message.title, body=message.text))
    finally:
        _said.reset(token)
    return Result(sent=sent, detail="; ".join(said)[:500] or ("taken by the service" if sent else "not taken"))


_said: ContextVar[list[str] | None] = ContextVar("said", default=None)


class _Listener(logging.Handler):
    """Keeps Apprise's warnings for the attempt that caused them."""

    def emit(self, record: logging.LogRecord) -> None:
        said = _said.get()
        if said is not None:
            said.append(record.getMessage())


logging.getLogger("apprise").addHandler(_Listener(logging.WARNING))
