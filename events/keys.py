"""Key names: all keys of a ledger share its hash tag, so scripts are atomic on a cluster."""

import re
from typing import NamedTuple

_LEDGER = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")


def key(ledger: str, *parts: str) -> str:
    """Return the name of a ledger's key; raise ValueError if `ledger` is not a ledger name."""
    if _LEDGER.fullmatch(ledger) is None:
        raise ValueError(f"{ledger!r} is no ledger name: lower-case letters, digits and inner hyphens, at most 64")
    return ":".join((f"duban:{{{ledger}}}", *parts))


class LogKeys(NamedTuple):
    """The names of a ledger's keys that events/log.py and recorded_rules.py describe."""

    log: str
    seen: str
    cursors: str
    asked: str
    refused: str
    refused_sizes: str
    clock_kind: str
    rules: str
    texts: str
    segments: str

    @classmethod
    def of(cls, ledger: str) -> "LogKeys":
        """Return the names for a ledger."""
        return cls(
            key(ledger, "log"),
            key(ledger, "seen"),
            key(ledger, "cursors"),
            key(ledger, "asked"),
            key(ledger, "refused"),
            key(ledger, "refused", "sizes"),
            key(ledger, "clock", "kind"),
            key(ledger, "rules"),
            key(ledger, "rules", "texts"),
            key(ledger, "index"),
        )
