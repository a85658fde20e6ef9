"""What changed between two boards, and which events changed it. Pure."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from events.difference import members
from events.entries import Recorded
from services.status.row import TaskRow

UNTOLD = frozenset({"position", "light_reason", "last_report_at", "due_day"})
"""Members that change with others, and say nothing of their own."""


class MemberChange(NamedTuple):
    """A member of a row, or of a `unit`'s part in it, that differs: as it was, as it is.

    A part that came or went has no member.
    """

    member: str
    before: Any
    after: Any
    unit: str = ""

    def as_json(self) -> dict[str, object]:
        """Return it as it is printed with --json."""
        part = f"units[{self.unit}]"
        named = ".".join(filter(None, (part, self.member))) if self.unit else self.member
        return {"member": named, "before": self.before, "after": self.after}


class TaskChange(NamedTuple):
    """A task that changed, by events or by time alone; `new` if the earlier board does not have it."""

    task: str
    title: str
    new: bool
    changes: tuple[MemberChange, ...]
    events: tuple[Recorded, ...]

    def as_json(self) -> dict[str, object]:
        """Return it as it is printed with --json."""
        events = [
            {
                "position": entry.position,
                "recordedtime": entry.event.recorded,
                "authid": entry.event.authid,
                "source": entry.event.source,
                "type": entry.event.type,
                "id": entry.event.id,
            }
            for entry in self.events
        ]
        changes = [change.as_json() for change in self.changes]
        return {"task": self.task, "title": self.title, "new": self.new, "changes": changes, "events": events}


def changes_between(
    before: dict[str, TaskRow], after: dict[str, TaskRow], events: Iterable[Recorded]
) -> list[TaskChange]:
    """Return the tasks that changed, in the order of their rows, with the events on them between the two boards."""
    by_task: dict[str, list[Recorded]] = {}
    for entry in events:
        by_task.setdefault(entry.event.subject, []).append(entry)
    found = []
    for name in [*after, *(name for name in before if name not in after)]:
        old, new = before.get(name), after.get(name)
        row = new or old
        changed = tuple(_changed(old, new)) if old is not None and new is not None else ()
        if row is not None and (changed or old is None or new is None or name in by_task):
            found.append(TaskChange(name, row.title, old is None, changed, tuple(by_task.get(name, ()))))
    return found


def _changed(old: TaskRow, new: TaskRow) -> Iterator[MemberChange]:
    for member in dict.fromkeys(name.partition(".")[0] for name in members(old, new)):
        if member == "units":
            yield from _units(old, new)
        elif member not in UNTOLD:
            yield MemberChange(member, _value(old, member), _value(new, member))


def _units(old: TaskRow, new: TaskRow) -> Iterator[MemberChange]:
    """Yield what differs in each unit's part; a unit that came or went is None on one side."""
    before, after = ({part.unit: part for part in row.units} for row in (old, new))
    for unit in dict.fromkeys([*before, *after]):
        was, now = before.get(unit), after.get(unit)
        if was is None or now is None:
            yield MemberChange("", msgspec.to_builtins(was), msgspec.to_builtins(now), unit)
            continue
        for member in members(was, now):
            if member not in UNTOLD:
                yield MemberChange(member, _value(was, member), _value(now, member), unit)


def _value(row: Struct, member: str) -> Any:
    return msgspec.to_builtins(getattr(row, member))
