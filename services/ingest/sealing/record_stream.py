"""The record of a ledger as the sealer reads it, which may be trimmed to its newest entries."""

from typing import Any

from events.log import Log
from events.record import Record
from services.ingest.sealing.dense_stream import DenseStream


class RecordStream(DenseStream):
    """The record of a ledger."""

    def __init__(self, redis: Any, log: Log, name: str) -> None:
        super().__init__(redis, log, name)
        self._record = Record(redis, log.ledger)

    async def trimmed(self) -> int:
        """Return how many entries have left the stream: those before its first, as far as they were trimmed."""
        first = await self._redis.xrange(self._key, count=1)
        trimmed = (await self._record.trimmed()).last
        return min(int(first[0][0].partition(b"-")[0]) - 1, trimmed) if first else 0
