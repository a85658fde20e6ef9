"""The rules on record: by which rules the events of a ledger were decided, from which position on.

    duban:{L}:rules        stream  1-0, 2-0, 3-0 … -> e: an entry as JSON                  written by append.lua alone
    duban:{L}:rules:texts  hash    sha256 -> the ledger's rules (events/rules_text.py)     written by append.lua alone

An entry is written with the first batch that is decided by its rules, so an event follows the last entry whose first
position is not after its own. Of several entries with one first position, the last one counts.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from events.entries import stored
from events.keys import key
from events.rules_text import RulesText, sha256_of


class RulesEntry(Struct, frozen=True):
    """The rules from position `first` on: the version of the code's rules, and the SHA-256 of the ledger's text."""

    first: int
    version: str
    sha256: str


class RulesStep(NamedTuple):
    """What a batch does about the rules: `last` is the number of the last entry; `entry` and `text` go on record."""

    last: int
    entry: bytes = b""
    new: RulesText | None = None


class RulesOnRecord:
    """The rules of a writer, and whether they are on record.

    A batch that was packed is taken as appended; where it fails, `load` follows before the next one is packed.
    """

    def __init__(self, redis: Any, ledger: str, own: RulesText) -> None:
        self._redis = redis
        self._ledger = ledger
        self._own = own
        self._last = self._first = 0
        self._known = False

    async def load(self) -> None:
        """Read the last entry: it may be that of another instance with other rules."""
        self._last, self._first, self._known = 0, 0, False
        for number, raw in stored(await self._redis.xrevrange(key(self._ledger, "rules"), count=1)):
            entry = rules_decoder.decode(raw)
            self._last, self._first = number, entry.first
            self._known = (entry.version, entry.sha256) == (self._own.version, self._own.sha256)

    def step(self, position: int) -> RulesStep:
        """Return what a batch does whose first event gets a position.

        Raises RuntimeError where rules are on record from a later position on.
        """
        if self._known:
            return RulesStep(self._last)
        if self._first > position:
            raise RuntimeError(
                f"{self._ledger}: rules are on record from {self._first} on; the next position is {position}"
            )
        entry = msgspec.json.encode(RulesEntry(position, self._own.version, self._own.sha256))
        step = RulesStep(self._last, entry, self._own)
        self._last, self._first, self._known = self._last + 1, position, True
        return step


async def read_rules(redis: Any, ledger: str) -> list[RulesEntry]:
    """Return the entries on record, in order."""
    return [rules_decoder.decode(raw) for _, raw in stored(await redis.xrange(key(ledger, "rules")))]


async def read_texts(redis: Any, ledger: str, hashes: Sequence[str]) -> list[bytes | None]:
    """Return the texts with these hashes, None for each that is missing."""
    found: list[bytes | None] = await redis.hmget(key(ledger, "rules", "texts"), hashes) if hashes else []
    return found


class DamagedRulesError(RuntimeError):
    """Rules are on record whose text is missing or altered."""


async def entry_at(redis: Any, ledger: str, position: int) -> RulesEntry | None:
    """Return the entry by whose rules the event at a position was decided; None if it is older than the record."""
    held = [entry for entry in await read_rules(redis, ledger) if entry.first <= position]
    return held[-1] if held else None


async def text_of(redis: Any, ledger: str, entry: RulesEntry) -> bytes:
    """Return the text that an entry names; raises DamagedRulesError."""
    (text,) = await read_texts(redis, ledger, [entry.sha256])
    if text is None or sha256_of(text) != entry.sha256:
        raise DamagedRulesError(
            f"the rules {entry.sha256}, in force from position {entry.first} on, are missing or altered:"
            " `duban audit verify`"
        )
    return text


rules_decoder = msgspec.json.Decoder(RulesEntry)
