"""The alerts that a log gives rise to, compared with those of its sealed record."""

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct

from services.cli.archived.digests import unpacked
from services.cli.archived.record import SealedRecord, digest_of_alert, digest_of_id
from services.cli.checks.alerts import difference_of
from services.cli.checks.finding import Finding
from services.cli.checks.record import Cause
from services.notify.alerts import Alert


class AwaitedAlert(Struct, frozen=True):
    """An alert that the event at a position causes, and that the record does not have yet."""

    alert: Alert
    position: int


class ComparisonState(Struct, frozen=True):
    """What was compared: digests of ids, one after the other.

    `expected` are those of alerts that events cause, `left` those of alerts in the record that no event has caused.
    """

    expected: bytes = b""
    left: bytes = b""
    awaited: tuple[AwaitedAlert, ...] = ()


class AlertComparison:
    """Compares alerts with a record; raises FormatError and OSError where an entry of it has to be read again."""

    def __init__(self, record: SealedRecord, state: ComparisonState | None = None) -> None:
        """Begin with an earlier state, and compare what it awaited with what the record has now."""
        state = state or ComparisonState()
        self.record, self.findings = record, record.findings
        self._expected = set(unpacked(state.expected))
        new = (id for id in record.new if id not in self._expected)
        self._left = dict.fromkeys((*unpacked(state.left), *new))
        self._awaited: list[AwaitedAlert] = []
        for awaited in state.awaited:
            self._look_up(awaited)

    def expect(self, alert: Alert, position: int, *, judged: bool) -> None:
        """Take an alert that the event at a position causes; only if `judged` is it compared."""
        id = digest_of_id(alert.id)
        if id in self._expected:
            return
        self._expected.add(id)
        self._left.pop(id, None)
        if judged:
            self._look_up(AwaitedAlert(alert, position))

    def left(self, until: datetime | None) -> dict[str, Alert]:
        """Return the alerts up to an instant that no event has caused, by id."""
        found = map(self.record.alert, self._left)
        return {alert.id: alert for alert in found if alert.at <= (until or alert.at)}

    def settle(self, ids: Iterable[str]) -> None:
        """Let alerts go that time gave rise to: as they arose once, no later event makes them wrong."""
        for id in ids:
            self._left.pop(digest_of_id(id), None)

    def is_open(self, id: str) -> bool:
        """Return whether an alert of this id may still have to be compared with what time gave rise to."""
        digest = digest_of_id(id)
        return digest not in self.record.alerts or digest in self._left

    def state(self) -> ComparisonState:
        """Return what was compared, if nothing was found."""
        return ComparisonState(b"".join(sorted(self._expected)), b"".join(self._left), tuple(self._awaited))

    def _look_up(self, awaited: AwaitedAlert) -> None:
        """Compare an alert, or await it; it is missing if the record has one that a later event caused."""
        alert, id = awaited.alert, digest_of_id(awaited.alert.id)
        there = self.record.alerts.get(id)
        if there is not None:
            if there.digest != digest_of_alert(alert) and (kept := self.record.alert(id)) != alert:
                self.findings.append(difference_of(kept, alert))
        elif awaited.position >= self.record.last:
            self._awaited.append(awaited)
        elif Cause(alert.causes[-1], alert.on, alert.recipient) not in self.record.carried:
            detail = f"missing: {alert.title}, to {alert.recipient}, about position {awaited.position}"
            self.findings.append(Finding("alerts", alert.id, detail))
