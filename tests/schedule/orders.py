"""Reading the 2017 table in tests: what it does not say of itself, and the ledger it is for."""

from datetime import date
from pathlib import Path

import msgspec

from events.envelope import Event, parse
from events.ledger import Ledger
from events.schema import TaskAssigned
from services.schedule.document import read_document
from services.schedule.plan import Order, Schedule
from services.schedule.planning import plan_tasks

LEDGERS = Path(__file__).parents[2] / "deploy" / "ledgers"

LEDGER = msgspec.toml.decode((LEDGERS / "zhanjiang.toml").read_bytes(), type=Ledger)

ORDER = Order("zj-2017", date(2017, 8, 1), "office")


def schedule(data: bytes | str, name: str = "table") -> Schedule:
    """Read a document here, as the process of its own would."""
    return plan_tasks(read_document(data.encode() if isinstance(data, str) else data, name), ORDER, LEDGER)


def events(read: Schedule) -> list[Event]:
    """Return what would assign the rows."""
    return [parse(bytes(line.event)) for line in read.lines]


def assignments(read: Schedule) -> list[TaskAssigned]:
    """Return the assignments of the rows."""
    return [event.data for event in events(read) if isinstance(event.data, TaskAssigned)]
