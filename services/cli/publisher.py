"""Sends a source's events in order and retries, as a unit's own system would."""

from collections import deque
from collections.abc import Callable, Sequence
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import httpx
import msgspec

from events.envelope import MAX_BYTES
from services.cli.client import REQUEST_BYTES, Client, detail_of, ok
from services.cli.event_file import EventLine
from services.cli.service_error import ServiceError
from services.cli.target import Bearer
from services.common.clock import SystemClock, real_time, sleep
from services.common.outcome import Outcome

PATIENCE = 300.0
"""Seconds without an answer before publishing fails: longer than a server needs to load millions of events."""

LONGEST_PAUSE = 10.0
"""Longest pause between two tries in seconds, even if a proxy asks for more: publishing resumes soon."""

RETRIED = frozenset(
    {
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.BAD_GATEWAY,  # from a proxy while the service starts
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)
"""Statuses after which the same bytes are sent again."""

_outcomes = msgspec.json.Decoder(Outcome)


class Publisher:
    """Submits for one source of a ledger; `size` is the maximum of bytes per request.

    One request is in flight at a time: two could overtake each other, and a later event may depend on an earlier one.
    """

    def __init__(self, client: Client, bearer: Bearer, patience: float, waiting: Callable[[str | None], None]) -> None:
        """`waiting` gets the reason for waiting, and None when it ends."""
        self.size = REQUEST_BYTES
        self._client = client
        self._bearer = bearer
        self._patience = patience
        self._waiting = waiting

    async def publish(self, lines: Sequence[EventLine]) -> list[Outcome]:
        """Return the outcome of each line, in order; lines that are too large are not sent.

        If a proxy rejects a request as too large, it is halved, and later requests have that size. Raises ServiceError
        if the service refuses a request or does not answer in time.
        """
        outcomes = {line.number: _too_large(line.size) for line in lines if line.raw is None}
        parts = deque([[line for line in lines if line.raw is not None]])
        while parts:
            part = parts.popleft()
            if not part:
                continue
            answer = await self._answer(b"\n".join(line.raw or b"" for line in part))
            if answer.status_code != HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
                outcomes |= zip([line.number for line in part], self._read(answer, len(part)), strict=True)
            elif len(part) == 1:
                outcomes[part[0].number] = _too_large(part[0].size, detail_of(answer))
            else:
                self.size = max(1, sum(line.size for line in part) // 2)
                half = len(part) // 2
                parts.extendleft((part[half:], part[:half]))
        return [outcomes[line.number] for line in lines]

    async def _answer(self, body: bytes) -> httpx.Response:
        """Return the service's answer, with retries until the patience is over."""
        began, pause, waiting = real_time(), 0.1, False
        while True:
            try:
                answer = await self._client.post_lines(body, self._bearer)
            except httpx.UnsupportedProtocol:
                raise
            except httpx.TransportError as error:
                why = f"{self._client.events_url} does not answer: {error or type(error).__name__}"
            else:
                if answer.status_code not in RETRIED:
                    if waiting:
                        self._waiting(None)
                    return answer
                why = f"{answer.status_code} {detail_of(answer)}"
                pause = _retry_after(answer) or pause
            if real_time() + pause - began > self._patience:
                raise ServiceError(f"{why}; stopped waiting after --patience {self._patience:g} seconds")
            if not waiting:
                self._waiting(why)
                waiting = True
            await sleep(min(pause, LONGEST_PAUSE))
            pause = min(2 * pause, LONGEST_PAUSE)

    def _read(self, answer: httpx.Response, count: int) -> list[Outcome]:
        try:
            outcomes = _outcomes.decode_lines(ok(answer, self._bearer).content)
        except msgspec.MsgspecError as error:
            raise ServiceError(f"{answer.request.url} is not an ingest service of duban: {error}") from error
        if len(outcomes) != count:
            raise ServiceError(f"{answer.request.url}: {len(outcomes)} outcomes for {count} events")
        return outcomes


def _retry_after(answer: httpx.Response) -> float | None:
    """Return the seconds of Retry-After (RFC 9110, 10.2.3), a number or a date; None if it is neither."""
    text = answer.headers.get("Retry-After", "")
    if text.isdecimal():
        return float(text)
    try:
        return max(0.0, (parsedate_to_datetime(text) - SystemClock().now()).total_seconds())
    except (ValueError, TypeError):
        return None


def _too_large(size: int, detail: str | None = None) -> Outcome:
    reason = detail or f"at most {MAX_BYTES:,} are accepted; it was not sent"
    return Outcome(None, None, "refused", code="too-large", detail=f"the event has {size:,} bytes; {reason}")
