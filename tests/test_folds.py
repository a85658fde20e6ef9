"""A recorded log: the decisions on its submissions, its bytes, and what each service folds from it stay the same.

The files in fixtures/folds are data that an earlier version wrote:

    ledger.toml         the ledger's file
    submissions.ndjson  the instant, the authenticated source, the bytes and the outcome of each submission
    log.ndjson          the stored bytes, one event a line; the line's number is the position
    ingest.json         each task at the end, and the hash of a task's JSON after each event
    status.json         each row at the end, its lights as time goes on, and the hash of the row after each event;
                        without the members that rows have had only since (`SINCE`)
    alerts.ndjson       the alerts, as they are announced
"""

import hashlib
import itertools
import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from events.entries import Recorded
from events.envelope import Event, encode, read
from events.schema import LANGUAGE, OPERATIONS
from services.common.settings import load_ledger
from services.ingest.draft import Base, Draft, Ids, submission
from services.ingest.task import Task
from services.ingest.task import evolve as evolve_ingest
from services.ingest.timers import clock_events
from services.notify.alerts import alerts_for
from services.notify.notified_task import evolve as evolve_notify
from services.status.core import evolve as evolve_status
from services.status.lights import light
from services.status.row import TaskRow
from services.status.row import TrackedTask as Shown

FILES = Path(__file__).with_name("fixtures") / "folds"

LEDGER = load_ledger(FILES / "ledger.toml")

AHEAD = 6
"""Events of the clock that are compared for each task: a recurring deadline has them without end."""

LATER = [timedelta(days=days) for days in (0, 10, 25, 100, 400)]
"""After the last event: the instants at which lights are compared."""

SINCE = ("section", "due_day")
"""Members of a row that the earlier version did not write."""

TYPES_SINCE = {"duban.alert.acknowledged.v1", "duban.deadline.clarified.v2", "duban.task.assigned.v2", *OPERATIONS}
"""Types that the earlier version did not have."""

R = TypeVar("R")


def test_a_log_has_the_same_bytes() -> None:
    """Every submission has the same outcome, but for the words of its detail, and the log the same bytes."""
    log, outcomes = decided()
    assert log == _lines("log.ndjson")
    assert outcomes == [_outcome(json.loads(line)["outcome"]) for line in _lines("submissions.ndjson")]


def test_ingest_folds_the_same_tasks() -> None:
    """What ingest decides on, and what its clock adds next, is the same for each task and after each event."""
    assert ingest_tasks() == json.loads((FILES / "ingest.json").read_bytes())


def test_status_folds_the_same_rows() -> None:
    """The bytes of each row are the same after each event, and so are its lights later on."""
    assert status_rows() == json.loads((FILES / "status.json").read_bytes())


def test_notify_raises_the_same_alerts() -> None:
    """The bytes of each alert are the same."""
    assert alerts() == _lines("alerts.ndjson")


def test_the_log_has_every_type_of_event_and_outcome() -> None:
    """The recorded log covers the earlier version's language: its types, kinds of deadlines, and most refusals."""
    events = [entry.event for entry in recorded()]
    assert set(LANGUAGE.types) - {event.type for event in events} == TYPES_SINCE
    kinds = {event.data.deadline.__class__ for event in events if hasattr(event.data, "deadline")}
    assert len(kinds) == 7
    outcomes = [json.loads(line)["outcome"] for line in _lines("submissions.ndjson")]
    assert len({outcome.get("code") for outcome in outcomes}) >= 10


def decided() -> tuple[list[bytes], list[Any]]:
    """Return the log and the outcomes of the submissions, decided one by one."""
    tasks: dict[str, Task] = {}
    known: Ids = {}
    cited: dict[tuple[str, str], Event] = {}
    log: list[bytes] = []
    outcomes = []
    for line in _lines("submissions.ndjson"):
        given = json.loads(line)
        now = datetime.fromisoformat(given["now"])
        draft = Draft("folds", LEDGER, Base(tasks, len(log), now, known, cited))
        for subject in sorted(tasks):
            draft.add_clock_events(subject)
        outcome = draft.decide(submission(given["raw"].encode(), given["by"]))
        outcomes.append(_outcome(json.loads(msgspec.json.encode(outcome))))
        log += [entry.raw for entry in draft.entries]
        known |= draft.ids
        cited |= {id: event for id in draft.ids if (event := draft.additions.event(id)) is not None}
        tasks |= {name: change.row for name, change in draft.changes.items()}
    return log, outcomes


def _outcome(outcome: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in outcome.items() if name != "detail"}


def ingest_tasks() -> dict[str, Any]:
    """Return what ingest knows of each task at the end, and the hashes of what it knew on the way."""
    tasks, steps = folded(partial(evolve_ingest, LEDGER), lambda task: msgspec.json.encode(known_of(task)))
    return {"tasks": {name: _plain(known_of(task) | ahead(name, task)) for name, task in tasks.items()}, "steps": steps}


def known_of(task: Task) -> dict[str, Any]:
    """Return what ingest knows of a task, by the names of the recorded files."""
    return {
        "lead": task.lead,
        "units": task.units,
        "deadline": task.term.deadline,
        "since": task.term.since,
        "assigned": task.assigned,
        "closed": task.closed,
        "submitted": task.submitted,
        "request": task.term.request,
        "passed": task.term.passed,
        "reported": task.reported,
        "met": task.term.met,
        "postponed": task.term.postponed,
        "fired": task.fired,
    }


def ahead(name: str, task: Task) -> dict[str, Any]:
    """Return the due instant that lies ahead at the end, and the clock's next events."""
    events = itertools.islice(clock_events(name, task, LEDGER), AHEAD)
    return {"ahead": task.term.due_ahead(end(), LEDGER.zone), "clock": [encode(event).decode() for event in events]}


def status_rows() -> dict[str, Any]:
    """Return the rows at the end with their lights as time goes on, and the hashes of the rows on the way."""
    tasks, steps = folded(partial(evolve_status, LEDGER), lambda task: earlier(task.row))
    return {
        "rows": {name: earlier(task.row).decode() for name, task in tasks.items()},
        "lights": {name: lights(task) for name, task in tasks.items()},
        "steps": steps,
    }


def earlier(row: TaskRow) -> bytes:
    """Return a row's bytes as the earlier version wrote them; every member that it had keeps its bytes and place."""
    members = msgspec.json.decode(msgspec.json.encode(row), type=dict[str, msgspec.Raw])
    for name in SINCE:
        del members[name]
    return msgspec.json.encode(members)


def lights(task: Shown) -> list[list[str]]:
    """Return a task's lights as time goes on."""
    return [list(light(task, LEDGER.lights, end() + later)) for later in LATER]


def alerts() -> list[bytes]:
    """Return the alerts of the log, as they are announced."""
    tasks: dict[str, Any] = {}
    found = []
    for entry in recorded():
        before = tasks.get(entry.event.subject)
        task = evolve_notify(LEDGER, before, entry)
        assert task is not None
        tasks[entry.event.subject] = task
        found += [msgspec.json.encode(alert) for alert in alerts_for(LEDGER, before, task, entry)]
    return found


def folded(
    evolve: Callable[[R | None, Recorded], R | None], encoded: Callable[[R], bytes]
) -> tuple[Mapping[str, R], str]:
    """Return the tasks at the end, and a short hash of the task that each event changed, in the order of the log."""
    tasks: dict[str, R] = {}
    steps = []
    for entry in recorded():
        task = evolve(tasks.get(entry.event.subject), entry)
        assert task is not None
        tasks[entry.event.subject] = task
        steps.append(hashlib.blake2b(encoded(task), digest_size=4).hexdigest())
    return tasks, " ".join(steps)


@cache
def recorded() -> list[Recorded]:
    """Return the events of the recorded log."""
    return [Recorded(position, read(raw)) for position, raw in enumerate(_lines("log.ndjson"), 1)]


def end() -> datetime:
    """Return when the last event was recorded."""
    instant = recorded()[-1].event.recorded
    assert instant is not None
    return instant


def _lines(name: str) -> list[bytes]:
    return (FILES / name).read_bytes().splitlines()


def _plain(value: Any) -> Any:
    return json.loads(msgspec.json.encode(value))
