"""Time stamps of the published checkpoints of a stream, once a day and on demand."""

import asyncio
from datetime import datetime
from functools import partial
from typing import NamedTuple

import httpx

from events.seal.checkpoint import parse_checkpoint
from events.seal.errors import FormatError, StorageConflictError
from events.seal.notes import parse_note
from events.seal.timestamps import QUERY_TYPE, stamp_request, stamp_time
from services.common.clock import real_time
from services.ingest.sealing.pauses import GrowingPause
from services.ingest.sealing.publishing import FRESH_SECONDS, Work
from services.ingest.sealing.sealed_files import SealedFiles

TSA_SECONDS = 20.0
"""For one answer of the authority."""

LOOK_SECONDS = 10.0
"""Between two looks whether a stamp is due."""


class NoAuthorityError(Exception):
    """No authority is named that could stamp."""


class StampError(Exception):
    """There is no time stamp now; the message has the reason."""


class Authority(NamedTuple):
    """How a time stamping authority (TSA) is asked."""

    http: httpx.AsyncClient
    url: str


class Stamped(NamedTuple):
    """The size of the newest stamped checkpoint, and the time of its stamp."""

    size: int
    time: datetime


class CheckpointStamper:
    """Has the published checkpoints of one stream stamped by an authority (TSA); `fault` is why the next is late."""

    def __init__(self, files: SealedFiles, work: Work, authority: Authority) -> None:
        self.fault: str | None = None
        self._files = files
        self._work = work
        self._http, self._url = authority
        self._pause = GrowingPause()
        self._one = asyncio.Lock()

    async def turn(self) -> None:
        """Have the published checkpoint stamped if the last stamp is a day old; a failure is kept as `fault`."""
        if not self._pause.is_over:
            return
        try:
            data, last = await self._work(self._files.published_data), await self._work(self._files.stamped)
            is_old = last is None or real_time() - last[1].timestamp() >= FRESH_SECONDS
            if data is not None and is_old and (last is None or last[0] != data):
                await self.stamp()
            self._pause.succeeded(LOOK_SECONDS)
        except (StampError, FormatError, OSError, StorageConflictError) as error:
            self.fault = f"{self._files.origin} has no new time stamp: {error}"
            self._pause.failed()

    async def stamp(self) -> Stamped:
        """Have the published checkpoint stamped, unless it is; return the stamp. Raises StampError, FormatError."""
        async with self._one:
            data: bytes | None = await self._work(self._files.published_data)
            if data is None:
                raise StampError("no checkpoint is published yet")
            last: tuple[bytes, datetime] | None = await self._work(self._files.stamped)
            if last is None or last[0] != data:
                request = stamp_request(data)
                stamp = await self._answer(request.as_bytes())
                last = data, stamp_time(stamp, data, request)
                await self._work(partial(self._files.keep_stamp, data, stamp))
        self.fault = None
        return Stamped(parse_checkpoint(parse_note(data).text).size, last[1])

    async def _answer(self, query: bytes) -> bytes:
        headers = {"Content-Type": QUERY_TYPE}
        try:
            answer = await self._http.post(self._url, content=query, headers=headers, timeout=TSA_SECONDS)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            why = str(error) or type(error).__name__
            raise StampError(f"the authority {self._url} does not answer: {why}") from error
        if answer.status_code != httpx.codes.OK:
            raise StampError(f"the authority {self._url} answers {answer.status_code}")
        return answer.content
