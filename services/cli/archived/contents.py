"""The contents of a log's entries: each is an event, in order, with an id of its own, acceptable after the others."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from events.entries import Recorded, Stored
from events.envelope import Event, read
from events.ledger import Ledger
from events.schema import ProgressCorrected
from events.seal.errors import FormatError
from services.cli.archived.entries import SealedEntries
from services.cli.archived.places import EventPlaces
from services.cli.checks.decisions import Decisions, TasksState
from services.cli.checks.decoding import Decoding
from services.cli.checks.finding import Finding
from services.cli.checks.rules import RulesFound


class ContentsState(Struct, frozen=True):
    """What is known after a position up to which nothing was found.

    `recorded` is the last instant of record, `ids` are what EventPlaces packs, `tasks` those under each hash's rules.
    """

    recorded: datetime | None
    ids: bytes
    tasks: dict[str, TasksState]


class Contents:
    """Follows a log entry after entry, from its first one on or after a position where the state is known."""

    def __init__(
        self,
        entries: SealedEntries,
        rules: RulesFound,
        present: Ledger,
        after: int = 0,
        state: ContentsState | None = None,
    ) -> None:
        state = state or ContentsState(None, b"", {})
        self._entries = entries
        self._places = EventPlaces(state.ids)
        self._decoding = Decoding(state.recorded)
        self._decisions = Decisions(present, rules, self._cited, after, state.tasks)

    @property
    def findings(self) -> list[Finding]:
        """What is wrong so far."""
        return self._decoding.findings + self._decisions.findings

    async def follow(self, batch: Sequence[Stored]) -> None:
        """Look at the next entries; raises FormatError and OSError."""
        events: list[Recorded] = []
        for entry in batch:
            if (event := self._decoding.event(entry)) is None:
                continue
            if (before := self._places.place(event, entry.position)) is not None:
                wrong = f"position {before} has this source and id"
                self._decoding.findings.append(Finding("once", str(entry.position), wrong))
            events.append(Recorded(entry.position, event))
        await self._decisions.follow(events)

    def end(self) -> list[Finding]:
        """Return what is wrong with a log that ends here."""
        self._decisions.end(held=False)
        return self.findings

    def state(self) -> ContentsState:
        """Return what is known so far, if nothing was found."""
        return ContentsState(self._decoding.recorded, self._places.packed(), self._decisions.tasks())

    async def _cited(self, corrections: Mapping[int, Event]) -> dict[int, Event]:
        """Return the events that corrections cite, where they stand before them."""
        found: dict[int, Event] = {}
        for position, event in corrections.items():
            assert isinstance(event.data, ProgressCorrected)
            place = self._places.find(event.source, event.data.report)
            if place is None or place >= position:
                continue
            try:
                found[position] = read(self._entries.at(place))
            except FormatError as error:
                self._decoding.findings.append(Finding("archive", str(place), str(error)))
        return found
