"""The rules on record: by which rules the events of a ledger were decided, from which position on.

    duban:{L}:rules        stream  <first position>-<n> -> version, sha256                 written by append.lua alone
    duban:{L}:rules:texts  hash    sha256 -> the ledger's rules (events/rules_text.py)     written by append.lua alone

An entry is written with the first batch that is decided by its rules, so an event follows the last entry whose first
position is not after its own. Of several entries with one first position, the last one counts.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from events.keys import key
from events.rules_text import RulesText

FIRST = "0-0"
"""Before the first entry."""


class RulesEntry(NamedTuple):
    """The rules from a position on: the version of the code's rules, and the SHA-256 of the ledger's text."""

    first: int
    version: str
    sha256: str


class RulesStep(NamedTuple):
    """What a batch does about the rules: `last` is the last entry, as far as is known; `new` goes on record as `id`."""

    last: str
    id: str
    new: RulesText | None


class RulesOnRecord:
    """The rules of a writer, and whether they are on record.

    A batch that was packed is taken as appended; where it fails, `load` follows before the next one is packed.
    """

    def __init__(self, redis: Any, ledger: str, own: RulesText) -> None:
        self._redis = redis
        self._ledger = ledger
        self._own = own
        self._last = FIRST
        self._known = False

    async def load(self) -> None:
        """Read the last entry: it may be that of another instance with other rules."""
        last = await self._redis.xrevrange(key(self._ledger, "rules"), count=1)
        self._last = last[0][0].decode() if last else FIRST
        self._known = bool(last) and _entry(last[0])[1:] == (self._own.version, self._own.sha256)

    def step(self, position: int) -> RulesStep:
        """Return what a batch does whose first event gets a position.

        Raises RuntimeError where rules are on record from a later position on.
        """
        if self._known:
            return RulesStep(self._last, self._last, None)
        first, _, number = self._last.partition("-")
        if int(first) > position:
            raise RuntimeError(f"{self._ledger}: rules are on record from {first} on; the next position is {position}")
        id = f"{position}-{int(number) + 1 if int(first) == position else 0}"
        step = RulesStep(self._last, id, self._own)
        self._last, self._known = id, True
        return step


async def read_rules(redis: Any, ledger: str) -> list[RulesEntry]:
    """Return the entries on record, in order."""
    return [_entry(one) for one in await redis.xrange(key(ledger, "rules"))]


async def read_texts(redis: Any, ledger: str, hashes: Sequence[str]) -> list[bytes | None]:
    """Return the texts with these hashes, None for each that is missing."""
    found: list[bytes | None] = await redis.hmget(key(ledger, "rules", "texts"), hashes) if hashes else []
    return found


def _entry(entry: tuple[bytes, dict[bytes, bytes]]) -> RulesEntry:
    id, fields = entry
    return RulesEntry(int(id.partition(b"-")[0]), fields[b"version"].decode(), fields[b"sha256"].decode())
