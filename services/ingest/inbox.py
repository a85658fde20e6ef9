"""The inbox of one source: a stream, read from where the log's cursor has it.

An inbox that is too large is closed: its stream is given the highest possible id (XSETID), so that the server itself
rejects every XADD until most of it is decided.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

import structlog
from redis.exceptions import RedisError

from events.entries import CursorAdvance
from events.keys import key
from events.log import InboxMovedError
from services.common import runtime
from services.common.clock import sleep
from services.common.connection import RETRY_SECONDS
from services.common.sizes import MIB
from services.ingest.draft import Submission, gap, recorded
from services.ingest.entries import READ_BYTES, InboxEntry, InboxReader, size_of, submitted
from services.ingest.queue import BATCH
from services.ingest.request import UnavailableError
from services.ingest.writer import Writer

LAST_ID = "18446744073709551615-18446744073709551615"
"""The highest id of a stream, which accepts no entry after it: that of a closed inbox."""

READ_AHEAD = 4
"""Batches of an inbox in memory while more is read: some being decided and appended, some ready to follow."""

TRIGGERS_WITH = 1
"""Entries of the message that triggers an inbox: it reads the others itself, within a bound of bytes."""

MOST_BYTES = 64 * MIB
"""Bytes of an inbox, plus what arrives until it is checked again: some seconds' work, and a small part of the server's
memory, which one source must not fill for all."""

Follow: TypeAlias = Callable[[str, str, int, Callable[[list[runtime.StreamEntry]], Awaitable[None]]], runtime.Follower]
"""Follows a stream after an id, with so many entries at a time for a handler, as `runtime.follow` does."""

log = structlog.get_logger()


class Inbox:
    """Reads the inbox of one source; a few thousand entries at most are in memory until they are decided."""

    def __init__(self, redis: Any, writer: Writer, source: str, reached: str, follow: Follow) -> None:
        self.name = key(writer.name, "inbox", source)
        self._redis = redis
        self._writer = writer
        self._source = source
        self._reached = reached
        self._reader = InboxReader(redis, self.name)
        self._under_way: deque[asyncio.Task[None]] = deque()
        self._follower = follow(self.name, reached, TRIGGERS_WITH, self.handle)

    async def handle(self, triggered: list[runtime.StreamEntry]) -> None:
        """Have the following entries decided; return as soon as few batches wait, so that reading continues.

        The message holds the next entry alone: the others, and this one with repeated fields, are read within a bound
        of bytes. An entry beyond that bound is not read twice.
        """
        ((id, fields),) = triggered
        first = InboxEntry(id.decode(), [part for field in fields.items() for part in field])
        entries = [first]
        if first.size <= READ_BYTES:
            entries = await self._reader.after(self._reached) or entries  # it may have been removed meanwhile
        advance = CursorAdvance(self.name, self._reached, entries[-1].id, len(entries))
        self._reached = advance.reached
        self._follower.skip_to(advance.reached)
        before = self._under_way[-1] if self._under_way else None
        self._under_way.append(asyncio.create_task(self._decide(entries, advance, before)))
        more = len(entries) == BATCH  # otherwise the inbox is empty now: entries that arrive are read together
        while len(self._under_way) > (READ_AHEAD if more else 1):
            await self._under_way.popleft()

    async def look(self) -> None:
        """Bound the size of the inbox, and read it again if it was recreated or a failover has set its cursor back."""
        await self._restart()
        await self._bound()
        await self._go_back()

    async def stop(self) -> None:
        """Stop; entries that are not decided stay in the inbox."""
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    async def _restart(self) -> None:
        """Read the inbox from its start if it was recreated with ids lower than its cursor."""
        reached = await self._writer.log.cursor(self.name)
        lost = gap(self._writer.name, self.name, self._source, recorded(self._writer.now()))
        if reached != "0-0" and await self._writer.log.set_back(self.name, reached, lost):
            log.warning("inbox was recreated", inbox=self.name, was_at=reached)

    async def _bound(self) -> None:
        """Close the inbox if it is too large, and open it once it is less than half as large."""
        size = await self._redis.memory_usage(self.name)
        if size is None:
            return
        info = await self._redis.xinfo_stream(self.name)
        closed = is_closed(info)
        if size > MOST_BYTES and not closed:
            log.warning("inbox is full: it accepts nothing until half of it is decided", inbox=self.name, size=size)
            await self._redis.execute_command("XSETID", self.name, LAST_ID)
        elif size < MOST_BYTES / 2 and closed:
            log.info("inbox is open again", inbox=self.name)
            decided = await self._writer.log.cursor(self.name)
            newest = info["last-entry"][0].decode() if info["last-entry"] else decided
            await self._redis.execute_command("XSETID", self.name, max(newest, decided, key=_order))

    async def _go_back(self) -> None:
        """Read again what was read here but is not decided on the server, as may happen after a failover."""
        if not all(task.done() for task in self._under_way):
            return
        known = self._reached
        reached = await self._writer.log.cursor(self.name)
        if _order(reached) < _order(known) and known == self._reached:
            log.warning("inbox is read again", inbox=self.name, after=reached, was_at=known)
            self._reached = reached
            self._follower.go_on_from(reached)

    async def _decide(
        self, entries: list[InboxEntry], advance: CursorAdvance, before: "asyncio.Task[None] | None"
    ) -> None:
        """Have entries decided, however long it takes; they stay in the inbox until then."""
        with contextlib.suppress(InboxMovedError, UnavailableError, RedisError, OSError):  # tried again below
            await self._writer.enqueue(self._source, entries, size_of(entries), self._read, advance)
            return
        if before is not None:
            await before
        while True:
            try:
                if await self._decide_left(advance.reached):
                    return
            except InboxMovedError:
                continue
            except (UnavailableError, RedisError, OSError) as error:
                log.warning("inbox waits", inbox=self.name, error=str(error))
                await sleep(RETRY_SECONDS)

    async def _decide_left(self, until: str) -> bool:
        """Have the next batch decided that the server still has up to an entry; return whether nothing was left.

        That may be more than was read here: a failover can set the cursor back.
        """
        reached = await self._writer.log.cursor(self.name)
        if _order(reached) >= _order(until):
            return True
        entries = await self._reader.after(reached, until)
        if not entries:
            return True
        advance = CursorAdvance(self.name, reached, entries[-1].id, len(entries))
        await self._writer.enqueue(self._source, entries, size_of(entries), self._read, advance)
        return False

    def _read(self, entry: InboxEntry) -> Submission:
        return submitted(entry, self._source, self.name)


def is_closed(inbox: Mapping[str, Any]) -> bool:
    """Return whether an inbox, as XINFO STREAM describes it, accepts nothing because it was full."""
    return bool(inbox["last-generated-id"].decode() == LAST_ID)


def _order(entry: str) -> tuple[int, int]:
    time, _, sequence = entry.partition("-")
    return int(time), int(sequence)
