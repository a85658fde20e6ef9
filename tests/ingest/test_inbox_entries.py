"""Entries of an inbox that are unusual, removed before they were read, or too much to be read at once."""

import asyncio
import hashlib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from events.envelope import encode
from events.keys import key
from services.common.clock import sleep
from services.common.sizes import MIB
from services.ingest.entries import READ_BYTES, InboxReader
from services.ingest.queue import BATCH
from tests.examples import assigned, reported
from tests.ingest.ingest_client import IngestClient, opened
from tests.ingest.running_writer import NAME, ids, kept, receipts, short
from tests.patience import PATIENCE

INBOX = key(NAME, "inbox", "units")


async def add(redis: Any, *parts: object, id: str = "*", inbox: str = INBOX) -> str:
    """Add an entry as any client may, with fields as they come."""
    entry: bytes = await redis.execute_command("XADD", inbox, id, *parts)
    return entry.decode()


@pytest.mark.parametrize(
    "names", [("e", "e"), ("e", "__data__"), ("__data__", "__data__"), ("e", "x", "e")], ids=" ".join
)
async def test_a_field_twice(client: IngestClient, names: tuple[str, ...]) -> None:
    """An entry with two events in it is refused once, as malformed, and all that it holds is kept."""
    parts = [part for number, name in enumerate(names) for part in (name, encode(assigned(f"t-{number}")))]
    entry = await add(client.redis, *parts, inbox=key(NAME, "inbox", "office"))
    outcome = await client.receipt(entry, "office")
    assert short([outcome]) == [("refused", "malformed")]
    assert f"not: {', '.join(names)}" in (outcome.detail or "")
    (refusal,) = await kept(client.redis)
    held = msgspec.json.decode(refusal["raw"], type=list[tuple[bytes, bytes]])
    assert [part for pair in held for part in pair] == [
        part.encode() if isinstance(part, str) else part for part in parts
    ]
    assert await ids(client.redis) == []


async def test_an_event_beside_other_fields(client: IngestClient) -> None:
    """Fields of a client's own do not matter, also where one is repeated: there is one event."""
    entry = await add(client.redis, "x", "1", "e", encode(assigned()), "x", "2", inbox=key(NAME, "inbox", "office"))
    assert short([await client.receipt(entry, "office")]) == [("accepted", 1)]


async def test_an_inbox_that_was_made_anew(client: IngestClient) -> None:
    """After an entry with an id of the far future, and the deletion of the inbox, lower ids are decided as well."""
    await client.post(assigned(), source="office")
    later = f"{2**60}-0"
    first = await add(client.redis, "e", encode(reported(number=1)), id=later)
    await client.receipt(first, "units")
    await client.redis.delete(INBOX)
    second = await add(client.redis, "e", encode(reported(number=2)))
    assert short([await client.receipt(second, "units")]) == [("accepted", 3)]
    third = await add(client.redis, "e", encode(reported(number=3)))
    assert short([await client.receipt(third, "units")]) == [("accepted", 4)]
    told = [(where, one.detail) for where, one in await receipts(client.redis, "units") if ".." in where]
    assert [where for where, _ in told] == [f"{later}..0-0"]
    assert "unknown number" in (told[0][1] or "")


async def test_an_inbox_that_was_made_anew_while_ingest_was_down(redis: Any, server_url: str, tmp_path: Path) -> None:
    """It does not matter whether ingest runs while an inbox is deleted; ids that go on are decided at once."""
    for number, anew in enumerate((f"{2**60}-0", "7-0", "9-0"), 1):
        await redis.delete(INBOX)
        await add(redis, "e", encode(reported(number=number)), id=anew)
        async with opened(redis, server_url, tmp_path) as client:
            if number == 1:
                await client.post(assigned(), source="office")
            outcome = await client.receipt(anew, "units")
            assert outcome.outcome == "accepted" or outcome.code == "unknown-task"
    assert len([where for where, _ in await receipts(redis, "units") if ".." not in where]) == 3


@pytest.mark.parametrize("before", [0, 3])
async def test_entries_that_were_trimmed_unread(redis: Any, server_url: str, tmp_path: Path, before: int) -> None:
    """Entries that were trimmed before they were read are a refusal and a receipt: how many, and between which ids."""
    async with opened(redis, server_url, tmp_path) as client:
        await client.post(assigned(), source="office")
        for number in range(before):
            (last,) = await client.add("units", reported(number=100 + number))
            await client.receipt(last, "units")
    reached = (await receipts(redis, "units"))[-1][0] if before else "0-0"
    for number in range(5):
        await redis.execute_command("XADD", INBOX, "MAXLEN", 2, "*", "e", encode(reported(number=number)))
    left = [id.decode() for id, _ in await redis.xrange(INBOX)]
    async with opened(redis, server_url, tmp_path) as client:
        assert [(await client.receipt(id, "units")).outcome for id in left] == ["accepted"] * 2
        ((where, outcome),) = [one for one in await receipts(redis, "units") if ".." in one[0]]
        (refusal,) = await kept(redis)
        more = (await client.add("units", reported(number=9)))[0]
        assert (await client.receipt(more, "units")).outcome == "accepted"
    assert where == f"{reached}..{left[-1]}"
    assert short([outcome]) == [("refused", "malformed")]
    assert f"3 entries of the inbox after {reached} and up to {left[-1]}" in (outcome.detail or "")
    assert (refusal["n"], refusal["by"], refusal["door"]) == (b"1", b"units", INBOX.encode())
    assert msgspec.json.decode(refusal["e"]) == msgspec.to_builtins(outcome)
    assert len(await kept(redis)) == 1


async def test_entries_that_were_deleted_unread(redis: Any, server_url: str, tmp_path: Path) -> None:
    """XDEL of an entry that nobody has read is noticed as well; of one that was decided it is not, it is gone."""
    entries = [await add(redis, "e", encode(reported(number=number))) for number in range(4)]
    await redis.xdel(INBOX, entries[1])
    async with opened(redis, server_url, tmp_path) as client:
        await client.receipt(entries[3], "units")
        await redis.xdel(INBOX, entries[3])
        await client.receipt((await client.add("units", reported(number=9)))[0], "units")
    told = [one.detail for where, one in await receipts(redis, "units") if ".." in where]
    assert [(detail or "").partition(" ")[0] for detail in told] == ["1"]


async def test_a_batch_is_bounded_by_bytes(redis: Any) -> None:
    """Of a large inbox no more than some bytes are read at once, in order; an entry beyond them comes alone."""
    sizes = [100, 9 * MIB, 9 * MIB, 100, READ_BYTES + 1, 100]
    entries = [await add(redis, "e", b"x" * size) for size in sizes]
    reader = InboxReader(redis, INBOX)
    read, after = [], "0-0"
    while batch := await reader.after(after):
        read.append([entry.size - 1 for entry in batch])
        after = batch[-1].id
    assert read == [[100, 9 * MIB], [9 * MIB, 100], [READ_BYTES + 1], [100]]
    assert after == entries[-1]


async def test_small_entries_are_read_by_the_batch(redis: Any) -> None:
    """Of an inbox that is within the bound a whole batch is read at once, and no entry beyond `until`."""
    for number in range(BATCH + 5):
        await add(redis, "e", b"x", id=f"{number + 1}-0")
    reader = InboxReader(redis, INBOX)
    assert [entry.id for entry in await reader.after("0-0")] == [f"{number + 1}-0" for number in range(BATCH)]
    assert [entry.id for entry in await reader.after("2-0", "4-0")] == ["3-0", "4-0"]


async def test_large_entries_hold_nobody_up(client: IngestClient) -> None:
    """Entries that together are beyond what a command may have are refused by their size, once, and others go on."""
    await client.post(assigned(), source="office")
    oversized = b"y" * (100 * MIB)
    large = [await add(client.redis, "e", oversized) for _ in range(2)]
    large += [await add(client.redis, "e", b"z" * (12 * MIB)) for _ in range(4)]
    (small,) = await client.add("units", reported())
    (other,) = await client.add("office", assigned("t-2"))
    async with asyncio.timeout(3 * PATIENCE):
        while small not in (found := dict(await receipts(client.redis, "units"))):
            await sleep(0.1)
    assert short([found[small]]) == [("accepted", 3 if (await client.receipt(other, "office")).position == 2 else 2)]
    assert short(found[entry] for entry in large) == [("refused", "too-large")] * 6
    refused = await kept(client.redis)
    assert [int(one["size"]) for one in refused] == [100 * MIB] * 2 + [12 * MIB] * 4
    assert refused[0]["sha256"].decode() == hashlib.sha256(oversized).hexdigest()
    assert not any("raw" in one for one in refused)
