"""The ledger `ops`: what operators do, as duban's own services and commands submit it. Pure.

It has no file. Its sources are the writers below; each has its inbox, which the server's ACL lets nobody else add to.
"""

from collections.abc import Iterable

from events.ledger import Ledger, Source

OPS = "ops"
"""Its name, which no other ledger can have."""

COMMANDS = "commands"
"""The writer of an operator's commands."""

WRITERS = ("ingest", "status", COMMANDS, "audit")
"""Its sources: ingest submits rules and keys, status what is done on the page, audit what that user exports."""

READER = "auditor"
"""The role of the sources of other ledgers that may read it."""


def operations_ledger(ledgers: Iterable[Ledger]) -> Ledger:
    """Return its configuration; its zone is that of the first of the others."""
    first = next(iter(ledgers), None)
    zone = first.timezone if first is not None else Ledger("").timezone
    return Ledger("运维记录", zone, sources={name: Source("operations") for name in WRITERS})


def user_of(ledger: str, source: str) -> str:
    """Return the name of a source among those of all ledgers, whose names have no dot."""
    return f"{ledger}.{source}"
