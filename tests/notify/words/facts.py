"""Alerts as facts, for tests of their words."""

from datetime import UTC, datetime, timedelta
from typing import Any

from events.alert_rule import Trigger
from events.ledger import Ledger
from services.notify.alerts import Alert

LEDGER = Ledger("湛江市残疾人工作重点任务", units=("市残联", "市民政局"))

NOW = datetime(2019, 1, 8, 0, 30, tzinfo=UTC)
"""Tuesday 8 January 2019, 08:30 in the ledger's zone."""

DUE = datetime(2018, 12, 31, 16, tzinfo=UTC)
"""The end of 2018 in the ledger's zone."""

TITLE = "全市至少建立两个规模化残疾人集中就业基地"


def alert(on: Trigger, id: str = "a", **facts: Any) -> Alert:
    """Return an alert to the supervisor about a task; facts replace its own."""
    own = {"recipient": "督查室", "rule": on, "task": "zj-2017-07", "title": TITLE, "lead": "市残联", "at": NOW}
    return Alert(id=id, on=on, **(own | facts))


def overdue(on: Trigger = "passed", id: str = "a", days: int = 7, **facts: Any) -> Alert:
    """Return an alert about a task that was due so many days ago."""
    return alert(on, id, **({"due": NOW - timedelta(days=days), "days": days} | facts))
