"""What the figures read of a task: a live one has it, and so has one of a past board. Pure."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol

from events.schema import Role
from services.status.listed import Listed
from services.status.moments import Moments


class MeasuredPart(Protocol):
    """One unit's part in a task."""

    @property
    def unit(self) -> str: ...
    @property
    def role(self) -> Role: ...
    @property
    def last_report_at(self) -> datetime | None: ...


class MeasuredRow(Listed, Protocol):
    """A task's row, as far as figures need it."""

    @property
    def units(self) -> Sequence[MeasuredPart]: ...
    @property
    def due_day(self) -> date | None: ...


class Measured(Protocol):
    """A task: its row, lit as at the instant of the board, and what it remembers for the figures."""

    @property
    def row(self) -> MeasuredRow: ...
    @property
    def moments(self) -> Moments: ...
