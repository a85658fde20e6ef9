"""Robots of chat groups: a message is accepted only if the answer's code is 0, whatever its HTTP status."""

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias
from urllib.parse import urlsplit

import msgspec
from msgspec.structs import replace

from events.channel import Channel
from services.notify.channels.key import kept, key_of
from services.notify.channels.limit import Limit
from services.notify.channels.network import HttpAnswer, Network, NoAnswerError
from services.notify.channels.part import Part
from services.notify.channels.result import Outcome, Result
from services.notify.channels.retry_after import retry_after
from services.notify.channels.splitting import Render, split
from services.notify.channels.transport import RefusedAddressError
from services.notify.letter import Letter

REST_SECONDS = 60.0
"""For which nothing is sent to a robot that was sent too much: vendors count by the minute."""

TOO_MANY = 429
"""RFC 6585, 4."""

Sign: TypeAlias = Callable[[str, bytes, str, float], tuple[str, bytes]]
"""Returns URL and body of a request, signed with a secret at an instant (Unix seconds)."""


class Codes(NamedTuple):
    """What a vendor's codes mean, apart from 0; one that is in no set is tried again, as it may be temporary."""

    fast: frozenset[int]
    never: frozenset[int]
    misconfigured: frozenset[int]

    def outcome(self, code: int) -> Outcome:
        if code in self.never:
            return "never"
        return "misconfigured" if code in self.misconfigured else "again"


class Vendor(NamedTuple):
    """How the robots of a vendor are used.

    A robot's token follows `base` and `path`. `body` encodes a message; `sign` adds up to `reserve` bytes to it.
    """

    kind: str
    base: str
    path: str
    limit: Limit
    codes: Codes
    body: Render
    sign: Sign | None = None
    reserve: int = 0


class Robot:
    """One robot, in one group: `target` is its token, or its whole URL; a secret signs each request."""

    repeatable = False

    def __init__(self, vendor: Vendor, target: str | None, channel: Channel, network: Network) -> None:
        token = target or ""
        base = (channel.base or vendor.base).rstrip("/")
        self._url = token if "://" in token else f"{base}{vendor.path}{token}"
        self._secret = channel.secret
        self._vendor = vendor
        self._network = network
        self.kind = vendor.kind
        self.limit = vendor.limit
        self.key = key_of(self.kind, self._url)
        self.shown = f"{self.kind} {self.key[:6]}"

    def parts(self, letter: Letter) -> list[Part]:
        return split(letter, self.limit.bytes - self._vendor.reserve, self._vendor.body)

    async def send(self, part: Part, _only: Sequence[str] = ()) -> Result:
        """Send a message; a robot does not recognise a repeat, so a lost answer makes it uncertain.

        Each has a connection of its own: one that the robot's server closes as it is used again would leave a doubt.
        """
        url, body = self._url, part.body
        if self._vendor.sign is not None and self._secret is not None:
            url, body = self._vendor.sign(url, body, self._secret, self._network.now())
        try:
            answer = await self._network.post(url, body, {"Connection": "close"}, needs_body=True)
        except RefusedAddressError as error:
            return Result("misconfigured", str(error))
        except NoAnswerError as error:
            result = Result("uncertain" if error.handed_over else "again", str(error))
        else:
            result = judged(answer, self._vendor.codes, self._network.now())
        return replace(result, detail=kept(result.detail, url, urlsplit(url).hostname))


def judged(answer: HttpAnswer, codes: Codes, now: float) -> Result:
    """Return the result of an answer, with all of its words; `now` are Unix seconds."""
    status = f"{answer.status} {answer.reason}"
    after = retry_after(answer.headers.get("retry-after"), now)
    said = _said(answer.body)
    if said is None:
        rest = max(REST_SECONDS, after) if answer.status == TOO_MANY else 0.0
        text = answer.body.decode(errors="replace")
        return Result("again", f"{status}, not the answer of a robot: {text}", after, rest)
    code, message = said
    detail = f"{status}, code {code}: {message}"
    if code == 0 and answer.is_success:
        return Result("accepted", detail)
    if code in codes.fast or answer.status == TOO_MANY:
        return Result("again", detail, max(REST_SECONDS, after), max(REST_SECONDS, after))
    return Result("again" if code == 0 else codes.outcome(code), detail, after)


def _said(body: bytes) -> tuple[int, str] | None:
    """Return the code and message of an answer, which vendors name differently; None for what is no such answer."""
    try:
        answer = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    if not isinstance(answer, dict):
        return None
    code = _first(answer, "errcode", "code", "StatusCode")
    message = _first(answer, "errmsg", "msg", "StatusMessage")
    return (code, str(message or "")) if isinstance(code, int) and not isinstance(code, bool) else None


def _first(answer: Mapping[str, Any], *names: str) -> Any:
    return next((answer[name] for name in names if name in answer), None)


def signature(key: str, text: str) -> str:
    """Return the Base64 of HMAC-SHA256."""
    return base64.b64encode(hmac.digest(key.encode(), text.encode(), hashlib.sha256)).decode()
