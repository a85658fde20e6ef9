"""The facts of a weekly summary. Pure."""

from datetime import datetime

from msgspec import Struct


class SummaryTask(Struct, frozen=True, gc=False):
    """A task that a summary lists; `days` are the days since its due, or until it."""

    task: str
    title: str
    lead: str
    due: datetime
    days: int


class WeeklySummary(Struct, frozen=True, gc=False):
    """Numbers of tasks, and those that are overdue and due soon, the most urgent first.

    `opened` and `closed` are those of the last seven days, `open` all that are not closed, `waiting` those that were
    submitted and are to be closed or returned. `soon_days` is within how many days a task is due soon.
    """

    open: int
    overdue: tuple[SummaryTask, ...]
    soon: tuple[SummaryTask, ...]
    soon_days: int
    waiting: int = 0
    opened: int = 0
    closed: int = 0
