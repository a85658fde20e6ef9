"""One instance of notify for the tests: a real Redis, real channels, and clocks that the test sets."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from events.alerting import AlertRules
from events.channel import Channel
from events.entries import Entry, digest
from events.envelope import Event
from events.keys import key
from events.ledger import Ledger
from events.log import Log
from events.record import Record
from events.schema import DeadlinePassed
from events.working_days import LIBRARY, WorkingDays
from services.notify.buckets import Buckets
from services.notify.channels.network import Network
from services.notify.channels.way import Way, way_of
from services.notify.deliveries import Attempt, Digest
from services.notify.environment import Environment
from services.notify.outbox import Outbox
from services.notify.record import entry_decoder, is_alert
from services.notify.sender import Sender
from services.notify.store import AlertQuery, Alerts
from services.notify.ways import Ways
from tests.events.appending import append
from tests.examples import EXAMPLES, store
from tests.fixed_clock import FixedClock
from tests.notify.endpoint import SECRET, Endpoint

NAME = "zhanjiang"
START = datetime(2018, 12, 31, 16, tzinfo=UTC)
WINDOW = 10.0

REAL = 1_700_000_000.0
"""The real instant at which tests begin, in Unix seconds."""


OPENED: list[Network] = []
"""Networks that are closed after each test."""


class Post:
    """One instance of notify on the test's ledger; `clock` is the ledger's, `real` the real instant."""

    def __init__(
        self,
        redis: Any,
        channels: Mapping[str, tuple[Channel, ...]],
        ways: Mapping[str, Way] | None = None,
        *,
        quiet_hours: str = "",
        ledger: Ledger | None = None,
        days: WorkingDays = LIBRARY,
        record: Record | None = None,
    ) -> None:
        rules = AlertRules("督查室", WINDOW, channels=dict(channels), quiet_hours=quiet_hours, allow_private=True)
        self.ledger = ledger or Ledger("湛江市", alerts=rules)
        self.clock = FixedClock(START)
        self.real = REAL
        self.redis = redis
        self.alerts = Alerts(redis, NAME, self.ledger, days, record=record)
        self.outbox = Outbox(redis, NAME, record=record)
        self.network = Network(self.ledger.alerts, self.clock)
        OPENED.append(self.network)

        def way(channel: Channel) -> Way:
            return (ways or {}).get(channel.webhook or channel.apprise or "") or way_of(channel, self.network)

        self.ways = Ways(self.ledger, way)
        given = Environment(NAME, self.ledger, self.clock, self.ways, days, real=lambda: self.real)
        self.sender = Sender(self.outbox, self.alerts, Buckets(redis), given)

    async def turns(self, count: int = 4, *, finish: bool = True) -> None:
        """Fold, and let the sender take turns; to `finish`, until no attempt is under way and its result is saved."""
        await self.alerts.projection.catch_up()
        for _ in range(count):
            await self.sender.turn()
        while finish and self.sender._deliverer._running:
            await self.sender.turn()
        if finish:
            await self.sender.turn()

    async def states(self, **query: Any) -> list[tuple[str, str]]:
        """Return (recipient, state) of the alerts, newest first."""
        told, _ = await self.alerts.select(AlertQuery(**query))
        return [(one.alert.recipient, one.state) for one in told]

    async def digest(self, recipient: str | None = None) -> Digest:
        """Return the digest of the newest alert to a recipient, or to anyone."""
        told, _ = await self.alerts.select(AlertQuery(recipient))
        assert told[0].digest is not None
        return told[0].digest

    async def attempts(self) -> list[Attempt]:
        """Return the attempts to send the newest alert's digest, on all channels."""
        digest = await self.digest()
        return [one for way in digest.deliveries or () for part in way.parts for one in part.attempts]

    async def record(self, kind: str = "") -> list[Any]:
        """Return the entries of the record of a kind but alerts, in order."""
        entries = [fields[b"e"] for _, fields in await self.redis.xrange(key(NAME, "record"))]
        found = [entry_decoder.decode(entry) for entry in entries if not is_alert(entry)]
        return [one for one in found if kind in {"", one.__struct_config__.tag}]


def everyone(endpoint: Endpoint) -> dict[str, tuple[Channel, ...]]:
    """Return channels that send everything to the endpoint."""
    return {"*": (Channel(webhook=endpoint.url, secret=SECRET),)}


async def happen(redis: Any, *events: Event, at: datetime = START) -> None:
    """Append events to the log as recorded at an instant."""
    log = Log(redis, NAME)
    raws = [store(event, at.isoformat().replace("+00:00", "Z")) for event in events]
    entries = [Entry(event.source, event.id, digest(raw), raw) for event, raw in zip(events, raws, strict=True)]
    await append(log, await log.tail(), entries)


def passed(task: str, due: datetime = START) -> Event:
    """Return what the clock says when a task's due instant comes."""
    example = EXAMPLES["duban.deadline.passed.v1"]
    return msgspec.structs.replace(example, id=f"passed:{task}", subject=task, data=DeadlinePassed(due))
