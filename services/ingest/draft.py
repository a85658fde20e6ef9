"""The draft of a batch: the events to append, the outcomes, and the tasks after them. Pure.

Streams of its side entries, besides the log:

    duban:{L}:receipts:<source>  stream  e: outcome, inbox: entry id              written by append.lua

Refused submissions go to the streams that refusals.py reads.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from types import MappingProxyType
from typing import TypeAlias

import msgspec
from msgspec import Struct

from events.entries import Entry, Gap, Recorded, Refusals, Refused, Seen, SideEntries, digest, event_hash
from events.envelope import Event, InvalidEvent, additions, encode, parse, read
from events.keys import key
from events.ledger import CLOCK, Ledger
from events.rules import Change
from events.schema import ProgressCorrected
from events.text import printed
from services.common.limits import REFUSED_BYTES
from services.common.outcome import Outcome
from services.common.sizes import MIB
from services.ingest.core import Refusal, authentic, decide
from services.ingest.task import Task, advance
from services.ingest.timers import clock_events, same_timing

RECEIPTS_KEPT = 100_000
"""Receipts a source can still read; sending an event again returns its outcome at any time."""

LARGEST_REFUSED = MIB
"""Bytes of the largest refused submission that is kept whole: seventeen times the largest event."""

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
"""Of UTF-8 (RFC 8259, 8.1: it may be ignored); it is not part of what is stored."""

Ids: TypeAlias = dict[tuple[str, str], Seen]
"""The events of the log by source and id."""

_encoder = msgspec.json.Encoder()


class Submission(Struct, frozen=True, gc=False):
    """Bytes from an authenticated source; `event` is the event in them, or why there is none.

    `is_head` marks the head of a request whose body was not read.
    """

    raw: bytes
    authid: str
    event: Event | InvalidEvent
    inbox: str | None = None
    entry: str | None = None
    is_head: bool = False


def submission(raw: bytes, authid: str, inbox: str | None = None, entry: str | None = None) -> Submission:
    """Return the submission in the bytes of an authenticated source."""
    raw = raw.strip(b" \t\r\n").removeprefix(BYTE_ORDER_MARK)
    event: Event | InvalidEvent
    try:
        event = parse(raw)
    except InvalidEvent as error:
        event = error
    return Submission(raw, authid, event, inbox, entry)


def recorded(now: datetime) -> str:
    """Return the ledger's instant as it is stored, in UTC."""
    return now.isoformat().replace("+00:00", "Z")


def gap(ledger: str, inbox: str, authid: str, at: str) -> Gap:
    """Return the report of inbox entries that were removed before they were read."""
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
    """The state on which a batch is decided: the tasks at the log's tail, and those of its submissions that it has.

    `cited` are the events that its corrections cite. `event_hash` is that of the event at the tail, which may be
    another one after a failover.
    """

    tasks: Mapping[str, Task]
    tail: int
    now: datetime
    seen: Ids
    cited: Mapping[tuple[str, str], Event] = MappingProxyType({})
    event_hash: str = ""


class Ahead(Struct, frozen=True):
    """The events of the draft that is being appended, after position `after`, and the tasks that they change."""

    after: int
    entries: Sequence[Entry]
    ids: Mapping[tuple[str, str], Seen]
    changes: Mapping[str, Change[Task]]

    def event(self, id: tuple[str, str]) -> Event | None:
        """Return an event by its source and id."""
        seen = self.ids.get(id)
        return read(self.entries[seen.position - self.after - 1].raw) if seen is not None else None


class Draft:
    """The batch as decided so far; its base stays untouched.

    `changes` are the last of each task. `retimed` are the tasks whose clock events change. `ahead` is the draft that is
    being appended meanwhile: this one is valid only if that is appended. `maybe_duplicate` is set if a refused
    submission may be a duplicate, as the log was not asked for it.
    """

    def __init__(
        self, name: str, ledger: Ledger, base: Base, ahead: "Draft | None" = None, refused_bytes: int = REFUSED_BYTES
    ) -> None:
        self.base = base
        self.ids: Ids = {}
        self.entries: list[Entry] = []
        self.changes: dict[str, Change[Task]] = {}
        self.retimed: set[str] = set()
        self.maybe_duplicate = False
        self._name = name
        self._ledger = ledger
        self._ahead = ahead.additions if ahead is not None else Ahead(base.tail, (), {}, {})
        self._recorded = recorded(base.now)
        offset = base.now.astimezone(ledger.zone).utcoffset() or timedelta()
        self._now = base.now.astimezone(timezone(offset))  # in the offset of most sources: compared twice as fast
        self._additions: dict[str, bytes] = {}
        self._receipts: dict[str, SideEntries] = {}
        self._refused = Refusals([], refused_bytes)

    @property
    def tail(self) -> int:
        """The position of its last event."""
        return self.base.tail + len(self.entries)

    @property
    def additions(self) -> Ahead:
        """The events and changes of this draft alone, for the next one: drafts must not keep all before them alive."""
        return Ahead(self.base.tail, self.entries, self.ids, self.changes)

    @property
    def side_entries(self) -> list[SideEntries]:
        """The receipts."""
        return list(self._receipts.values())

    @property
    def refusals(self) -> Refusals | None:
        """The refused submissions, None if there are none."""
        return self._refused if self._refused.entries else None

    @property
    def event_hash(self) -> str:
        """The hash of its last event."""
        return event_hash(self.entries[-1].raw) if self.entries else self.base.event_hash

    def task(self, subject: str) -> Task | None:
        """Return a task as it is after this draft."""
        change = self.changes.get(subject)
        if change is None:
            change = self._ahead.changes.get(subject)
        return change.row if change is not None else self.base.tasks.get(subject)

    def add_clock_events(self, subject: str) -> datetime | None:
        """Add the clock events of a task that are due; return the instant of its next one."""
        task = self.task(subject)
        for event in clock_events(subject, task, self._ledger) if task is not None else ():
            if event.time > self.base.now:
                return event.time
            raw = encode(event)
            self._add(self.task(subject), self._ledger.own_event(event), raw, CLOCK, digest(raw))
        return None

    def decide(self, one: Submission) -> Outcome:
        """Decide a submission and add it: as an event, or as a refusal."""
        event = one.event
        if isinstance(event, InvalidEvent):
            outcome = Outcome(event.source, event.id, "refused", code=event.code, detail=printed(event.detail))
        else:
            outcome = self._decide_event(one, event)
        if outcome.outcome == "refused":
            self._keep_refused(one, outcome)
        if one.entry is not None:
            receipts = self._receipts.get(one.authid)
            if receipts is None:
                receipts = SideEntries(key(self._name, "receipts", one.authid), [], RECEIPTS_KEPT)
                self._receipts[one.authid] = receipts
            receipts.entries.append(("e", _encoder.encode(outcome).decode(), "inbox", one.entry))
        return outcome

    def gap(self, inbox: str, authid: str) -> Gap:
        """Return the report of inbox entries that were removed before they were read."""
        return gap(self._name, inbox, authid, self._recorded)

    def _decide_event(self, one: Submission, event: Event) -> Outcome:
        refusal = authentic(event, one.authid)
        if refusal is None:
            fingerprint = digest(one.raw)
            id = (event.source, event.id)
            earlier = self.base.seen.get(id) or self.ids.get(id)
            if earlier is None:
                source = self._ledger.sources.get(one.authid)
                task, own = self.task(event.subject), self._ledger.own_event(event)
                cited = self._cited(event) if isinstance(event.data, ProgressCorrected) else None
                refusal = decide(task, own, one.authid, source, self._ledger, self._now, cited)
                if refusal is None:
                    position = self._add(task, own, one.raw, one.authid, fingerprint)
                    return Outcome(event.source, event.id, "accepted", position)
                self.maybe_duplicate = True
            elif earlier.digest == fingerprint:
                return Outcome(event.source, event.id, "duplicate", earlier.position)
            else:
                refusal = Refusal("id-reused", f"position {earlier.position} has this source and id with other bytes")
        return Outcome(event.source, event.id, "refused", code=refusal.code, detail=printed(refusal.detail))

    def _cited(self, event: Event) -> Event | None:
        """Return the event that a correction cites, as the ledger has it: of this draft, the one ahead, or the log."""
        assert isinstance(event.data, ProgressCorrected)
        id = (event.source, event.data.report)
        cited = self.additions.event(id) or self._ahead.event(id) or self.base.cited.get(id)
        return self._ledger.own_event(cited) if cited is not None else None

    def _add(self, task: Task | None, event: Event, raw: bytes, authid: str, fingerprint: str) -> int:
        """Add an event, given as the ledger has it and as its bytes; return its position."""
        subject = event.subject
        added = self._additions.get(authid)
        if added is None:
            added = self._additions[authid] = additions(self._recorded, authid)
        self.entries.append(Entry(event.source, event.id, fingerprint, raw[:-1] + added))
        position = self.tail
        self.ids[event.source, event.id] = Seen(position, fingerprint)
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
