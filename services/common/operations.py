"""Handing what operators do to ingest, which records it in the ledger `ops`.

    duban:{ops}:inbox:<writer>  stream  e: an event                  written by the writer (events/operations.py)

An entry is on disk when `record` returns, also while ingest is down. What grants something is recorded before it is
handed over: where it cannot be recorded, nobody gets the token, link, session or file.
"""

import secrets
from typing import Any

from events.envelope import Event, encode
from events.keys import key
from events.operations import OPS
from events.schema import OperationData
from services.common.clock import SystemClock


async def record(redis: Any, writer: str, ledger: str, data: OperationData) -> None:
    """Submit what was done about a ledger; raises RedisError where the server does not take it.

    `writer` is one of WRITERS. It runs by the wall clock, whatever the clock of that ledger is.
    """
    event = Event(secrets.token_hex(16), writer, ledger, SystemClock().now(), data)
    await redis.xadd(key(OPS, "inbox", writer), {"e": encode(event)})
