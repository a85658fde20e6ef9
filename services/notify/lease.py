"""The lease of a ledger's sender: one instance sends at a time.

Its keys in Redis:

    duban:{L}:notify:lease    string  token of the one instance that sends            written by its holder
    duban:{L}:notify:holder   string  token of the last instance that took the lease  written by its holder
"""

import uuid
from typing import Any

from redis.asyncio.lock import Lock
from redis.exceptions import LockError

from events.keys import key

LEASE_SECONDS = 15.0
"""The delay of the next sender after one that died."""


class Lease:
    """One instance's hold on the lease; `token` names the instance."""

    def __init__(self, redis: Any, name: str) -> None:
        self.token = uuid.uuid4().hex
        self.key = key(name, "notify", "lease")
        self._redis = redis
        self.seconds = LEASE_SECONDS
        self._lock = Lock(redis, self.key, timeout=LEASE_SECONDS)
        self._holder = key(name, "notify", "holder")
        self._unrecorded = False  # whether another instance may be recorded as the holder

    async def hold(self) -> bool | None:
        """Acquire or renew the lease: True where no other instance held it since, else False; None if not acquired."""
        try:
            if await self._lock.owned():
                if await self._lock.reacquire() and not self._unrecorded:
                    return True
                return await self._record_holder()
        except LockError:
            pass  # it has just expired
        if not await self._lock.acquire(blocking=False, token=self.token):
            return None
        return await self._record_holder()

    async def release(self) -> None:
        """Release the lease, so that another instance can acquire it at once."""
        if await self._lock.owned():
            await self._lock.release()

    async def _record_holder(self) -> bool:
        """Record the holder of the lease; True where this instance was the last, False where that is not certain."""
        unsure, self._unrecorded = self._unrecorded, True
        last = await self._redis.set(self._holder, self.token, get=True)
        self._unrecorded = False
        return not unsure and last is not None and last.decode() == self.token
