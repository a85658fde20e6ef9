"""The stream door: the inbox of one source, read on from where the log has decided it."""

import asyncio
import contextlib
from collections import deque

import msgspec
import structlog
from faststream.redis.parser import BinaryMessageFormatV1
from redis.exceptions import RedisError

from events.envelope import InvalidEvent
from events.log import InboxMovedError, Move, key
from services import runtime
from services.clock import sleep
from services.ingest.draft import Submission, submission
from services.ingest.queue import BATCH, PART
from services.ingest.store import UnavailableError, Writer

READ_AHEAD = 4 * BATCH // PART
"""Parts of an inbox that wait while more is read: some being decided and appended, some ready to follow."""

log = structlog.get_logger()


class Inbox:
    """The stream door of one source: entries wait here, a few thousand at most, until they are decided."""

    def __init__(self, writer: Writer, source: str, reached: str) -> None:
        self.name = key(writer.name, "inbox", source)
        self._writer = writer
        self._source = source
        self._reached = reached
        self._under_way: deque[asyncio.Task[None]] = deque()

    async def handle(self, entries: list[runtime.StreamEntry]) -> None:
        """Have entries decided; returns when not too many others wait, so that reading goes on meanwhile."""
        for start in range(0, len(entries), PART):
            part = entries[start : start + PART]
            submissions = [self._read(id.decode(), fields) for id, fields in part]
            move = Move(self.name, self._reached, part[-1][0].decode())
            self._reached = move.reached
            before = self._under_way[-1] if self._under_way else None
            self._under_way.append(asyncio.create_task(self._decide(submissions, move, before)))
            await asyncio.sleep(0)  # others' requests come between
        ahead = READ_AHEAD if len(entries) == BATCH else 1  # the inbox was read empty: let some more come together
        while len(self._under_way) > ahead:
            await self._under_way.popleft()

    async def stop(self) -> None:
        """Leave what is not decided in the inbox."""
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    async def _decide(self, submissions: list[Submission], move: Move, before: "asyncio.Task[None] | None") -> None:
        """Have entries decided, however long it takes: they are in the inbox until then."""
        with contextlib.suppress(InboxMovedError, UnavailableError, RedisError, OSError):  # tried again below
            await self._writer.submit(submissions, move)
            return
        if before is not None:
            await before
        while True:
            try:
                reached = await self._writer.log.cursor(self.name)
                left = [one for one in submissions if one.entry is not None and _order(one.entry) > _order(reached)]
                if left:
                    await self._writer.submit(left, Move(self.name, reached, move.reached))
            except InboxMovedError:
                continue
            except (UnavailableError, RedisError, OSError) as error:
                log.warning("inbox waits", inbox=self.name, error=str(error))
                await sleep(runtime.RETRY_SECONDS)
            else:
                return

    def _read(self, entry: str, fields: dict[bytes, bytes]) -> Submission:
        raw = fields.get(b"e")
        if raw is None and b"__data__" in fields:  # the way FastStream's publishers wrap a message
            raw, _ = BinaryMessageFormatV1.parse(fields[b"__data__"])
        if raw is None:
            names = ", ".join(name.decode(errors="replace") for name in fields)
            wrong = InvalidEvent(
                "malformed", f"an inbox entry has the field e (or FastStream's __data__), not: {names}"
            )
            return Submission(msgspec.json.encode(list(fields.items())), self._source, wrong, self.name, entry)
        return submission(raw, self._source, self.name, entry)


def _order(entry: str) -> tuple[int, int]:
    time, _, sequence = entry.partition("-")
    return int(time), int(sequence)
