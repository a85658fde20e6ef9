"""The outbox in Redis: digests with their deliveries, letters, and the health of channels, written by keep.lua.

Its keys in Redis:

    duban:{L}:notify:reached    string  number of the last entry of the record that the sender has read
    duban:{L}:notify:outbox     hash    digest id -> digest, deliveries and attempts as MessagePack
    duban:{L}:notify:pending    set     ids of the digests that are not done
    duban:{L}:notify:failed     set     ids of the digests with parts in the dead letters (死信)
    duban:{L}:notify:unreached  set     ids of the digests whose recipient had no channel
    duban:{L}:notify:grouped    hash    alert id -> digest id
    duban:{L}:notify:groups     hash    group (services/notify/gathering.py) -> id of its latest digest
    duban:{L}:notify:letters    hash    digest id -> its letters by language, as MessagePack, until all is sent
    duban:{L}:notify:channels   hash    channel -> its health as JSON
    duban:{L}:notify:obeyed     string  id of the last order of `orders` that was carried out
    duban:{L}:notify:change     string  id of the last change: one whose answer was lost is saved once

    duban:{L}:notify:orders     stream  e: an operator's order as JSON (services/notify/orders.py), by `duban notify`
"""

import uuid
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from events.keys import key
from events.record import Record
from events.replicas import Confirmed
from events.saved_rows import KNOWN
from events.scripts import script
from events.text import Language
from services.notify.alerts import Alert
from services.notify.deliveries import Digest
from services.notify.health import Health
from services.notify.lease import Lease
from services.notify.letter import Letter
from services.notify.record import is_alert
from services.notify.unsaved import Changes

NAME = "notify"

_CHANGED = ("reached", "outbox", "pending", "failed", "unreached", "grouped", "groups", "letters", "channels", "obeyed")


class OutboxReader:
    """What a ledger's sender keeps, and the alerts of the record; None is one that was never trimmed."""

    def __init__(self, redis: Any, name: str, record: Record | None = None) -> None:
        self.record = record or Record(redis, name)
        self._redis = redis
        self._name = name

    def key(self, what: str) -> str:
        """Return the name of a key of notify."""
        return key(self._name, NAME, what)

    async def reached(self) -> str:
        """Return the number of the last entry of the record that was read."""
        found = await self._redis.get(self.key("reached"))
        return found.decode() if found is not None else "0"

    async def pending(self) -> list[Digest]:
        """Return the digests that are not done."""
        return await self._members("pending")

    async def unreached(self) -> list[Digest]:
        """Return the digests whose recipient had no channel."""
        return await self._members("unreached")

    async def failed(self) -> list[Digest]:
        """Return the digests with parts in the dead letters."""
        return await self._members("failed")

    async def latest(self) -> list[Digest]:
        """Return the latest digest of each group."""
        return await self.digests(await self._redis.hvals(self.key("groups")))

    async def digests(self, ids: Iterable[bytes | str]) -> list[Digest]:
        """Return digests by their ids; those that do not exist are left out."""
        wanted = sorted({id.decode() if isinstance(id, bytes) else id for id in ids})
        rows = await self._redis.hmget(self.key("outbox"), wanted) if wanted else []
        return [digest_decoder.decode(row) for row in rows if row is not None]

    async def digests_of(self, alerts: Sequence[str]) -> list[str | None]:
        """Return the id of the digest of each alert, None for those in no digest."""
        ids = await self._redis.hmget(self.key("grouped"), list(alerts)) if alerts else []
        return [id.decode() if id is not None else None for id in ids]

    async def health(self) -> dict[str, Health]:
        """Return the health of every channel that was used."""
        found = await self._redis.hgetall(self.key("channels"))
        return {channel.decode(): _health.decode(row) for channel, row in found.items()}

    async def letters(self, digests: Sequence[str]) -> dict[str, dict[Language, Letter]]:
        """Return the letters of digests, by language."""
        rows = await self._redis.hmget(self.key("letters"), list(digests)) if digests else []
        return {id: letter_decoder.decode(row) for id, row in zip(digests, rows, strict=True) if row is not None}

    async def entries(self, after: str) -> tuple[str, list[Alert]]:
        """Return the alerts of the next entries of the record, and the number of the last of those entries."""
        found = await self.record.read(int(after))
        last = str(found[-1].position) if found else after
        return last, [alert_decoder.decode(raw) for _, raw in found if is_alert(raw)]

    async def alerts(self, ids: Sequence[str]) -> dict[str, Alert]:
        """Return alerts by their ids; those that are not in the record are left out. Raises TrimmedError."""
        numbers = await self._redis.hmget(self.key(KNOWN), list(ids)) if ids else []
        entries = await self.record.read_at([int(number) for number in numbers if number is not None])
        alerts = [alert_decoder.decode(raw) for _, raw in entries]
        return {alert.id: alert for alert in alerts}

    async def orders(self) -> list[tuple[str, bytes]]:
        """Return the orders that were not carried out yet, with their ids."""
        obeyed = await self._redis.get(self.key("obeyed"))
        start = "-" if obeyed is None else f"({obeyed.decode()}"
        return [(id.decode(), fields[b"e"]) for id, fields in await self._redis.xrange(self.key("orders"), min=start)]

    async def _members(self, what: str) -> list[Digest]:
        return await self.digests(await self._redis.smembers(self.key(what)))


class Outbox(OutboxReader):
    """The data of a ledger's one sender; every write is refused once another instance has the lease.

    A delivery is sent only after so many `replicas` have its start on disk: a failover takes back nothing that was
    sent.
    """

    def __init__(self, redis: Any, name: str, replicas: int = 0, record: Record | None = None) -> None:
        super().__init__(redis, name, record)
        self.lease = Lease(redis, name)
        self._keep = script(redis, __file__, "keep.lua")
        self._confirmed_keep = Confirmed(redis, self._keep, replicas) if replicas else None

    async def order(self, order: bytes) -> None:
        """Add an operator's order."""
        await self._redis.xadd(self.key("orders"), {"e": order})

    def packed(self, changes: Changes, reached: str) -> bytes:
        """Encode changes for `keep`, under an id of their own."""
        return changes.packed(self.lease.token, uuid.uuid4().hex, reached)

    async def keep(self, packed: bytes) -> bool:
        """Write changes once, however often they are sent; False where the lease is lost."""
        keys = [self.key("lease"), self.key("change"), *map(self.key, _CHANGED), self.record.key, self.key(KNOWN)]
        if self._confirmed_keep is None:
            return bool(await self._keep(keys=keys, args=[packed]))
        kept, _ = await self._confirmed_keep(keys, [packed])
        return bool(kept)


alert_decoder = msgspec.json.Decoder(Alert)
digest_decoder = msgspec.msgpack.Decoder(Digest)
letter_decoder = msgspec.msgpack.Decoder(dict[Language, Letter])
_health = msgspec.json.Decoder(Health)
