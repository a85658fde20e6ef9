"""Sealing of all ledgers of a service: a sealer each for the log, the record and the rules of a ledger."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from events.ledger import Ledger
from events.log import Log
from events.record import Record
from events.seal.checkpoint import origin_of
from events.seal.eras import FIRST
from events.seal.roots import ArchiveRoot
from services.common.lifespan import Running
from services.common.sessions import installation
from services.common.settings import Settings
from services.common.stream_trimming import trimmings
from services.ingest.sealing.dense_stream import DenseStream, LogStream, RulesStream
from services.ingest.sealing.ledger_sealing import EraSealing, LedgerSealing
from services.ingest.sealing.places import (
    LOG,
    RECORD,
    RULES,
    STREAMS,
    SealPlace,
    directories,
    era_of,
    place_of,
    still_own,
)
from services.ingest.sealing.publishing import Quorum
from services.ingest.sealing.record_stream import RecordStream
from services.ingest.sealing.sealed_files import SealedFiles
from services.ingest.sealing.sealer import Sealer
from services.ingest.sealing.stamping import Authority
from services.ingest.sealing.trimmer import TRIM_SECONDS, Trimmer
from services.ingest.sealing.witnesses import Witnesses, load_witnesses

FOLLOW_SECONDS = 1.0
"""Between two looks at a stream: the work of a busy one comes in small parts."""


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
        http, name = await service.enter(httpx.AsyncClient()), log.ledger
        origin = origin_of(await installation(service.redis), name, ledger.archive.domain)

        def begin(era: int) -> EraSealing:
            first = origin if era == FIRST else f"{origin}/{era}"
            origins = {LOG: first, RECORD: f"{first}/{RECORD}", RULES: f"{first}/{RULES}"}
            sealers = {
                stream: self._sealer(
                    _STREAMS[stream](service.redis, log, stream), self._place(name, stream, era), origin, http
                )
                for stream, origin in origins.items()
            }
            trimmers = self._trimmers(service.redis, ledger.archive.keep, log, sealers[LOG].files, era)
            return EraSealing(sealers[LOG], sealers[RECORD], sealers[RULES], trimmers)

        sealing = LedgerSealing(service.redis, log, era_of(self._keys, name), partial(self._place, name), begin)
        service.on_stop(sealing.close)
        for stream in STREAMS:
            service.repeat(FOLLOW_SECONDS, partial(sealing.turn, stream))
        service.repeat(FOLLOW_SECONDS, sealing.stamp_if_due)
        service.repeat(FOLLOW_SECONDS, sealing.look)
        service.repeat(TRIM_SECONDS, sealing.trim)
        return sealing

    def _place(self, ledger: str, stream: str, era: int) -> SealPlace:
        return place_of(self._archive, self._keys, ledger, stream, era)

    def _sealer(self, stream: DenseStream, place: SealPlace, origin: str, http: httpx.AsyncClient) -> Sealer:
        files = SealedFiles(place, origin, partial(still_own, self._archive, self._keys))
        quorum = Quorum(Witnesses(self._policy, http), self._fail_open) if self._policy is not None else None
        authority = Authority(http, self._tsa) if self._tsa is not None else None
        return Sealer(stream, files, self._pool, self._seconds, quorum, authority)

    def _trimmers(self, redis: Any, keep: int | None, log: Log, files: SealedFiles, era: int) -> tuple[Trimmer, ...]:
        if keep is None:
            return ()
        found = trimmings(redis, log, Record(redis, log.ledger), self._archive / log.ledger, era)
        return tuple(Trimmer(one, keep, lambda: files.is_open) for one in found)


_STREAMS: dict[str, type[DenseStream]] = {LOG: LogStream, RECORD: RecordStream, RULES: RulesStream}


def sealing_of(settings: Settings) -> Sealing | None:
    """Return what seals a service's ledgers, None if nothing is sealed; raises SettingsError."""
    found = directories(settings)
    return Sealing(*found, settings) if found is not None else None
