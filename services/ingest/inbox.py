"""The stream door: the inbox of one source, read on from where the log has decided it.

An inbox that holds too much is closed: its stream is given the last id there is (XSETID), so that XADD is refused by
the server itself, whoever sends it, until most of it is decided.
"""

import asyncio
import contextlib
from collections import deque
from typing import Any

import structlog
from redis.exceptions import RedisError

from events.entries import Move
from events.keys import key
from events.log import InboxMovedError
from services.common import runtime
from services.common.clock import sleep
from services.common.connection import RETRY_SECONDS
from services.ingest.draft import Submission, gap, recorded
from services.ingest.entries import READ_BYTES, InboxEntry, InboxReader, size_of, submitted
from services.ingest.queue import BATCH
from services.ingest.writer import LAST_ID, UnavailableError, Writer, is_closed
from services.schedule.limits import MIB

READ_AHEAD = 4
"""Batches of an inbox that wait while more is read: some being decided and appended, some ready to follow."""

WAKES_WITH = 1
"""Entries of the message that wakes an inbox: it reads the others itself, within a bound of bytes."""

MOST_BYTES = 64 * MIB
"""Bytes of an inbox, beside what comes until it is looked at again: some seconds' work, and little of the server's
memory, which would be full for all if one source could fill it."""

log = structlog.get_logger()


class Inbox:
    """The stream door of one source: entries wait here, a few thousand at most, until they are decided."""

    def __init__(self, redis: Any, writer: Writer, source: str, reached: str) -> None:
        self.name = key(writer.name, "inbox", source)
        self.follower: runtime.Follower | None = None
        self._redis = redis
        self._writer = writer
        self._source = source
        self._reached = reached
        self._reader = InboxReader(redis, self.name)
        self._under_way: deque[asyncio.Task[None]] = deque()

    async def handle(self, woken: list[runtime.StreamEntry]) -> None:
        """Have what follows decided; returns when not too many others wait, so that reading goes on meanwhile.

        What wakes it is the next entry alone: the others, and this one with all its fields, are read within a bound of
        bytes. One that is beyond that bound is not read twice.
        """
        assert self.follower is not None
        ((id, fields),) = woken
        first = InboxEntry(id.decode(), [part for field in fields.items() for part in field])
        entries = [first]
        if first.size <= READ_BYTES:
            entries = await self._reader.after(self._reached) or entries  # which may be gone from there meanwhile
        move = Move(self.name, self._reached, entries[-1].id, len(entries))
        self._reached = move.reached
        self.follower.skip_to(move.reached)
        before = self._under_way[-1] if self._under_way else None
        self._under_way.append(asyncio.create_task(self._decide(entries, move, before)))
        more = len(entries) == BATCH  # else the inbox was read empty: let some come together
        while len(self._under_way) > (READ_AHEAD if more else 1):
            await self._under_way.popleft()

    async def look(self) -> None:
        """See to it that the inbox holds not too much, and that all of it is read."""
        await self._restart()
        await self._bound()
        await self._go_back()

    async def _restart(self) -> None:
        """Read the inbox from its start where it was made anew with ids that are lower than what was decided."""
        reached = await self._writer.log.cursor(self.name)
        lost = gap(self._writer.name, self.name, self._source, recorded(self._writer.now()))
        if reached != "0-0" and await self._writer.log.set_back(self.name, reached, lost):
            log.warning("inbox was made anew", inbox=self.name, was_at=reached)

    async def _bound(self) -> None:
        """Close the inbox where it holds too much, and open it where it holds less than half of that."""
        size = await self._redis.memory_usage(self.name)
        if size is None:
            return
        info = await self._redis.xinfo_stream(self.name)
        closed = is_closed(info)
        if size > MOST_BYTES and not closed:
            log.warning("inbox is full: nothing is added to it until half of it is decided", inbox=self.name, size=size)
            await self._redis.execute_command("XSETID", self.name, LAST_ID)
        elif size < MOST_BYTES / 2 and closed:
            log.info("inbox is open again", inbox=self.name)
            decided = await self._writer.log.cursor(self.name)
            newest = info["last-entry"][0].decode() if info["last-entry"] else decided
            await self._redis.execute_command("XSETID", self.name, max(newest, decided, key=_order))

    async def _go_back(self) -> None:
        """Read anew where the server has decided less than was read here, as it can be after a failover."""
        if self.follower is None or not all(task.done() for task in self._under_way):
            return
        known = self._reached
        reached = await self._writer.log.cursor(self.name)
        if _order(reached) < _order(known) and known == self._reached:
            log.warning("inbox is read again", inbox=self.name, after=reached, was_at=known)
            self._reached = reached
            self.follower.go_on_from(reached)

    async def stop(self) -> None:
        """Leave what is not decided in the inbox."""
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    async def _decide(self, entries: list[InboxEntry], move: Move, before: "asyncio.Task[None] | None") -> None:
        """Have entries decided, however long it takes: they are in the inbox until then."""
        with contextlib.suppress(InboxMovedError, UnavailableError, RedisError, OSError):  # tried again below
            await self._writer.hand_in(self._source, entries, size_of(entries), self._read, move)
            return
        if before is not None:
            await before
        until = move.reached
        while True:
            try:
                reached = await self._writer.log.cursor(self.name)
                left, to = await self._left(reached, until)
                if left:
                    move = Move(self.name, reached, to, len(left))
                    await self._writer.hand_in(self._source, left, size_of(left), self._read, move)
                    continue
            except InboxMovedError:
                continue
            except (UnavailableError, RedisError, OSError) as error:
                log.warning("inbox waits", inbox=self.name, error=str(error))
                await sleep(RETRY_SECONDS)
            else:
                return

    async def _left(self, reached: str, until: str) -> tuple[list[InboxEntry], str]:
        """Return a batch of what the server still has to be decided up to an entry, and its last entry.

        That may be more than was read here: after a failover the server can stand further back.
        """
        if _order(reached) >= _order(until):
            return [], until
        entries = await self._reader.after(reached, until)
        return entries, entries[-1].id if entries else until

    def _read(self, entry: InboxEntry) -> Submission:
        return submitted(entry, self._source, self.name)


def _order(entry: str) -> tuple[int, int]:
    time, _, sequence = entry.partition("-")
    return int(time), int(sequence)
