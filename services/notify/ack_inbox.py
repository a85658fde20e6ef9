"""The way from notify to ingest: an inbox of its own, which the server lets nobody else write to, and its receipts.

duban:{L}:inbox:notify       stream  e: an acknowledgement as a CloudEvent            written here
duban:{L}:receipts:notify    stream  e: outcome, inbox: the id of the inbox entry     written by ingest's append.lua
duban:{L}:notify:ack-waited  string  the last entry whose receipt replicas were waited for; written here
"""

import asyncio
from typing import Any

import msgspec

from events.keys import key
from events.ledger import NOTIFY
from events.replicas import confirmed
from services.common.outcome import Outcome

ANSWER_SECONDS = 15.0
"""The time limit for a receipt: longer than ingest needs to restart, and shorter than people wait."""

BLOCK_MILLISECONDS = 1_000
"""The longest wait of one read: shorter than the time limit of a connection."""


class AckInbox:
    """Submits the acknowledgements of one ledger."""

    def __init__(self, redis: Any, ledger: str, replicas: int = 0) -> None:
        self._redis = redis
        self._inbox, self._receipts = key(ledger, "inbox", NOTIFY), key(ledger, "receipts", NOTIFY)
        self._waited = key(ledger, "notify", "ack-waited")
        self._replicas = replicas

    async def submit(self, raw: bytes) -> Outcome:
        """Submit an event and return its outcome.

        Raises TimeoutError where ingest does not answer, and UnconfirmedError where replicas do not: what was recorded
        is unknown then.
        """
        last = await self._redis.xrevrange(self._receipts, count=1)
        entry = await self._redis.xadd(self._inbox, {"e": raw})
        async with asyncio.timeout(ANSWER_SECONDS):
            outcome = await self._receipt(entry, last[0][0] if last else b"0-0")
        if not self._replicas:
            return outcome
        command = ("SET", self._waited, entry)  # a write of this connection, after ingest's: replicas have both or none
        _, found = await confirmed(self._redis, command, self._replicas)
        return msgspec.structs.replace(outcome, replicas=found)

    async def _receipt(self, entry: bytes, after: bytes) -> Outcome:
        while True:
            read = await self._redis.xread({self._receipts: after}, block=BLOCK_MILLISECONDS)
            for id, fields in read[0][1] if read else ():
                after = id
                if fields.get(b"inbox") == entry:
                    return _outcome.decode(fields[b"e"])


_outcome = msgspec.json.Decoder(Outcome)
