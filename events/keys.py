"""Key names: all keys of a ledger share its hash tag, so scripts are atomic on a cluster."""

import re

_LEDGER = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")


def key(ledger: str, *parts: str) -> str:
    """Return the name of a ledger's key; raise ValueError if `ledger` is not a ledger name."""
    if _LEDGER.fullmatch(ledger) is None:
        raise ValueError(f"{ledger!r} is no ledger name: lower-case letters, digits and inner hyphens, at most 64")
    return ":".join((f"duban:{{{ledger}}}", *parts))
