"""The state of a verification: what was verified, up to which position, and by what.

A file has a line with the format's version and the SHA-256 of the rest, and the rest as JSON:

    duban audit state 1 <64 hexadecimal digits>
    {"origin": …}
"""

import hashlib
import re
from datetime import datetime
from importlib.metadata import version

import msgspec
from msgspec import Raw, Struct

from events.rules_text import RulesText
from events.working_days import WorkingDays
from services.cli.archived.archives import PresentRules
from services.cli.checks.finding import TreeHead
from services.ingest import core, task
from services.notify import notified_task

FORMAT = 1
"""Of the file: another version is not read."""

NOTHING = Raw(b"null")

_FIRST = re.compile(rb"duban audit state ([0-9]{1,9}) ([0-9a-f]{64})\n")


class StateError(ValueError):
    """Bytes that are no state of a verification, or none that can be read; says why."""


class Basis(Struct, frozen=True):
    """By what a log was verified: versions of the code's rules; SHA-256 of the present ones and of the working days."""

    decisions: str
    tasks: str
    alerts: str
    present: str
    working_days: str

    @classmethod
    def of(cls, present: PresentRules) -> "Basis":
        """Return what this code verifies by."""
        rules = RulesText.of(present.ledger, core.VERSION)
        return cls(core.VERSION, task.VERSION, notified_task.VERSION, rules.sha256, _hash_of(present.days))

    def difference(self, other: "Basis") -> str | None:
        """Return what of another basis is not as here, None if nothing."""
        names = {
            "decisions": "another version of the rules of decisions",
            "tasks": "another version of the rules of tasks",
            "alerts": "another version of the rules of alerts",
            "present": "other present rules of the ledger",
            "working_days": "other working days",
        }
        found = [what for name, what in names.items() if getattr(self, name) != getattr(other, name)]
        return ", ".join(found) or None


class VerifiedState(Struct, frozen=True):
    """What was verified of the archives of a log; nothing was found.

    `log`, `rules` and `record` are their verified heads, the latter two None where there was no archive. The entries of
    the log were decided up to `position`. `texts` are the hashes of the rules on record. `contents` is the encoded
    state of the log there, `alerts` that of the alerts, null where the record was not read.
    """

    origin: str
    saved: datetime
    basis: Basis
    log: TreeHead
    position: int
    rules: TreeHead | None
    texts: tuple[str, ...]
    record: TreeHead | None
    contents: Raw
    alerts: Raw = NOTHING

    @property
    def has_alerts(self) -> bool:
        """Whether the alerts were verified, too."""
        return bytes(self.alerts) != bytes(NOTHING)

    def __str__(self) -> str:
        return f"the state of {self.saved.isoformat(timespec='seconds')}"


def encode_state(state: VerifiedState) -> list[bytes]:
    """Return the parts of a state's file."""
    content = msgspec.json.encode(state)
    return [f"duban audit state {FORMAT} {hashlib.sha256(content).hexdigest()}\n".encode(), content]


def decode_state(data: bytes) -> VerifiedState:
    """Return the state in a file; raises StateError."""
    first = _FIRST.match(data)
    if first is None:
        raise StateError("is not a state of `duban audit verify`")
    if int(first[1]) != FORMAT:
        raise StateError(f"is a state in format {int(first[1])}; this version of duban reads format {FORMAT}")
    content = memoryview(data)[first.end() :]
    if hashlib.sha256(content).hexdigest() != first[2].decode():
        raise StateError("is a damaged state of `duban audit verify`: its SHA-256 is not the one in its first line")
    try:
        return msgspec.json.decode(content, type=VerifiedState)
    except msgspec.MsgspecError as error:
        raise StateError(f"is a damaged state of `duban audit verify`: {error}") from error


def is_state(data: bytes) -> bool:
    """Return whether a file's content is a whole state of this format."""
    try:
        decode_state(data)
    except StateError:
        return False
    return True


def _hash_of(days: WorkingDays) -> str:
    """Return the SHA-256 of the working days, with the version of the library that has those of other years."""
    data = (days.years, sorted(days.named.items()), version("chinesecalendar"))
    return hashlib.sha256(msgspec.json.encode(data, order="deterministic")).hexdigest()
