"""What a client may wrap its events in: gzip, a byte order mark; and who is answered without a body."""

import asyncio
import gzip
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import msgspec
import pytest

from events.envelope import encode, submitted
from events.log import Log
from services.common import tokens
from services.common.outcome import Outcome
from services.common.settings import Settings, shipped
from services.common.sizes import MIB
from services.ingest.app import build
from services.ingest.budget import MOST_REQUEST
from tests.examples import assigned
from tests.ingest.ingest_client import ONE, PATH, IngestClient, problem
from tests.ingest.running_writer import NAME, kept, short
from tests.patience import PATIENCE
from tests.webserver import serving

LINES = "application/x-ndjson"
ARRAY = "application/cloudevents-batch+json"
MARK = b"\xef\xbb\xbf"


async def _post(client: IngestClient, body: bytes, encoding: str, form: str = LINES) -> Any:
    headers = {
        "Authorization": f"Bearer {client.tokens['office']}",
        "Content-Type": form,
        "Content-Encoding": encoding,
    }
    return await client.http.post(PATH, content=body, headers=headers)


@pytest.mark.parametrize("members", [1, 3])
async def test_gzip_is_decoded(client: IngestClient, members: int) -> None:
    """Thirty events in gzip have thirty outcomes, also where the body has several members."""
    lines = [encode(assigned(f"t-{number}", id=f"a-{number}")) + b"\n" for number in range(30)]
    step = 30 // members
    body = b"".join(gzip.compress(b"".join(lines[at : at + step])) for at in range(0, 30, step))
    answer = await _post(client, body, "gzip")
    outcomes = msgspec.json.Decoder(Outcome).decode_lines(answer.content)
    assert short(outcomes) == [("accepted", position) for position in range(1, 31)]


BROKEN = {
    "no gzip": (b"{}", "gzip", 400),
    "nothing": (b"", "gzip", 400),
    "cut": (gzip.compress(b"{}" * 100)[:-9], "gzip", 400),
    "nothing but empty members": (gzip.compress(b"") * 50_000, "gzip", 400),
    "followed by something else": (gzip.compress(b"{}") + b"{}", "gzip", 400),
    "too large": (gzip.compress(bytes(MOST_REQUEST + 1)), "gzip", 413),
    "br": (encode(assigned()), "br", 415),
    "two encodings": (encode(assigned()), "gzip, gzip", 415),
}


@pytest.mark.parametrize("case", BROKEN)
async def test_other_encodings_are_refused_and_kept(client: IngestClient, case: str) -> None:
    """What cannot be decoded is a problem, and is kept as it came."""
    body, encoding, status = BROKEN[case]
    answer = await _post(client, body, encoding)
    assert answer.status_code == status
    problem(answer)
    assert [one["raw"] for one in await kept(client.redis)] == [body]


@pytest.mark.parametrize("form", [ONE, LINES, ARRAY, "inbox"])
async def test_a_byte_order_mark_is_skipped(client: IngestClient, form: str) -> None:
    """It is not part of the stored bytes."""
    raw = encode(assigned())
    if form == "inbox":
        (entry,) = await client.add("office", MARK + raw)
        assert (await client.receipt(entry, "office")).outcome == "accepted"
    else:
        answer = await client.post(MARK + (b"[" + raw + b"]" if form == ARRAY else raw), form, source="office")
        assert b'"accepted"' in answer.content
    (stored,) = await Log(client.redis, NAME).read(0)
    assert submitted(stored.raw) == raw


async def test_a_body_that_never_comes_holds_up_nobody(redis: Any, server_url: str, tmp_path: Path) -> None:
    """Without a token, or with one that may only read, the answer comes before the body."""
    (tmp_path / f"{NAME}.toml").write_bytes(shipped(f"{NAME}.toml").read_bytes())
    board = await tokens.issue(redis, NAME, "board")
    async with serving(build(Settings(redis_url=server_url, ledgers=tmp_path))) as base:
        port = int(base.rpartition(":")[2])
        for authorization, status in (("", b"401"), (f"Authorization: Bearer {board}\r\n", b"403")):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\n{authorization}Content-Length: 10\r\n\r\n"
            writer.write(head.encode())
            assert status in await asyncio.wait_for(reader.readline(), PATIENCE)
            writer.close()
            await writer.wait_closed()


@pytest.mark.parametrize(("size", "status"), [(15, 401), (17, 413)])
async def test_the_answer_reaches_a_client_that_sends_on(
    redis: Any, server_url: str, tmp_path: Path, size: int, status: int
) -> None:
    """A client such as urllib sends the whole body before it reads: it sees the answer, not a reset."""
    (tmp_path / f"{NAME}.toml").write_bytes(shipped(f"{NAME}.toml").read_bytes())
    token = await tokens.issue(redis, NAME, "office") if status == 413 else "duban_revoked"
    async with serving(build(Settings(redis_url=server_url, ledgers=tmp_path))) as base:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": LINES}
        request = urllib.request.Request(f"{base}{PATH}", b"{}" + b" " * (size * MIB), headers)

        def answered() -> int:
            try:
                with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                    return int(answer.status)
            except urllib.error.HTTPError as error:
                error.read()
                return error.code

        assert await asyncio.to_thread(answered) == status
