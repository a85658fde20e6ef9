"""One ledger in status: the rows that follow the log, and the feed of their changes."""

import re
from datetime import datetime
from typing import Any

from litestar.exceptions import ValidationException

from events.entries import stored
from events.ledger import Ledger
from services.common.clock import Clock
from services.common.runtime import Follow, StreamEntry
from services.status.feed import Feed
from services.status.store import CHANGES_KEPT, Board, Snapshot

FOLLOW_BATCH = 1_000
"""Entries of the log, or changes, that are handled at once."""

_POSITION = re.compile(r"[0-9]{1,18}")
"""The positions that a stream's id can hold."""


class StatusReader:
    """Folds one ledger's log into rows, and reads rows and changes."""

    def __init__(self, redis: Any, name: str, ledger: Ledger, clock: Clock, follow: Follow) -> None:
        self.redis = redis
        self.clock = clock
        self.board = Board(redis, name, ledger)
        self.feed = Feed(CHANGES_KEPT)
        self._log = follow(self.board.log.key, "0-0", FOLLOW_BATCH, self.catch_up)
        self._changes = follow(self.board.projection.feed, "0-0", FOLLOW_BATCH, self.push)
        self._version = (0, 0)

    async def load(self) -> None:
        """Load the saved rows and changes, fold the log to its tail, and follow both from there."""
        await self.board.load(self.clock.now())
        self._version = self._current_version()
        await self.board.projection.catch_up()
        units = self._units()
        kept, trimmed = await self._kept_changes()
        self.feed.load(kept, units, trimmed=trimmed)
        self._log.skip_to(f"{self.board.position}-0")
        self._changes.skip_to(self.feed.last)

    async def catch_up(self, entries: "list[StreamEntry] | None" = None) -> None:
        """Fold the log to its tail; `entries` are those that a follower has read."""
        await self.board.projection.catch_up(stored(entries or []))
        version = self._current_version()
        if version[1] != self._version[1]:  # the log had other events than were folded: a failover
            await self._reload_feed()
        elif version != self._version:
            self.feed.reset()
        self._version = version

    async def push(self, entries: "list[StreamEntry]") -> None:
        """Pass changes to the clients, after the rows show them: another instance may have made them."""
        try:
            position, _, _ = entries[-1][0].partition(b"-")
            if int(position) > self.board.position:
                await self.catch_up()
        finally:
            self.feed.push(entries)

    async def relight(self) -> None:
        """Update the lights to the ledger's instant."""
        await self.board.relight(self.clock.now())

    async def snapshot(self, as_of: str | None) -> Snapshot:
        """Return the rows now or as of a position or instant; raises ValidationException where `as_of` is neither."""
        if as_of is None:
            return self.board.live()
        position = read_position(as_of)
        return await self.board.as_of(
            position if position is not None else read_instant("as_of", as_of, "a position, or ")
        )

    def _current_version(self) -> tuple[int, int]:
        """Return the generation of the rows, and how many rollbacks they have had."""
        return self.board.projection.generation, len(self.board.projection.rollbacks)

    async def _reload_feed(self) -> None:
        """Replace the changes that a failover took back, and follow log and changes from where they stand now."""
        units = self._units()
        kept, trimmed = await self._kept_changes()
        for rollback in self.board.projection.rollbacks[self._version[1] :]:
            self.feed.roll_back(*rollback)
        self.feed.load(kept, units, trimmed=trimmed)
        self._log.go_on_from(f"{self.board.position}-0")
        self._changes.go_on_from(self.feed.last)

    def _units(self) -> dict[str, list[str]]:
        """Return the units of each task."""
        return {name: [part.unit for part in row.units] for name, row in self.board.live().rows.items()}

    async def _kept_changes(self) -> tuple[list[StreamEntry], bool]:
        """Return the changes that Redis keeps, and whether there once were earlier ones."""
        key = self.board.projection.feed
        kept = await self.redis.xrange(key)
        added = (await self.redis.xinfo_stream(key))["entries-added"] if kept else 0
        return kept, added > len(kept)


def read_position(text: str) -> int | None:
    """Return a position of the log, None where the text is none."""
    return int(text) if _POSITION.fullmatch(text) else None


def read_instant(name: str, text: str, others: str = "") -> datetime:
    """Return an instant; raises ValidationException, with `name` and the `others` that are allowed, for other text."""
    try:
        instant = datetime.fromisoformat(text.replace(" ", "+"))  # an unescaped + arrives as a space
        if instant.tzinfo is not None:
            return instant
    except ValueError:
        pass
    raise ValidationException(f"{name} {text!r} is not {others}an instant like 2018-12-20T09:00:00+08:00")
