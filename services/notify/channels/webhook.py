"""Webhooks, signed by the Standard Webhooks specification (https://www.standardwebhooks.com)."""

import base64
from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import urlsplit

from msgspec.structs import replace
from standardwebhooks import Webhook

from events.channel import Channel
from services.notify.channels.key import kept, key_of
from services.notify.channels.limit import Limit
from services.notify.channels.network import HttpAnswer, Network, NoAnswerError
from services.notify.channels.part import Part
from services.notify.channels.result import Result
from services.notify.channels.retry_after import retry_after
from services.notify.channels.transport import RefusedAddressError
from services.notify.letter import Letter

LIMIT = Limit(0, 0.0, 0)
"""The specification has none."""

SECRET_LEAST = 24
"""The least number of bytes of a signing secret, by the specification."""

SECRET_FORM = f"a secret is whsec_ and the Base64 of at least {SECRET_LEAST} bytes"

GONE = 410
"""The only status that ends the attempts at once, by the specification."""


class WebhookWay:
    """One receiver; it recognises a repeat by its webhook-id."""

    kind = "webhook"
    limit = LIMIT
    repeatable = True

    def __init__(self, channel: Channel, network: Network) -> None:
        self._url = channel.webhook or ""
        self._signers = [Webhook(secret) for secret in channel.signing]
        self._network = network
        self.key = key_of(self.kind, self._url)
        self.shown = shown(self._url)

    def parts(self, letter: Letter) -> list[Part]:
        return [Part(letter.id, 1, 1, letter.payload, len(letter.items))]

    async def send(self, part: Part, _only: Sequence[str] = ()) -> Result:
        try:
            answer = await self._network.post(self._url, part.body, self._headers(part))
        except RefusedAddressError as error:
            return Result("misconfigured", str(error))
        except NoAnswerError as error:
            result = Result("again", str(error))
        else:
            result = judged(answer, self._network.now())
        return replace(result, detail=kept(result.detail, self._url, urlsplit(self._url).hostname))

    def _headers(self, part: Part) -> dict[str, str]:
        """Return the headers of an attempt now, signed with every secret, so that receivers can change theirs."""
        at = datetime.fromtimestamp(int(self._network.now()), UTC)
        text = part.body.decode()
        return {
            "webhook-id": part.id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": " ".join(signer.sign(part.id, at, text) for signer in self._signers),
        }


def judged(answer: HttpAnswer, now: float) -> Result:
    """Return the result of an answer, with all of its words: its status decides; `now` are Unix seconds."""
    detail = f"{answer.status} {answer.reason}"
    if answer.is_success:
        return Result("accepted", detail)
    if answer.body:
        detail = f"{detail}: {answer.body.decode(errors='replace')}"
    if answer.status == GONE:
        return Result("never", detail)
    return Result("again", detail, retry_after(answer.headers.get("retry-after"), now))


def shown(url: str) -> str:
    """Return a webhook for people: its host, as the rest may hold secrets."""
    return f"webhook {urlsplit(url).hostname}"


def is_secret(text: str) -> bool:
    """Return whether text is a signing secret."""
    try:
        return len(base64.b64decode(text.removeprefix("whsec_"), validate=True)) >= SECRET_LEAST
    except ValueError:
        return False
