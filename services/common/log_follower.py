"""A projection that follows its log: from where its rows were saved, and again after a failover."""

from typing import Any

from events.entries import stored
from events.projection import Projection
from services.common.runtime import Follow, Handle, StreamEntry

FOLLOW_BATCH = 1_000
"""Entries of the log that are folded at once."""


class LogFollower:
    """Folds what is appended to a projection's log; `handle` gets the entries and is to call `catch_up`."""

    def __init__(self, projection: Projection[Any], follow: Follow, handle: Handle) -> None:
        self._projection = projection
        self._log = follow(projection.log.key, "0-0", FOLLOW_BATCH, handle)
        self._rollbacks = 0

    async def start(self) -> None:
        """Fold the log to its tail, and follow it from there; the rows are loaded."""
        await self.catch_up()
        self._log.skip_to(f"{self._projection.position}-0")

    async def catch_up(self, entries: "list[StreamEntry] | None" = None) -> bool:
        """Fold the log to its tail; return whether a failover had taken events back that were folded."""
        await self._projection.catch_up(stored(entries or []))
        if len(self._projection.rollbacks) == self._rollbacks:
            return False
        self._rollbacks = len(self._projection.rollbacks)
        self._log.go_on_from(f"{self._projection.position}-0")
        return True
