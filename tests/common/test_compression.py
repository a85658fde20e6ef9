"""JSON answers are compressed for clients that accept it; streams, files and large answers pass as they are."""

import gzip
from typing import Any

import msgspec
import pytest
from litestar import Litestar, Response, get
from litestar.response import Stream
from litestar.testing import AsyncTestClient

from services.common.compression import LARGEST, SMALLEST, accepts_gzip, compressed

ROWS = msgspec.json.encode([{"task": f"t-{number}", "light": "green"} for number in range(100)])

HUGE = msgspec.json.encode("x" * LARGEST)


def _answer(body: bytes, **headers: str) -> Response[bytes]:
    return Response(body, media_type="application/json", headers=headers)


@get("/rows")
async def rows() -> Response[bytes]:
    return _answer(ROWS, ETag='"tag"', Vary="Origin")


@get("/small")
async def small() -> Response[bytes]:
    return _answer(b"[]")


@get("/huge")
async def huge() -> Response[bytes]:
    return _answer(HUGE)


@get("/packed")
async def packed() -> Response[bytes]:
    return _answer(gzip.compress(ROWS * 20, 0), **{"Content-Encoding": "gzip"})


@get("/stream")
async def stream() -> Stream:
    async def pieces() -> Any:
        for _ in range(3):
            yield ROWS

    return Stream(pieces(), media_type="application/json")


def _client() -> AsyncTestClient[Litestar]:
    return AsyncTestClient(Litestar([rows, small, huge, packed, stream], middleware=[compressed]))


async def test_an_answer_is_compressed_where_that_is_accepted() -> None:
    """Its tag is weak then, its length that of what is sent; either way caches are told what it depends on."""
    async with _client() as client:
        async with client.stream("GET", "/rows", headers={"Accept-Encoding": "gzip"}) as answer:
            raw = b"".join([part async for part in answer.aiter_raw()])
        assert len(ROWS) > SMALLEST
        assert gzip.decompress(raw) == ROWS
        assert answer.headers["content-encoding"] == "gzip"
        assert int(answer.headers["content-length"]) == len(raw) < len(ROWS) // 4
        assert (answer.headers["etag"], answer.headers["vary"]) == ('W/"tag"', "Origin, Accept-Encoding")
        plain = await client.get("/rows", headers={"Accept-Encoding": "identity"})
        assert (plain.content, plain.headers["etag"]) == (ROWS, '"tag"')
        assert plain.headers["vary"] == "Origin, Accept-Encoding"
        assert "content-encoding" not in plain.headers


@pytest.mark.parametrize(("path", "body"), [("/small", b"[]"), ("/huge", HUGE), ("/stream", ROWS * 3)])
async def test_other_answers_pass_as_they_are(path: str, body: bytes) -> None:
    """What is small gains nothing, what is large would keep others waiting, and a stream is sent as it comes."""
    async with _client() as client:
        answer = await client.get(path, headers={"Accept-Encoding": "gzip"})
        assert (answer.content, answer.headers.get("content-encoding")) == (body, None)


async def test_what_is_compressed_already_is_not_compressed_again() -> None:
    """As an answer that is forwarded from another service."""
    async with _client() as client:
        answer = await client.get("/packed", headers={"Accept-Encoding": "gzip"})
        assert answer.content == ROWS * 20


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [
        ("gzip", True),
        ("br, gzip;q=0.5", True),
        ("gzip;q=0", False),
        ("gzip; q=0.0, br", False),
        ("", False),
        ("br", False),
    ],
)
def test_quality_0_means_never(accepted: str, *, expected: bool) -> None:
    """Accept-Encoding is read as RFC 9110 has it."""
    assert accepts_gzip(accepted) is expected
