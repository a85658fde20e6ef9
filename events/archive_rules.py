"""How a ledger's archive is named, and who may read it. Pure."""

import re

from msgspec import Struct

from events.seal.checkpoint import INVALID

_DOMAIN = re.compile(r"(?:(?!-)[a-z0-9-]{1,63}(?<!-)\.)+(?!-)[a-z0-9-]{1,63}(?<!-)")

MOST_DOMAIN = 180
"""Characters: a key's name has 255 bytes at most, and `/<ledger>/record` follows."""

FEWEST_KEPT = 1_000
"""Events, and entries of the record, that stay on the server: enough for what is cited, repeated and looked at most."""


class ArchiveRules(Struct, frozen=True, forbid_unknown_fields=True):
    """The `[archive]` of a ledger's file.

    `public` opens the archive of the log to everybody, not that of the record. `domain` is one of the office's own, for
    the origin of logs whose keys are made from now on. `keep` is how many of the newest events, and of the newest
    entries of the record, stay on the server once they are sealed; None keeps all. None of them changes what is folded.
    """

    public: bool = False
    domain: str | None = None
    keep: int | None = None

    def __post_init__(self) -> None:
        if self.domain is not None and not _is_domain(self.domain):
            raise ValueError(
                f"domain {self.domain!r} is none of the office's own in lower-case letters, such as audit.example.cn"
            )
        if self.keep is not None and self.keep < FEWEST_KEPT:
            raise ValueError(f"keep = {self.keep}; at least {FEWEST_KEPT} events stay on the server")


def _is_domain(text: str) -> bool:
    return len(text) <= MOST_DOMAIN and _DOMAIN.fullmatch(text) is not None and not f".{text}".endswith(f".{INVALID}")
