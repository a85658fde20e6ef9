"""Alerts and digests as the version before the record kept them, and what becomes of them. Pure.

An alert had words instead of facts; its id was its position and a number, and stays so. A digest had one message a
channel; a channel's fingerprint was that of its three members of then.
"""

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from events.channel import Channel
from services.notify.alerts import Alert
from services.notify.channels.result import Outcome
from services.notify.deliveries import Attempt, Delivery, DeliveryState, Digest, PartDelivery

_DUE = re.compile(r"应于(\d{4})年(\d{1,2})月(\d{1,2})日前（含当日）办结")
_DAYS = re.compile(r"还有 (\d+) 天到期")
_LEAD = "牵头单位："
_DEADLINE = "时间进度："


class PreviousAlert(Struct, frozen=True):
    """An alert, in words."""

    id: str
    at: datetime
    on: Literal["assigned", "neared", "passed"]
    task: str
    recipient: str
    title: str
    text: str
    causes: tuple[int, ...]


class PreviousAttempt(Struct, frozen=True):
    """An attempt to send a digest on a channel."""

    at: datetime
    result: Literal["sent", "failed", "interrupted"]
    detail: str


class PreviousDelivery(Struct, frozen=True):
    """A digest's delivery on a channel."""

    channel: str
    shown: str
    state: Literal["waiting", "sending", "sent", "failed", "uncertain"]
    attempts: tuple[PreviousAttempt, ...]
    next: float


class PreviousDigest(Struct, frozen=True):
    """Alerts to one recipient that were or are to be sent together."""

    id: str
    recipient: str
    closes: datetime
    alerts: tuple[str, ...]
    deliveries: tuple[PreviousDelivery, ...] | None


def alert(previous: PreviousAlert, zone: ZoneInfo) -> Alert:
    """Return an alert's facts, read from its words."""
    lines = previous.text.split("\n")
    due = _due(lines[-1], zone)
    return Alert(
        id=previous.id,
        at=previous.at,
        on=previous.on,
        recipient=previous.recipient,
        rule=previous.on,
        task=previous.task,
        title="\n".join(lines[:-2]),
        lead=lines[-2].removeprefix(_LEAD),
        due=due,
        days=_days(previous, due),
        deadline=lines[-1].removeprefix(_DEADLINE) if previous.on == "assigned" else "",
        causes=previous.causes,
    )


def digest(previous: PreviousDigest, channels: Mapping[str, str]) -> Digest:
    """Return a digest; `channels` has the present keys of the channels by their fingerprints of then."""
    deliveries = previous.deliveries
    return Digest(
        previous.id,
        previous.recipient,
        previous.closes,
        previous.alerts,
        None if deliveries is None else tuple(_delivery(one, channels) for one in deliveries),
        group=previous.recipient,
    )


def fingerprint(channel: Channel) -> str:
    """Return the fingerprint that a channel had."""
    members = {"apprise": channel.apprise, "webhook": channel.webhook, "secret": channel.secret}
    return hashlib.blake2b(msgspec.json.encode(members), digest_size=8).hexdigest()


def _delivery(previous: PreviousDelivery, channels: Mapping[str, str]) -> Delivery:
    by_apprise = previous.shown.startswith("apprise")
    accepted: Outcome = "handed-over" if by_apprise else "accepted"
    state: DeliveryState = "handed-over" if by_apprise and previous.state == "sent" else previous.state
    attempts = tuple(
        Attempt(one.at, {"sent": accepted, "failed": "again"}.get(one.result, "interrupted"), one.detail)
        for one in previous.attempts
    )
    part = PartDelivery(state, attempts, len(attempts), next=previous.next)
    return Delivery(channels.get(previous.channel, previous.channel), previous.shown, (part,))


def _due(line: str, zone: ZoneInfo) -> datetime | None:
    """Return the due instant, which is the day after the last day in time."""
    found = _DUE.search(line)
    if found is None:
        return None
    year, month, day = map(int, found.groups())
    return datetime(year, month, day, tzinfo=zone) + timedelta(days=1)


def _days(previous: PreviousAlert, due: datetime | None) -> int | None:
    """Return the days left, or those since the last day in time."""
    if previous.on == "neared":
        found = _DAYS.search(previous.title)
        return int(found[1]) if found is not None else 1
    return (previous.at - due).days + 1 if due is not None else None
