"""What is kept of refused submissions: a number for ever, and the bytes of the newest."""

import asyncio
import hashlib
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from events.keys import key
from services.cli.checks.outcomes import check_refused
from services.common import tokens
from services.common.outcome import Outcome
from services.common.settings import Settings, shipped
from services.contract.ingest import MAX_EVENTS
from services.ingest.app import build
from services.ingest.budget import MOST_REQUEST
from services.ingest.draft import LARGEST_REFUSED
from services.ingest.refusals import ENTRY_BYTES, bodies_of, read_refused
from services.ingest.writer import Writer
from tests.examples import assigned
from tests.fixed_clock import FixedClock
from tests.ingest.ingest_client import IngestClient, problem
from tests.ingest.running_writer import LEDGER, NAME, START, history, kept, short, submission
from tests.patience import PATIENCE
from tests.webserver import serving

REFUSED = key(NAME, "refused")
LINES = "application/x-ndjson"
MOST = 10_000


async def refuse(redis: Any, *sent: tuple[str, bytes], most: int = MOST, together: bool = True) -> None:
    """Have a writer refuse what sources sent: in one batch, or one after the other."""
    writer = Writer(redis, NAME, LEDGER, FixedClock(START).now, refused_bytes=most)
    running = asyncio.create_task(writer.run())
    try:
        work = [writer.submit([submission(raw, source)]) for source, raw in sent]
        answers = await asyncio.gather(*work) if together else [await one for one in work]
        assert {outcome.outcome for outcomes in answers for outcome in outcomes} == {"refused"}
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def digest_of(raw: bytes) -> bytes:
    return hashlib.sha256(raw).hexdigest().encode()


@pytest.mark.parametrize("together", [True, False])
async def test_refusals_are_numbered_without_a_gap(redis: Any, together: bool) -> None:  # noqa: FBT001
    """Over sources, batches and writers: 1 to 9."""
    for number in range(3):
        sent = [(source, b"%d" % number) for source in ("units", "office", "board")]
        await refuse(redis, *sent, together=together)
    assert [one["n"] for one in await kept(redis)] == [b"%d" % number for number in range(1, 10)]
    assert await check_refused(redis, NAME) == []


@pytest.mark.parametrize("together", [True, False])
async def test_the_newest_bytes_of_a_source_are_kept(redis: Any, together: bool) -> None:  # noqa: FBT001
    """Ten of 2,000 bytes, of which 10,000 are kept: the last four. Another source keeps its own; digests stay."""
    bodies = [b"%d" % number * 2_000 for number in range(10)]
    await refuse(redis, ("office", b"older"), *(("units", raw) for raw in bodies), together=together)
    found = await read_refused(redis, NAME)
    assert [one.raw for one in found] == [b"older", *[None] * 6, *bodies[6:]]
    assert [one.fields["sha256"] for one in found[1:]] == [digest_of(raw) for raw in bodies]
    assert {one.fields["size"] for one in found[1:]} == {b"2000"}
    sizes = await redis.hgetall(key(NAME, "refused", "sizes"))
    assert sizes == {b"units": b"%d" % (4 * (2_000 + ENTRY_BYTES)), b"office": b"%d" % (5 + ENTRY_BYTES)}
    assert await redis.xlen(bodies_of(NAME, "units")) == 4
    assert await check_refused(redis, NAME) == []


async def test_many_small_ones_are_bounded_too(redis: Any) -> None:
    """An entry counts for 128 bytes more, which it takes: of 200 of one byte, 77 fit into 10,000."""
    await refuse(redis, *(("units", b"x") for _ in range(200)))
    assert await redis.xlen(bodies_of(NAME, "units")) == MOST // (1 + ENTRY_BYTES) == 77
    await refuse(redis, ("units", b"y" * 9_000))
    assert [one.raw for one in await read_refused(redis, NAME)][-8:] == [None, *[b"x"] * 6, b"y" * 9_000]
    assert await check_refused(redis, NAME) == []


@pytest.mark.parametrize(
    ("size", "most", "whole"),
    [
        (LARGEST_REFUSED, 2 * LARGEST_REFUSED, True),
        (LARGEST_REFUSED + 1, 2 * LARGEST_REFUSED, False),
        (1, 0, False),
        (0, 0, False),
    ],
)
async def test_what_is_too_large_to_be_kept(redis: Any, size: int, most: int, whole: bool) -> None:  # noqa: FBT001
    """Beyond 1 MiB, or what is set, number, size and SHA-256 are kept, and nothing kept before has to go for it."""
    raw = b"x" * size
    await refuse(redis, ("units", raw), most=most)
    (one,) = await read_refused(redis, NAME)
    assert (one.fields["n"], one.fields["size"], one.fields["sha256"]) == (b"1", str(size).encode(), digest_of(raw))
    assert (one.raw == raw) if whole else (one.raw or None) is None
    assert await check_refused(redis, NAME) == []


async def test_refusals_from_before_they_were_numbered_are_read(redis: Any) -> None:
    """They have their bytes in the entry; those that follow are numbered after them."""
    outcome = msgspec.json.encode(Outcome(None, None, "refused", code="malformed", detail="x"))
    for number in range(2):
        fields = {"e": outcome, "by": "units", "at": "2018-03-31T02:00:00Z", "door": "http", "raw": b"old %d" % number}
        await redis.xadd(REFUSED, fields)
    await refuse(redis, ("units", b"new"))
    assert [(one.fields.get("n"), one.raw) for one in await read_refused(redis, NAME)] == [
        (None, b"old 0"),
        (None, b"old 1"),
        (b"3", b"new"),
    ]
    assert await check_refused(redis, NAME) == []


async def test_bytes_that_cannot_be_kept_stop_nothing(redis: Any) -> None:
    """If a stream's last id was set ahead, the refusal is numbered all the same, and the log continues."""
    await redis.xadd(bodies_of(NAME, "units"), {"raw": "x"}, id="99999999999999-0")
    await refuse(redis, ("units", b"refused"))
    (one,) = await read_refused(redis, NAME)
    assert (one.fields["n"], one.fields["sha256"], one.raw) == (b"1", digest_of(b"refused"), None)
    assert "refused" in {finding.check for finding in await check_refused(redis, NAME)}


@pytest.mark.parametrize("sized", [True, False], ids=["by its header", "as it comes"])
async def test_of_a_body_that_is_too_large_the_head_is_kept(
    redis: Any,
    server_url: str,
    tmp_path: Path,
    sized: bool,  # noqa: FBT001
) -> None:
    """It is not read to its end: method, path and some headers, and the reason."""

    async def pieces() -> Any:
        for _ in range(17):
            yield b" " * (MOST_REQUEST // 16)

    content = b" " * (MOST_REQUEST + 1) if sized else pieces()
    (tmp_path / f"{NAME}.toml").write_bytes(shipped(f"{NAME}.toml").read_bytes())
    headers = {"Authorization": f"Bearer {await tokens.issue(redis, NAME, 'office')}", "Content-Type": LINES}
    async with (
        serving(build(Settings(redis_url=server_url, ledgers=tmp_path))) as base,
        httpx.AsyncClient(base_url=base, timeout=PATIENCE) as http,
    ):
        answer = await http.post(f"/v1/{NAME}/events", content=content, headers=headers)
    assert (answer.status_code, "16,777,216" in problem(answer)["detail"]) == (413, True)
    (refused,) = await kept(redis)
    assert msgspec.json.decode(refused["e"], type=Outcome).code == "too-large"
    assert msgspec.json.decode(refused["head"])["path"] == f"/v1/{NAME}/events"
    assert (refused["n"], refused["by"], "raw" in refused, "sha256" in refused) == (b"1", b"office", False, False)


@pytest.mark.parametrize("form", [LINES, "application/cloudevents-batch+json"])
async def test_of_too_many_events_the_request_is_kept(client: IngestClient, form: str) -> None:
    """As one refusal, with the size and SHA-256 of its body."""
    body = b"1\n" * (MAX_EVENTS + 1) if form == LINES else b"[" + b"1," * MAX_EVENTS + b"1]"
    answer = await client.post(body, form)
    assert (answer.status_code, "at once" in problem(answer)["detail"]) == (413, True)
    (refused,) = await kept(client.redis)
    assert msgspec.json.decode(refused["e"], type=Outcome).code == "too-large"
    assert (refused["size"], refused["sha256"]) == (str(len(body)).encode(), digest_of(body))
    assert await history(client.redis) == []
    assert short([msgspec.json.decode((await client.post(assigned(), source="office")).content, type=Outcome)]) == [
        ("accepted", 1)
    ]
