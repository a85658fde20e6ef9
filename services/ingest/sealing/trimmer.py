"""The schedule by which a stream of a ledger is trimmed: as its file says, while this process seals it."""

from collections.abc import Callable

import structlog

from events.trimming import STEP, NotTrimmedError
from services.common.stream_trimming import StreamTrimming

TRIM_SECONDS = 10.0
"""Between two looks at how long a stream is."""

log = structlog.get_logger()


class Trimmer:
    """Trims one stream to its newest `keep` entries; `fault` is why it could not, None if it could."""

    def __init__(self, trimming: StreamTrimming, keep: int, owns: Callable[[], bool]) -> None:
        self.fault: str | None = None
        self._trimming = trimming
        self._keep = keep
        self._owns = owns

    @property
    def warnings(self) -> list[str]:
        """What an operator should see to."""
        return [f"the {self._trimming.stream} is not trimmed: {self.fault}"] if self.fault is not None else []

    async def turn(self) -> None:
        """Trim what is too much, once that is worth a segment of ids; raises OSError and RedisError."""
        if not self._owns():
            return
        trimming = self._trimming
        try:
            if (await trimming.plan(self._keep)).size >= STEP:
                done = await trimming.trim(self._keep, "ingest", "ingest")
                log.info("trimmed", ledger=trimming.ledger, stream=trimming.stream, first=done.first, last=done.last)
        except NotTrimmedError as error:
            if self.fault is None:
                log.warning("not trimmed", ledger=trimming.ledger, stream=trimming.stream, error=str(error))
            self.fault = str(error)
        else:
            self.fault = None
