"""The figures of a ledger's live board, which follow its rows."""

from events.ledger import Ledger
from events.projection import Projection
from services.status.figures.board import BoardFigures, figures_of
from services.status.row import TrackedTask


class LiveFigures:
    """Figures of a projection's tasks, brought up to date where they are read."""

    def __init__(self, projection: Projection[TrackedTask], ledger: Ledger) -> None:
        self._projection = projection
        self._zone = ledger.zone
        self._rows = projection.rows
        self._figures = BoardFigures(ledger.zone)

    def current(self) -> BoardFigures:
        """Return the figures of the present rows: only tasks that are other objects than before are counted anew."""
        rows = self._projection.rows
        if rows is not self._rows and not self._figures.covers(rows.keys()):
            self._figures = figures_of(rows, self._zone)
        self._rows = rows
        for name, task in rows.items():
            self._figures.update(name, task)
        return self._figures
