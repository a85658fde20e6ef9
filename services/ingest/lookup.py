"""What the log is asked of a batch before that is decided: what its corrections name, and what it has of it already.

That only after a duplicate: events are new as a rule, which append.lua makes sure of, and duplicates come in droves.
"""

from collections.abc import Sequence
from typing import NamedTuple

from events.entries import Known
from events.envelope import Event, read
from events.log import Log
from events.schema import ProgressCorrected
from services.ingest.draft import Ids
from services.ingest.queue import Part

WARY_BATCHES = 100
"""Batches that are looked up whole after one that had a duplicate."""


class Lookup(NamedTuple):
    """What the log knew of a batch, in the epoch (between two failures) in which it was asked.

    `known` are its submissions that were there, if it was `whole`; `cited` the events that its corrections name.
    """

    epoch: int
    whole: bool
    known: Ids
    cited: dict[tuple[str, str], Event]


class Lookups:
    """Asks one ledger's log, and knows whether a batch had better be looked up whole."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._wary = 0

    @property
    def wary(self) -> bool:
        """Whether batches are looked up whole."""
        return self._wary > 0

    def beware(self) -> None:
        """Look up the next batches whole: there was a duplicate, or what may be one."""
        self._wary = WARY_BATCHES

    async def ask(self, batch: Sequence[Part], epoch: int) -> Lookup:
        """Look up a batch that was read."""
        whole = self.wary
        events = [one.event for part in batch for one in part.submissions if isinstance(one.event, Event)]
        ids = [(event.source, event.id) for event in events] if whole else []
        cites = [(event.source, event.data.report) for event in events if isinstance(event.data, ProgressCorrected)]
        found = await self._log.known(ids + cites)
        known = {id: known for id, known in zip(ids, found, strict=False) if known is not None}
        self._wary = WARY_BATCHES if known else max(0, self._wary - 1)
        return Lookup(epoch, whole, known, await self._cited(cites, found[len(ids) :]))

    async def _cited(
        self, cites: Sequence[tuple[str, str]], found: Sequence[Known | None]
    ) -> dict[tuple[str, str], Event]:
        """Return the events that corrections name, as far as the log has them."""
        positions = {known.position: id for id, known in zip(cites, found, strict=True) if known is not None}
        return {positions[one.position]: read(one.raw) for one in await self._log.pick(list(positions))}
