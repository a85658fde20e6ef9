"""The model's directory: who is meant by a name, by the ledger's file as plain data."""

import tomllib
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

NOTIFY = "notify"
"""The source that submits what people acknowledge; no ledger's file has it."""

PATH = Path(__file__).with_name("life.toml")


class Directory:
    """The names of one ledger's file."""

    def __init__(self, path: Path = PATH) -> None:
        self.file: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        self.zone = ZoneInfo(self.file["timezone"])
        self.groups: dict[str, list[str]] = self.file["groups"]
        self.sources: dict[str, dict[str, Any]] = self.file["sources"]
        self.units = set(self.file["units"])
        for members in self.groups.values():
            self.units.update(members)
        for merger in self.file["successions"]:
            self.units.add(merger["to"])

    def own(self, name: str) -> str:
        """Return a unit's or group's own name."""
        aliases: dict[str, str] = self.file["aliases"]
        return aliases.get(name, name)

    def bound(self, units: list[dict[str, Any]]) -> dict[str, str]:
        """Return who has a duty, one by one, and as what.

        Whoever is mentioned by two names leads if it does by one; of a unit and its group, the first decides.
        """
        leading = {self.own(unit["name"]) for unit in units if unit["role"] == "lead"}
        duties: dict[str, str] = {}
        for unit in units:
            name = self.own(unit["name"])
            for member in self.members(name):
                if member not in duties:
                    duties[member] = "lead" if name in leading else "cooperating"
        return duties

    def members(self, name: str) -> list[str]:
        """Return the units of a group, or the unit itself."""
        return self.groups.get(name, [name])

    def successor(self, name: str, day: date) -> str | None:
        """Return who goes on for a unit that has ended by a day."""
        followed: str | None = None
        for merger in self.file["successions"]:  # none of this file's leads on to another
            if name in merger["from"] and merger["on"] <= day:
                followed = merger["to"]
        return followed

    def ends(self) -> list[datetime]:
        """Return the instants at which units end."""
        days = [merger["on"] for merger in self.file["successions"]]
        return [datetime(day.year, day.month, day.day, tzinfo=self.zone) for day in days]

    def day(self, instant: datetime) -> date:
        return instant.astimezone(self.zone).date()

    def role(self, source: str) -> str:
        """Return what a source may send; notify, which no ledger names, sends acknowledgements."""
        return "notify" if source == NOTIFY else str(self.sources[source]["role"])

    def speaks(self, source: str, unit: str) -> bool:
        """Return whether a source speaks for a unit."""
        named = self.sources[source].get("units", [])
        return "*" in named or self.own(unit) in named

    def owns(self, source: str, name: str) -> bool:
        """Return whether an event's `source` is one of those that an authenticated source may name."""
        return name == source or name.startswith(f"{source}/")
