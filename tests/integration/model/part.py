"""One unit's part in a task of the model, and its reports."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass
class Report:
    """A report that can be corrected: the ids it goes by, whose it was, and what was known of the unit before it."""

    ids: list[str]
    source: str
    unit: str
    before: float | None


@dataclass
class Part:
    """What a unit has done."""

    role: str
    state: str = "assigned"
    percent: float | None = None
    signed_at: str | None = None
    last_report_at: str | None = None
    heard: datetime | None = None
    """When it has last reported or submitted while it led, by the ledger's clock."""

    latest: Report | None = None

    def row(self, unit: str) -> dict[str, Any]:
        """Return it as DESIGN's task row has it."""
        return {
            "unit": unit,
            "role": self.role,
            "percent": self.percent,
            "signed_at": self.signed_at,
            "last_report_at": self.last_report_at,
            "state": self.state,
        }
