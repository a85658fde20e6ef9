"""The sealing of one ledger: its three sealers, and the next era after a loss that was accepted."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from events.log import Log
from events.schema import LogEnded
from events.seal.eras import FIRST
from events.seal.roots import ArchiveRoot
from services.common.accepted import accepted_losses
from services.common.operations import record
from services.common.sample import Sample
from services.ingest.sealing.era_start import keep_start
from services.ingest.sealing.places import LOG, RECORD, RULES, STREAMS, SealPlace
from services.ingest.sealing.sealer import Sealer, Stop
from services.ingest.sealing.trimmer import Trimmer


class EraSealing(NamedTuple):
    """The sealers of one era of a ledger, and what trims its log and its record, if its file asks for that."""

    log: Sealer
    record: Sealer
    rules: Sealer
    trimmers: tuple[Trimmer, ...]


class LedgerSealing:
    """Seals a ledger in its present era; `place` returns where a stream is in an era, and `begin` what seals it."""

    def __init__(
        self,
        redis: Any,
        source: Log,
        era: int,
        place: Callable[[str, int], SealPlace],
        begin: Callable[[int], EraSealing],
    ) -> None:
        self.era = era
        self._redis = redis
        self._source = source
        self._place = place
        self._begin = begin
        self._present = begin(era)

    @property
    def log(self) -> Sealer:
        """The sealer of the log."""
        return self._present.log

    @property
    def sealers(self) -> dict[str, Sealer]:
        """The sealers by stream, in the order of STREAMS."""
        return {LOG: self._present.log, RECORD: self._present.record, RULES: self._present.rules}

    @property
    def warnings(self) -> list[str]:
        """What an operator should see to."""
        trimming = [warning for trimmer in self._present.trimmers for warning in trimmer.warnings]
        return [warning for sealer in self.sealers.values() for warning in sealer.warnings] + trimming

    def samples(self) -> Iterator[Sample]:
        """Yield how far each stream is sealed."""
        for stream, sealer in self.sealers.items():
            yield from sealer.samples(stream)

    def archive(self, stream: str, era: int) -> ArchiveRoot | None:
        """Return the archive of a stream in an era, None if that has not begun."""
        return self._place(stream, era).archive if FIRST <= era <= self.era else None

    async def turn(self, stream: str) -> None:
        """Let the sealer of a stream take its turn."""
        await self.sealers[stream].turn()

    async def stamp_if_due(self) -> None:
        """Have the published checkpoints stamped once a day."""
        for sealer in self.sealers.values():
            await sealer.stamp_if_due()

    async def trim(self) -> None:
        """Trim the log and the record if they are too long."""
        for trimmer in self._present.trimmers:
            await trimmer.turn()

    async def close(self) -> None:
        """Seal what came last, and give the archives up."""
        for sealer in self.sealers.values():
            await sealer.close()

    async def unaccepted(self) -> Stop | None:
        """Return why the log is not sealed any more, unless an operator has accepted that what was sealed is lost."""
        stop = self.log.stopped
        if stop is None:
            return None
        losses = await accepted_losses(self._redis, self._source.ledger, self.era)
        return stop if not any(loss.has(stop.position) for loss in losses) else None

    async def look(self) -> None:
        """Begin the next era once an operator has accepted that what was sealed is lost.

        Raises RedisError, OSError and NotSealedError; it then goes on with the next look.
        """
        if self.log.stopped is not None and await self.unaccepted() is None:
            await self._end()
            self.era += 1
            self._present = self._begin(self.era)

    async def _end(self) -> None:
        """End the present era: nothing is signed in it any more, and the next one is told how to begin.

        What begins with the log's is there; a crash before that ends it again.
        """
        await self._source.trimmed.look()
        files = [one.file for one in self._source.trimmed.named.ranges]
        for stream in reversed(STREAMS):
            sealer = self.sealers[stream]
            start = await sealer.end(files if stream == LOG else [])
            if stream == LOG:
                ended = start.ended
                data = LogEnded(ended.origin, ended.size, ended.root.hex(), start.size)
                await record(self._redis, "ingest", self._source.ledger, data)
            path = self._place(stream, self.era + 1).start
            keep_start(path, start.afresh if stream == RULES else start)  # each text of rules is a file of its archive
