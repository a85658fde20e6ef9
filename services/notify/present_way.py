"""Webhooks and Apprise's URLs as ways: one message a letter."""

from collections.abc import Sequence

import httpx

from events.channel import Channel
from services.notify.channels import Message, fingerprint, send, shown
from services.notify.channels.limit import Limit
from services.notify.channels.part import Part
from services.notify.channels.result import Result
from services.notify.letter import Letter


class PresentWay:
    """A webhook or an Apprise URL."""

    def __init__(self, channel: Channel, http: httpx.AsyncClient) -> None:
        self._channel = channel
        self._http = http
        self.kind = "webhook" if channel.webhook is not None else "apprise"
        self.shown = shown(channel)
        self.key = fingerprint(channel)
        self.limit = Limit(0, 0.0, 0)
        self.repeatable = channel.webhook is not None

    def parts(self, letter: Letter) -> list[Part]:
        """Return the letter as one message."""
        text = "\n\n".join("\n".join((item.title, *item.lines)) for item in letter.items)
        body = letter.payload if self.repeatable else f"{letter.subject}\n{text}".encode()
        return [Part(letter.id, 1, 1, body, len(letter.items))]

    async def send(self, part: Part, only: Sequence[str] = ()) -> Result:
        """Attempt to send it."""
        del only
        title, _, text = part.body.decode().partition("\n")
        return await send(self._http, self._channel, Message(part.id, title, text, part.body))
