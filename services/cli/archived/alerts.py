"""The alerts of a sealed record against the sealed log: each has its cause, and none is missing or altered.

What is expected at a position follows the rules on record for it, as for decisions. An alert that an event causes is
missing if a later event's alert is there. What time gave rise to is compared where it is there, up to the last instant
of the log: whether it had to arise depends on when time was considered.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from events.entries import Recorded, Stored
from events.envelope import InvalidEvent, read
from events.recorded_rules import RulesEntry
from events.rules_text import read_ledger
from services.cli.archived.archives import FollowedLog, flaws_of
from services.cli.archived.comparing import AlertComparison, ComparisonState
from services.cli.archived.entries import SealedEntries
from services.cli.archived.record import RecordState, SealedRecord
from services.cli.checks.alerts import AlertFold, AlertFoldState, EarlyAlerts, difference_of
from services.cli.checks.finding import Finding
from services.cli.checks.rules import RulesInForce
from services.ingest.core import VERSION
from services.notify.alerts import Alert


class AlertsState(Struct, frozen=True):
    """What is known after a position of the log, and of all of the record by then; nothing was found so far.

    `folds` are those under the rules of each hash, "" for the present ones. `until` is the last instant of the log.
    """

    record: RecordState
    compared: ComparisonState
    folds: dict[str, AlertFoldState]
    until: datetime | None


class AlertCauses:
    """Folds a log under the rules of each position, and compares what it gives rise to with a record."""

    def __init__(self, task: FollowedLog, state: AlertsState | None = None) -> None:
        """Begin with the first entries that were checked, and the state before them; the task has a record.

        All methods raise FormatError and OSError.
        """
        assert task.record is not None
        folds = state.folds if state is not None else {}
        entries, (present, days) = SealedEntries(*task.record), task.present
        record = SealedRecord(entries, task.log.checkpoint.size, state.record if state is not None else None)
        self._compared = AlertComparison(record, state.compared if state is not None else None)
        self._task, self._begun = task, folds
        self._log = SealedEntries(*task.log)
        self._ledgers = {"": present}
        self._ledgers |= {sha256: read_ledger(text) for sha256, text in task.rules.texts.items()}
        self._folds = {sha256: AlertFold(one, days, folds.get(sha256)) for sha256, one in self._ledgers.items()}
        self._rules = RulesInForce(RulesEntry(0, VERSION, ""), task.rules.entries, task.log.after)
        self._reached = task.log.after
        self._until = state.until if state is not None else None

    @property
    def findings(self) -> list[Finding]:
        """What is wrong so far."""
        return self._compared.findings

    def follow(self, until: int) -> None:
        """Fold the next events up to a position, and compare the alerts that they cause."""
        for entry in _events(self._log.between(self._reached, until)):
            rules = self._rules.reach(entry.position)
            for sha256, fold in self._folds.items():
                alerts = fold.event(entry)
                if sha256 == rules.sha256:
                    for alert in alerts:
                        self._compared.expect(alert, entry.position, judged=rules.version == VERSION)
            self._until = entry.event.at
        self._reached = until

    def end(self) -> list[Finding]:
        """Return all findings, with alerts that neither an event of the log nor time gave rise to."""
        left = self._compared.left(self._until)
        arose = [fold.elapsed(self._until) for fold in self._folds.values()]
        odd = {id: alert for id, alert in left.items() if all(some.get(id) != alert for some in arose)}
        if odd and self._until is not None:
            odd = self._without_early(odd, self._until)
        for id, alert in odd.items():
            expected = next((some[id] for some in arose if id in some), None)
            self.findings.append(difference_of(alert, expected))
        self._compared.settle(left)
        return self.findings

    def state(self) -> AlertsState:
        """Return what is known so far, if nothing was found."""
        folds = {sha256: fold.state(self._compared.is_open) for sha256, fold in self._folds.items()}
        return AlertsState(self._compared.record.state(), self._compared.state(), folds, self._until)

    def _without_early(self, odd: Mapping[str, Alert], until: datetime) -> dict[str, Alert]:
        """Return these alerts without those that arose before an event was folded that was recorded earlier.

        The events of an earlier run are read again only for alerts that the tasks since then do not explain.
        """
        (files, checkpoint, after), days = self._task.log, self._task.present.days
        begun = {sha256: fold.tasks for sha256, fold in self._begun.items()}
        every = [EarlyAlerts(one, days, odd, until, begun.get(sha256)) for sha256, one in self._ledgers.items()]
        rest = _not_found(odd, every, self._log.between(after, self._reached))
        if not rest or not after:
            return rest
        self.findings.extend(flaws_of("archive", files, checkpoint))
        every = [EarlyAlerts(one, days, rest, until) for one in self._ledgers.values()]
        return _not_found(rest, every, self._log.between(0, after))


def _not_found(
    odd: Mapping[str, Alert], every: Sequence[EarlyAlerts], batches: Iterator[list[Stored]]
) -> dict[str, Alert]:
    """Return those of some alerts that do not arise early by the events of these entries."""
    for entry in _events(batches):
        for early in every:
            early.fold(entry)
    found = {id for early in every for id in early.found}
    return {id: alert for id, alert in odd.items() if id not in found}


def _events(batches: Iterator[list[Stored]]) -> Iterator[Recorded]:
    for batch in batches:
        for position, raw in batch:
            try:
                yield Recorded(position, read(raw))
            except InvalidEvent:
                continue  # a finding of its own
