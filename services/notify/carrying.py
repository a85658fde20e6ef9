"""Carrying over: what the version before the record kept is written into the record and the outbox, once.

It had these keys, which are removed at the end:

    duban:{L}:notify:alerts   stream  <position>-<n> -> e: the alert as JSON
    duban:{L}:notify:planned  string  id of the last alert that went into a digest
    duban:{L}:notify:digests  hash    digest id -> digest, deliveries and attempts as MessagePack
    duban:{L}:notify:dead     stream  e: a delivery that was abandoned, as JSON
    duban:{L}:notify:carried  string  id of the last alert that was carried over (carry.lua)
"""

from typing import Any

import msgspec
import structlog

from events.keys import key
from events.ledger import Ledger
from events.saved_rows import KNOWN, RECORD
from events.scripts import lua_text, script
from services.common.clock import sleep
from services.notify import previous
from services.notify.book import LeaseLostError
from services.notify.outbox import NAME, Outbox
from services.notify.previous import PreviousAlert, PreviousDigest
from services.notify.record import alert_entry
from services.notify.unsaved import packed_digest
from services.notify.ways import Ways

BATCH = 500
"""Alerts or digests that are carried over at once (~10 ms)."""

WAIT_SECONDS = 0.2
"""Between two attempts to acquire the lease, which the earlier version may hold."""

_WRITTEN = ("lease", "carried", "reached", "outbox", "pending", "failed", "unreached")

_GONE = ("alerts", "planned", "digests", "dead", "carried")

_alert = msgspec.json.Decoder(PreviousAlert)
_digest = msgspec.msgpack.Decoder(PreviousDigest)

log = structlog.get_logger()


class Carrier:
    """Carries over one ledger's alerts and digests of the version before the record."""

    def __init__(self, redis: Any, name: str, ledger: Ledger, ways: Ways, outbox: Outbox) -> None:
        self._redis = redis
        self._name = name
        self._ledger = ledger
        self._ways = ways
        self._outbox = outbox
        self._script = script(redis, __file__, "carry.lua")

    async def carry_over(self) -> None:
        """Carry everything over, as the holder of the lease; returns at once if there is nothing."""
        while await self._left():
            try:
                await self._hold()
                while await self._carry_alerts():
                    await self._hold()
                await self._carry_digests()
            except LeaseLostError:
                await sleep(WAIT_SECONDS)
                continue
            await self._redis.unlink(*map(self._key, _GONE))
            log.info("alerts of the version before the record are carried over", ledger=self._name)

    async def _hold(self) -> None:
        """Acquire or renew the lease; raises LeaseLostError where another instance holds it."""
        if await self._outbox.lease.hold() is None:
            raise LeaseLostError

    async def _left(self) -> bool:
        return bool(await self._redis.xrange(self._key("alerts"), count=1))

    async def _carry_alerts(self) -> bool:
        """Carry some alerts over; return whether there are more."""
        carried = await self._carried()
        planned = _place((await self._redis.get(self._key("planned")) or b"0-0").decode())
        start = f"({carried}" if carried else "-"
        entries = await self._redis.xrange(self._key("alerts"), min=start, count=BATCH)
        alerts = []
        for id, fields in entries:
            alert = previous.alert(_alert.decode(fields[b"e"]), self._ledger.zone)
            alerts.append((id.decode(), lua_text(alert_entry(alert)), _place(id.decode()) <= planned))
        if alerts:
            await self._write(carried, alerts, [])
        return bool(alerts)

    async def _carry_digests(self) -> None:
        carried, channels = await self._carried(), self._channels()
        ids = await self._redis.hkeys(self._key("digests"))
        for start in range(0, len(ids), BATCH):
            await self._hold()
            rows = await self._redis.hmget(self._key("digests"), ids[start : start + BATCH])
            digests = [previous.digest(_digest.decode(row), channels) for row in rows if row is not None]
            await self._write(carried, [], list(map(packed_digest, digests)))

    async def _carried(self) -> str:
        """Return the id of the last alert that is carried over, "" for none."""
        return str((await self._redis.get(self._key("carried")) or b"").decode())

    async def _write(self, expected: str, alerts: list[Any], digests: list[Any]) -> None:
        """Write a batch; raises LeaseLostError, with nothing written, where another instance carries over."""
        keys = [*map(self._key, _WRITTEN), key(self._name, RECORD), self._key(KNOWN)]
        packed = msgspec.msgpack.encode((self._outbox.lease.token, expected, alerts, digests))
        if not await self._script(keys=keys, args=[packed]):
            raise LeaseLostError

    def _channels(self) -> dict[str, str]:
        """Return the keys of the ledger's channels by their fingerprints of then."""
        configured = [channel for channels in self._ledger.alerts.channels.values() for channel in channels]
        return {previous.fingerprint(channel): self._ways.key_of(channel) for channel in configured}

    def _key(self, what: str) -> str:
        return key(self._name, NAME, what)


def _place(id: str) -> tuple[int, int]:
    position, _, number = id.partition("-")
    return int(position), int(number)
