"""The days on which offices work, as rules need them. Pure."""

from datetime import date
from typing import Protocol


class WorkingDays(Protocol):
    """The days on which offices work."""

    def is_working(self, day: date) -> bool:
        """Return whether offices work on a day."""

    def after(self, day: date, n: int) -> date:
        """Return the n-th working day after a day."""

    def known(self, year: int) -> bool:
        """Return whether the working days of a year are published; those of others are Monday to Friday."""
