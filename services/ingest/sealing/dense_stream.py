"""A stream of the server whose entries have the ids 1-0, 2-0, 3-0 …: the log of a ledger, its record, or its rules.

duban:{L}:ingest:signers  hash  origin -> id of the key that signs it    written by the first process, and by a rotation
"""

from collections.abc import Sequence
from typing import Any

from events.entries import stored
from events.keys import key
from events.log import Log
from events.recorded_rules import read_texts, rules_decoder
from events.schema import KeyMade
from services.common.operations import record


class DenseStream:
    """One stream as the sealer reads it; `tail` is its last position, as of the last question."""

    def __init__(self, redis: Any, log: Log, name: str) -> None:
        self.name = f"the {name} of {log.ledger}"
        self.tail = 0
        self._key = key(log.ledger, name)
        self._signers = key(log.ledger, "ingest", "signers")
        self._redis = redis
        self._log = log

    async def look(self, known: int) -> int:
        """Ask for the last position, 0 if the stream is empty.

        Entries after `known` are on as many replicas as an acknowledgement needs: others may still be lost. Raises
        UnconfirmedError.
        """
        last = stored(await self._redis.xrevrange(self._key, count=1))
        self.tail = last[0].position if last else 0
        if self.tail > known:
            await self._log.confirm(self.tail)
        return self.tail

    async def read(self, after: int, count: int) -> list[bytes]:
        """Return up to `count` entries that follow a position, as far as none is missing."""
        found = stored(await self._redis.xrange(self._key, min=f"{after + 1}-0", count=count))
        return [raw for number, (position, raw) in enumerate(found, after + 1) if position == number]

    async def trimmed(self) -> int:
        """Return how many entries have left the stream because they are sealed; none of rules."""
        return 0

    async def texts(self, entries: Sequence[bytes]) -> dict[str, bytes]:
        """Return the texts that entries name and that are sealed as files of their own; none, except of rules."""
        del entries
        return {}

    async def signer(self, origin: str, key_id: str) -> str:
        """Return the id of the key that signs an origin, for everybody who asks the first that was named here."""
        if await self._redis.hget(self._signers, origin) is None:
            await record(self._redis, "ingest", self._log.ledger, KeyMade(origin, key_id))
            await self._redis.hsetnx(self._signers, origin, key_id)
        return str((await self._redis.hget(self._signers, origin)).decode())

    async def replace_signer(self, origin: str, key_id: str, before: str) -> None:
        """Take a key in the place of the one before it."""
        await record(self._redis, "ingest", self._log.ledger, KeyMade(origin, key_id, before))
        await self._redis.hset(self._signers, origin, key_id)

    async def server(self) -> str:
        """Return the id of this run of the server."""
        return await self._log.server()


class LogStream(DenseStream):
    """The log of a ledger, which may be trimmed to its newest events."""

    async def trimmed(self) -> int:
        """Return how many entries have left the stream: those before its first, as far as their ids have a segment."""
        first = stored(await self._redis.xrange(self._key, count=1))
        await self._log.trimmed.look()
        return min(first[0].position - 1, self._log.trimmed.last) if first else 0


class RulesStream(DenseStream):
    """The rules on record of a ledger, whose entries name the texts of its files."""

    async def texts(self, entries: Sequence[bytes]) -> dict[str, bytes]:
        """Return the texts that entries name, by their SHA-256; one that is missing is left to who verifies."""
        hashes = sorted({rules_decoder.decode(raw).sha256 for raw in entries})
        found = await read_texts(self._redis, self._log.ledger, hashes)
        return {sha256: text for sha256, text in zip(hashes, found, strict=True) if text is not None}
