"""The note of acknowledged events, kept outside of the server, and its comparison with the log.

An acknowledged event is on the server's disk, but a disk can lose it: a truncated append-only file is loaded as a
shorter log, and a flipped bit as another event. The note is the Merkle tree over the stored bytes (RFC 6962) up to the
last acknowledged position. It grows with each event, `audit verify` prints the same head, and its subtrees locate where
a log differs. A comparison reads the log once, as the server itself does when it starts.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from itertools import accumulate
from pathlib import Path

from events.entries import Stored
from events.log import READ_BATCH, Log
from events.seal.merkle import Tree, whole
from services.common.clock import sleep
from services.common.loss import Loss, recorded_of
from services.ingest.state import Noted, load, save

SAVE_SECONDS = 1.0
"""Seconds between two notes; events acknowledged in between are in the next."""

SLICE = 500
"""Events hashed before other tasks of the event loop run: 1 ms."""


class Acknowledged:
    """The note of one ledger; `fault` is the reason why it cannot be written, None if it can."""

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

    @property
    def exists(self) -> bool:
        """Whether there is a note: without one, the log is accepted as it is."""
        return self._noted is not None

    def add(self, after: int, events: Sequence[bytes]) -> None:
        """Add stored events that follow position `after`; they are acknowledged, and so are all before them."""
        self._until = max(self._until, after + len(events))
        if events:
            self._waiting.append((after, events))

    async def compare(self) -> Loss | None:
        """Return the acknowledged events that the log lacks, None if it has them all.

        Without a note the log is accepted as it is. A log may be longer than its note, as a crash may precede a note.
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

    async def accept_log(self) -> None:
        """Replace the note by one of the log as it is now: the loss is accepted."""
        async with self._lock:
            self._tree, self._noted = Tree(), None
            self._waiting.clear()
            self._until = await self._log.tail()
            await self._grow()
            self._noted = self._noted or Noted(0, [])
            self._lost = False
        await self.save()

    async def save(self) -> None:
        """Write the note, if it has grown; raise OSError if it cannot be written."""
        async with self._lock:
            if self._tree is None or self._lost:  # the note is kept for further comparisons with the log
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
        """Hash the events that were added; those that another instance appended are read from the log."""
        tree = self._tree
        assert tree is not None
        last: bytes | None = None
        while self._waiting:
            after, events = self._waiting[0]
            if after > tree.size:
                if not from_log:
                    break
                last = await self._read(tree, after) or last
                if tree.size < after:  # the log has lost them meanwhile, which the next comparison finds
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
            self._noted = Noted(tree.size, tree.heads, recorded_of(last))

    async def _read(self, tree: Tree, until: int) -> bytes | None:
        raw = None
        async for batch in _events(self._log, tree.size, until):
            for _, raw in batch:
                tree.add(raw)
        return raw


async def _compared(log: Log, tail: int, noted: Noted) -> tuple[Tree, Loss | None]:
    """Return the tree over the log up to the noted position, and what the log, which ends at `tail`, lacks of it.

    At the end of each whole subtree of the note, the last head of the tree over the log must equal that subtree's.
    """
    sizes = whole(noted.position)
    ends = dict(zip(accumulate(sizes), zip(sizes, noted.heads, strict=True), strict=True))
    tree, head = Tree(), noted.heads[-1] if noted.heads else ""
    before: datetime | None = None  # recorded instant of the last event before the current subtree
    async for batch in _events(log, 0, min(tail, noted.position)):
        for position, raw in batch:
            tree.add(raw)
            if position not in ends:
                continue
            size, right = ends[position]
            if tree.heads[-1] != right:
                first = position - size + 1
                return tree, Loss(tail, noted.position, first, position, before, recorded_of(raw), head)
            before = recorded_of(raw)
    if tail >= noted.position:
        return tree, None
    last = [recorded_of(raw) for _, raw in await log.read(tail - 1, 1)]
    return tree, Loss(tail, noted.position, tail + 1, noted.position, next(iter(last), None), noted.recorded, head)


async def _events(log: Log, after: int, until: int) -> AsyncIterator[list[Stored]]:
    """Yield the events after one position up to another, in batches."""
    while after < until and (batch := await log.read(after, min(READ_BATCH, until - after))):
        yield batch
        after = batch[-1].position
