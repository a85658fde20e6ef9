"""Instants in the ledger's zone, whatever offset a source wrote."""

import re
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.deadline import Ambiguous, Deadline, Fixed, Milestone, Milestones, Recurring
from events.entries import Recorded
from events.envelope import Event, read
from events.local import local_data
from events.schema import DeadlineClarified, ExtensionGranted, ExtensionRequested, TaskAssigned, Unit
from services.ingest import task as ingest
from services.ingest.timers import clock_events
from services.notify.alerts import alerts_for
from services.notify.notified_task import evolve as notified
from services.status.core import evolve
from services.status.row import TrackedTask
from tests.events import strategies
from tests.examples import EXAMPLES, store
from tests.status.tracked_tasks import LEDGER, folded

INSTANT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)")

LATE = datetime.fromisoformat("2026-12-31T16:00:00Z")


def elsewhere(event: Event) -> Event:
    """Return the same event as a source writes it that knows no zone but UTC."""
    return msgspec.structs.replace(event, data=local_data(event.data, UTC), time=event.time.astimezone(UTC))


def after_all(events: list[Event]) -> TrackedTask:
    task: TrackedTask | None = None
    for position, event in enumerate(events, 1):
        task = evolve(LEDGER, task, Recorded(position, msgspec.structs.replace(event, recorded=event.time)))
    return folded(task)


def test_rows_show_the_ledgers_offset() -> None:
    """Every instant of a row has the ledger's offset, and the rows are those of the same events in local time."""
    near = after_all(list(EXAMPLES.values()))
    far = after_all([elsewhere(event) for event in EXAMPLES.values()])
    assert far.row == near.row
    found = INSTANT.findall(msgspec.json.encode(far.row).decode())
    assert len(found) > 5
    assert {instant[-6:] for instant in found} == {"+08:00"}


@pytest.mark.parametrize(
    "deadline",
    [
        Fixed("2026年底前", LATE),
        Ambiguous("2026年12月前", datetime.fromisoformat("2026-11-30T16:00:00Z"), LATE),
        Recurring("每年12月底前", "year", LATE),
        Milestones("…", (Milestone("完成", LATE),)),
    ],
    ids=["fixed", "ambiguous", "recurring", "milestones"],
)
def test_row_reminder_and_alert_show_the_ledgers_offset(deadline: Deadline) -> None:
    """A due instant that came as UTC is 1 January in 湛江: in row, reminder and alert."""
    units = (Unit("市残联", "lead"),)
    data = TaskAssigned("建立就业基地", "zj", "市残联", lead_inferred=True, units=units, deadline=deadline)
    assigned = msgspec.structs.replace(EXAMPLES["duban.task.assigned.v1"], data=data)
    assert _text(after_all([assigned]).row.due) == "2027-01-01T00:00:00+08:00"
    task = ingest.evolve(LEDGER, None, Recorded(1, msgspec.structs.replace(assigned, recorded=assigned.time)))
    assert task is not None
    passed = next(event for event in clock_events("t", task, LEDGER) if "passed" in event.id)
    assert passed.id == "passed:t:2027-01-01T00:00:00+08:00"
    entry = Recorded(2, msgspec.structs.replace(passed, recorded=passed.time))
    before = notified(LEDGER, None, Recorded(1, msgspec.structs.replace(assigned, recorded=assigned.time)))
    after = notified(LEDGER, before, entry)
    assert after is not None
    told = alerts_for(LEDGER, before, after, entry)
    assert {alert.due.isoformat() for alert in told if alert.due is not None} == {"2027-01-01T00:00:00+08:00"}


def test_requests_and_grants_show_the_ledgers_offset() -> None:
    """An extension to an instant in UTC gives the same row as one to that instant in local time."""
    open_ones = [EXAMPLES["duban.task.assigned.v1"]]
    asked = msgspec.structs.replace(
        EXAMPLES["duban.extension.requested.v1"], data=ExtensionRequested("市残联", "雨季", LATE)
    )
    granted = msgspec.structs.replace(
        EXAMPLES["duban.extension.granted.v1"], data=ExtensionGranted(asked.id, LATE), time=asked.time
    )
    assert _text(after_all([*open_ones, asked, granted]).row.due) == "2027-01-01T00:00:00+08:00"
    clarified = msgspec.structs.replace(
        EXAMPLES["duban.deadline.clarified.v1"], data=DeadlineClarified(Fixed("2026年底前", LATE), "…")
    )
    row = after_all([*open_ones, clarified]).row
    assert _text(row.due) == "2027-01-01T00:00:00+08:00"
    assert msgspec.to_builtins(row.deadline)["due"] == "2027-01-01T00:00:00+08:00"


def test_stored_bytes_keep_the_sources_offset() -> None:
    """Stored bytes are never rewritten: the offset that the source wrote is read back from them."""
    event = elsewhere(EXAMPLES["duban.deadline.clarified.v1"])
    assert read(store(event)).time.utcoffset() == UTC.utcoffset(None)


@given(strategies.deadlines, st.sampled_from(["Asia/Shanghai", "America/New_York", "Europe/Berlin"]))
def test_local_deadlines_are_the_same_deadlines(deadline: Deadline, name: str) -> None:
    """A deadline in another zone compares equal: the instants are the same, their offsets are the zone's."""
    data = DeadlineClarified(deadline, "…")
    ledger = msgspec.structs.replace(LEDGER, timezone=name)
    assert ledger.own(data) == data


def _text(instant: datetime | None) -> str | None:
    return instant.isoformat() if instant is not None else None
