"""How far each projection of a ledger has folded its log."""

from collections.abc import Mapping
from typing import Any

from events.keys import key
from events.saved_rows import saved_position

PROJECTIONS = ("ingest", "status", "notify", "dues")
"""The names of all projections."""


async def folded(redis: Any, ledger: str) -> Mapping[str, int]:
    """Return the position that the saved rows of each projection reflect; one that never ran is left out."""
    present = [name for name in PROJECTIONS if await redis.exists(key(ledger, name, "checkpoint"))]
    return {name: await saved_position(redis, ledger, name) for name in present}
