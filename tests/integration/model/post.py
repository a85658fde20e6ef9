"""What a source sends: mostly what fits its role and how the tasks stand, now and then what nobody may accept."""

from datetime import UTC, date, timedelta
from typing import Any

from tests.integration.model import flaws
from tests.integration.model.paper import Paper, written
from tests.integration.model.pen import NOBODY, Data, Pen
from tests.integration.model.task import Task
from tests.integration.model.verbs import ASSIGNER, REPORTER, assigned

MOST_TASKS = 3
"""So that each of them gets to live."""

AHEAD = timedelta(minutes=5)
"""How far a source's clock may run ahead."""


def letter(pen: Pen, source: str) -> Paper:
    """Draw what a source sends next."""
    role = pen.book.directory.sources[source]["role"]
    if role not in {"assigner", "reporter"}:
        role = pen.one_of("reporter", "assigner")
    wrong = pen.seldom()
    if wrong and pen.seldom(4):
        role = "assigner" if role == "reporter" else "reporter"
    event = _assigner_event(pen, source) if role == "assigner" else _reporter_event(pen, source)
    return _spoiled(pen, event) if wrong else written(event, spaced=pen.seldom(10))


def assignment(pen: Pen, source: str) -> Paper:
    """Draw the assignment of another task."""
    return written(_event(pen, source, "task.assigned", f"t{len(pen.book.tasks) + 1}", assigned(pen)))


def last_word(pen: Pen, source: str) -> Paper:
    """Draw what a unit that is to end, if one has a task, still has to tell."""
    task, ending = _with_units_that_end(pen)
    name = pen.one_of("progress.reported", "task.signed", "completion.submitted")
    return written(_event(pen, source, name, task.id, REPORTER[name](pen, task, pen.one_of(*ending))))


def reassignment(pen: Pen, source: str) -> Paper:
    """Draw that a task is handed on, one with units that end if there is one."""
    task, _ = _with_units_that_end(pen)
    event = _event(pen, source, "task.reassigned", task.id, ASSIGNER["task.reassigned"](pen, task))
    time = pen.book.now - pen.one_of(timedelta(0), timedelta(days=3))  # units end by the day on which it happened
    return written(event | {"time": time.isoformat()})


def _with_units_that_end(pen: Pen) -> tuple[Task, list[str]]:
    directory, tasks = pen.book.directory, list(pen.book.tasks.values())
    ending = {task.id: [unit for unit in task.parts if directory.successor(unit, date.max)] for task in tasks}
    task = pen.one_of(*([task for task in tasks if ending[task.id]] or tasks))
    return task, ending[task.id] or list(task.parts)


def _assigner_event(pen: Pen, source: str) -> dict[str, Any]:
    tasks = pen.book.tasks
    if not tasks or (len(tasks) < MOST_TASKS and pen.seldom(4)):
        return _event(pen, source, "task.assigned", f"t{len(tasks) + 1}", assigned(pen))
    waiting = [task for task in tasks.values() if task.request is not None or _submitted(task)]
    task = _task(pen, waiting if waiting and not pen.seldom(2) else list(tasks.values()), closed=2)
    if task.state == "closed":
        fitting = ["task.reopened"]
    else:
        fitting = ["completion.returned"] * 3 * _submitted(task)
        fitting += ["extension.granted", "extension.granted", "extension.refused"] * (task.request is not None)
    if not fitting or pen.seldom(3):
        fitting += ["task.urged", "deadline.clarified", "task.reassigned"]
        fitting += ["task.closed"] if pen.seldom(3) else []
    name = pen.one_of(*(ASSIGNER if pen.seldom(16) else fitting))
    return _event(pen, source, name, task.id, ASSIGNER[name](pen, task))


def _reporter_event(pen: Pen, source: str) -> dict[str, Any]:
    book = pen.book
    speaks = {
        id: [unit for unit in task.duties if book.directory.speaks(source, unit)] for id, task in book.tasks.items()
    }
    spoken = [task for task in book.tasks.values() if speaks[task.id]]
    if not spoken:
        return _event(pen, source, "task.signed", "t1", {"unit": "市残联"})
    task = _task(pen, spoken, closed=12)
    unit = pen.one_of(*speaks[task.id])
    fitting = ["progress.reported"] * 4 + ["completion.submitted"]
    if task.parts[unit].signed_at is None:
        fitting += ["task.signed"] * 2
    if task.reports:
        fitting += ["progress.corrected"]
    if task.term.ahead(book.now) is not None and task.request is None:
        fitting += ["extension.requested"] * 3
    name = pen.one_of(*(REPORTER if pen.seldom(12) else fitting))
    if pen.seldom(12):
        unit = pen.one_of(*sorted(book.directory.units), *book.directory.groups, NOBODY)
    event = _event(pen, source, name, task.id, REPORTER[name](pen, task, unit))
    wrote = [report.source for report in task.reports if event["data"].get("report") in report.ids]
    return event | {"source": wrote[0]} if wrote and book.directory.owns(source, wrote[0]) else event


def _submitted(task: Task) -> bool:
    return any(part.state == "submitted" for part in task.parts.values())


def _task(pen: Pen, tasks: list[Task], closed: int) -> Task:
    """Draw a task, an open one but once in `closed` times."""
    still = [task for task in tasks if task.state != "closed"]
    return pen.one_of(*(tasks if not still or pen.seldom(closed) else still))


def _event(pen: Pen, source: str, name: str, subject: str, data: Data) -> dict[str, Any]:
    time = pen.book.now
    if pen.seldom(4):
        time += pen.one_of(-timedelta(hours=1), AHEAD, -timedelta(days=3), -timedelta(days=40))
    taken = [id for other, id in pen.book.accepted if not pen.book.directory.owns(source, other)]
    event = {
        "specversion": "1.0",
        "id": pen.one_of(*taken) if taken and pen.seldom(12) else pen.book.next_id(),
        "source": f"{source}/system-1" if pen.seldom() else source,
        "type": f"duban.{name}.v1",
        "subject": subject,
        "time": time.astimezone(UTC if pen.seldom() else pen.book.directory.zone).isoformat(),
    }
    if not pen.seldom():
        event["datacontenttype"] = "application/json"
    if pen.seldom():
        event["traceparent"] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    return event | {"data": data}


def _spoiled(pen: Pen, event: dict[str, Any]) -> Paper:
    """Draw what is wrong with an event."""
    match pen.one_of(
        "subject", "time", "source", "clock", "data", "member", "envelope", "type", "bytes", "twice", "large"
    ):
        case "subject":
            taken = pen.one_of("nowhere", *pen.book.tasks)
            return written(event | {"subject": taken})
        case "time":
            ahead = pen.book.now + AHEAD + pen.one_of(timedelta(seconds=1), timedelta(days=400))
            return written(event | {"time": ahead.isoformat()})
        case "source":
            return written(
                event | {"source": pen.one_of("duban", "duban/clock", "office2", "officer/x", "/office", "x")}
            )
        case "clock":
            due = {"due": pen.instant()}
            if pen.seldom(2):
                return written(event | {"type": "duban.deadline.passed.v1", "data": due})
            return written(event | {"type": "duban.deadline.neared.v1", "data": due | {"days_left": 7}})
        case "data":
            data = flaws.DATA[pen.one_of(*flaws.DATA)](event["data"])
            return written(event | {"data": data}, flaw="invalid-data")
        case "member":
            members = [name for name in flaws.MEMBERS if name in event["data"]]
            if not members:
                return written(event | {"data": []}, flaw="invalid-data")
            name = pen.one_of(*members)
            wrong = flaws.MEMBERS[name][pen.one_of(*flaws.MEMBERS[name])]
            return written(event | {"data": event["data"] | {name: wrong}}, flaw="invalid-data")
        case "envelope":
            return written(flaws.ENVELOPE[pen.one_of(*flaws.ENVELOPE)](event), flaw="malformed")
        case "type":
            return written(flaws.TYPES[pen.one_of(*flaws.TYPES)](event), flaw="unknown-type")
        case "bytes":
            return flaws.broken(event, pen.one_of(*flaws.BROKEN))
        case "twice":
            return flaws.doubled(event)
        case _:
            return flaws.enlarged(event)


def repeated(pen: Pen, paper: Paper) -> Paper:
    """Draw a paper once more: the same bytes, mostly, or others with the same source and id."""
    if paper.event is None or not pen.seldom(3):
        return paper
    event = paper.event
    if pen.seldom(2):
        return written(event, spaced=b": " not in paper.raw)
    return written(event | {"time": pen.book.now.isoformat()})
