"""Saved rows: a fresh fold of the log gives equal rows."""

from typing import Any

import msgspec

from events.difference import members
from events.projection import Projection
from services.cli.checks.finding import Finding

SHOWN = 300
"""Characters printed of a row: two or three lines on a terminal."""


async def check_rows(projection: Projection[Any]) -> list[Finding]:
    """Return the saved rows that differ from a fresh fold as of the same instant."""
    await projection.read_saved()
    fresh = await projection.replay(projection.position)
    findings = []
    for name, (saved, folded) in projection.rules.differing(projection.rows, fresh.rows).items():
        differing = ", ".join(members(saved, folded))
        detail = f"{differing}: the saved row is {_short(saved)}, the log folds to {_short(folded)}"
        findings.append(Finding("rows", f"{projection.rules.name} {name}", detail))
    return findings


def _short(row: object) -> str:
    text = msgspec.json.encode(row).decode()
    return text if len(text) <= SHOWN else text[:SHOWN] + "…"
