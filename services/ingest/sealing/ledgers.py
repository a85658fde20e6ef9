"""Sealing of all ledgers of a service: a sealer each for the log, the record and the rules of a ledger."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from events.ledger import Ledger
from events.log import Log
from events.record import Record
from events.seal.checkpoint import origin_of
from events.seal.roots import ArchiveRoot
from services.common.lifespan import Running
from services.common.sample import Sample
from services.common.sessions import installation
from services.common.settings import Settings
from services.common.stream_trimming import trimmings
from services.ingest.sealing.dense_stream import DenseStream, LogStream, RulesStream
from services.ingest.sealing.places import LOG, RECORD, RULES, STREAMS, directories, place_of, still_own
from services.ingest.sealing.publishing import Quorum
from services.ingest.sealing.record_stream import RecordStream
from services.ingest.sealing.sealed_files import SealedFiles
from services.ingest.sealing.sealer import Sealer
from services.ingest.sealing.stamping import Authority
from services.ingest.sealing.trimmer import TRIM_SECONDS, Trimmer
from services.ingest.sealing.witnesses import Witnesses, load_witnesses

FOLLOW_SECONDS = 1.0
"""Between two looks at a stream: the work of a busy one comes in small parts."""


class LedgerSealing(NamedTuple):
    """The sealers of one ledger, and what trims its log and its record, if its file asks for that."""

    log: Sealer
    record: Sealer
    rules: Sealer
    trimmers: tuple[Trimmer, ...] = ()

    @property
    def sealers(self) -> tuple[Sealer, Sealer, Sealer]:
        """The sealers, in the order of STREAMS."""
        return self.log, self.record, self.rules

    @property
    def warnings(self) -> list[str]:
        """What an operator should see to."""
        sealing = [warning for sealer in self.sealers for warning in sealer.warnings]
        return sealing + [warning for trimmer in self.trimmers for warning in trimmer.warnings]

    def samples(self) -> Iterator[Sample]:
        """Yield how far each stream is sealed."""
        for stream, sealer in zip(STREAMS, self.sealers, strict=True):
            yield from sealer.samples(stream)


class Sealing:
    """Seals the ledgers of a service below two places, one stream at a time: they share a thread."""

    def __init__(self, archive: ArchiveRoot, keys: Path, settings: Settings) -> None:
        """Raises SettingsError for a policy that cannot be used."""
        self._archive = archive
        self._keys = keys
        self._seconds = settings.seal_seconds
        self._fail_open = settings.fail_open
        self._tsa = settings.tsa
        self._policy = load_witnesses(settings.policy) if settings.policy is not None else None
        self._pool = ThreadPoolExecutor(1, "seal")

    async def open(self, service: Running, ledger: Ledger, log: Log) -> LedgerSealing:
        """Start the sealers of a ledger; they seal once more when what is started after them has stopped."""
        name = log.ledger
        origin = origin_of(await installation(service.redis), name, ledger.archive.domain)
        origins = {LOG: origin, RECORD: f"{origin}/{RECORD}", RULES: f"{origin}/{RULES}"}
        http = await service.enter(httpx.AsyncClient())
        sealers = {stream: self._sealer(service.redis, log, stream, origin, http) for stream, origin in origins.items()}
        sealing = LedgerSealing(sealers[LOG], sealers[RECORD], sealers[RULES])
        for sealer in sealing.sealers:
            service.on_stop(sealer.close)
            service.repeat(FOLLOW_SECONDS, sealer.turn)
            service.repeat(FOLLOW_SECONDS, sealer.stamp_if_due)
        if ledger.archive.keep is None:
            return sealing
        found = trimmings(service.redis, log, Record(service.redis, name), self._archive)
        trimmers = tuple(Trimmer(one, ledger.archive.keep, lambda: sealing.log.files.is_open) for one in found)
        for trimmer in trimmers:
            service.repeat(TRIM_SECONDS, trimmer.turn)
        return sealing._replace(trimmers=trimmers)

    def _sealer(self, redis: Any, log: Log, stream: str, origin: str, http: httpx.AsyncClient) -> Sealer:
        place = place_of(self._archive, self._keys, log.ledger, stream)
        files = SealedFiles(place, origin, partial(still_own, self._archive, self._keys))
        quorum = Quorum(Witnesses(self._policy, http), self._fail_open) if self._policy is not None else None
        authority = Authority(http, self._tsa) if self._tsa is not None else None
        return Sealer(_STREAMS[stream](redis, log, stream), files, self._pool, self._seconds, quorum, authority)


_STREAMS: dict[str, type[DenseStream]] = {LOG: LogStream, RECORD: RecordStream, RULES: RulesStream}


def sealing_of(settings: Settings) -> Sealing | None:
    """Return what seals a service's ledgers, None if nothing is sealed; raises SettingsError."""
    found = directories(settings)
    return Sealing(*found, settings) if found is not None else None
