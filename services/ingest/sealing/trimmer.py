"""The schedule by which a ledger's log is trimmed: as its file says, while this process seals it."""

from collections.abc import Callable
from typing import Any

import structlog

from events.log import Log
from events.schema import LogTrimmed
from events.trimming import STEP, NotTrimmedError, Trimming
from services.common.folded import folded
from services.common.operations import record

TRIM_SECONDS = 10.0
"""Between two looks at how long a log is."""

log = structlog.get_logger()


class Trimmer:
    """Trims one ledger's log to the newest `keep` events; `fault` is why it could not, None if it could."""

    def __init__(self, redis: Any, source: Log, trimming: Trimming, keep: int, owns: Callable[[], bool]) -> None:
        self.fault: str | None = None
        self._redis = redis
        self._log = source
        self._trimming = trimming
        self._keep = keep
        self._owns = owns

    async def turn(self) -> None:
        """Trim what is too much, once that is worth a segment of ids; raises OSError and RedisError."""
        if not self._owns():
            return
        until = min((await folded(self._redis, self._log.ledger)).values(), default=0)
        try:
            if (await self._trimming.plan(self._keep, until)).size >= STEP:
                done = await self._trimming.trim(self._keep, until)
                trimmed = LogTrimmed("ingest", done.first, done.last, done.size)
                await record(self._redis, "ingest", self._log.ledger, trimmed)
                log.info("trimmed", ledger=self._log.ledger, first=done.first, last=done.last)
        except NotTrimmedError as error:
            if self.fault is None:
                log.warning("not trimmed", ledger=self._log.ledger, error=str(error))
            self.fault = str(error)
        else:
            self.fault = None
