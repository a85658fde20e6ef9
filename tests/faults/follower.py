"""A feed client of a simulation: a snapshot once, then the changes, resumed where it was after each crash of status."""

import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec

from services.common.clock import sleep
from services.status.row import TaskRow
from tests.faults.world import World
from tests.status.sse import happenings

QUIET_SECONDS = 0.2
"""After so long without a change a client looks whether its service is still there."""


class FeedClient:
    """Keeps rows as a dashboard does."""

    def __init__(self, world: World) -> None:
        self.rows: dict[str, Any] = {}
        self.position: int | None = None
        self.resets = 0
        self._world = world

    async def run(self) -> None:
        """Follow until cancelled."""
        while True:
            found = self._world.status
            if found is None or found[0].dead:
                await sleep(0.005)
                continue
            process, reader = found
            resumed = self.position is not None
            if not resumed:
                self._take(reader)
            changes = reader.feed.follow(self.position, reader.board.position, resumed=resumed)
            waiting = asyncio.ensure_future(anext(changes))
            while not process.dead:
                done, _ = await asyncio.wait({waiting}, timeout=QUIET_SECONDS)
                if done:
                    self._read(waiting.result(), reader)
                    waiting = asyncio.ensure_future(anext(changes))
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)

    def _take(self, reader: Any) -> None:
        snapshot = reader.board.live()
        self.position = snapshot.position
        self.rows = plain(snapshot.rows)

    def _read(self, text: bytes, reader: Any) -> None:
        for happening in happenings(text):
            if happening.event == "reset":
                self.resets += 1
                self._take(reader)
            else:
                row = happening.json()
                self.rows[row["task"]] = row
                self.position = happening.id


def plain(rows: Mapping[str, TaskRow]) -> dict[str, Any]:
    """Return rows as a client has them, who reads JSON."""
    decoded: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(dict(rows)))
    return decoded
