"""Archives over HTTP: the files of a ledger's sealed log and record, read-only, and sealing on demand."""

import asyncio
import gzip
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from litestar import Request, Response, get, post
from litestar.exceptions import HTTPException, NotFoundException, PermissionDeniedException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from msgspec import Struct

from events.ledger import Ledger
from events.seal.eras import CONTINUES, FIRST
from events.seal.roots import ArchiveRoot, storage_of
from events.seal.storage import CHECKPOINT
from events.seal.tiles import ENTRIES, tile_named
from events.seal.timestamps import STAMP_NAME, STAMPED
from services.common.access import PUBLIC
from services.common.callers import source_of
from services.common.compression import accepts_gzip
from services.common.endpoints import ENDPOINT
from services.common.problems import RETRY_AFTER
from services.contract.openapi import answers, problems
from services.ingest.endpoint import Ingest, IngestEndpoint
from services.ingest.sealing.ledger_sealing import LedgerSealing
from services.ingest.sealing.places import LOG, RECORD, RULES
from services.ingest.sealing.sealer import NotSealedError
from services.ingest.sealing.stamping import NoAuthorityError, StampError

BINARY = "application/octet-stream"

TEXT = "text/plain"

FOR_EVER = "max-age=31536000, immutable"
"""Of tiles and bundles, whose names have other bytes at no time."""

LEVEL = 1
"""Of gzip: a millisecond for a bundle."""

SEALING = ("assigner", "auditor")
"""Roles of sources that may have a checkpoint signed at once."""

_SHA256 = re.compile(r"[0-9a-f]{64}")

_BODY: dict[str, Any] = {"type": "string", "format": "binary"}

_DESCRIPTION = (
    "An archive in the layout of C2SP tlog-tiles: `checkpoint`, `tile/<L>/<N>`, `tile/entries/<N>`, partial ones with"
    " `.p/<W>`. A partial tile goes once it is full. Bundles are compressed for clients that accept gzip."
)

_FILES: dict[int, Any] = {
    200: answers(_BODY, "The file", BINARY, more={f"{TEXT}; charset=utf-8": {"type": "string"}}),
    **problems(400, 403, 404),
}


class SealedSizes(Struct):
    """The numbers of entries of the published checkpoints."""

    log: int
    record: int
    rules: int


def _archive(
    stream: str, summary: str, description: str, opens: Callable[[Ledger], bool]
) -> tuple[HTTPRouteHandler, HTTPRouteHandler]:
    """Return the handlers of a stream's archives, which are public if `opens` says so of a ledger.

    That of the first era keeps its address for ever.
    """
    common: dict[str, Any] = {"dependencies": ENDPOINT, "opt": {PUBLIC: opens}, "responses": _FILES}

    async def read(request: Request[Any, Any, Any], endpoint: IngestEndpoint, path: str, era: int) -> Response[bytes]:
        archive = _sealing(endpoint).archive(stream, era)
        if archive is None:
            raise NotFoundException(f"the archives of {endpoint.writer.name} have no era {era}")
        return await _file(request, archive, path, "public" if opens(endpoint.writer.ledger) else "private")

    @get(
        f"/v1/{{ledger:str}}/{stream}/{{path:path}}",
        operation_id=f"read{stream.title()}Archive",
        summary=summary,
        description=f"{_DESCRIPTION} {description}",
        **common,
    )
    async def first(request: Request[Any, Any, Any], endpoint: Ingest, path: FromPath[str]) -> Response[bytes]:
        return await read(request, endpoint, str(path), FIRST)

    @get(
        f"/v1/{{ledger:str}}/{{era:int}}/{stream}/{{path:path}}",
        operation_id=f"readLater{stream.title()}Archive",
        summary=f"{summary}, after a loss that was accepted",
        description=f"From era 2 on; `{CONTINUES}` is the last checkpoint of the era before. {_DESCRIPTION}",
        **common,
    )
    async def later(
        request: Request[Any, Any, Any], endpoint: Ingest, era: FromPath[int], path: FromPath[str]
    ) -> Response[bytes]:
        return await read(request, endpoint, str(path), era)

    return first, later


ARCHIVES = (
    *_archive(
        LOG,
        "A file of the archive of the log",
        "Entry n-1 is the stored event at position n.",
        lambda ledger: ledger.archive.public,
    ),
    *_archive(
        RECORD,
        "A file of the archive of the record: alerts, and what became of them",
        "Always with a token or session: it has the addresses of recipients.",
        lambda _: False,  # it has people's addresses, and no archive is taken back
    ),
    *_archive(
        RULES,
        "A file of the archive of the rules by which events were decided, or a text of rules by its SHA-256",
        "An entry has the position from which rules hold, the version of the code's rules and the SHA-256 of the text.",
        lambda ledger: ledger.archive.public,
    ),
)


@post(
    "/v1/{ledger:str}/seal",
    operation_id="seal",
    summary="Seal the log, the record and the rules as they are now",
    description="Checkpoints are published by themselves while a log grows; this does not wait for the next.",
    status_code=200,
    dependencies=ENDPOINT,
    responses={200: answers(SealedSizes, "What is sealed"), **problems(400, 403, 404)},
)
async def seal(request: Request[Any, Any, Any], endpoint: Ingest) -> SealedSizes:
    sealing = _sealing(endpoint)
    _admit(request, endpoint)
    try:
        return SealedSizes(**{stream: await sealer.seal() for stream, sealer in sealing.sealers.items()})
    except NotSealedError as error:
        raise _unavailable(str(error)) from error


class StampedCheckpoint(Struct):
    """The number of entries of the newest stamped checkpoint, and when the authority has stamped it."""

    size: int
    time: datetime


class StampedCheckpoints(Struct):
    """The stamped checkpoints of a ledger's archives."""

    log: StampedCheckpoint
    record: StampedCheckpoint
    rules: StampedCheckpoint


@post(
    "/v1/{ledger:str}/stamp",
    operation_id="stamp",
    summary="Have the published checkpoints stamped by the time stamping authority",
    description="One a day is stamped by itself; one that is stamped already is not stamped again.",
    status_code=200,
    dependencies=ENDPOINT,
    responses={200: answers(StampedCheckpoints, "What is stamped"), **problems(400, 403, 404)},
)
async def stamp(request: Request[Any, Any, Any], endpoint: Ingest) -> StampedCheckpoints:
    sealing = _sealing(endpoint)
    _admit(request, endpoint)
    try:
        done = [StampedCheckpoint(*await sealer.stamp()) for sealer in sealing.sealers.values()]
    except NoAuthorityError as error:
        raise NotFoundException(str(error)) from error
    except (NotSealedError, StampError) as error:
        raise _unavailable(str(error)) from error
    return StampedCheckpoints(*done)


HANDLERS = (*ARCHIVES, seal, stamp)


def _admit(request: Request[Any, Any, Any], endpoint: IngestEndpoint) -> None:
    source = request.app.state.access.source(endpoint.writer.name, source_of(request))
    if source.role not in SEALING:
        raise PermissionDeniedException(f"this is for {' and '.join(SEALING)}; the role of the source is {source.role}")


def _sealing(endpoint: IngestEndpoint) -> LedgerSealing:
    if endpoint.sealing is None:
        raise NotFoundException("nothing is sealed here: DUBAN_ARCHIVE is not set")
    return endpoint.sealing


def _unavailable(detail: str) -> HTTPException:
    return HTTPException(status_code=503, detail=detail, headers={"Retry-After": RETRY_AFTER})


async def _file(request: Request[Any, Any, Any], archive: ArchiveRoot, path: str, cache: str) -> Response[bytes]:
    name = path.removeprefix("/")
    tile = tile_named(name)
    is_text = archive.name == RULES and _SHA256.fullmatch(name) is not None
    is_stamp = STAMP_NAME.fullmatch(name) is not None
    if tile is None and name not in {CHECKPOINT, CONTINUES} and not is_text and not is_stamp:
        raise NotFoundException(f"no file of an archive is called {name[:100]!r}")
    is_bundle = tile is not None and tile.level == ENTRIES
    is_packed = is_bundle and accepts_gzip(request.headers.get("accept-encoding", ""))
    try:
        data = await asyncio.to_thread(_read, archive, name, is_packed=is_packed)
    except OSError as error:
        raise _unavailable(f"the archive cannot be read now: {error}") from error
    if data is None:
        raise NotFoundException(f"the archive has no file {name}")
    headers = {"Cache-Control": f"{cache}, {'no-cache' if name in {CHECKPOINT, STAMPED} else FOR_EVER}"}
    if is_bundle:
        headers["Vary"] = "Accept-Encoding"
    if is_packed:
        headers["Content-Encoding"] = "gzip"
    return Response(
        data, media_type=f"{TEXT}; charset=utf-8" if name in {CHECKPOINT, CONTINUES} else BINARY, headers=headers
    )


def _read(archive: ArchiveRoot, name: str, *, is_packed: bool) -> bytes | None:
    data = storage_of(archive).read(name)
    return gzip.compress(data, LEVEL, mtime=0) if data is not None and is_packed else data
