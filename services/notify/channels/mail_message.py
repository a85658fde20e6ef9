"""A mail: one message, with a text and an HTML part that say the same. Pure."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from services.notify.channels.content import Content
from services.notify.words.mail_html import mail_html
from services.notify.words.plain import mail_text


def mail_message(page: Content, sender: str, addresses: Sequence[str]) -> bytes:
    """Return a mail without its Date, the same at every attempt: its Message-ID is derived from the part's id.

    It answers nothing and asks for no answer (RFC 3834, 5; X-Auto-Response-Suppress is that of Exchange, [MS-OXCMAIL]
    2.1.3.2.21). A mail about a single task refers to that task's thread.
    """
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = ", ".join(addresses)
    message["Subject"] = page.heading
    message["Message-ID"] = reference(sender, page.id, *addresses)
    tasks = {item.task for item in page.items}
    if len(tasks) == 1 and (task := tasks.pop()):
        message["In-Reply-To"] = message["References"] = reference(sender, "task", task)
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message["Content-Language"] = "zh-CN" if page.language == "zh" else "en"
    message.set_content(_text(page), cte="base64")
    message.add_alternative(_html(page), subtype="html", cte="base64")
    message.set_boundary(f"=_{_digest(page.id)}")  # else a random one
    return message.as_bytes()


def most_bytes(page: Content, empty: int) -> int:
    """Return a bound of the bytes of a mail, given those of the same one without items."""
    return empty + _REFERENCES + sum(_base64_bytes(len(text.encode())) for text in (_text(page), _html(page)))


_REFERENCES = 256
"""Bytes of the headers of a thread, which a mail without items does not have."""


def _base64_bytes(count: int) -> int:
    """Return the bytes of Base64 in lines of 76 characters (RFC 2045, 6.8)."""
    characters = (count + 2) // 3 * 4
    return characters + (characters // 76 + 1) * 2


def dated(message: bytes, at: datetime) -> bytes:
    """Return a mail with its Date."""
    return f"Date: {format_datetime(at)}\r\n".encode() + message


def reference(sender: str, *parts: str) -> str:
    """Return an identifier of a message or a thread, in the domain of the sender (RFC 5322, 3.6.4)."""
    return f"<{_digest(*parts)}.duban@{sender.rpartition('@')[2]}>"


def _digest(*parts: str) -> str:
    return hashlib.blake2b("\n".join(parts).encode(errors="replace"), digest_size=16).hexdigest()


def _text(page: Content) -> str:
    return mail_text(page.items, page.rest, page.more, page.language)


def _html(page: Content) -> str:
    return mail_html(page.heading, page.items, page.rest, page.more, page.language)
