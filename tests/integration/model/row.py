"""A task row of DESIGN 1.7, by the model, and how rows are compared."""

from datetime import datetime, timedelta
from typing import Any

from tests.integration.model.dues import ZONE
from tests.integration.model.lights import light
from tests.integration.model.task import Task


def row(task: Task, now: datetime) -> dict[str, Any]:
    """Return the row of a task at an instant."""
    due = task.due(now)
    lamp, why = light(task, now)
    return {
        "task": task.id,
        "title": task.title,
        "plan": task.plan,
        "section": None,
        "row": task.number,
        "lead": task.lead,
        "lead_inferred": task.lead_inferred,
        "units": [part.row(unit) for unit, part in task.parts.items()],
        "deadline": task.term.deadline,
        "due": due.isoformat() if due is not None else None,
        "due_day": str((due.astimezone(ZONE) - timedelta(seconds=1)).date()) if due is not None else None,
        "state": task.state,
        "percent": task.percent,
        "light": lamp,
        "light_reason": why,
        "overdue_since": task.overdue.isoformat() if task.overdue is not None else None,
        "opened_at": task.opened_at,
        "closed_at": task.closed_at,
        "outcome": task.outcome,
        "extensions": task.extensions,
        "returns": task.returns,
        "last_report_at": task.last_report_at,
        "position": task.position,
    }


def differences(rows: dict[str, Any], shown: dict[str, Any]) -> dict[str, Any]:
    """Return what is shown otherwise than it should be: of each task, the members with both values."""
    return {
        f"{task} {name}": (f"should be {row.get(name)}", f"is {other.get(name)}")
        for task in rows.keys() | shown.keys()
        for row, other in [(rows.get(task, {}), shown.get(task, {}))]
        for name in row.keys() | other.keys()
        if name not in row or name not in other or row[name] != other[name]
    }


def plain(value: Any) -> Any:
    """Return JSON with its instants as such, so that those are equal which are written with different offsets."""
    if isinstance(value, dict):
        return {name: plain(member) for name, member in value.items()}
    if isinstance(value, list):
        return [plain(member) for member in value]
    if isinstance(value, str):
        try:
            return datetime.fromisoformat(value) if "T" in value else value
        except ValueError:
            return value
    return value
