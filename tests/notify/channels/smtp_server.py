# ruff: noqa: N802, ARG002 - the names are those of aiosmtpd
"""An SMTP server on loopback, inside the test's own event loop: it answers as a test wants, and keeps what it takes."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from events.alerting import AlertRules
from events.mail_server import MailServer
from services.notify.channels.network import Network, Times
from tests.fixed_clock import FixedClock
from tests.notify.channels.dates import NOW

RESET = "reset"
HANG = "hang"


class Mailbox:
    """What was taken, and what the server says: to an address, to a sender, and to the message, after `delay` seconds.

    RESET resets the connection instead of an answer, HANG never answers.
    """

    def __init__(self) -> None:
        self.taken: list[tuple[list[str], bytes]] = []
        self.connections = 0
        self.rcpt: dict[str, str] = {}
        self.sender = "250 OK"
        self.data = "250 taken"
        self.delay = 0.0
        self.port = 0

    async def handle_EHLO(
        self, server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: Any
    ) -> Any:
        session.host_name = hostname
        self.connections += 1
        return responses

    async def handle_MAIL(
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: Any
    ) -> str:
        envelope.mail_from = address
        return await self._said(server, self.sender)

    async def handle_RCPT(
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: Any
    ) -> str:
        answer = self.rcpt.get(address, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return await self._said(server, answer)

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:
        await asyncio.sleep(self.delay)
        if self.data.startswith("250"):
            assert isinstance(envelope.content, bytes)
            self.taken.append((list(envelope.rcpt_tos), envelope.content))
        return await self._said(server, self.data)

    @property
    def mails(self) -> list[EmailMessage]:
        """The messages that were taken."""
        return [message_from_bytes(content, policy=default) for _, content in self.taken]

    async def _said(self, server: SMTP, answer: str) -> str:
        if answer == RESET:
            _abort(server)
            return "421 reset"
        if answer == HANG:
            await asyncio.sleep(3_600)
        return answer


@asynccontextmanager
async def mailbox(
    password: str | None = None, starttls: ssl.SSLContext | None = None, implicit: ssl.SSLContext | None = None
) -> AsyncIterator[Mailbox]:
    """Listen until the block ends; `password` is that of the user, where one is asked for."""
    box = Mailbox()
    loop = asyncio.get_running_loop()
    options: dict[str, Any] = {"loop": loop, "hostname": "mail.b.cn", "tls_context": starttls}
    if password is not None:

        def authenticate(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
            return AuthResult(success=data.password == password.encode(), handled=False)

        options |= {"authenticator": authenticate, "auth_require_tls": False}
    open_: list[SMTP] = []

    def protocol() -> SMTP:
        open_.append(SMTP(box, **options))
        return open_[-1]

    server = await loop.create_server(protocol, "127.0.0.1", 0, ssl=implicit)
    box.port = server.sockets[0].getsockname()[1]
    try:
        yield box
    finally:
        server.close()
        for one in open_:
            _abort(one)
            if one._handler_coroutine is not None:
                one._handler_coroutine.cancel()
        await asyncio.sleep(0)


def _abort(server: SMTP) -> None:
    if isinstance(server.transport, asyncio.WriteTransport):
        server.transport.abort()


def network_of_mail(port: int, **server: Any) -> Network:
    """Return a network whose mail goes to a port of loopback, with short time limits."""
    settings = {"tls": "none", **server}
    rules = AlertRules(mail=MailServer("127.0.0.1", "duban@b.cn", port=port, **settings))
    return Network(rules, FixedClock(NOW), Times(attempt=0.2, command=0.5, envelope=1.0, delivered=1.5))
