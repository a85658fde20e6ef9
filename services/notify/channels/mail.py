"""Mail, handed in at the ledger's SMTP server: each address has its own result."""

from collections.abc import Sequence

from events.channel import Channel
from events.mail_server import MailServer
from services.notify.channels.content import Content, content_of
from services.notify.channels.key import key_of
from services.notify.channels.limit import Limit
from services.notify.channels.mail_message import dated, mail_message, most_bytes
from services.notify.channels.network import Network
from services.notify.channels.part import Part
from services.notify.channels.result import Result
from services.notify.channels.splitting import MOST_NUMBER, split
from services.notify.channels.submission import submit
from services.notify.letter import Letter
from services.notify.words.lines import one_line

LIMIT = Limit(30, 60.0, 64_000)
"""64 K octets are the content that every server takes (RFC 5321, 4.5.3.1.7).

30 messages a minute are what Exchange Online takes of one sender
(https://learn.microsoft.com/en-us/office365/servicedescriptions/exchange-online-service-description/exchange-online-limits).
"""

DATE_BYTES = 64
"""Room for the Date, which each attempt adds."""


class MailWay:
    """The addresses of one channel, which get the same mail."""

    kind = "mail"
    limit = LIMIT
    repeatable = False

    def __init__(self, channel: Channel, network: Network, server: MailServer) -> None:
        self._addresses = channel.mail or ()
        self._network = network
        self._server = server
        self.key = key_of(self.kind, server.host, str(server.port_used), server.sender, *self._addresses)
        self.shown = one_line(f"mail {', '.join(self._addresses)}", 100)

    def parts(self, letter: Letter) -> list[Part]:
        empty = len(self._body(content_of(letter, (), MOST_NUMBER, MOST_NUMBER, 0)))
        return split(letter, self.limit.bytes - DATE_BYTES, self._body, lambda page: most_bytes(page, empty))

    async def send(self, part: Part, only: Sequence[str] = ()) -> Result:
        to = [address for address in self._addresses if not only or address in only]
        message = dated(part.body, self._network.clock.now())
        return await submit(self._server, message, to, self._network.tls, self._network.times)

    def _body(self, page: Content) -> bytes:
        return mail_message(page, self._server.sender, self._addresses)
