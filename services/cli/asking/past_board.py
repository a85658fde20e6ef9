"""The board as of a moment: the log folded up to there, by the rules on record for its last position."""

from datetime import datetime
from typing import Any, NamedTuple

from events.envelope import read
from events.ledger import Ledger
from events.log import Log
from events.recorded_rules import DamagedRulesError, entry_at, text_of
from events.rules_text import read_ledger
from services.common.settings import SettingsError
from services.status.core import evolve
from services.status.lights import lit
from services.status.row import TaskRow, TrackedTask


class PastRows(NamedTuple):
    """The rows up to `position`, lit as at `at`; `rules` is the SHA-256 of the ledger's rules, None if none are known.

    None are on record for events from before they were recorded: then the present ones were used.
    """

    position: int
    at: datetime | None
    rules: str | None
    ledger: Ledger
    rows: dict[str, TaskRow]

    def heading(self) -> dict[str, object]:
        """Return what the board is as of, and by which rules, as it is printed with --json."""
        return {"position": self.position, "at": self.at, "rules": self.rules}

    def __str__(self) -> str:
        at = f"{self.at.astimezone(self.ledger.zone):%Y-%m-%d %H:%M:%S}" if self.at is not None else "—"
        rules = f"按当时规则 {self.rules[:12]}" if self.rules is not None else "按现行规则（当时的规则没有记录）"
        return f"截至 {at}，日志序号 {self.position}，{rules}"


async def position_of(log: Log, moment: int | datetime) -> tuple[int, datetime | None]:
    """Return the last position as of a moment, and the instant: a position's is that at which it was recorded."""
    tail = await log.tail()
    if isinstance(moment, int):
        position = min(moment, tail)
        return position, await _recorded(log, position) if position else None
    low, high = 0, tail
    while low < high:  # positions are in the order of their recorded instants
        middle = (low + high + 1) // 2
        low, high = (middle, high) if await _recorded(log, middle) <= moment else (low, middle - 1)
    return low, moment


async def board_as_of(redis: Any, log: Log, present: Ledger, moment: int | datetime) -> PastRows:
    """Return the board as of a moment; raises SettingsError where the rules of then are damaged."""
    position, at = await position_of(log, moment)
    rules, ledger = await _rules_at(redis, log, present, position)
    tasks: dict[str, TrackedTask] = {}
    async for batch in log.scan(until=position):
        for entry in batch:
            task = evolve(ledger, tasks.get(entry.event.subject), entry)
            if task is not None:
                tasks[entry.event.subject] = task
    shown = {name: lit(task, ledger.lights, at).row for name, task in tasks.items()} if at is not None else {}
    return PastRows(position, at, rules, ledger, shown)


async def _recorded(log: Log, position: int) -> datetime:
    (entry,) = await log.read_at([position])
    return read(entry.raw).at


async def _rules_at(redis: Any, log: Log, present: Ledger, position: int) -> tuple[str | None, Ledger]:
    """Return the rules on record for a position, by their hash and as a ledger; the present ones where none are."""
    entry = await entry_at(redis, log.ledger, position)
    if entry is None:
        return None, present
    try:
        return entry.sha256, read_ledger(await text_of(redis, log.ledger, entry))
    except DamagedRulesError as error:
        raise SettingsError(str(error)) from error
