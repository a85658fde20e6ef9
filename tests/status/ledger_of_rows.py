"""A ledger's rows, and the stream of their changes, as status and Redis have them: rows are ahead of the feed."""

from typing import NamedTuple

import msgspec

from services.status.feed import Feed
from services.status.window import Entry, Filter


class Row(NamedTuple):
    """What a row has of interest to a feed: `step` distinguishes it from all other rows of the task."""

    task: str
    units: tuple[str, ...]
    position: int
    step: int

    def matches(self, wanted: Filter) -> bool:
        return wanted.unit in {None, *self.units} and wanted.task in {None, self.task}

    def json(self) -> bytes:
        units = [{"unit": unit} for unit in self.units]
        return msgspec.json.encode({**self._asdict(), "units": units})


class LedgerOfRows:
    """Rows that change, the stream that keeps the latest changes, and the feed of the present status process."""

    def __init__(self, kept: int) -> None:
        self.rows: dict[str, Row] = {}
        self.seen: list[Row] = []
        """Every row there ever was."""
        self.position = 0
        self.loaded_trimmed = False
        """Whether a feed was ever loaded with a part of the changes only."""
        self._kept = kept
        self._steps = 0
        self._stream: list[tuple[int, int, bytes]] = []
        self._added = 0
        self._unread: list[Entry] = []
        self._saved: dict[int, dict[str, Row]] = {0: {}}
        self.feed = self._started()

    def change(self, *changes: tuple[str, tuple[str, ...]]) -> None:
        """Save the rows after an event each, and announce the latest of each task."""
        for task, units in changes:
            self.position += 1
            self._replace(task, units)
        latest = {task: self.rows[task] for task, _ in changes}
        for row in sorted(latest.values(), key=lambda row: row.position):
            self._announce(row.position, 0, row)
        self._saved[self.position] = dict(self.rows)

    def change_by_time(self, task: str, units: tuple[str, ...]) -> None:
        """Change a row without an event, as time and other rules do."""
        if task in self.rows:
            position, number = (self._stream[-1] if self._stream else (0, 0))[:2]
            self._replace(task, units)
            self._announce(self.position, number + 1 if position == self.position else 1, self.rows[task])
            self._saved[self.position] = dict(self.rows)

    def read(self, count: int) -> None:
        """Hand the next changes of the stream to the feed."""
        read, self._unread = self._unread[:count], self._unread[count:]
        if read:
            self.feed.push(read)

    def restart(self) -> None:
        """Kill status, and start it again."""
        self.feed = self._started()

    def fail_over(self, lost: int) -> None:
        """Lose the latest events, and the rows and changes saved with them."""
        since = max(position for position in self._saved if position <= max(0, self.position - lost))
        known, self.position = self.position, since
        self._saved = {position: rows for position, rows in self._saved.items() if position <= since}
        self.rows = dict(self._saved[since])
        self._stream = [change for change in self._stream if change[0] <= since]
        self.feed.roll_back(since, known)
        self._load(self.feed)

    def _started(self) -> Feed:
        feed = Feed(self._kept, gather_seconds=0)
        self._load(feed)
        return feed

    def _load(self, feed: Feed) -> None:
        self.loaded_trimmed |= self._trimmed
        units = {task: row.units for task, row in self.rows.items()}
        feed.load([_entry(*change) for change in self._stream], units, trimmed=self._trimmed)
        self._unread = []

    @property
    def _trimmed(self) -> bool:
        return self._added > len(self._stream)

    def _replace(self, task: str, units: tuple[str, ...]) -> None:
        self._steps += 1
        self.rows[task] = Row(task, units, self.position, self._steps)
        self.seen.append(self.rows[task])

    def _announce(self, position: int, number: int, row: Row) -> None:
        change = position, number, row.json()
        self._stream = [*self._stream, change][-self._kept :]
        self._added += 1
        self._unread.append(_entry(*change))


def _entry(position: int, number: int, row: bytes) -> Entry:
    return b"%d-%d" % (position, number), {b"e": row}
