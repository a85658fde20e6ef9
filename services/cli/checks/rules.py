"""The record of rules: dense, in the order of positions, each text as its hash names it."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from events.entries import Stored, stored
from events.keys import key
from events.recorded_rules import RulesEntry, read_texts, rules_decoder
from events.rules_text import read_ledger, sha256_of
from services.cli.checks.finding import Finding, deleted
from services.ingest.core import VERSION


class RulesFound(NamedTuple):
    """The entries of the record and the texts that they name, as far as these are right, and what is wrong."""

    entries: list[RulesEntry]
    texts: dict[str, bytes]
    findings: list[Finding]


class RulesInForce:
    """The entry by whose rules each position of a log was decided; positions are asked for in order."""

    def __init__(self, before: RulesEntry, entries: Sequence[RulesEntry], position: int) -> None:
        """Begin at a position; `before` holds as long as none of the entries does."""
        self.now = before
        self._later = deque(entries)
        self.reach(position)

    def reach(self, position: int) -> RulesEntry:
        """Return the entry that holds at a position."""
        while self._later and self._later[0].first <= position:
            self.now = self._later.popleft()
        return self.now


async def find_rules(redis: Any, name: str) -> RulesFound:
    """Return the rules on record on a server."""
    stream = key(name, "rules")
    found = rules_of(stored(await redis.xrange(stream)))
    if found.entries and (wrong := deleted(await redis.xinfo_stream(stream))) is not None:
        found.findings.append(Finding("rules", stream, wrong))
    hashes = sorted({entry.sha256 for entry in found.entries})
    return with_texts(found, dict(zip(hashes, await read_texts(redis, name, hashes), strict=True)))


def rules_of(entries: Iterable[Stored]) -> RulesFound:
    """Return the entries of a record, from their numbers and bytes."""
    found = RulesFound([], {}, [])
    for place, (number, raw) in enumerate(entries, 1):
        if number != place:
            found.findings.append(Finding("rules", str(number), f"entry {place} of the record has this number"))
        try:
            entry = rules_decoder.decode(raw)
        except msgspec.MsgspecError as error:
            found.findings.append(Finding("rules", str(number), f"does not decode: {error}"))
            continue
        if found.entries and entry.first < found.entries[-1].first:
            detail = f"holds from {entry.first} on, the entry before it from {found.entries[-1].first}"
            found.findings.append(Finding("rules", str(number), detail))
        found.entries.append(entry)
    return found


def with_texts(found: RulesFound, texts: Mapping[str, bytes | None]) -> RulesFound:
    """Return the rules with those of the texts that are what their hashes name, and ledgers."""
    for entry in {entry.sha256: entry for entry in reversed(found.entries)}.values():
        text = texts.get(entry.sha256)
        if text is None:
            wrong = "is missing"
        elif sha256_of(text) != entry.sha256:
            wrong = f"has the hash {sha256_of(text)}"
        else:
            try:
                read_ledger(text)
            except (msgspec.MsgspecError, ValueError, KeyError) as error:
                wrong = f"is no ledger: {error}"
            else:
                found.texts[entry.sha256] = text
                continue
        detail = f"the text of the rules {entry.sha256}, which hold from position {entry.first} on, {wrong}"
        found.findings.append(Finding("rules", str(entry.first), detail))
    return found


def notes(entries: list[RulesEntry], tail: int) -> list[str]:
    """Return which events of a log were not decided again by the rules of their position, and why."""
    lacking = entries[0].first - 1 if entries else tail
    found = [f"no rules are on record for positions 1 to {lacking}: decided by the present ones"] if lacking else []
    for entry, after in zip(entries, [*(one.first for one in entries[1:]), tail + 1], strict=False):
        if entry.version != VERSION and entry.first < after:
            found.append(
                f"positions {entry.first} to {after - 1} were decided by version {entry.version} of the code's rules,"
                f" which {VERSION} does not decide again"
            )
    return found
