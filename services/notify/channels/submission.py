"""Handing in a mail by SMTP (RFC 5321), with the result of each address.

Before the message is handed over, a failure costs nothing: it is tried again. Once it was, only the server knows
whether it took it; an answer that does not come leaves the mail uncertain.
"""

import asyncio
import ssl
from collections.abc import Sequence
from contextlib import suppress

from aiosmtplib import (
    SMTP,
    SMTPException,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPSenderRefused,
    SMTPServerDisconnected,
)
from aiosmtplib.errors import SMTPAuthenticationError

from events.mail_server import MailServer
from services.notify.channels.key import kept
from services.notify.channels.network import Times
from services.notify.channels.result import Outcome, Result
from services.notify.words.lines import one_line

START_INPUT = 354
COMPLETED = 250
PERMANENT = 500
TOO_LARGE = 552
"""Replies of RFC 5321, 4.2.3; those from PERMANENT on are final for the command."""

QUIT_SECONDS = 2.0
"""The wait for a farewell that changes nothing."""

ORDER: tuple[Outcome, ...] = ("again", "uncertain", "misconfigured", "never", "accepted")
"""Of several addresses' outcomes, the first in this order is the attempt's."""


async def submit(server: MailServer, message: bytes, to: Sequence[str], tls: ssl.SSLContext, times: Times) -> Result:
    """Hand in a message for some addresses."""
    smtp = SMTP(
        hostname=server.host,
        port=server.port_used,
        username=server.user,
        password=server.password,
        local_hostname=server.sender.rpartition("@")[2],
        timeout=times.command,
        use_tls=server.tls == "implicit",
        start_tls=server.tls == "starttls",
        tls_context=None if server.tls == "none" else tls,
    )
    answers: dict[str, tuple[Outcome, str]] = {}
    try:
        async with asyncio.timeout(times.envelope):
            await _open(smtp, server, to, answers)
    except (SMTPException, OSError, TimeoutError, ValueError) as error:
        return _result(dict.fromkeys(to, _failed(error, times)))
    else:
        left = [address for address in to if address not in answers]
        if left:
            answers |= dict.fromkeys(left, await _hand_over(smtp, message, times))
        return _result({address: answers[address] for address in to})
    finally:
        with suppress(SMTPException, OSError, TimeoutError):
            async with asyncio.timeout(QUIT_SECONDS):
                await smtp.quit()
        smtp.close()


async def _open(smtp: SMTP, server: MailServer, to: Sequence[str], answers: dict[str, tuple[Outcome, str]]) -> None:
    """Connect, name the sender and the addresses, and ask to hand over; the answers to refused addresses are added."""
    await smtp.connect()
    await smtp.mail(server.sender)
    for address in to:
        try:
            await smtp.rcpt(address)
        except SMTPRecipientRefused as error:
            answers[address] = ("never" if error.code >= PERMANENT else "again", _words(error.code, error.message))
    if len(answers) < len(to):
        response = await smtp.execute_command(b"DATA")
        if response.code != START_INPUT:
            raise SMTPResponseException(response.code, response.message)


async def _hand_over(smtp: SMTP, message: bytes, times: Times) -> tuple[Outcome, str]:
    """Send the message after the server's 354, and wait for its answer as long as SMTP asks for."""
    stuffed = message.replace(b"\r\n.", b"\r\n..")  # RFC 5321, 4.5.2
    try:
        if smtp.protocol is None:
            raise SMTPServerDisconnected("the connection was lost")
        smtp.protocol.write(stuffed + (b".\r\n" if stuffed.endswith(b"\r\n") else b"\r\n.\r\n"))
        response = await smtp.protocol.read_response(timeout=times.delivered)
    except (SMTPException, OSError, TimeoutError) as error:
        return "uncertain", kept(f"handed over, and then no answer: {_named(error)}")
    words = _words(response.code, response.message)
    if response.code == COMPLETED:
        return "accepted", words
    return ("never" if response.code >= PERMANENT else "again"), words


def _failed(error: Exception, times: Times) -> tuple[Outcome, str]:
    """Return the result of an error before the message was handed over."""
    if isinstance(error, SMTPResponseException):
        words = _words(error.code, error.message)
        final = error.code >= PERMANENT and error.code != TOO_LARGE
        if final and isinstance(error, SMTPAuthenticationError | SMTPSenderRefused):
            return "misconfigured", f"{words} (user, password and from of [alerts.mail])"
        return "again", words
    if isinstance(error, SMTPException) and "not supported" in str(error):
        return "misconfigured", f"{kept(str(error))} (tls and user of [alerts.mail])"
    if isinstance(error, TimeoutError) and not str(error):
        return "again", f"not ready for the message within {times.envelope:g} s"
    return "again", kept(_named(error))


def _result(answers: dict[str, tuple[Outcome, str]]) -> Result:
    outcomes = {outcome for outcome, _ in answers.values()}
    outcome = next(one for one in ORDER if one in outcomes)
    words = dict.fromkeys(words for _, words in answers.values())
    detail = (
        next(iter(words))
        if len(words) == 1
        else "; ".join(f"{address}: {words}" for address, (_, words) in answers.items())
    )
    return Result(
        outcome,
        one_line(detail, 1_000),
        recipients=tuple((address, outcome, words) for address, (outcome, words) in answers.items()),
    )


def _words(code: int, message: str) -> str:
    return kept(f"{code} {message.encode(errors='replace').decode()}")


def _named(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
