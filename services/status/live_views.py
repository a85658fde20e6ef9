"""What is kept of a ledger's live rows to answer from: their index, their next changes of light, their figures."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from events.ledger import Ledger
from services.common.upcoming import Upcoming
from services.status.figures.board import BoardFigures, figures_of
from services.status.index import Index
from services.status.lights import next_change
from services.status.row import TaskRow, TrackedTask


class LiveViews:
    """The views of the rows as they were when they were last refreshed."""

    def __init__(self, ledger: Ledger, rows: Mapping[str, TrackedTask]) -> None:
        self._ledger = ledger
        self._rows = rows
        self.index: Index[TaskRow] = Index()
        self.light_changes = Upcoming()
        self.figures = BoardFigures(ledger.zone)

    def refresh(self, rows: Mapping[str, TrackedTask], touched: Iterable[str]) -> None:
        """Bring the views up to date: each is changed once for a row that was touched, however many events it had."""
        if rows is not self._rows:  # they were loaded
            self._load(rows)
            return
        for name in touched:
            if (task := rows.get(name)) is not None:
                self.index.put(task.row)
                self.light_changes.put(name, self._next_change(task))
                self.figures.update(name, task)

    def _load(self, rows: Mapping[str, TrackedTask]) -> None:
        self._rows = rows
        listed = {name: task.row for name, task in rows.items()}
        if self.index:
            self.index.replace(listed)
        else:
            self.index = Index(listed.values())
        self.light_changes = Upcoming({name: self._next_change(task) for name, task in rows.items()})
        self.figures = figures_of(rows, self._ledger.zone)

    def _next_change(self, task: TrackedTask) -> datetime | None:
        return next_change(task, self._ledger.lights, task.lit)
