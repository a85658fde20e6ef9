"""Sign-ins that failed lately at one ledger, counted: an event for each would let anybody fill a log."""

from datetime import datetime
from typing import Any

from events.schema import SignInsFailed
from services.common.clock import SystemClock
from services.common.operations import NotRecordedError, record

SECONDS = 60.0
"""Between two events. A process that is killed loses what it has counted since the last."""

MOST_NETWORKS = 10_000
"""That are told apart between two events."""


class FailedMinute:
    """What one ledger has counted since the last event."""

    def __init__(self) -> None:
        self._count = 0
        self._networks: set[str] = set()
        self._span: tuple[datetime, datetime] | None = None

    def add(self, network: str) -> None:
        """Count a failure."""
        now = SystemClock().now()
        self._count += 1
        self._span = (self._span[0] if self._span is not None else now, now)
        if len(self._networks) < MOST_NETWORKS:
            self._networks.add(network)

    async def flush(self, redis: Any, ledger: str) -> None:
        """Record what was counted, if anything; where that fails, it is kept, and NotRecordedError raised."""
        if self._span is None:
            return
        count, networks, span = self._count, self._networks, self._span
        self._count, self._networks, self._span = 0, set(), None
        try:
            await record(redis, "status", ledger, SignInsFailed(count, len(networks), *span))
        except NotRecordedError:
            self._count += count
            self._networks |= networks
            self._span = (span[0], self._span[1] if self._span is not None else span[1])
            raise
