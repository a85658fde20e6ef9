"""The alerts of a sealed record by their ids, small enough to be kept for every alert."""

import struct
from typing import NamedTuple

import msgspec
from msgspec import Struct

from services.cli.archived.digests import DIGEST_BYTES, digest_of
from services.cli.archived.entries import SealedEntries
from services.cli.checks.finding import Finding
from services.cli.checks.record import CARRIED, Cause
from services.notify.alerts import Alert
from services.notify.health import TROUBLE
from services.notify.outbox import alert_decoder
from services.notify.record import entry_decoder, is_alert

_PACKED = struct.Struct(f">{DIGEST_BYTES}s{DIGEST_BYTES}sQ")
"""Of the id, of the members, and the number of the entry."""


class SealedAlert(NamedTuple):
    """Where an alert is in the record, and the digest of its members."""

    number: int
    digest: bytes


class AheadAlert(NamedTuple):
    """An alert whose cause the log does not have yet."""

    id: bytes
    alert: SealedAlert
    cause: int


class RecordState(Struct, frozen=True):
    """The alerts of the first entries of a record, in which nothing was found; `packed` are those by _PACKED."""

    packed: bytes = b""
    ahead: tuple[AheadAlert, ...] = ()
    carried: tuple[Cause, ...] = ()
    last: int = 0


class SealedRecord:
    """The alerts of a sealed record by the digests of their ids; `findings` are on its form.

    `last` is the last position that caused one, `carried` are the causes of those of an earlier version, and `new` the
    ids of alerts that the state had not.
    """

    def __init__(self, entries: SealedEntries, size: int, state: RecordState | None = None) -> None:
        """Read a record, sealed next to a log of `size` entries; what later events caused is left out."""
        state = state or RecordState()
        self.alerts = {id: SealedAlert(number, digest) for id, digest, number in _PACKED.iter_unpack(state.packed)}
        self.carried, self.last = set(state.carried), state.last
        self.new: list[bytes] = []
        self.findings: list[Finding] = []
        self._ahead: list[AheadAlert] = []
        self._entries, self._size = entries, size
        for ahead in state.ahead:
            self._put(ahead)
        for batch in entries.batches():
            for number, raw in batch:
                self._take(number, raw)

    def alert(self, id: bytes) -> Alert:
        """Read an alert again; raises FormatError and OSError."""
        return alert_decoder.decode(self._entries.at(self.alerts[id].number))

    def state(self) -> RecordState:
        """Return what is known, if nothing was found."""
        packed = b"".join(_PACKED.pack(id, digest, number) for id, (number, digest) in self.alerts.items())
        return RecordState(packed, tuple(self._ahead), tuple(sorted(self.carried)), self.last)

    def _take(self, number: int, raw: bytes) -> None:
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
            return
        id, cause = digest_of_id(alert.id), max(alert.causes, default=0)
        if (before := self.alerts.get(id)) is not None:
            wrong = f"alert {alert.id} is there already, at {before.number}"
            self.findings.append(Finding("record", str(number), wrong))
        else:
            self._put(AheadAlert(id, SealedAlert(number, digest_of_alert(alert)), cause))

    def _put(self, alert: AheadAlert) -> None:
        """Keep an alert, for a longer log if this one does not have its cause."""
        if alert.cause > self._size:
            self._ahead.append(alert)
            return
        self.alerts[alert.id] = alert.alert
        self.last = max(self.last, alert.cause)
        self.new.append(alert.id)


def digest_of_id(id: str) -> bytes:
    """Return the digest of an alert's id."""
    return digest_of(id.encode())


def digest_of_alert(alert: Alert) -> bytes:
    """Return the digest of an alert's members."""
    return digest_of(msgspec.json.encode(alert))
