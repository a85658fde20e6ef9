"""What a proof's report states: the event, its task until then, the checkpoint, and how to check them. Pure."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from events import schema
from events.deadline import Kind, due_at, last_day
from events.entries import Recorded, Stored
from events.envelope import Event, read
from events.ledger import Ledger
from events.schema import Evidence, Unit
from events.seal.checkpoint import parse_checkpoint
from events.seal.log_proof import FIRST_LINE, LogProof
from events.seal.notes import parse_note
from events.text import Language, composed
from services.cli.proof_report.words import word
from services.ingest.task import Task, evolve

Row = tuple[str, str]
"""A label and a value."""


class TaskUntil(NamedTuple):
    """A task as of an event: its assignment, and how lead, units and deadline stand."""

    assigned: schema.TaskAssigned
    state: Task


class ReportPart(NamedTuple):
    """A part of the report: its heading and its rows."""

    heading: str
    rows: list[Row]


class ProofReport(NamedTuple):
    """A report: two titles, its parts with their columns, and the proof with its heading and the name of its file."""

    ledger: str
    title: str
    parts: list[ReportPart]
    columns: Row
    annex: str
    proof: str
    file: str
    download: str
    language: Language


class _Subject(Struct):
    subject: str


_subject = msgspec.json.Decoder(_Subject)


def task_until(ledger: Ledger, entries: Iterable[Stored], subject: str) -> TaskUntil | None:
    """Return a task after the events about it among some entries, from the first on; None if none assigns it."""
    assigned: schema.TaskAssigned | None = None
    state: Task | None = None
    for position, raw in entries:
        if composed(_subject.decode(raw).subject) == subject:
            event = read(raw)
            if isinstance(event.data, schema.TaskAssigned):
                assigned = event.data
            state = evolve(ledger, state, Recorded(position, event))
    return TaskUntil(assigned, state) if assigned is not None and state is not None else None


def report_of(proof: LogProof, ledger: Ledger, task: TaskUntil | None, language: Language) -> ProofReport:
    """Return the report of a proof that has its entry; raises InvalidEvent if that is no event."""
    raw, position = proof.extra or b"", proof.entry_index + 1
    event = read(raw)
    told = _Telling(ledger, language)
    parts = [
        ReportPart(told.word("event"), [*told.event(event, position, raw)]),
        ReportPart(told.word("log"), [*told.checkpoint(proof.checkpoint)]),
        ReportPart(told.word("check"), [*told.steps(file := f"{position}.tlog-proof")]),
    ]
    if task is not None:
        parts.insert(1, ReportPart(told.word("task"), [*told.task(task, event)]))
    return ProofReport(
        ledger.title,
        told.word("title"),
        parts,
        (told.word("item"), told.word("content")),
        f"{told.word('proof')} {file}",
        proof.encode().decode(),
        file,
        told.word("download", file=file),
        language,
    )


class _Telling:
    """Tells values in a language, instants in the ledger's zone."""

    def __init__(self, ledger: Ledger, language: Language) -> None:
        self._ledger, self._language = ledger, language

    def word(self, key: str, **values: str) -> str:
        return word(key, self._language, **values)

    def event(self, event: Event, position: int, raw: bytes) -> Iterator[Row]:
        """Yield what an entry says: by whom, when, accepted when, and each member of its data."""
        kind = event.type.rpartition(".")[0]
        yield self.word("position"), str(position)
        yield self.word("kind"), f"{self.word(kind)}（{event.type}）"
        yield self.word("task.id"), event.subject
        yield (
            self.word("reporter"),
            event.source if event.source == event.authid else f"{event.source} ({event.authid})",
        )
        yield self.word("time"), self._value(event.time)
        yield self.word("recorded"), self._value(event.recorded)
        for name in event.data.__struct_fields__:
            value = getattr(event.data, name)
            if value not in (None, (), ""):
                key = "title.task" if name == "title" else name
                yield self.word(key), self._member(name, value)
        yield self.word("id"), event.id
        yield self.word("sha256"), sha256(raw).hexdigest()

    def task(self, task: TaskUntil, event: Event) -> Iterator[Row]:
        """Yield the task's title, units and deadline, as they stood after the event."""
        term = task.state.term
        due = due_at(term.deadline, event.at, self._ledger.zone)
        yield self.word("title.task"), task.assigned.title
        yield self.word("plan"), task.assigned.plan
        yield self.word("lead"), task.state.lead
        yield self.word("units"), self._value(task.state.units)
        yield self.word("deadline"), self._value(term.deadline)
        if due is not None:
            yield self.word("due"), self._member("due", due.passes)

    def checkpoint(self, data: bytes) -> Iterator[Row]:
        """Yield a checkpoint and the names of those that signed it, which the reader has to check."""
        note = parse_note(data)
        checkpoint = parse_checkpoint(note.text)
        yield self.word("origin"), checkpoint.origin
        yield self.word("size"), str(checkpoint.size)
        yield self.word("root"), checkpoint.root.hex()
        yield self.word("signed"), "\n".join(f"{line.name}+{line.key_id.hex()}" for line in note.signatures)

    def steps(self, file: str) -> Iterator[Row]:
        """Yield how a person checks the proof."""
        command = f"duban audit check-proof {file} --policy POLICY"
        for step in ("check.page", "check.file", "check.policy", "check.command"):
            yield self.word(step), self.word(f"{step}.text", first=FIRST_LINE, file=file, command=command)

    def _member(self, name: str, value: Any) -> str:
        """Return a member's value; of a due instant, which is exclusive, the last day before it."""
        if name in {"due", "proposed_due"}:
            return last_day(value, self._ledger.zone).isoformat()
        return f"{value:g}%" if name == "percent" else self._value(value)

    def _value(self, value: object) -> str:
        match value:
            case None:
                return self.word("none")
            case bool():
                return self.word("yes" if value else "no")
            case datetime():
                return f"{value.astimezone(self._ledger.zone):%Y-%m-%d %H:%M:%S %z}"
            case Kind():
                return value.text or self.word("none")
            case Unit():
                return value.name
            case Evidence():
                return f"{value.name}（SHA-256 {value.sha256}）" if value.sha256 else value.name
            case tuple():
                return (
                    "、".join(map(self._value, value)) if self._language == "zh" else ", ".join(map(self._value, value))
                )
            case "implemented" | "not-implemented" | "cancelled":
                return self.word(value)
        return str(value)
