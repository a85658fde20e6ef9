"""An HTTP client of the services; a program in any other language makes the same requests."""

from collections.abc import AsyncIterator, Iterable, Sequence
from functools import cached_property
from http import HTTPStatus
from typing import Any, Self, TypeAlias

import httpx
import msgspec

from services.cli.service_error import RefusedTokenError, ServiceError
from services.cli.target import Bearer, Target
from services.common.settings import SettingsError
from services.common.sizes import MIB
from services.schedule.plan import Order
from services.schedule.preview import Preview

Row: TypeAlias = dict[str, Any]

LINES = 2_000
"""Events per NDJSON request: one acknowledgement every few hundredths of a second."""

REQUEST_BYTES = 8 * MIB
"""Bytes after which a request gets no further event: half of what ingest accepts."""


class Client:
    """Requests on one ledger of a deployment; it reads with the token of `source`, or of `board` by default."""

    def __init__(self, target: Target, ledger: str, source: str | None = None) -> None:
        self._target = target
        self._ledger = ledger
        self._source = source
        self._http = httpx.AsyncClient(timeout=60)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def submit(self, events: Sequence[bytes], source: str) -> list[dict[str, Any]]:
        """Submit events as `source` and return their outcomes, in order."""
        outcomes: list[dict[str, Any]] = []
        bearer = self._target.token_of(self._ledger, source)
        for start in range(0, len(events), LINES):
            answer = await self.post_lines(b"\n".join(events[start : start + LINES]), bearer)
            outcomes += map(msgspec.json.decode, ok(answer, bearer).content.splitlines())
        return outcomes

    @property
    def events_url(self) -> str:
        """The URL that events are submitted to."""
        return self._url("ingest", "events")

    async def post_lines(self, body: bytes, bearer: Bearer) -> httpx.Response:
        """Submit NDJSON with a source's token and return the answer, of any status."""
        headers = {**bearer.headers, "Content-Type": "application/x-ndjson"}
        return await self._http.post(self.events_url, content=body, headers=headers)

    async def preview(self, name: str, document: bytes, order: Order) -> Preview:
        """Return the preview of a document of tasks, compared with the ledger; assigns nothing."""
        bearer = self._target.token_of(self._ledger, order.source)
        answer = await self._http.post(
            self._url("ingest", "schedules"),
            params={"dry_run": True},
            data={"plan": order.plan, "issued": order.issued.isoformat()},
            files={"file": (name, document)},
            headers=bearer.headers,
        )
        return msgspec.json.decode(ok(answer, bearer).content, type=Preview)

    async def sign_in_code(self, days: int | None = None) -> str:
        """Return a one-time code that signs a browser in as the reading source, for `days` if its role may stay."""
        wanted = {} if days is None else {"days": days}
        answer = await self._http.post(self._url("status", "session/codes"), json=wanted, headers=self._headers)
        try:
            return msgspec.json.decode(self._admitted(answer).content, type=dict[str, str])["code"]
        except (msgspec.MsgspecError, KeyError) as error:
            raise ServiceError(f"{answer.request.url} is not a status service of duban: {error}") from error

    async def seal(self, source: str) -> dict[str, int]:
        """Have the log and the record sealed as `source`, and return how far they are."""
        bearer = self._target.token_of(self._ledger, source)
        answer = await self._http.post(self._url("ingest", "seal"), headers=bearer.headers)
        return msgspec.json.decode(ok(answer, bearer).content, type=dict[str, int])

    async def stamp(self, source: str) -> dict[str, dict[str, Any]]:
        """Have the published checkpoints stamped as `source`, and return size and time of each."""
        bearer = self._target.token_of(self._ledger, source)
        answer = await self._http.post(self._url("ingest", "stamp"), headers=bearer.headers)
        return msgspec.json.decode(ok(answer, bearer).content, type=dict[str, dict[str, Any]])

    async def overview(self) -> dict[str, Any]:
        """Return the figures of the ledger."""
        return dict((await self._read("status", "overview")).json())

    async def tasks(self, **query: str) -> tuple[int, list[Row]]:
        """Return the position and all rows of a query, from every page."""
        position, rows = 0, []
        cursor: dict[str, str] = {}
        while True:
            answer = await self._read("status", "tasks", **query, limit="500", **cursor)
            page = answer.json()
            position = position or int(answer.headers["Duban-Position"])
            rows += page["items"]
            if page["next"] is None:
                return position, rows
            cursor = {"cursor": page["next"]}

    async def changes(self, after: int) -> AsyncIterator[tuple[str, int, Row]]:
        """Yield (event, position, data) of the feed until the connection ends."""
        url, query = self._url("status", "changes"), {"after": str(after)}
        async with self._http.stream("GET", url, params=query, headers=self._headers) as stream:
            self._admitted(stream)
            frame: dict[str, str] = {}
            async for line in stream.aiter_lines():
                if line:
                    name, _, value = line.partition(": ")
                    frame[name] = value
                elif "event" in frame:
                    yield frame["event"], int(frame["id"]), msgspec.json.decode(frame["data"])
                    frame = {}

    async def follow(self) -> AsyncIterator[dict[str, Row]]:
        """Yield the rows by task: a snapshot, then the rows after each change, until the feed sends `reset`."""
        position, items = await self.tasks()
        rows = {row["task"]: row for row in items}
        yield rows
        async for event, _, row in self.changes(position):
            if event == "reset":
                return
            rows[row["task"]] = row
            yield rows

    async def alerts(self, **query: str) -> list[dict[str, Any]]:
        """Return the first page of the alerts of a query."""
        return list((await self._read("notify", "alerts", **query)).json()["items"])

    async def _read(self, service: str, what: str, **query: str) -> httpx.Response:
        """Return a successful answer to the reading source."""
        return self._admitted(await self._http.get(self._url(service, what), params=query, headers=self._headers))

    @cached_property
    def _reader(self) -> Bearer | None:
        return self._target.reader(self._ledger, self._source)

    @property
    def _headers(self) -> dict[str, str]:
        return self._reader.headers if self._reader is not None else {}

    def _admitted(self, answer: httpx.Response) -> httpx.Response:
        """Return a successful answer; raises SettingsError if it needs a token and there is none."""
        if answer.status_code == HTTPStatus.UNAUTHORIZED and self._reader is None:
            raise SettingsError(
                f"{answer.request.url} needs a token: set DUBAN_TOKEN to one of this ledger (`duban token make SOURCE`"
                " makes one), or name with --data the directory of a `duban up` that has this ledger"
            )
        return ok(answer, self._reader)

    def _url(self, service: str, what: str) -> str:
        return f"{self._target.urls[service]}/v1/{self._ledger}/{what}"


def tally(outcomes: Iterable[dict[str, Any]]) -> dict[str, int]:
    """Return the number of events per outcome."""
    counted = {"accepted": 0, "duplicate": 0, "refused": 0}
    for outcome in outcomes:
        counted[outcome["outcome"]] += 1
    return counted


def ok(answer: httpx.Response, bearer: Bearer | None = None) -> httpx.Response:
    """Return a successful answer; raises ServiceError with the problem's detail for any other.

    Of a refused token, the error has its origin and the remedy.
    """
    if answer.status_code == HTTPStatus.UNAUTHORIZED and bearer is not None:
        raise RefusedTokenError(
            f"{answer.request.method} {answer.request.url}: the token in {bearer.origin} was refused:"
            f" {detail_of(answer)}; {bearer.remedy}"
        )
    if answer.is_error:
        raise ServiceError(f"{detail_of(answer)} ({answer.request.method} {answer.request.url}: {answer.status_code})")
    return answer


def detail_of(answer: httpx.Response) -> str:
    """Return the detail of a problem."""
    try:
        return str(msgspec.json.decode(answer.content)["detail"])
    except (httpx.ResponseNotRead, msgspec.MsgspecError, KeyError, TypeError):
        return answer.reason_phrase
