"""The live feed: the latest changes in memory, sent to each client from its position on.

A client that reconnects resumes at its last position. A client that is behind the kept changes, or that connected
before the rows were rebuilt, gets a reset: it takes a new snapshot.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import NamedTuple

import msgspec

HEARTBEAT_SECONDS = 15.0
"""Between two comments on an idle connection: shorter than the minute after which proxies close it."""

HEARTBEAT = b": still here\n\n"

PIECE_BYTES = 32 * 1024
"""Bytes passed to a connection at once, or one change where that is larger: the memory of a client that does not read,
as a piece is made only after the previous one is sent."""

NOTHING = (0, 0)
"""The position and number before every change."""


class Frame(NamedTuple):
    """One change: the position, its number at that position, and the Server-Sent Event."""

    position: int
    number: int
    event: bytes


class Feed:
    """The latest changes of one ledger's rows; `start` is the number of changes that are no longer kept."""

    def __init__(self, kept: int) -> None:
        self._frames: deque[Frame] = deque(maxlen=kept)
        self._start = 0
        self._trimmed = False
        self._gone = range(0)
        self._epoch = 0
        self._news = asyncio.Event()

    def load(self, entries: Iterable[tuple[bytes, dict[bytes, bytes]]], *, trimmed: bool) -> None:
        """Load the changes that Redis keeps; `trimmed` where there once were earlier ones."""
        self._trimmed = trimmed
        self.push(entries)

    def push(self, entries: Iterable[tuple[bytes, dict[bytes, bytes]]]) -> None:
        """Add further changes and wake the clients."""
        for id, fields in entries:
            if len(self._frames) == self._frames.maxlen:
                self._start += 1
                self._trimmed = True
            position, _, number = id.partition(b"-")
            event = b"id: %b\nevent: task\ndata: %b\n\n" % (position, fields[b"e"])
            self._frames.append(Frame(int(position), int(number), event))
        self._wake()

    def roll_back(self, since: int, sent: int) -> None:
        """Reset every client: a failover has taken back the changes sent after `since` up to `sent`.

        The kept changes have to be loaded again. A client that resumes later at such a position is reset, too; where
        the last common change is unknown, so is a client at any position up to `sent`.
        """
        self._start += len(self._frames)
        self._frames.clear()
        gone = range(since + 1 if since < sent else 1, sent + 1)
        self._gone = range(min(self._gone.start, gone.start), max(self._gone.stop, gone.stop)) if self._gone else gone
        self.reset()

    def reset(self) -> None:
        """Reset every client: it takes a new snapshot."""
        self._epoch += 1
        self._wake()

    @property
    def last(self) -> str:
        """The id of the last change in the stream."""
        return f"{self._frames[-1].position}-{self._frames[-1].number}" if self._frames else "0-0"

    async def follow(self, after: int | None, position: int, *, resumed: bool = False) -> AsyncIterator[bytes]:
        """Yield the changes after the position `after` (from now on if None) for as long as the client reads.

        `position` is that of the rows: a client ahead of it has another log. Later announcements of changes up to
        `after` are omitted: rows are ahead of their announcements. `resumed` distinguishes a client that reconnects
        from one with a new snapshot, which cannot show what a failover has taken back.
        """
        epoch = self._epoch
        index = self._start + len(self._frames)
        known = NOTHING
        if after is not None:
            found = self._index(after, position) if not (resumed and after in self._gone) else None
            if found is None:
                yield reset(position)
            else:
                index, known = found, (after, 0)
        while True:
            news = self._news
            if index < self._start or epoch != self._epoch:
                epoch, index, known = self._epoch, self._start + len(self._frames), NOTHING
                yield reset(self._frames[-1].position if self._frames else position)
            elif frames := self._piece(index):
                index += len(frames)
                if events := b"".join(frame.event for frame in frames if frame[:2] > known):
                    yield events
            else:
                try:
                    await asyncio.wait_for(news.wait(), HEARTBEAT_SECONDS)
                except TimeoutError:
                    yield HEARTBEAT

    def _index(self, after: int, position: int) -> int | None:
        """Return the index at which a client at the position `after` resumes, None where it needs a new snapshot.

        Changes by time alone at that very position are sent again: whether the client has them is unknown.
        """
        if after > position:
            return None
        if self._trimmed and (not self._frames or (after, 1) < self._frames[0][:2]):
            return None
        later = (index for index, frame in enumerate(self._frames) if frame[:2] > (after, 0))
        return self._start + next(later, len(self._frames))

    def _piece(self, index: int) -> Sequence[Frame]:
        """Return the changes from `index` on, up to the size of a piece."""
        piece: list[Frame] = []
        size = 0
        for number in range(index - self._start, len(self._frames)):
            frame = self._frames[number]
            size += len(frame.event)
            if piece and size > PIECE_BYTES:
                break
            piece.append(frame)
        return piece

    def _wake(self) -> None:
        self._news.set()
        self._news = asyncio.Event()


def reset(position: int) -> bytes:
    """Return the event that asks for a new snapshot; the client resumes at `position`."""
    return b"id: %d\nevent: reset\ndata: %b\n\n" % (position, msgspec.json.encode({"position": position}))
