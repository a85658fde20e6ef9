"""What was acknowledged of a ledger, noted outside of the server, and compared with the log.

An acknowledged event is on the server's disk, but a disk can lose it: an append-only file that was cut comes up as a
shorter log, and a flipped bit as another event. The note is the tree over the stored bytes (RFC 6962) up to the last
acknowledged position. It grows with each event, `audit verify` prints the same head, and its subtrees tell about where
a log differs. Comparing reads the log once, as the server itself does when it starts.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from itertools import accumulate
from pathlib import Path

from events.envelope import InvalidEvent, read
from events.log import Log, Stored
from events.seal.merkle import Tree, whole
from services.clock import sleep
from services.ingest.state import Noted, load, save
from services.loss import Loss

SAVE_SECONDS = 1.0
"""Between two notes, at most one a second: what is acknowledged in between is noted with the next."""

SLICE = 500
"""Events that are hashed before others get their turn: 1 ms."""


class Acknowledged:
    """The note of one ledger; `fault` says why it cannot be written, None if it can."""

    def __init__(self, directory: Path, log: Log) -> None:
        self.fault: str | None = None
        self._directory = directory
        self._log = log
        self._written = load(directory, log.ledger)
        self._noted = self._written
        self._tree: Tree | None = None
        self._until = 0
        self._waiting: deque[tuple[int, Sequence[bytes]]] = deque()
        self._lock = asyncio.Lock()

    def add(self, after: int, events: Sequence[bytes]) -> None:
        """Take in stored events that follow position `after`, once they are acknowledged, with all before them."""
        self._until = max(self._until, after + len(events))
        if events:
            self._waiting.append((after, events))

    async def compare(self) -> Loss | None:
        """Return what of the acknowledged events the log does not have, None if it has them all.

        A log of which nothing is noted yet is taken as it is. One that is longer is fine: a crash comes before a note.
        """
        async with self._lock:
            if self._tree is not None:
                await self._grow(from_log=False)
            tail = await self._log.tail()
            noted = self._noted
            if noted is None:
                self._tree, self._until = Tree(), tail
                return None
            tree = Tree()
            differs: tuple[int, int] | None = None
            since: datetime | None = None
            until: datetime | None = None
            ends = {end: number for number, end in enumerate(accumulate(whole(noted.position)))}
            before: datetime | None = None  # of the last event before the subtree at hand
            async for position, raw in _events(self._log, 0, min(tail, noted.position)):
                tree.add(raw)
                number = ends.get(position)
                if number is not None:
                    if differs is None and tree.heads[-1] != noted.heads[number]:
                        differs = (position - whole(noted.position)[number] + 1, position)
                        since = before
                        until = _recorded(raw)
                    before = _recorded(raw)
                elif position == tail:
                    before = _recorded(raw)
            head = noted.heads[-1] if noted.heads else ""
            if differs is not None:
                return Loss(tail, noted.position, *differs, since, until, head)
            if tail < noted.position:
                return Loss(tail, noted.position, tail + 1, noted.position, before, noted.recorded, head)
            self._tree = tree
            return None

    async def take(self) -> None:
        """Note the log as it is now: what is missing of what was acknowledged is accepted."""
        async with self._lock:
            self._tree, self._noted = Tree(), None
            self._waiting.clear()
            self._until = await self._log.tail()
            await self._grow()
        await self.save()

    async def save(self) -> None:
        """Note what was acknowledged since the last note; raises OSError where it cannot be written."""
        async with self._lock:
            if self._tree is None:
                return
            await self._grow()
            if self._noted is None or self._noted == self._written:
                return
            try:
                await asyncio.to_thread(save, self._directory, self._log.ledger, self._noted)
            except OSError as error:
                self.fault = f"what is acknowledged cannot be noted in {self._directory}: {error.strerror}"
                raise
            self.fault, self._written = None, self._noted

    async def _grow(self, *, from_log: bool = True) -> None:
        """Hash what waits; what this process has not appended itself is read from the log."""
        tree = self._tree
        assert tree is not None
        last: bytes | None = None
        while self._waiting:
            after, events = self._waiting[0]
            if after > tree.size:
                if not from_log:
                    break
                last = await self._read(tree, after) or last
                if tree.size < after:  # the log has lost it meanwhile, which the next comparison finds
                    break
            self._waiting.popleft()
            for number, raw in enumerate(events[tree.size - after :]):
                tree.add(raw)
                last = raw
                if number % SLICE == SLICE - 1:
                    await sleep(0)
        if from_log and tree.size < self._until:
            last = await self._read(tree, self._until) or last
        if last is not None:
            self._noted = Noted(tree.size, tree.heads, _recorded(last))

    async def _read(self, tree: Tree, until: int) -> bytes | None:
        raw = None
        async for _, raw in _events(self._log, tree.size, until):
            tree.add(raw)
        return raw


async def _events(log: Log, after: int, until: int) -> AsyncIterator[Stored]:
    """Yield the log's events from one position to another, letting others have their turn in between."""
    while after < until:
        batch = await log.read(after, min(SLICE, until - after))
        if not batch:
            return
        for stored in batch:
            yield stored
        after = batch[-1].position


def _recorded(raw: bytes) -> datetime | None:
    """Return the recorded instant of a stored event, None where its bytes tell none any more."""
    try:
        return read(raw).recorded
    except InvalidEvent:
        return None
