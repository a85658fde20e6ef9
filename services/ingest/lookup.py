"""Look-ups in the log before a batch is decided: the events that corrections cite, and the events it already has.

The latter only after a duplicate: events are usually new, which append.lua enforces, and duplicates come in series. Ids
that have left the server are looked up in memory each time, which append.lua enforces too.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from events.envelope import Event, read
from events.log import Log
from events.schema import ProgressCorrected
from services.ingest.draft import Draft, Ids
from services.ingest.request import Chunk

CHECK_ALL_BATCHES = 100
"""Batches whose submissions are all looked up after one with a duplicate."""


class Lookup(NamedTuple):
    """The answer to a look-up: valid in one epoch, for a batch that is decided on top of the draft `ahead`.

    `seen` are the submissions that the log or that draft has, all of them only if it is `whole`; `cited` are the events
    that corrections cite. Those that have left the server were looked up in the segments `trimmed`.
    """

    epoch: int
    ahead: Draft | None
    whole: bool
    seen: Ids
    cited: dict[tuple[str, str], Event]
    trimmed: str


class Lookups:
    """Looks up batches in one ledger's log, and decides how much of each is looked up."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._check_all = 0

    @property
    def checking_all(self) -> bool:
        """Whether all submissions of a batch are looked up."""
        return self._check_all > 0

    def check_all_next(self) -> None:
        """Look up all submissions of the next batches: there was a duplicate, or there may have been one."""
        self._check_all = CHECK_ALL_BATCHES

    async def ask(self, batch: Sequence[Chunk], epoch: int, ahead: Draft | None) -> Lookup:
        """Look up a batch that was read and is decided on top of `ahead`, which the log may not have yet."""
        whole = self.checking_all
        events = [one.event for chunk in batch for one in chunk.submissions if isinstance(one.event, Event)]
        ids = [(event.source, event.id) for event in events]
        cites = [(event.source, event.data.report) for event in events if isinstance(event.data, ProgressCorrected)]
        asked = (ids if whole else []) + cites
        stream = zip(asked, await self._log.seen_in_stream(asked), strict=True)
        trimmed = self._log.trimmed.index
        known = self._log.trimmed.find(ids + cites) | {id: one for id, one in stream if one is not None}
        seen = {id: known[id] for id in ids if id in known} if known else {}
        self._check_all = CHECK_ALL_BATCHES if seen else max(0, self._check_all - 1)
        if ahead is not None:
            seen |= ahead.ids
        cited = await self._cited({known[id].position: id for id in cites if id in known})
        return Lookup(epoch, ahead, whole, seen, cited, trimmed)

    async def _cited(self, cites: Mapping[int, tuple[str, str]]) -> dict[tuple[str, str], Event]:
        """Return the cited events, which the log has at these positions."""
        return {cites[one.position]: read(one.raw) for one in await self._log.read_at(list(cites))}
