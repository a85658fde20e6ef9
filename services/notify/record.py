"""The record (`duban:{L}:record`): every alert, and everything that became of it, in order. Pure.

It is a stream with the ids `1-0`, `2-0`, `3-0` …, without a gap; the field `e` has JSON bytes that nobody touches
again, so that it can be sealed as the log is. An entry is written in the script that changes the state it describes:
events/save.lua writes alerts with the rows of the fold that raised them, keep.lua everything else with the state of the
sender. `kind` says what an entry is:

    alert    an alert arose: the members of Alert (services/notify/alerts.py). The same id is recorded once, whoever
             announces it again: `duban:{L}:notify:known` has the number of each alert's entry
    dropped  an alert was not sent, as what it said was settled before its digest closed: digest, alert, at, reason
    attempt  one attempt to deliver part `part` of `of` of a digest on a channel: digest, part, of, alerts (ids),
             channel (as shown, without secrets), at, outcome (services/notify/channels/result.py, or `interrupted`),
             detail, and for a mail the result of each of its recipients
    dead     a part is not tried again without an order: the members of an attempt but the outcome, and the reason
    resent   an operator ordered that a part be sent again: the same members, and `by`
    channel  a channel failed for a day, was paused, or was resumed: channel, at, state, detail, by

`at` is the ledger's instant. Alerts that the previous version had in the stream `duban:{L}:notify:alerts` are in the
record once, with the ids they had there (services/notify/carrying.py).
"""

from datetime import datetime
from typing import Literal

import msgspec
from msgspec import Struct

from services.notify.alerts import Alert
from services.notify.channels.result import Outcome
from services.notify.deliveries import PerAddress


class Dropped(Struct, frozen=True, tag_field="kind", tag="dropped"):
    """An alert that was settled before its digest closed."""

    digest: str
    alert: str
    at: datetime
    reason: str


class PartEntry(Struct, frozen=True):
    """An entry about part `part` of `of` of a digest's message on a channel, as shown without secrets."""

    digest: str
    part: int
    of: int
    alerts: tuple[str, ...]
    channel: str
    at: datetime


class Attempted(PartEntry, frozen=True, tag_field="kind", tag="attempt"):
    """One attempt to deliver a part of a digest."""

    outcome: Outcome | Literal["interrupted"]
    detail: str
    recipients: PerAddress = ()


class Dead(PartEntry, frozen=True, tag_field="kind", tag="dead"):
    """A part that is not tried again without an order."""

    reason: str


class Resent(PartEntry, frozen=True, tag_field="kind", tag="resent"):
    """A part that an operator ordered to be sent again."""

    by: str


class ChannelChanged(Struct, frozen=True, tag_field="kind", tag="channel"):
    """A channel whose use changed: `failing` for a day, `paused` after five, `resumed` by order."""

    channel: str
    at: datetime
    state: Literal["failing", "paused", "resumed"]
    detail: str = ""
    by: str = ""


Entry = Dropped | Attempted | Dead | Resent | ChannelChanged
"""Every kind but an alert."""

_ALERT = b'{"kind":"alert",'


def alert_entry(alert: Alert) -> bytes:
    """Return the entry of an alert."""
    return _ALERT + msgspec.json.encode(alert)[1:]


def is_alert(entry: bytes) -> bool:
    """Return whether an entry is an alert; its other members are those of Alert."""
    return entry.startswith(_ALERT)


def encoded(entry: Entry) -> bytes:
    """Return the bytes of an entry."""
    return msgspec.json.encode(entry)


entry_decoder = msgspec.json.Decoder(Entry)
