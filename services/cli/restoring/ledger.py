"""The steps by which a ledger is put back on a server: verify, compare, set aside, write, submit again."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from events.envelope import read
from events.keys import key
from events.ledger import Ledger
from events.log import Log
from events.operations import COMMANDS
from events.record import TrimmedMark
from events.schema import LogRestored
from events.seal.checkpoint import INVALID
from events.seal.eras import FIRST, LOG, SealedEras, last_era, sealed_eras
from events.seal.policy import LogPolicy
from events.seal.roots import ArchiveRoot, storage_of
from events.seal.tiles import WIDTH, entry_at
from events.trimming import Trimming
from services.cli.restoring.log_restoring import LogRestoring, compared
from services.cli.restoring.resubmitting import Resubmitted, resubmit, set_aside
from services.cli.restoring.sealed import SealedStream, verified
from services.cli.restoring.streams import restore_record, restore_rules
from services.cli.service_error import ServiceError
from services.common.accepted import LogPutBack, accept
from services.common.clock import SystemClock, kind_of
from services.common.ledger_clock import ledger_clock
from services.common.operations import record
from services.common.sessions import INSTALLATION
from services.ingest.sealing.places import RECORD, RULES, SealPlace, place_of
from services.ingest.sealing.signing import load_signer
from services.ingest.writer import Writer

Report = Callable[[str, int], None]
"""Gets what is being done, and the number of entries for which it is done."""


class Places(NamedTuple):
    """Where a ledger's archives and keys are."""

    archive: ArchiveRoot
    keys: Path
    ledger: str

    @property
    def eras(self) -> SealedEras:
        """The sealed log."""
        return sealed_eras(self.archive / self.ledger)

    def of(self, stream: str, era: int = FIRST) -> SealPlace:
        """Return the files of a stream in an era."""
        return place_of(self.archive, self.keys, self.ledger, stream, era)


class Restored(NamedTuple):
    """What was done: sealed positions of the log, those that the server lacked, streams that were set aside.

    `again` are the events that were submitted again, `unsent` the alerts of which nothing is known but that they arose.
    """

    sealed: int
    lacking: int
    apart: list[str]
    again: list[Resubmitted]
    unsent: int


class LedgerRestoring:
    """Restores one ledger; nothing else may use its server meanwhile."""

    def __init__(self, redis: Any, ledger: Ledger, places: Places, clock: str | None, by: str, report: Report) -> None:
        """Take the kind of the ledger's clock, and who restores."""
        self._redis = redis
        self._ledger = ledger
        self._places = places
        self._clock = clock
        self._by = by
        self._report = report
        self._era = last_era(places.eras)
        self._log = Log(redis, places.ledger, archive=places.eras)
        storage = storage_of(places.of(LOG, self._era).archive)
        self._trimming = Trimming(redis, self._log, storage, self._era)

    async def run(self, policy: LogPolicy | None, keep: int | None) -> Restored:
        """Restore the ledger from archives that a policy trusts, None being that of its own keys."""
        name, redis = self._places.ledger, self._redis
        log, told, rules = (self._verified(stream, policy) for stream in (LOG, RECORD, RULES))
        if log is None:
            raise ServiceError(f"{self._places.of(LOG, self._era).archive} has no checkpoint: nothing was sealed there")
        await self._trimming.mend(log.checkpoint)
        before = await compared(self._log, log)
        writing = LogRestoring(redis, self._log, log, self._trimming)
        apart = []
        if before.differs:
            put_back = LogPutBack(self._by, SystemClock().now(), before.same, before.tail, log.size)
            await accept(redis, name, put_back)  # first: it explains what else is found if this stops here
            apart.append(await writing.set_apart(before))
        await self._restore_marks(log)
        unsent = 0
        if rules is not None:
            apart += filter(None, [await restore_rules(redis, name, rules)])
        if told is not None:  # before the log, from which alerts arise
            start = TrimmedMark(max(told.size - keep, 0) // WIDTH * WIDTH if keep is not None else 0, self._era)
            one, unsent = await restore_record(redis, name, told, _recorded(log), start)
            apart += filter(None, [one])
        if before.lacking:
            await writing.write(keep, lambda position: self._report("restoring events", position))
            await record(redis, COMMANDS, name, LogRestored(self._by, before.same + 1, log.size, before.lacking))
        return Restored(log.size, before.lacking, apart, await self._submit_again(log), unsent)

    def _verified(self, stream: str, policy: LogPolicy | None) -> SealedStream | None:
        place = self._places.of(stream, self._era)
        trusted = policy or LogPolicy(load_signer(place.key).keys, {}, {}, "none")
        return verified(place.archive, trusted, lambda count: self._report(f"verifying the {stream}", count))

    async def _restore_marks(self, log: SealedStream) -> None:
        """Put back what the server had once for all: its id, and the kind of the ledger's clock."""
        installation, _, domain = log.checkpoint.origin.partition("/")[0].partition(".")
        if domain == INVALID:
            await self._redis.set(INSTALLATION, installation, nx=True)
        await self._redis.set(key(self._places.ledger, "clock", "kind"), kind_of(self._clock), nx=True)

    async def _submit_again(self, log: SealedStream) -> list[Resubmitted]:
        name = self._places.ledger
        events = await set_aside(self._redis, name, log)
        if not events:
            return []
        clock = await ledger_clock(self._redis, name, self._clock)
        return await resubmit(Writer(self._redis, name, self._ledger, clock.now, archive=self._places.eras), events)


def _recorded(log: SealedStream) -> datetime | None:
    """Return when the last sealed event was recorded."""
    return read(entry_at(log.read, log.size, log.size)).recorded if log.size else None
