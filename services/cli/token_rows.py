"""Tokens and sessions as `duban token list` prints them: without a secret and without its hash."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.table import Table

from events.ledger import Ledger
from services.common.sessions import BrowserSession
from services.common.tokens import Token

GOOD = "good"
"""The state of what is valid now."""


def token_row(token: Token, ledger: Ledger, now: datetime) -> dict[str, Any]:
    """Return the printable members of a token, at an instant of the ledger's clock."""
    return {
        "id": token.id,
        "source": token.source,
        "role": _role(ledger, token.source),
        "made": shown(token.terms.made, ledger),
        "by": token.terms.by,
        "expires": shown(token.terms.expires, ledger),
        "note": token.terms.note,
        "state": token.fault(now) or GOOD,
        "revoked": shown(token.revoked, ledger),
        "revoked_by": token.revoked_by,
    }


def session_row(session: BrowserSession, ledger: Ledger, faults: Mapping[str, str], real: float) -> dict[str, Any]:
    """Return the printable members of a session; `faults` has the state of each token by its id, `real` Unix seconds.

    A session is over with its token, too.
    """
    state = faults.get(session.token, "unknown")
    return {
        "id": session.id,
        "source": session.source,
        "role": _role(ledger, session.source),
        "token": session.token,
        "made": _at(session.made, ledger),
        "used": _at(session.used, ledger),
        "until": _at(session.until, ledger),
        "state": f"token {state}" if state != GOOD else "over" if session.until <= real else GOOD,
    }


def token_table(rows: Sequence[Mapping[str, Any]], *, everything: bool) -> Table:
    """Return tokens as a table; with `everything`, their states too."""
    table = Table("id", "source", "role", "made", "by", "expires", "note", *(["state"] if everything else []))
    for row in rows:
        state = "\n".join(filter(None, [row["state"], row["revoked"], row["revoked_by"]]))
        cells = [row[name] or "—" for name in ("id", "source", "role", "made", "by", "expires", "note")]
        table.add_row(*cells, *([state] if everything else []))
    return table


def session_table(rows: Sequence[Mapping[str, Any]], *, everything: bool) -> Table:
    """Return sessions as a table; with `everything`, their states too."""
    names = ("id", "source", "role", "token", "made", "used", "until", *(["state"] if everything else []))
    table = Table(*names, title="sessions of browsers")
    for row in rows:
        table.add_row(*(row[name] or "—" for name in names))
    return table


def shown(instant: datetime | None, ledger: Ledger) -> str | None:
    """Return an instant in the ledger's zone, to the second."""
    return instant.astimezone(ledger.zone).isoformat(timespec="seconds") if instant is not None else None


def _at(seconds: float, ledger: Ledger) -> str | None:
    return shown(datetime.fromtimestamp(seconds, ledger.zone), ledger)


def _role(ledger: Ledger, name: str) -> str | None:
    source = ledger.sources.get(name)
    return source.role if source is not None else None
