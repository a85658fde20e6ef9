"""Sealing of all ledgers of a service: a sealer each for the log, the record and the rules of a ledger."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from events.ledger import Ledger
from events.log import Log
from events.seal.checkpoint import origin_of
from services.common.lifespan import Running
from services.common.sample import Sample
from services.common.sessions import installation
from services.common.settings import Settings
from services.ingest.sealing.dense_stream import DenseStream, RulesStream
from services.ingest.sealing.places import LOG, RECORD, RULES, STREAMS, directories, place_of
from services.ingest.sealing.publishing import Quorum
from services.ingest.sealing.sealed_files import SealedFiles
from services.ingest.sealing.sealer import Sealer
from services.ingest.sealing.stamping import Authority
from services.ingest.sealing.witnesses import Witnesses, load_witnesses

FOLLOW_SECONDS = 1.0
"""Between two looks at a stream: the work of a busy one comes in small parts."""


class LedgerSealing(NamedTuple):
    """The sealers of one ledger."""

    log: Sealer
    record: Sealer
    rules: Sealer

    @property
    def warnings(self) -> list[str]:
        """What an operator should see to."""
        return [warning for sealer in self for warning in sealer.warnings]

    def samples(self) -> Iterator[Sample]:
        """Yield how far each stream is sealed."""
        for stream, sealer in zip(STREAMS, self, strict=True):
            yield from sealer.samples(stream)


class Sealing:
    """Seals the ledgers of a service below two directories, one stream at a time: they share a thread."""

    def __init__(self, archive: Path, keys: Path, settings: Settings) -> None:
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
        sealing = LedgerSealing(
            *(self._sealer(service.redis, log, stream, origins[stream], http) for stream in origins)
        )
        for sealer in sealing:
            service.on_stop(sealer.close)
            service.repeat(FOLLOW_SECONDS, sealer.turn)
            service.repeat(FOLLOW_SECONDS, sealer.stamp_if_due)
        return sealing

    def _sealer(self, redis: Any, log: Log, stream: str, origin: str, http: httpx.AsyncClient) -> Sealer:
        files = SealedFiles(place_of(self._archive, self._keys, log.ledger, stream), origin)
        kind = RulesStream if stream == RULES else DenseStream
        quorum = Quorum(Witnesses(self._policy, http), self._fail_open) if self._policy is not None else None
        authority = Authority(http, self._tsa) if self._tsa is not None else None
        return Sealer(kind(redis, log, stream), files, self._pool, self._seconds, quorum, authority)


def sealing_of(settings: Settings) -> Sealing | None:
    """Return what seals a service's ledgers, None if nothing is sealed; raises SettingsError."""
    found = directories(settings)
    return Sealing(*found, settings) if found is not None else None
