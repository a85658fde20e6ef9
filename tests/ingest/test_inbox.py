"""Submissions by an inbox: their receipts, order and authentication, restarts, and FastStream's messages."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from faststream.redis import RedisBroker
from redis.exceptions import ResponseError

from events.envelope import Event, encode
from events.keys import key
from events.schema import AlertAcknowledged, TaskClosed
from services.common.outcome import Outcome
from services.ingest.queue import BATCH
from tests.examples import TASK, assigned, reported
from tests.ingest.ingest_client import IngestClient, opened
from tests.ingest.running_writer import NAME, history, kept, receipts, short
from tests.servers import Server


async def test_the_inbox(client: IngestClient) -> None:
    """An entry of an inbox is an event in the field `e`; its outcome appears among the source's receipts."""
    (task,) = await client.add("office", assigned())
    assert (await client.receipt(task, "office")) == Outcome("office", assigned().id, "accepted", 1)
    first, again, other, bad = await client.add("units", reported(), reported(), reported(percent=60), b"{")
    assert short([await client.receipt(entry, "units") for entry in (first, again, other, bad)]) == [
        ("accepted", 2),
        ("duplicate", 2),
        ("refused", "id-reused"),
        ("refused", "malformed"),
    ]
    assert [entry for entry, _ in await receipts(client.redis, "units")] == [first, again, other, bad]


async def test_an_inbox_authenticates_its_source(client: IngestClient) -> None:
    """Who writes to an inbox is that source: events of others are not permitted, nor those of who may only read."""
    (entry,) = await client.add("units", assigned())
    assert short([await client.receipt(entry, "units")]) == [("refused", "not-permitted")]
    (entry,) = await client.add("board", msgspec.structs.replace(assigned(), source="board"))
    assert short([await client.receipt(entry, "board")]) == [("refused", "not-permitted")]
    assert [one["by"] for one in await kept(client.redis)] == [b"units", b"board"]


async def test_notify_submits_acknowledgements_alone(client: IngestClient) -> None:
    """Its inbox authenticates it: it may submit its own type, nothing else, and nobody else may, by either way."""
    await client.post(assigned(), source="office")
    time = datetime.fromisoformat("2018-03-31T10:00:00+08:00")
    data = AlertAcknowledged("2-0", "李明", "已联系，周五前报", time + timedelta(days=7))
    taken = Event("ack-1", "notify/link", TASK, time, data)
    closed = msgspec.structs.replace(taken, id="closed", data=TaskClosed("implemented"))
    nowhere = msgspec.structs.replace(taken, id="ack-2", subject="nowhere")
    assert short(
        [await client.receipt(entry, "notify") for entry in await client.add("notify", taken, taken, closed, nowhere)]
    ) == [("accepted", 2), ("duplicate", 2), ("refused", "not-permitted"), ("refused", "unknown-task")]
    for source in ("office", "units"):
        other = msgspec.structs.replace(taken, id="ack-3", source=source)
        answer = await client.post(other, source=source)
        assert (answer.status_code, answer.json()["code"]) == (422, "not-permitted")
        (entry,) = await client.add(source, other)
        assert short([await client.receipt(entry, source)]) == [("refused", "not-permitted")]
    await client.post(Event("closed", "office", TASK, time, TaskClosed("implemented")), source="office")
    (late,) = await client.add("notify", msgspec.structs.replace(taken, id="ack-4"))
    assert short([await client.receipt(late, "notify")]) == [("refused", "task-closed")]


@pytest.mark.parametrize("packed", [True, False], ids=["bytes", "object"])
async def test_what_faststream_publishes(client: IngestClient, server_url: str, packed: bool) -> None:  # noqa: FBT001 - pytest names it
    """A message in the format of FastStream's own publisher is an event like any other."""
    broker = RedisBroker(server_url)
    await broker.start()
    try:
        event = encode(assigned())
        message: Any = event if packed else msgspec.json.decode(event)
        entry = await broker.publish(message, stream=key(NAME, "inbox", "office"))
    finally:
        await broker.stop()
    assert short([await client.receipt(entry.decode(), "office")]) == [("accepted", 1)]
    ((position, found),) = [(one.position, one.event) for one in await history(client.redis)]
    assert (position, found.id, found.data) == (1, assigned().id, assigned().data)


@pytest.mark.parametrize(
    "fields",
    [
        {"event": encode(assigned())},
        {"e": b""},
        {"e": b"\xff\xfe"},
        {b"\xff": b"\xff"},
        {"__data__": b""},
        {"__data__": b"\x89BIN\x0d\x0a\x1a\x0a\x00\x01"},
        {"__data__": b"\x89BIN\x0d\x0a\x1a\x0a\x00\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"},
        {"__data__": b'{"data": "x", "headers": {}}'},
    ],
    ids=str,
)
async def test_an_entry_that_is_no_event_holds_nobody_up(client: IngestClient, fields: dict[Any, bytes]) -> None:
    """An entry without an event in it is malformed, is kept, and what comes after it is decided."""
    entry = (await client.redis.xadd(key(NAME, "inbox", "office"), fields)).decode()
    (good,) = await client.add("office", assigned())
    assert short([await client.receipt(good, "office")]) == [("accepted", 1)]
    assert short([await client.receipt(entry, "office")]) == [("refused", "malformed")]
    (refusal,) = await kept(client.redis)
    assert (refusal["by"], refusal["door"]) == (b"office", key(NAME, "inbox", "office").encode())


async def test_what_an_entry_without_an_event_held_is_kept(client: IngestClient) -> None:
    """All fields of such an entry are kept, as a JSON array of names and values in base 64."""
    entry = (await client.redis.xadd(key(NAME, "inbox", "units"), {"event": b"\xff", "x": b"y"})).decode()
    refused = await client.receipt(entry, "units")
    assert "not: event, x" in (refused.detail or "")
    (refusal,) = await kept(client.redis)
    assert msgspec.json.decode(refusal["raw"], type=list[tuple[bytes, bytes]]) == [(b"event", b"\xff"), (b"x", b"y")]


async def test_a_full_inbox_is_decided_in_its_order(client: IngestClient) -> None:
    """Many batches of entries are decided one after another, each with its receipt."""
    await client.add("office", assigned())
    await client.receipt((await client.add("office", assigned("t2")))[0], "office")
    entries = await client.add("units", *(reported(number=number) for number in range(3 * BATCH)))
    await client.receipt(entries[-1], "units")
    told = await receipts(client.redis, "units")
    assert [entry for entry, _ in told] == entries
    assert short(one for _, one in told) == [("accepted", position) for position in range(3, 3 * BATCH + 3)]


async def test_entries_that_came_while_ingest_was_down(redis: Any, server_url: str, tmp_path: Path) -> None:
    """At its start ingest resumes each inbox at its saved position; no entry is decided twice."""
    async with opened(redis, server_url, tmp_path) as client:
        (first,) = await client.add("office", assigned())
        await client.receipt(first, "office")
    waiting = await client.add("office", assigned(), assigned("t2"))
    async with opened(redis, server_url, tmp_path) as client:
        outcomes = [await client.receipt(entry, "office") for entry in waiting]
    assert short(outcomes) == [("duplicate", 1), ("accepted", 2)]
    assert [entry for entry, _ in await receipts(redis, "office")] == [first, *waiting]


async def test_two_instances_read_an_inbox_once(redis: Any, server_url: str, tmp_path: Path) -> None:
    """Where two instances of ingest follow the same inboxes, each entry is decided once, in order, with one receipt."""
    async with opened(redis, server_url, tmp_path) as client, opened(redis, server_url, tmp_path):
        entries: list[str] = []
        for start in range(0, 1_500, 50):
            entries += await client.add("office", *(assigned(f"t{number}") for number in range(start, start + 50)))
        await client.receipt(entries[-1], "office")
    told = await receipts(redis, "office")
    assert [entry for entry, _ in told] == entries
    assert short(one for _, one in told) == [("accepted", position) for position in range(1, 1_501)]


async def test_an_inbox_is_read_on_after_a_crash_of_the_server(client: IngestClient, server: Server) -> None:
    """Entries that were added before a crash of the server are decided after it, each once and in order."""
    await client.post(assigned(), source="office")
    entries = await client.add("units", *(reported(number=number) for number in range(800)))
    server.kill()
    server.start()
    await client.redis.connection_pool.disconnect()
    entries += await client.add("units", *(reported(number=number) for number in range(800, 900)))
    await client.receipt(entries[-1], "units")
    told = await receipts(client.redis, "units")
    assert [entry for entry, _ in told] == entries
    assert short(one for _, one in told) == [("accepted", position) for position in range(2, 902)]


async def test_an_entry_with_an_id_of_the_farthest_future(client: IngestClient) -> None:
    """A source may choose its entries' ids: it is decided all the same, and what follows it, and others' as ever."""
    await client.post(assigned(), source="office")
    inbox = key(NAME, "inbox", "units")
    last = 2**64 - 1
    for number, id in enumerate((f"{last}-1", "*", f"{last}-{last}")):
        entry = (await client.redis.xadd(inbox, {"e": encode(reported(number=number))}, id=id)).decode()
        assert short([await client.receipt(entry, "units")]) == [("accepted", number + 2)]
    with pytest.raises(ResponseError, match="exhausted"):  # of its own making
        await client.add("units", reported(number=9))
    (entry,) = await client.add("office", assigned("t-2"))
    assert short([await client.receipt(entry, "office")]) == [("accepted", 5)]
    assert (await client.post(reported(number=9))).status_code == 201
