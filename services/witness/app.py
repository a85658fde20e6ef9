"""The HTTP interface of a witness: https://c2sp.org/tlog-witness ."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

import structlog
from litestar import Litestar, MediaType, Request, Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from events.seal.witnessing import ADD_CHECKPOINT, SIZE_TYPE, WitnessRefusal
from services.common.clock import real_time
from services.witness.cosigner import Cosigner

MOST_REQUEST = 262_144
"""Bytes of a request: a proof, and a checkpoint with some 50 signatures of the largest kind."""


log = structlog.get_logger()


def witness_application(cosigner: Cosigner) -> Litestar:
    """Return the application; one request at a time is compared with what was cosigned, and recorded."""
    one = asyncio.Lock()

    @post(f"/{ADD_CHECKPOINT}", status_code=HTTPStatus.OK)
    async def add_checkpoint(request: Request[Any, Any, Any]) -> Response[bytes]:
        data = await request.body()
        async with one:
            answer = await asyncio.to_thread(cosigner.cosign, data, int(real_time()))
        if not isinstance(answer, WitnessRefusal):
            return Response(answer.encode(), media_type=MediaType.TEXT)
        status, body = answer
        if status == HTTPStatus.UNPROCESSABLE_ENTITY:  # the log has signed it: perhaps a proof against the log
            log.warning("not cosigned", reason=body.strip(), request=data.decode(errors="replace"))
        headers = {"Content-Type": SIZE_TYPE} if status == HTTPStatus.CONFLICT else {}  # exactly, without a charset
        return Response(body.encode(), status_code=status, media_type=MediaType.TEXT, headers=headers)

    @get("/{origin_hash:str}/checkpoint")
    async def newest(origin_hash: FromPath[str]) -> Response[bytes]:
        data = await asyncio.to_thread(cosigner.checkpoint, origin_hash)
        if data is None:
            raise NotFoundException("nothing of this log was cosigned here")
        return Response(data, media_type=MediaType.TEXT, headers={"Cache-Control": "no-cache"})

    @asynccontextmanager
    async def closing(_: Litestar) -> AsyncIterator[None]:
        yield
        cosigner.close()

    return Litestar(
        [add_checkpoint, newest],
        lifespan=[closing],
        logging_config=None,
        openapi_config=None,
        request_max_body_size=MOST_REQUEST,
    )
