"""A task's term: its deadline as it stands, what of it has passed or been met, and the next events of the clock. Pure.

A due instant *passes* when the clock records that. An occurrence of a recurring deadline is *met* when all units that
lead have reported inside its period. In all methods `reported` is the instant since which all of them have reported
(`all_reported`), `now` the recorded instant of the event in hand, and `zone` the ledger's.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import NamedTuple, assert_never

from msgspec import Struct
from msgspec.structs import replace

from events import schema
from events.deadline import Deadline, Due, Postponed, Recurring, due_at, extended, next_due, period
from events.envelope import Event


class Request(Struct, frozen=True, gc=False):
    """An open extension request: to put `due` off to `proposed`; `due` is None once the deadline has no due instant."""

    id: str
    proposed: datetime
    due: datetime | None


class Reminder(NamedTuple):
    """An event of the clock at the instant `at`: `due` nears, or passes where `days_left` is None."""

    at: datetime
    due: datetime
    days_left: int | None


class Term(Struct, frozen=True, gc=False):
    """A deadline and how it stands.

    `since` is the recorded instant of the deadline, or of the reopening after it. `passed` is the last due instant that
    passed, `met` the occurrence that the last reports met, `postponed` the next occurrence if it was extended.
    """

    deadline: Deadline
    since: datetime
    passed: datetime | None = None
    met: datetime | None = None
    postponed: Postponed | None = None
    request: Request | None = None

    def evolve(self, event: Event, reported: datetime | None, zone: tzinfo) -> "Term":
        """Return the term after an event; a report changes it by `reported` alone, which needs a unit that leads."""
        now = event.at
        match event.data:
            case schema.ExtensionRequested(proposed_due=proposed):
                return self.requested(event.id, proposed, now, zone)
            case schema.ExtensionGranted(due=due):
                return self.granted(due, now, reported, zone)
            case schema.ExtensionRefused() | schema.TaskClosed():
                return self.refused()
            case schema.DeadlineClarified(deadline=deadline):
                return self.clarified(deadline, now, reported, zone)
            case schema.DeadlinePassed(due=due):
                return self.passed_by(due)
            case schema.TaskReopened():
                return self.reopened(now)
            case (
                schema.TaskAssigned()
                | schema.TaskSigned()
                | schema.ProgressReported()
                | schema.ProgressCorrected()
                | schema.CompletionSubmitted()
                | schema.CompletionReturned()
                | schema.TaskReassigned()
                | schema.TaskUrged()
                | schema.AlertAcknowledged()
                | schema.DeadlineNeared()
                | schema.Operation()
            ):
                return self
            case _:
                assert_never(event.data)

    def reported(self, reported: datetime | None, zone: tzinfo) -> "Term":
        """Return the term after a report of a unit that leads."""
        if not isinstance(self.deadline, Recurring):
            return self
        if self.postponed is not None and self.postponed.met_by(reported):
            return replace(self, met=self.postponed.due, postponed=None)
        met = _met(self.deadline, reported, zone)
        return self if met is None else replace(self, met=met)

    def requested(self, id: str, proposed: datetime, now: datetime, zone: tzinfo) -> "Term":
        """Return the term with an open request to put off the due instant that lies ahead."""
        return replace(self, request=Request(id, proposed, self.due_ahead(now, zone)))

    def granted(self, due: datetime | None, now: datetime, reported: datetime | None, zone: tzinfo) -> "Term":
        """Return the term after an extension to `due`, or to what was proposed; an occurrence that is met stays met."""
        asked = self.request.due if self.request is not None else None
        to = due or (self.request.proposed if self.request is not None else None)
        if to is None:
            return self
        postponed = None
        if isinstance(self.deadline, Recurring) and asked is not None and to > now:
            starts = self.postponed.starts if self.postponed is not None else period(self.deadline, asked, zone)
            postponed = Postponed(starts, to)
            if self._is_met(asked, now, zone) or postponed.met_by(reported):
                postponed = None
        deadline = extended(self.deadline, asked, to)
        return replace(self, deadline=deadline, since=now, passed=None, request=None, postponed=postponed)

    def refused(self) -> "Term":
        """Return the term without an open request: it was refused, or the task was closed."""
        return replace(self, request=None)

    def clarified(self, deadline: Deadline, now: datetime, reported: datetime | None, zone: tzinfo) -> "Term":
        """Return the term with another deadline, which an open request now asks to put off."""
        request = self.request
        if request is not None:
            due = due_at(deadline, now, zone)
            request = replace(request, due=due.passes if due is not None else None)
        return Term(deadline, now, met=_met(deadline, reported, zone), request=request)

    def passed_by(self, due: datetime) -> "Term":
        """Return the term after a due instant passed."""
        return replace(self, passed=due, postponed=self._postponed_after(due))

    def reopened(self, now: datetime) -> "Term":
        """Return the term of a task that is reopened: occurrences of the time when it was closed are not owed."""
        return replace(self, since=now, postponed=self._postponed_after(now))

    def due(self, now: datetime, zone: tzinfo) -> Due | None:
        """Return the due instant that counts: the one ahead, the last if all lie behind, None if there is none."""
        if self.postponed is not None and self.postponed.due > now:
            return Due(self.postponed.due, self.postponed.due)
        return due_at(self.deadline, self._settled(now), zone)

    def due_ahead(self, now: datetime, zone: tzinfo) -> datetime | None:
        """Return the next instant at which an open task will be late, None if there is none."""
        if self.postponed is not None and self.postponed.due > now:
            return self.postponed.due
        due = next_due(self.deadline, self._settled(now), zone)
        return due.passes if due is not None else None

    def reminders(self, remind_days: tuple[int, ...], zone: tzinfo) -> Iterator[Reminder]:
        """Yield the clock's events for an open task by their due instants, without end for a recurring deadline.

        Reminders are left out that lay in the past when the deadline was recorded, the task was reopened or the due
        instant before this one passed.
        """
        after = self._elapsed()
        late = self.postponed
        due = Due(late.due, late.due) if late is not None else next_due(self.deadline, after, zone)
        while due is not None:
            current = self.since if after is None else max(self.since, after)
            after = due.passes
            passes, reminds = due.passes.astimezone(zone), due.reminds.astimezone(zone)
            for days in sorted(set(remind_days), reverse=True):
                if (at := reminds - timedelta(days=days)) >= current:
                    yield Reminder(at, reminds, days)
            yield Reminder(passes, passes, None)
            due = next_due(self.deadline, after, zone)

    def _postponed_after(self, instant: datetime) -> Postponed | None:
        return self.postponed if self.postponed is not None and self.postponed.due > instant else None

    def _settled(self, now: datetime) -> datetime:
        """Return the instant up to which no due instant lies ahead: an occurrence may be met before it is due."""
        return now if self.met is None else max(now, self.met)

    def _is_met(self, asked: datetime, now: datetime, zone: tzinfo) -> bool:
        """Return whether an occurrence was met since its extension was requested, perhaps by another lead.

        `met` is the later due instant of an occurrence that was extended when it was met, and its original one after a
        further report in its period. So it is also met if it did not pass and a later due instant counts now.
        """
        if self.met is not None and asked <= self.met:
            return True
        due = self.due(now, zone)
        return (self.passed is None or self.passed < asked) and due is not None and asked < due.passes

    def _elapsed(self) -> datetime | None:
        """Return the instant up to which the clock adds nothing; None if no due instant has passed."""
        if not isinstance(self.deadline, Recurring):
            return self.passed
        # a table that is entered late does not owe the years before, a reopened task not those when it was closed
        return max(instant for instant in (self.since, self.passed, self.met) if instant is not None)


def all_reported(leading: Sequence[str], reported: Mapping[str, datetime]) -> datetime | None:
    """Return since when all units that lead have reported, by each one's last report; None if one has not."""
    return min(reported[name] for name in leading) if all(name in reported for name in leading) else None


def _met(deadline: Deadline, reported: datetime | None, zone: tzinfo) -> datetime | None:
    """Return the occurrence in whose period a report was made, None if the deadline has none such."""
    if not isinstance(deadline, Recurring) or reported is None:
        return None
    due = next_due(deadline, reported, zone)
    return due.passes if due is not None and period(deadline, due.passes, zone) <= reported else None
