"""The alerts of a sealed record against the sealed log: each has its cause, and none is missing or altered.

What is expected at a position follows the rules on record for it, as for decisions. An alert that an event causes is
missing if a later event's alert is there. What time gave rise to is compared where it is there, up to the last instant
of the log: whether it had to arise depends on when time was considered.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from hashlib import blake2b
from typing import NamedTuple

import msgspec

from events.entries import Recorded
from events.envelope import InvalidEvent, read
from events.ledger import Ledger
from events.recorded_rules import RulesEntry
from events.rules_text import read_ledger
from events.working_days import WorkingDays
from services.cli.archived.entries import SealedEntries
from services.cli.checks.alerts import AlertFold, EarlyAlerts, difference_of
from services.cli.checks.finding import Finding
from services.cli.checks.record import CARRIED, Cause
from services.cli.checks.rules import RulesFound
from services.cli.fsck.files import ArchiveFiles
from services.ingest.core import VERSION
from services.notify.alerts import Alert
from services.notify.health import TROUBLE
from services.notify.outbox import alert_decoder
from services.notify.record import entry_decoder, is_alert


class SealedAlert(NamedTuple):
    """Where an alert is in the record, and the digest of its members."""

    number: int
    digest: bytes


class SealedRecord:
    """The alerts of a sealed record by id; `last` is the last position that caused one, `findings` are on its form."""

    def __init__(self, entries: SealedEntries, size: int) -> None:
        """Read a record, sealed next to a log of `size` entries; what later events caused is left out."""
        self.alerts: dict[str, SealedAlert] = {}
        self.carried: set[Cause] = set()
        self.last = 0
        self.findings: list[Finding] = []
        self._entries = entries
        for batch in entries.batches():
            for number, raw in batch:
                self._take(number, raw, size)

    def alert(self, id: str) -> Alert:
        """Read an alert again."""
        return alert_decoder.decode(self._entries.at(self.alerts[id].number))

    def _take(self, number: int, raw: bytes, size: int) -> None:
        try:
            alert = alert_decoder.decode(raw) if is_alert(raw) else entry_decoder.decode(raw)
        except msgspec.MsgspecError as error:
            self.findings.append(Finding("record", str(number), f"does not decode: {error}"))
            return
        if not isinstance(alert, Alert) or alert.on == TROUBLE:
            return
        if CARRIED.fullmatch(alert.id) is not None:
            if alert.causes:
                self.carried.add(Cause(alert.causes[-1], alert.on, alert.recipient))
        elif (before := self.alerts.get(alert.id)) is not None:
            wrong = f"alert {alert.id} is there already, at {before.number}"
            self.findings.append(Finding("record", str(number), wrong))
        elif max(alert.causes, default=0) <= size:
            self.alerts[alert.id] = SealedAlert(number, _digest(alert))
            self.last = max(self.last, *alert.causes, 0)


class AlertTask(NamedTuple):
    """What the comparison needs, as a value that another process can have; both archives are verified already.

    `present` counts for positions from before rules were recorded.
    """

    log: ArchiveFiles
    size: int
    record: ArchiveFiles
    record_size: int
    present: Ledger
    days: WorkingDays
    rules: RulesFound


def alert_findings(task: AlertTask) -> list[Finding]:
    """Return what is wrong with the alerts of a record; raises FormatError and OSError."""
    record = SealedRecord(SealedEntries(task.record, task.record_size), task.size)
    causes = AlertCauses(record, task.present, task.rules, task.days)
    entries = SealedEntries(task.log, task.size)
    for entry in _events(entries):
        causes.follow(entry)
    causes.end(entries)
    return causes.findings


class AlertCauses:
    """Folds a log under the rules of each position, and compares what it gives rise to with a record."""

    def __init__(self, record: SealedRecord, present: Ledger, rules: RulesFound, days: WorkingDays) -> None:
        self.findings = record.findings
        self._record, self._days = record, days
        self._left = dict.fromkeys(record.alerts)
        self._expected: set[str] = set()
        self._rules = [RulesEntry(0, VERSION, ""), *rules.entries]
        self._ledgers = {"": present, **{sha256: read_ledger(text) for sha256, text in rules.texts.items()}}
        self._folds = {sha256: AlertFold(ledger, days) for sha256, ledger in self._ledgers.items()}
        self._at = 0
        self._until: datetime | None = None

    def follow(self, entry: Recorded) -> None:
        """Fold the next event, and compare the alerts that it causes."""
        while self._at + 1 < len(self._rules) and self._rules[self._at + 1].first <= entry.position:
            self._at += 1
        rules = self._rules[self._at]
        for sha256, fold in self._folds.items():
            alerts = fold.event(entry)
            if sha256 == rules.sha256:
                for alert in alerts:
                    self._compare(alert, entry.position, judged=rules.version == VERSION)
        self._until = entry.event.at

    def end(self, entries: SealedEntries) -> None:
        """Find alerts that neither an event of the log nor time gave rise to; `entries` are those of the log."""
        left = {id: alert for id in self._left if (alert := self._record.alert(id)).at <= (self._until or alert.at)}
        arose = [fold.elapsed(self._until) for fold in self._folds.values()]
        odd = {id: alert for id, alert in left.items() if all(some.get(id) != alert for some in arose)}
        if odd and self._until is not None:
            early = self._early(odd, self._until, entries)
            odd = {id: alert for id, alert in odd.items() if id not in early}
        for id, alert in odd.items():
            expected = next((some[id] for some in arose if id in some), None)
            self.findings.append(difference_of(alert, expected))

    def _compare(self, alert: Alert, position: int, *, judged: bool) -> None:
        if alert.id in self._expected:
            return
        self._expected.add(alert.id)
        there = self._record.alerts.get(alert.id)
        self._left.pop(alert.id, None)
        if not judged:
            return
        if there is None:
            cause = Cause(alert.causes[-1], alert.on, alert.recipient)
            if position < self._record.last and cause not in self._record.carried:
                detail = f"missing: {alert.title}, to {alert.recipient}, about position {position}"
                self.findings.append(Finding("alerts", alert.id, detail))
        elif there.digest != _digest(alert) and (kept := self._record.alert(alert.id)) != alert:
            self.findings.append(difference_of(kept, alert))

    def _early(self, odd: Mapping[str, Alert], until: datetime, entries: SealedEntries) -> set[str]:
        """Return which of these alerts arose before an event was folded that was recorded earlier."""
        every = [EarlyAlerts(ledger, self._days, odd, until) for ledger in self._ledgers.values()]
        for entry in _events(entries):
            for early in every:
                early.fold(entry)
        return {id for early in every for id in early.found}


def _events(entries: SealedEntries) -> Iterator[Recorded]:
    for batch in entries.batches():
        for position, raw in batch:
            try:
                yield Recorded(position, read(raw))
            except InvalidEvent:
                continue  # a finding of its own


def _digest(alert: Alert) -> bytes:
    return blake2b(msgspec.json.encode(alert), digest_size=12).digest()
