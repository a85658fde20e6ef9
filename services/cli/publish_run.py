"""Publishing one file: from where the last run of it came to, to its end."""

from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec.structs import replace

from services.cli.client import LINES
from services.cli.event_file import EventLine, Lines, Source, opened
from services.cli.progress_file import Journal, LoggedLine, Reached, Refused, Target
from services.cli.publisher import Publisher
from services.ingest.core import Outcome


class Publication:
    """One run."""

    def __init__(self, path: Path, target: Target, journal: Journal, publisher: Publisher) -> None:
        self._path = path
        self._target = target
        self._journal = journal
        self._publisher = publisher

    async def why_anew(self) -> str | None:
        """Return why this run cannot go on where the last one ended, None if it can.

        The part that was published must be as it was, and the log must hold it: its first and its last event that the
        log took are sent once more, and have to be duplicates at the positions they had. The first alone is sent to a
        log that does not know it, as it will be anyway.
        """
        reached = self._journal.reached
        if self._journal.target is None or not reached.line:
            return "it was not begun"
        if self._journal.target != self._target:
            return f"it was being published to {self._journal.target.url}, as {self._journal.target.source or 'others'}"
        known = [one for one in (reached.first, reached.last) if one is not None]
        if not known:
            return "nothing of it was taken"
        with opened(self._path) as source:
            sent = _lines_of(source.lines, reached, {one.line for one in known})
        if sent is None:
            return "what was published of it has changed since"
        for one in known:
            (outcome,) = await self._publisher.publish([sent[one.line]])
            if (outcome.outcome, outcome.position) != ("duplicate", one.position):
                return "the log does not hold what was published of it"
        return None

    async def run(self, source: Source, moved: Callable[[Reached], None]) -> None:
        """Publish what is left of the open file; `moved` is told after each batch how far it came."""
        lines, reached = source.lines, self._journal.reached
        while lines.number < reached.line:
            lines.next()
        while batch := lines.take(LINES, self._publisher.size):
            outcomes = await self._publisher.publish(batch)
            reached = _moved(reached, batch, outcomes, lines)
            self._journal.add(_refusals(batch, outcomes), reached)
            moved(reached)


def _lines_of(lines: Lines, reached: Reached, wanted: set[int]) -> dict[int, EventLine] | None:
    """Read the part of a file that was published, and return these lines of it; None where it has changed."""
    found: dict[int, EventLine] = {}
    while lines.number < reached.line and (line := lines.next()) is not None:
        if line.number in wanted:
            found[line.number] = line
    same = (lines.number, lines.offset, lines.digest) == (reached.line, reached.offset, reached.digest)
    return found if same else None


def _moved(before: Reached, batch: Sequence[EventLine], outcomes: Sequence[Outcome], lines: Lines) -> Reached:
    counted = {"accepted": before.accepted, "duplicate": before.duplicate, "refused": before.refused}
    first, last = before.first, before.last
    for line, outcome in zip(batch, outcomes, strict=True):
        counted[outcome.outcome] += 1
        if outcome.position is not None:
            last = LoggedLine(line.number, outcome.position)
            first = first or last
    return replace(
        before, line=lines.number, offset=lines.offset, digest=lines.digest, first=first, last=last, **counted
    )


def _refusals(batch: Sequence[EventLine], outcomes: Sequence[Outcome]) -> list[Refused]:
    return [
        Refused(
            line.number,
            outcome.source,
            outcome.id,
            outcome.code or "",
            outcome.detail or "",
            line.raw.decode(errors="replace") if line.raw is not None else None,
        )
        for line, outcome in zip(batch, outcomes, strict=True)
        if outcome.outcome == "refused"
    ]
