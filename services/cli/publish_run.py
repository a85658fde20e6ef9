"""One run of publishing a file: from the last checkpoint to its end."""

from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec.structs import replace

from services.cli.client import LINES
from services.cli.event_file import EventFile, EventLine, LineReader, open_events
from services.cli.progress_file import Destination, LoggedLine, ProgressFile, PublishProgress, RefusedLine
from services.cli.publisher import Publisher
from services.common.outcome import Outcome


class PublishRun:
    """Publishes a file to its destination and records checkpoints in the progress file."""

    def __init__(self, path: Path, destination: Destination, progress_file: ProgressFile, publisher: Publisher) -> None:
        self._path = path
        self._destination = destination
        self._progress_file = progress_file
        self._publisher = publisher

    async def restart_reason(self) -> str | None:
        """Return why this run cannot resume at the last checkpoint, None if it can.

        The published part must be unchanged, and the log must have it: its first and last accepted events are sent
        again and must be duplicates at their recorded positions. A log without the first event accepts it, as it would
        in a run from line 1.
        """
        checkpoint = self._progress_file.checkpoint
        if self._progress_file.destination is None or not checkpoint.line:
            return "it has not been published yet"
        if self._progress_file.destination != self._destination:
            earlier = self._progress_file.destination
            return f"it was published to {earlier.url}, as {earlier.source or 'another source'}"
        logged = [one for one in (checkpoint.first, checkpoint.last) if one is not None]
        if not logged:
            return "none of its events is in the log"
        with open_events(self._path) as source:
            sent = _lines_of(source.lines, checkpoint, {one.line for one in logged})
        if sent is None:
            return "the published part has changed"
        for one in logged:
            (outcome,) = await self._publisher.publish([sent[one.line]])
            if (outcome.outcome, outcome.position) != ("duplicate", one.position):
                return "the log does not have the published part"
        return None

    async def run(self, events: EventFile, report: Callable[[PublishProgress], None]) -> None:
        """Publish the rest of the open file and report each checkpoint."""
        lines, checkpoint = events.lines, self._progress_file.checkpoint
        while lines.number < checkpoint.line:
            lines.next()
        while batch := lines.take(LINES, self._publisher.size):
            outcomes = await self._publisher.publish(batch)
            checkpoint = _next(checkpoint, batch, outcomes, lines)
            self._progress_file.add(_refusals(batch, outcomes), checkpoint)
            report(checkpoint)


def _lines_of(lines: LineReader, checkpoint: PublishProgress, wanted: set[int]) -> dict[int, EventLine] | None:
    """Read the published part of a file and return the wanted lines of it; None if it has changed."""
    found: dict[int, EventLine] = {}
    while lines.number < checkpoint.line and (line := lines.next()) is not None:
        if line.number in wanted:
            found[line.number] = line
    same = (lines.number, lines.offset, lines.digest) == (checkpoint.line, checkpoint.offset, checkpoint.digest)
    return found if same else None


def _next(
    before: PublishProgress, batch: Sequence[EventLine], outcomes: Sequence[Outcome], lines: LineReader
) -> PublishProgress:
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


def _refusals(batch: Sequence[EventLine], outcomes: Sequence[Outcome]) -> list[RefusedLine]:
    return [
        RefusedLine(
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
