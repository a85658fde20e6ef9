"""The rules with which ingest was started: a start with others is recorded among what operators do.

duban:{ops}:ingest:started  hash  ledger -> the rules of the last start, as JSON    written by ingest at its start
"""

from typing import Any

import msgspec
from msgspec import Struct

from events.keys import key
from events.ledger import Ledger
from events.operations import OPS
from events.recorded_rules import read_texts
from events.rules_text import RulesText
from events.schema import RulesChanged
from services.common.clock import sleep
from services.common.connection import RETRY_SECONDS
from services.common.operations import NotRecordedError, record
from services.ingest.core import VERSION


class StartedRules(Struct, frozen=True):
    """The version of the code's rules, and the SHA-256 of the ledger's text."""

    version: str
    sha256: str


async def record_rules(redis: Any, name: str, ledger: Ledger) -> None:
    """Record that a ledger has other rules than at the last start, if it has; until that succeeds.

    A crash in between has the next start record it again.
    """
    own = RulesText.of(ledger, VERSION)
    started = StartedRules(own.version, own.sha256)
    known = await redis.hget(key(OPS, "ingest", "started"), name)
    before = msgspec.json.decode(known, type=StartedRules) if known is not None else None
    if started == before:
        return
    sha256 = before.sha256 if before is not None else None
    data = RulesChanged(own.version, own.sha256, sha256, await _changed(redis, name, own.text, sha256))
    while True:
        try:
            await record(redis, "ingest", name, data)
        except NotRecordedError:
            await sleep(RETRY_SECONDS)
        else:
            break
    await redis.hset(key(OPS, "ingest", "started"), name, msgspec.json.encode(started))


async def _changed(redis: Any, name: str, text: bytes, before: str | None) -> tuple[str, ...]:
    """Return the members of the rules that differ; none where the text before is not on record."""
    (old,) = await read_texts(redis, name, [before]) if before is not None else [None]
    if old is None:
        return ()
    own, other = (msgspec.json.decode(one, type=dict[str, msgspec.Raw]) for one in (text, old))
    return tuple(sorted(member for member in own.keys() | other.keys() if own.get(member) != other.get(member)))
