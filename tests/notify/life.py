"""A task's life for the tests of alerts: events by day, and what arises of them."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from msgspec.structs import replace

from events.deadline import Fixed
from events.entries import Recorded
from events.envelope import Event
from events.ledger import Ledger
from events.schema import EventData, TaskAssigned, Unit
from events.working_days import LIBRARY
from services.notify.alerts import Alert
from services.notify.elapsed import arisen, caused, weekly
from services.notify.notified_task import NotifiedTask, evolve

TASK = "zj-2017-07"

LEAD, OTHER = "市残联", "市民政局"

LEDGER = Ledger("湛江市残疾人工作重点任务", units=(LEAD, OTHER), groups={"各县（市、区）政府": ("赤坎区", "徐闻县")})

DAYS = LIBRARY

DUE = datetime.fromisoformat("2018-04-01T00:00:00+08:00")


def day(text: str) -> datetime:
    """Return an instant of the ledger's zone: a day, at 09:00, or with its time."""
    return datetime.fromisoformat(f"{text}+08:00" if "T" in text else f"{text}T09:00:00+08:00")


def assignment(deadline: object = None, units: tuple[Unit, ...] = (Unit(LEAD, "lead"), Unit(OTHER))) -> TaskAssigned:
    """Return an assignment to a lead and a cooperating unit, due after 2018-03-31 if nothing else is given."""
    own = deadline or Fixed("2018年3月底前", DUE)
    return TaskAssigned("建立就业基地", "zj-2017", units[0].name, lead_inferred=True, units=units, deadline=own)  # type: ignore[arg-type]


class Life:
    """The tasks of a ledger, folded event by event; `alerts` are all that arose, in order."""

    def __init__(self, ledger: Ledger = LEDGER) -> None:
        self.ledger = ledger
        self.tasks: dict[str, NotifiedTask] = {}
        self.alerts: list[Alert] = []
        self.position = 0
        self.considered: datetime | None = None

    def event(self, at: datetime, data: EventData, task: str = TASK, leader: str | None = None) -> list[Alert]:
        """Fold an event recorded at an instant, and return what arises."""
        self.position += 1
        event = Event(f"e-{self.position}", "office", task, at, data, at, "office", leader=leader)
        entry = Recorded(self.position, event)
        before = self.tasks.get(task)
        after = evolve(self.ledger, before, entry)
        assert after is not None
        self.tasks[task] = after
        found = caused(self.ledger, DAYS, before, after, entry, self.considered)
        self.alerts += found
        return found

    def look(self, now: datetime) -> list[Alert]:
        """Look at the clock, and return what arises by time alone."""
        found = [
            alert
            for name, task in self.tasks.items()
            for alert in arisen(self.ledger, DAYS, name, task, self._since(task), now)
        ]
        opened = min(task.opened for task in self.tasks.values())
        found += weekly(self.ledger, self.considered or opened, now)
        self.considered = now
        self.alerts += found
        return sorted(found, key=lambda alert: alert.at)

    def told(self, on: str) -> Iterator[tuple[str, str, int]]:
        """Yield the day, recipient and step of each alert of a kind."""
        for alert in sorted(self.alerts, key=lambda alert: alert.at):
            if alert.on == on:
                yield f"{alert.at:%Y-%m-%d}", alert.recipient, alert.step

    def _since(self, task: NotifiedTask) -> datetime:
        return task.seen if self.considered is None else max(task.seen, self.considered)


def with_rules(**rules: object) -> Ledger:
    """Return the ledger with other rules of alerts."""
    return replace(LEDGER, alerts=replace(LEDGER.alerts, **rules))


def after(instant: datetime, days: float) -> datetime:
    """Return an instant so many days later."""
    return instant + timedelta(days=days)
