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

from events.entries import Stored
from events.envelope import InvalidEvent, read
from events.log import READ_BATCH, Log
from events.seal.merkle import Tree, whole
from services.common.clock import sleep
from services.common.loss import Loss
from services.ingest.state import Noted, load, save

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
        self._lost = False
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
            tree, loss = await _compared(self._log, tail, noted)
            self._lost = loss is not None
            if loss is None:
                self._tree = tree
            return loss

    async def take(self) -> None:
        """Note the log as it is now: what is missing of what was acknowledged is accepted."""
        async with self._lock:
            self._tree, self._noted = Tree(), None
            self._waiting.clear()
            self._until = await self._log.tail()
            await self._grow()
            self._noted = self._noted or Noted(0, [])
            self._lost = False
        await self.save()

    async def save(self) -> None:
        """Note what was acknowledged since the last note; raises OSError where it cannot be written."""
        async with self._lock:
            if self._tree is None or self._lost:  # the note stays what the log is to be compared with
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
        async for batch in _events(self._log, tree.size, until):
            for _, raw in batch:
                tree.add(raw)
        return raw


async def _compared(log: Log, tail: int, noted: Noted) -> tuple[Tree, Loss | None]:
    """Return the tree over the log up to what is noted, and what of that the log, which ends at `tail`, lacks.

    At the end of each whole subtree of the note, the last head of the tree over the log has to be that subtree's.
    """
    sizes = whole(noted.position)
    ends = dict(zip(accumulate(sizes), zip(sizes, noted.heads, strict=True), strict=True))
    tree, head = Tree(), noted.heads[-1] if noted.heads else ""
    before: datetime | None = None  # recorded, of the last event before the subtree at hand
    async for batch in _events(log, 0, min(tail, noted.position)):
        for position, raw in batch:
            tree.add(raw)
            if position not in ends:
                continue
            size, right = ends[position]
            if tree.heads[-1] != right:
                first = position - size + 1
                return tree, Loss(tail, noted.position, first, position, before, _recorded(raw), head)
            before = _recorded(raw)
    if tail >= noted.position:
        return tree, None
    last = [_recorded(raw) for _, raw in await log.read(tail - 1, 1)]
    return tree, Loss(tail, noted.position, tail + 1, noted.position, next(iter(last), None), noted.recorded, head)


async def _events(log: Log, after: int, until: int) -> AsyncIterator[list[Stored]]:
    """Yield the log's events from one position to another, in batches."""
    while after < until and (batch := await log.read(after, min(READ_BATCH, until - after))):
        yield batch
        after = batch[-1].position


def _recorded(raw: bytes) -> datetime | None:
    """Return the recorded instant of a stored event, None where its bytes tell none any more."""
    try:
        return read(raw).recorded
    except InvalidEvent:
        return None
