"""Handing what operators do to ingest, which records it in the ledger `ops`.

    duban:{ops}:inbox:<writer>  stream  e: an event                  written by the writer (events/operations.py)

An entry is on disk when `record` returns, also while ingest is down. What grants something is recorded before it is
handed over: where it cannot be recorded, nobody gets the token, the link, the session or the file.
"""

import secrets
from typing import Any

from redis.exceptions import RedisError

from events.envelope import Event, encode
from events.keys import key
from events.operations import OPS
from events.schema import OperationData
from services.common.clock import SystemClock


class NotRecordedError(RedisError):
    """The server does not take what an operator does: its inbox is full, the server is away or refuses writes."""


async def record(redis: Any, writer: str, ledger: str, data: OperationData) -> None:
    """Submit what was done about a ledger, by the wall clock; raises NotRecordedError.

    `writer` is one of WRITERS.
    """
    event = Event(secrets.token_hex(16), writer, ledger, SystemClock().now(), data)
    try:
        await redis.xadd(key(OPS, "inbox", writer), {"e": encode(event)})
    except RedisError as error:
        raise NotRecordedError(f"this cannot be recorded in the ledger {OPS} now: {error}") from error
