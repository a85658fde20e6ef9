"""A batch being decided: what it will append, what it answers, and how tasks will stand. Pure.

Streams its notes go to, beside the log:

    duban:{L}:receipts:<source>  stream  e: outcome, inbox: entry id              written by append.lua

What is refused goes to the streams that refusals.py reads.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from types import MappingProxyType
from typing import TypeAlias

import msgspec
from msgspec import Struct

from events.entries import Entry, Gap, Known, Notes, Recorded, Refusals, Refused, digest, mark
from events.envelope import Event, InvalidEvent, additions, encode, parse, read
from events.keys import key
from events.ledger import CLOCK, Ledger
from events.rules import Change
from events.schema import ProgressCorrected
from events.text import printed
from services.common.limits import REFUSED_BYTES
from services.ingest.core import Outcome, Refusal, authentic, decide
from services.ingest.task import Task, advance
from services.ingest.timers import clock_events, same_timing

RECEIPTS_KEPT = 100_000
"""Receipts a source can still read; sending an event again tells its outcome at any time."""

LARGEST_REFUSED = 1024 * 1024
"""Bytes of the largest refused submission that is kept whole: seventeen times the largest event."""

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
"""Of UTF-8 (RFC 8259, 8.1: it may be ignored); it is not part of what is stored."""

Ids: TypeAlias = dict[tuple[str, str], Known]
"""Where a source and id already is."""

_encoder = msgspec.json.Encoder()


class Submission(Struct, frozen=True, gc=False):
    """Bytes from an authenticated source; `event` is what they say, or why they say nothing.

    `is_head` where they are the head of a request whose body was not read.
    """

    raw: bytes
    authid: str
    event: Event | InvalidEvent
    inbox: str | None = None
    entry: str | None = None
    is_head: bool = False


def submission(raw: bytes, authid: str, inbox: str | None = None, entry: str | None = None) -> Submission:
    """Return what a door makes of the bytes of an authenticated source."""
    raw = raw.strip(b" \t\r\n").removeprefix(BYTE_ORDER_MARK)
    event: Event | InvalidEvent
    try:
        event = parse(raw)
    except InvalidEvent as error:
        event = error
    return Submission(raw, authid, event, inbox, entry)


def recorded(now: datetime) -> str:
    """Return the ledger's instant, UTC, as it is written."""
    return now.isoformat().replace("+00:00", "Z")


def gap(ledger: str, inbox: str, authid: str, at: str) -> Gap:
    """Return the refusal and the receipt of inbox entries that were removed before they were read."""
    detail = (
        "{count} entries of the inbox after {after} and up to {before} were removed before they were read; "
        "add their events again"
    )
    outcome = _encoder.encode(Outcome(authid, None, "refused", code="malformed", detail=detail)).decode()
    return Gap(
        key(ledger, "receipts", authid),
        ("e", outcome, "by", authid, "at", at, "door", inbox),
        ("e", outcome, "inbox", "{after}..{before}"),
    )


class Base(Struct, frozen=True):
    """What a batch is decided on: the tasks of the log, and what the log knows of its submissions.

    `cited` are the events that its corrections name. `mark` is that of the event at the tail, as another server may
    have another one there after a failover.
    """

    tasks: Mapping[str, Task]
    tail: int
    now: datetime
    known: Ids
    cited: Mapping[tuple[str, str], Event] = MappingProxyType({})
    mark: str = ""


class Draft:
    """The batch so far; what it is decided on stays untouched.

    `changes` are the last of each task. `retimed` are the tasks of which the clock has something else to say now.
    `ahead` is the draft that is being appended meanwhile, None once the log has it: this one holds only if that does.
    `doubtful` it is where a submission was refused that may be a duplicate, if the log was not asked for it.
    `replicas` have it on disk once it is appended, None where that is not asked.
    """

    def __init__(
        self, name: str, ledger: Ledger, base: Base, ahead: "Draft | None" = None, refused_bytes: int = REFUSED_BYTES
    ) -> None:
        self.base = base
        self.ahead = ahead
        self.ids: Ids = {}
        self.entries: list[Entry] = []
        self.changes: dict[str, Change[Task]] = {}
        self.retimed: set[str] = set()
        self.doubtful = False
        self.replicas: int | None = None
        self._name = name
        self._ledger = ledger
        self._recorded = recorded(base.now)
        offset = base.now.astimezone(ledger.zone).utcoffset() or timedelta()
        self._now = base.now.astimezone(timezone(offset))  # in the offset of most sources: compared twice as fast
        self._additions: dict[str, bytes] = {}
        self._receipts: dict[str, Notes] = {}
        self._refused = Refusals([], refused_bytes)

    @property
    def tail(self) -> int:
        """The position of its last event."""
        return self.base.tail + len(self.entries)

    @property
    def notes(self) -> list[Notes]:
        """What is noted beside the log."""
        return list(self._receipts.values())

    @property
    def refusals(self) -> Refusals | None:
        """What was refused, None if nothing was."""
        return self._refused if self._refused.entries else None

    @property
    def mark(self) -> str:
        """The mark of its last event."""
        return mark(self.entries[-1].raw) if self.entries else self.base.mark

    def task(self, subject: str) -> Task | None:
        """Return a task as it will stand."""
        change = self.changes.get(subject)
        if change is not None:
            return change.row
        return self.ahead.task(subject) if self.ahead is not None else self.base.tasks.get(subject)

    def event(self, id: tuple[str, str]) -> Event | None:
        """Return an event of this batch by its source and id."""
        known = self.ids.get(id)
        return read(self.entries[known.position - self.base.tail - 1].raw) if known is not None else None

    def say(self, subject: str) -> datetime | None:
        """Add what the clock has to say of a task by now; return when it will have more to say."""
        task = self.task(subject)
        for event in clock_events(subject, task, self._ledger) if task is not None else ():
            if event.time > self.base.now:
                return event.time
            raw = encode(event)
            self._add(self.task(subject), self._ledger.own_event(event), raw, CLOCK, digest(raw))
        return None

    def outcome(self, one: Submission) -> Outcome:
        """Decide a submission and take it in: as an event, or as a refusal."""
        event = one.event
        if isinstance(event, InvalidEvent):
            outcome = Outcome(event.source, event.id, "refused", code=event.code, detail=printed(event.detail))
        else:
            outcome = self._decide(one, event)
        if outcome.outcome == "refused":
            self._keep_refused(one, outcome)
        if one.entry is not None:
            notes = self._receipts.get(one.authid)
            if notes is None:
                notes = self._receipts[one.authid] = Notes(key(self._name, "receipts", one.authid), [], RECEIPTS_KEPT)
            notes.entries.append(("e", _encoder.encode(outcome).decode(), "inbox", one.entry))
        return outcome

    def gap(self, inbox: str, authid: str) -> Gap:
        """Return the refusal and the receipt of inbox entries that were removed before they were read."""
        return gap(self._name, inbox, authid, self._recorded)

    def _decide(self, one: Submission, event: Event) -> Outcome:
        refusal = authentic(event, one.authid)
        if refusal is None:
            fingerprint = digest(one.raw)
            id = (event.source, event.id)
            earlier = self.base.known.get(id) or self.ids.get(id)
            if earlier is None:
                source = self._ledger.sources.get(one.authid)
                task, own = self.task(event.subject), self._ledger.own_event(event)
                cited = self._cited(event) if isinstance(event.data, ProgressCorrected) else None
                refusal = decide(task, own, one.authid, source, self._ledger, self._now, cited)
                if refusal is None:
                    position = self._add(task, own, one.raw, one.authid, fingerprint)
                    return Outcome(event.source, event.id, "accepted", position)
                self.doubtful = True
            elif earlier.digest == fingerprint:
                return Outcome(event.source, event.id, "duplicate", earlier.position)
            else:
                refusal = Refusal("id-reused", f"position {earlier.position} has this source and id with other bytes")
        return Outcome(event.source, event.id, "refused", code=refusal.code, detail=printed(refusal.detail))

    def _cited(self, event: Event) -> Event | None:
        """Return the event that a correction names, as the ledger has it: of this batch, the one ahead, or the log."""
        assert isinstance(event.data, ProgressCorrected)
        id = (event.source, event.data.report)
        ahead = self.ahead.event(id) if self.ahead is not None else None
        cited = self.event(id) or ahead or self.base.cited.get(id)
        return self._ledger.own_event(cited) if cited is not None else None

    def _add(self, task: Task | None, event: Event, raw: bytes, authid: str, fingerprint: str) -> int:
        """Add an event, given as the ledger has it and as its bytes; return its position."""
        subject = event.subject
        added = self._additions.get(authid)
        if added is None:
            added = self._additions[authid] = additions(self._recorded, authid)
        self.entries.append(Entry(event.source, event.id, fingerprint, raw[:-1] + added))
        position = self.tail
        self.ids[event.source, event.id] = Known(position, fingerprint)
        sealed = Event(event.id, event.source, subject, event.time, event.data, self.base.now, authid)
        after = advance(self._ledger, task, Recorded(position, sealed))
        if after is not None:
            self.changes[subject] = Change(position, subject, after, sealed)
            if task is None or not same_timing(task, after):
                self.retimed.add(subject)
        return position

    def _keep_refused(self, one: Submission, outcome: Outcome) -> None:
        fields = ["e", _encoder.encode(outcome).decode(), "by", one.authid, "at", self._recorded]
        fields += ["door", one.inbox or "http"]
        if one.is_head:
            fields += ["head", one.raw.decode()]
        else:
            fields += ["size", str(len(one.raw)), "sha256", hashlib.sha256(one.raw).hexdigest()]
        whole = not one.is_head and len(one.raw) <= min(LARGEST_REFUSED, self._refused.most)
        self._refused.entries.append(Refused(fields, one.authid, one.raw if whole else None))
