"""A unit's calendar as iCalendar (RFC 5545, 7986): an all-day entry on the last day in time of each of its dues. Pure.

An entry's UID follows from the ledger, the task and the date's key, so that it stays when the date is moved; SEQUENCE
is the position of the last event that changed the task's entries, which only grows.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID, uuid5

from icalendar import Calendar, Event, vDuration

from events.deadline import last_day
from events.ledger import Ledger
from services.notify.calendar.dates import CalendarDate, dates
from services.notify.calendar.tasks import CalendarTask
from services.notify.words.lines import TITLE_MOST, one_line, page_of

KEPT = timedelta(days=366)
"""How long an entry that no longer stands is shown as cancelled: programs that read the calendar seldom learn of it."""

LINE_MOST = 300
"""Characters of a line of a description: a name has 200 at most."""

REFRESH = timedelta(hours=1)
"""How often programs are asked to read the calendar again."""

_NAMESPACE = UUID("6b7f1f0e-3c0d-5f0c-9d7e-2f7d1c0a8e51")
"""Of the UIDs; another one would make every entry a new one."""


class CalendarRequest(NamedTuple):
    """Whose calendar it is, as of which instant, and where people find the page."""

    ledger: Ledger
    name: str
    unit: str
    now: datetime
    public_url: str | None


class CalendarEntry(NamedTuple):
    """One entry: a date of a task, and whether it stands."""

    task: str
    date: CalendarDate
    stands: bool


def calendar(asked: CalendarRequest, tasks: Mapping[str, CalendarTask]) -> bytes:
    """Return the calendar of a unit of the ledger; the same bytes for the same request and tasks."""
    feed = Calendar()
    feed.add("prodid", "-//duban//deadlines//ZH")
    feed.add("version", "2.0")
    feed.add("calscale", "GREGORIAN")
    title = one_line(f"{asked.unit}承办任务时限（{asked.ledger.title}）", TITLE_MOST)
    feed.add("name", title)
    feed.add("x-wr-calname", title)
    feed.add("refresh-interval", vDuration(REFRESH), parameters={"VALUE": "DURATION"})
    feed.add("x-published-ttl", vDuration(REFRESH))
    for id in sorted(tasks):
        for entry in _entries(asked, id, tasks[id]):
            feed.add_component(_event(asked, tasks[id], entry))
    return bytes(feed.to_ical())


def _entries(asked: CalendarRequest, id: str, task: CalendarTask) -> Iterator[CalendarEntry]:
    """Yield the entries of a task in a unit's calendar, none if it never had a duty in it."""
    ledger, unit = asked.ledger, asked.unit
    has_duty = unit in ledger.directory.obligations(task.units)
    if not has_duty and unit not in task.left:
        return
    stands = has_duty and not task.closed
    if not stands and asked.now - task.at > KEPT:
        return
    for date in dates(task.term, asked.now if stands else task.at, ledger.zone):
        yield CalendarEntry(id, date, stands)
    if asked.now - task.at <= KEPT:
        for date in task.withdrawn:
            yield CalendarEntry(id, date, stands=False)


def _event(asked: CalendarRequest, task: CalendarTask, entry: CalendarEntry) -> Event:
    ledger, date = asked.ledger, entry.date
    event = Event()
    event.add("uid", str(uuid5(_NAMESPACE, f"{asked.name}\n{entry.task}\n{date.key}")))
    event.add("dtstamp", task.at.astimezone(UTC))
    event.add("last-modified", task.at.astimezone(UTC))
    event.add("sequence", task.changed)
    event.add("dtstart", last_day(date.due, ledger.zone))
    title = one_line(task.title, TITLE_MOST)
    event.add("summary", f"{title}（{step}）" if (step := one_line(date.text, TITLE_MOST)) else title)
    event.add("description", "\n".join(one_line(line, LINE_MOST) for line in _description(asked, task, entry)))
    event.add("status", "CONFIRMED" if entry.stands else "CANCELLED")
    event.add("transp", "TRANSPARENT")  # a due day occupies nobody
    event.add("categories", ["督办"])
    if page := page_of(asked.public_url, asked.name, "tasks", entry.task):
        event.add("url", page)
    return event


def _description(asked: CalendarRequest, task: CalendarTask, entry: CalendarEntry) -> Iterator[str]:
    ledger, date = asked.ledger, entry.date
    leads = ledger.directory.obligations(task.units).get(asked.unit) == "lead"
    yield f"任务编号：{entry.task}"
    yield f"牵头单位：{task.lead}" + ("（本单位牵头）" if leads else "")
    yield f"应于{last_day(date.due, ledger.zone):%Y年%-m月%-d日}前（含当日）办结"
    if date.strict is not None:
        yield f"从严理解为{last_day(date.strict, ledger.zone):%Y年%-m月%-d日}前（含当日）"
    if task.term.deadline.text:
        yield f"时限要求：{task.term.deadline.text}"
    if not entry.stands:
        yield "已销号" if task.closed else "已调整，不再适用"
