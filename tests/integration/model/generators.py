"""Generated submissions: most fit the source's role and the state of the tasks, some have to be refused."""

from datetime import UTC, date, timedelta
from typing import Any

from tests.integration.model import flaws
from tests.integration.model.draws import NOBODY, Data, Draws
from tests.integration.model.dues import instant
from tests.integration.model.payloads import ASSIGNER, REPORTER, assigned
from tests.integration.model.submission import Submission, written
from tests.integration.model.task import Task

MOST_TASKS = 3
"""So that each of them gets to live."""

LASTING = (timedelta(days=3), timedelta(days=7), timedelta(days=14), timedelta(days=14, seconds=1), timedelta(0))
"""How long an acknowledgement lasts; one of more than 14 days, or none, is refused."""

AHEAD = timedelta(minutes=5)
"""How far a source's clock may run ahead."""


def any_submission(draws: Draws, source: str) -> Submission:
    """Draw the next submission of a source."""
    role = draws.book.directory.role(source)
    if role not in {"assigner", "reporter"}:
        role = draws.one_of("reporter", "assigner")
    wrong = draws.seldom()
    if wrong and draws.seldom(4):
        role = "assigner" if role == "reporter" else "reporter"
    event = _assigner_event(draws, source) if role == "assigner" else _reporter_event(draws, source)
    return _spoiled(draws, event) if wrong else written(event, spaced=draws.seldom(10))


def acknowledgement(draws: Draws, source: str) -> Submission:
    """Draw that somebody takes on an alert, or what else notify must not send; from another source, it is refused."""
    task = _task(draws, list(draws.book.tasks.values()), closed=4)
    if draws.seldom(6):
        name = draws.one_of("task.urged", "task.closed")
        return written(_event(draws, source, name, task.id, ASSIGNER[name](draws, task)))
    event = _event(draws, source, "alert.acknowledged", task.id, {})
    until = instant(event["time"]) + draws.one_of(*LASTING)
    data = {"alert": f"a-{draws.one_of(1, 2, 3)}", "by": "李明", "word": "已联系，周五前报", "until": until.isoformat()}
    event |= {"source": f"{source}/{draws.one_of('link', 'session/office')}", "data": data}
    return written(event)


def assignment(draws: Draws, source: str) -> Submission:
    """Draw the assignment of another task."""
    return written(_event(draws, source, "task.assigned", f"t{len(draws.book.tasks) + 1}", assigned(draws)))


def last_word(draws: Draws, source: str) -> Submission:
    """Draw what a unit that is to end, if one has a task, still has to tell."""
    task, ending = _with_units_that_end(draws)
    name = draws.one_of("progress.reported", "task.signed", "completion.submitted")
    return written(_event(draws, source, name, task.id, REPORTER[name](draws, task, draws.one_of(*ending))))


def reassignment(draws: Draws, source: str) -> Submission:
    """Draw that a task is handed on, one with units that end if there is one."""
    task, _ = _with_units_that_end(draws)
    event = _event(draws, source, "task.reassigned", task.id, ASSIGNER["task.reassigned"](draws, task))
    time = draws.book.now - draws.one_of(timedelta(0), timedelta(days=3))  # units end by the day on which it happened
    return written(event | {"time": time.isoformat()})


def _with_units_that_end(draws: Draws) -> tuple[Task, list[str]]:
    directory, tasks = draws.book.directory, list(draws.book.tasks.values())
    ending = {task.id: [unit for unit in task.parts if directory.successor(unit, date.max)] for task in tasks}
    task = draws.one_of(*([task for task in tasks if ending[task.id]] or tasks))
    return task, ending[task.id] or list(task.parts)


def _assigner_event(draws: Draws, source: str) -> dict[str, Any]:
    tasks = draws.book.tasks
    if not tasks or (len(tasks) < MOST_TASKS and draws.seldom(4)):
        return _event(draws, source, "task.assigned", f"t{len(tasks) + 1}", assigned(draws))
    waiting = [task for task in tasks.values() if task.request is not None or _submitted(task)]
    task = _task(draws, waiting if waiting and not draws.seldom(2) else list(tasks.values()), closed=2)
    if task.state == "closed":
        fitting = ["task.reopened"]
    else:
        fitting = ["completion.returned"] * 3 * _submitted(task)
        fitting += ["extension.granted", "extension.granted", "extension.refused"] * (task.request is not None)
    if not fitting or draws.seldom(3):
        fitting += ["task.urged", "deadline.clarified", "task.reassigned"]
        fitting += ["task.closed"] if draws.seldom(3) else []
    name = draws.one_of(*(ASSIGNER if draws.seldom(16) else fitting))
    return _event(draws, source, name, task.id, ASSIGNER[name](draws, task))


def _reporter_event(draws: Draws, source: str) -> dict[str, Any]:
    book = draws.book
    speaks = {
        id: [unit for unit in task.duties if book.directory.speaks(source, unit)] for id, task in book.tasks.items()
    }
    spoken = [task for task in book.tasks.values() if speaks[task.id]]
    if not spoken:
        return _event(draws, source, "task.signed", "t1", {"unit": "市残联"})
    task = _task(draws, spoken, closed=12)
    unit = draws.one_of(*speaks[task.id])
    fitting = ["progress.reported"] * 4 + ["completion.submitted"]
    if task.parts[unit].signed_at is None:
        fitting += ["task.signed"] * 2
    if task.reports:
        fitting += ["progress.corrected"]
    if task.term.ahead(book.now) is not None and task.request is None:
        fitting += ["extension.requested"] * 3
    name = draws.one_of(*(REPORTER if draws.seldom(12) else fitting))
    if draws.seldom(12):
        unit = draws.one_of(*sorted(book.directory.units), *book.directory.groups, NOBODY)
    event = _event(draws, source, name, task.id, REPORTER[name](draws, task, unit))
    wrote = [report.source for report in task.reports if event["data"].get("report") in report.ids]
    return event | {"source": wrote[0]} if wrote and book.directory.owns(source, wrote[0]) else event


def _submitted(task: Task) -> bool:
    return any(part.state == "submitted" for part in task.parts.values())


def _task(draws: Draws, tasks: list[Task], closed: int) -> Task:
    """Draw a task, an open one but once in `closed` times."""
    still = [task for task in tasks if task.state != "closed"]
    return draws.one_of(*(tasks if not still or draws.seldom(closed) else still))


def _event(draws: Draws, source: str, name: str, subject: str, data: Data) -> dict[str, Any]:
    time = draws.book.now
    if draws.seldom(4):
        time += draws.one_of(-timedelta(hours=1), AHEAD, -timedelta(days=3), -timedelta(days=40))
    taken = [id for other, id in draws.book.accepted if not draws.book.directory.owns(source, other)]
    event = {
        "specversion": "1.0",
        "id": draws.one_of(*taken) if taken and draws.seldom(12) else draws.book.next_id(),
        "source": f"{source}/system-1" if draws.seldom() else source,
        "type": f"duban.{name}.v1",
        "subject": subject,
        "time": time.astimezone(UTC if draws.seldom() else draws.book.directory.zone).isoformat(),
    }
    if not draws.seldom():
        event["datacontenttype"] = "application/json"
    if draws.seldom():
        event["traceparent"] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    return event | {"data": data}


def _spoiled(draws: Draws, event: dict[str, Any]) -> Submission:
    """Draw what is wrong with an event."""
    match draws.one_of(
        "subject", "time", "source", "clock", "data", "member", "envelope", "type", "bytes", "twice", "large"
    ):
        case "subject":
            taken = draws.one_of("nowhere", *draws.book.tasks)
            return written(event | {"subject": taken})
        case "time":
            ahead = draws.book.now + AHEAD + draws.one_of(timedelta(seconds=1), timedelta(days=400))
            return written(event | {"time": ahead.isoformat()})
        case "source":
            return written(
                event | {"source": draws.one_of("duban", "duban/clock", "office2", "officer/x", "/office", "x")}
            )
        case "clock":
            due = {"due": draws.instant()}
            if draws.seldom(2):
                return written(event | {"type": "duban.deadline.passed.v1", "data": due})
            return written(event | {"type": "duban.deadline.neared.v1", "data": due | {"days_left": 7}})
        case "data":
            data = flaws.DATA[draws.one_of(*flaws.DATA)](event["data"])
            return written(event | {"data": data}, flaw="invalid-data")
        case "member":
            members = [name for name in flaws.MEMBERS if name in event["data"]]
            if not members:
                return written(event | {"data": []}, flaw="invalid-data")
            name = draws.one_of(*members)
            wrong = flaws.MEMBERS[name][draws.one_of(*flaws.MEMBERS[name])]
            return written(event | {"data": event["data"] | {name: wrong}}, flaw="invalid-data")
        case "envelope":
            return written(flaws.ENVELOPE[draws.one_of(*flaws.ENVELOPE)](event), flaw="malformed")
        case "type":
            return written(flaws.TYPES[draws.one_of(*flaws.TYPES)](event), flaw="unknown-type")
        case "bytes":
            return flaws.broken(event, draws.one_of(*flaws.BROKEN))
        case "twice":
            return flaws.doubled(event)
        case _:
            return flaws.enlarged(event)


def repeated(draws: Draws, submission: Submission) -> Submission:
    """Draw a submission once more: the same bytes, mostly, or others with the same source and id."""
    if submission.event is None or not draws.seldom(3):
        return submission
    event = submission.event
    if draws.seldom(2):
        return written(event, spaced=b": " not in submission.raw)
    return written(event | {"time": draws.book.now.isoformat()})
