"""The live feed: the latest changes in memory, sent to each client from its position on.

A client that reconnects resumes at its last position. A client that is behind the kept changes, or that connected
before the rows were rebuilt, gets a reset: it takes a new snapshot.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable, Mapping
from functools import partial

import msgspec

from services.status.window import Entry, Filter, Key, Window

HEARTBEAT_SECONDS = 15.0
"""Between two comments on an idle connection: shorter than the minute after which proxies close it."""

HEARTBEAT = b": still here\n\n"

RETRY = b"retry: 2000\n\n"
"""Milliseconds after which a browser reconnects: longer than a restart's port is closed, shorter than people notice."""

GATHER_SECONDS = 0.05
"""Between two sendings under load: 2,000 clients are served at most twenty times a second, and a task that changes
several times meanwhile is sent once. A change after a longer pause is sent at once."""

WOKEN = 100
"""Clients that are served before other requests have their turn: about 5 ms."""

EVERYTHING = Filter()


class Feed:
    """The latest changes of one ledger's rows, for any number of clients."""

    def __init__(self, kept: int, gather_seconds: float = GATHER_SECONDS) -> None:
        self._kept = kept
        self._window = Window(kept)
        self._sent = self._window.last
        self._revoked = range(0)
        self._epoch = 0
        self._waiting: set[asyncio.Future[bool]] = set()
        self._due: deque[asyncio.Future[bool]] = deque()
        self._gather_seconds = gather_seconds
        self._gathering: asyncio.TimerHandle | None = None

    def load(self, entries: Iterable[Entry], units: Mapping[str, Iterable[str]], *, trimmed: bool) -> None:
        """Load the changes that Redis keeps, before any other; `trimmed` where there once were earlier ones.

        `units` has the units of each task, read before the changes.
        """
        self._window.load(entries, units, trimmed=trimmed)
        self._send()

    def push(self, entries: Iterable[Entry]) -> None:
        """Add further changes; they are sent at once, or with those of the present pause."""
        self._window.add(entries)
        if self._gathering is None:
            self._send()
            self._gather()

    def roll_back(self, since: int, sent: int) -> None:
        """Reset every client: a failover has taken back the changes sent after `since` up to `sent`.

        The kept changes have to be loaded again. A client that resumes later at such a position is reset, too; where
        the last common change is unknown, so is a client at any position up to `sent`.
        """
        self._window = Window(self._kept)
        revoked = range(since + 1 if since < sent else 1, sent + 1)
        if self._revoked:
            first, end = min(self._revoked.start, revoked.start), max(self._revoked.stop, revoked.stop)
            revoked = range(first, end)
        self._revoked = revoked
        self.reset()

    def reset(self) -> None:
        """Reset every client: it takes a new snapshot."""
        self._epoch += 1
        self._send()

    @property
    def last(self) -> str:
        """The id of the last change in the stream."""
        position, number = self._window.last
        return f"{position}-{number}"

    def follow(
        self, after: int | None, position: int, wanted: Filter = EVERYTHING, *, resumed: bool = False
    ) -> AsyncIterator[bytes]:
        """Yield the changes after the position `after` (from now on if None) for as long as the client reads.

        `position` is that of the rows: a client ahead of it has another log. Later announcements of changes up to
        `after` are omitted: rows are ahead of their announcements. Changes by time alone at that very position are
        sent again: whether the client has them is unknown. `resumed` distinguishes a client that reconnects from one
        with a new snapshot, which cannot show what a failover has taken back.
        """
        place = (after, 0) if after is not None else self._window.last
        lost = after is not None and self._lost(after, position, resumed=resumed)
        return self._events(None if lost else place, position, wanted, self._epoch)

    async def _events(self, place: Key | None, position: int, wanted: Filter, epoch: int) -> AsyncIterator[bytes]:
        """Yield the changes after the one at `place`, or a reset at `position` first if it is None.

        `epoch` is the one in which the client's place holds.
        """
        yield RETRY
        if place is None:
            place, epoch = self._window.last, self._epoch
            yield reset(position)
        loop = asyncio.get_running_loop()
        passed_over = False  # whether there were changes after the last id that the client received
        silent_from = loop.time()
        while True:
            events = b""
            if epoch != self._epoch or place < self._window.dropped:
                place, epoch, passed_over = self._window.last, self._epoch, False
                events = reset(place[0] or position)
            elif place < self._sent:
                events, place = self._window.piece(wanted, place, self._sent)
                passed_over = wanted != EVERYTHING
            elif await self._idle(silent_from + HEARTBEAT_SECONDS):
                events = HEARTBEAT + (_id(place) if passed_over else b"")
                passed_over = False
            if events:
                yield events
                silent_from = loop.time()

    def _lost(self, after: int, position: int, *, resumed: bool) -> bool:
        """Return whether a client at `after` may miss changes, or have some that were taken back."""
        return after > position or self._window.lacks(after) or (resumed and after in self._revoked)

    async def _idle(self, until: float) -> bool:
        """Wait for further changes; return whether there were none until an instant of the event loop."""
        loop = asyncio.get_running_loop()
        news: asyncio.Future[bool] = loop.create_future()
        timer = loop.call_at(until, partial(_settle, news, idle=True))
        self._waiting.add(news)
        try:
            return await news
        finally:
            timer.cancel()
            self._waiting.discard(news)

    def _send(self) -> None:
        """Let the clients have all changes so far."""
        self._sent = self._window.last
        waking = bool(self._due)
        self._due.extend(self._waiting)
        self._waiting.clear()
        if not waking:
            self._wake()

    def _wake(self) -> None:
        """Wake some of the clients that changes are due to, and the others after that."""
        for _ in range(min(WOKEN, len(self._due))):
            _settle(self._due.popleft(), idle=False)
        if self._due:
            asyncio.get_running_loop().call_soon(self._wake)

    def _gather(self) -> None:
        """Hold further changes back for a while; repeat for as long as there are any."""
        loop = asyncio.get_running_loop()
        self._gathering = loop.call_later(self._gather_seconds, self._gathered)

    def _gathered(self) -> None:
        self._gathering = None
        if self._sent != self._window.last:
            self._send()
            self._gather()


def reset(position: int) -> bytes:
    """Return the event that asks for a new snapshot; the client resumes at `position`."""
    return b"id: %d\nevent: reset\ndata: %b\n\n" % (position, msgspec.json.encode({"position": position}))


def _id(place: Key) -> bytes:
    """Return an event that has only an id: a browser resumes there, though nothing matched its filter."""
    return b"id: %d\n\n" % place[0]


def _settle(news: "asyncio.Future[bool]", *, idle: bool) -> None:
    if not news.done():
        news.set_result(idle)
