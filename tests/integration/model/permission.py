"""Whether an event may happen, by the model: all codes with which it may be refused, none if it is accepted."""

from datetime import datetime, timedelta
from typing import Any

from tests.integration.model.directory import Directory
from tests.integration.model.dues import instant
from tests.integration.model.task import Task

ROLES = {
    "duban.task.assigned.v1": "assigner",
    "duban.task.signed.v1": "reporter",
    "duban.progress.reported.v1": "reporter",
    "duban.progress.corrected.v1": "reporter",
    "duban.completion.submitted.v1": "reporter",
    "duban.completion.returned.v1": "assigner",
    "duban.task.closed.v1": "assigner",
    "duban.task.reopened.v1": "assigner",
    "duban.task.reassigned.v1": "assigner",
    "duban.task.urged.v1": "assigner",
    "duban.extension.requested.v1": "reporter",
    "duban.extension.granted.v1": "assigner",
    "duban.extension.refused.v1": "assigner",
    "duban.deadline.clarified.v1": "assigner",
    "duban.alert.acknowledged.v1": "notify",
    "duban.deadline.neared.v1": "the ledger's clock",
    "duban.deadline.passed.v1": "the ledger's clock",
}
"""Who may send what: the table of DESIGN 1.3."""

AHEAD = timedelta(minutes=5)


def objections(directory: Directory, task: Task | None, event: dict[str, Any], by: str, now: datetime) -> set[str]:
    """Return every code that fits; which of them is told, where several do, the contract leaves open."""
    found: set[str] = set()
    if directory.role(by) != ROLES[event["type"]]:
        found.add("not-permitted")
    if instant(event["time"]) > now + AHEAD:
        found.add("from-the-future")
    if event["type"] == "duban.task.assigned.v1":
        return found | ({"task-exists"} if task is not None else set())
    if task is None:
        return found | {"unknown-task"}
    if event["type"] == "duban.task.reopened.v1":
        return found | ({"not-permitted"} if task.state != "closed" else set())
    if task.state == "closed":
        found.add("task-closed")
    for unit in _named(event):
        found |= _responsibility(directory, task, unit)
        if ROLES[event["type"]] == "reporter" and not directory.speaks(by, unit):
            found.add("not-permitted")
    return found or _fitness(directory, task, event, now)


def _named(event: dict[str, Any]) -> list[str]:
    if event["type"] == "duban.task.urged.v1":
        units: list[str] = event["data"]["units"]
        return units
    return [event["data"]["unit"]] if "unit" in event["data"] else []


def _responsibility(directory: Directory, task: Task, unit: str) -> set[str]:
    name = directory.own(unit)
    if name in task.duties:
        return set()
    known = name in directory.units or name in directory.groups or name in task.unnamed
    return {"not-responsible"} if known else {"unknown-unit"}


def _fitness(directory: Directory, task: Task, event: dict[str, Any], now: datetime) -> set[str]:
    """Return what speaks against an event of an open task by who may send it, from how the task stands."""
    data = event["data"]
    match event["type"]:
        case "duban.progress.corrected.v1":
            return {"invalid-data"} if task.report_of(event, directory.own(data["unit"])) is None else set()
        case "duban.completion.returned.v1":
            submitted = task.parts[directory.own(data["unit"])].state == "submitted"
            return set() if submitted else {"not-permitted"}
        case "duban.extension.requested.v1":
            due = task.term.ahead(now)
            if task.request is not None or due is None:
                return {"not-permitted"}
            return set() if _between(task, due, instant(data["proposed_due"])) else {"invalid-data"}
        case "duban.extension.granted.v1":
            request = task.request
            if request is None or request.id != data["request_id"] or request.asked is None:
                return {"invalid-data"}
            due = instant(data["due"]) if "due" in data else request.proposed
            return set() if _between(task, request.asked, due) else {"invalid-data"}
        case "duban.extension.refused.v1":
            request = task.request
            return {"invalid-data"} if request is None or request.id != data["request_id"] else set()
        case "duban.alert.acknowledged.v1":
            lasts = instant(data["until"]) - instant(event["time"])
            return set() if timedelta(0) < lasts <= timedelta(days=14) else {"invalid-data"}
        case _:
            return set()


def _between(task: Task, asked: datetime, due: datetime) -> bool:
    """Return whether a due instant may be put off that far: later, and before the one that follows."""
    follows = task.term.follows(asked)
    return asked < due and (follows is None or due < follows)
