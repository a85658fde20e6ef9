"""A small board of all kinds of tasks, for tests of figures and exports."""

from datetime import datetime

from msgspec.structs import replace

from events.deadline import Fixed, Ongoing
from events.schema import ProgressReported, TaskClosed, TaskUrged
from services.status.lights import lit
from services.status.row import TrackedTask
from tests.status.tracked_tasks import LATE, LEAD, LEDGER, at, opened, then

NOW = at("2019-01-03")


def board(now: datetime = NOW) -> dict[str, TrackedTask]:
    """Return five tasks of all kinds in two sections, lit as at an instant."""
    closed = then(opened(task="t-1", lead="市教育局"), ("2018-12-30", TaskClosed("implemented")))
    late = then(opened(task="t-2"), *LATE)
    soon = then(
        opened(Fixed("1月底前", at("2019-02-01")), task="t-3"), ("2019-01-02", ProgressReported(LEAD, "…", 100))
    )
    ongoing = then(opened(Ongoing("…"), task="t-4", lead="市教育局"), ("2018-12-31", TaskUrged(("市教育局",), "…")))
    ahead = opened(Fixed("2021年3月底前", at("2021-04-01")), "2018-12-31", task="t-5")
    sections = ("二、就业", "一、保障", "一、保障", None, "二、就业")
    tasks = [
        replace(task, row=replace(task.row, section=section, row=row))
        for task, section, row in zip((closed, late, soon, ongoing, ahead), sections, (4, 2, 3, 1, 5), strict=True)
    ]
    return {task.row.task: lit(task, LEDGER.lights, now) for task in tasks}
