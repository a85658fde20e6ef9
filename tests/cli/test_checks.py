"""The findings of `audit verify`: every edit by a person with access to the server, none in an unchanged ledger."""

import asyncio
import json
import unicodedata
from base64 import b64encode
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from events.entries import digest
from events.envelope import encode, submitted
from events.keys import key
from events.log import Log
from events.record import Record
from events.schema import TaskClosed, TaskReassigned, Unit
from events.seal.merkle import Tree
from events.working_days import LIBRARY
from services.cli.checks import verify
from services.cli.checks.alerts import check_alerts
from services.cli.checks.finding import Finding, TreeHead
from services.cli.checks.record import check_record
from services.common.clock import sleep
from services.common.connection import connect
from services.common.settings import Settings, load_ledger, shipped
from services.notify.app import build as notify
from services.notify.deliveries import Digest
from services.notify.store import AlertQuery
from services.status.app import build as status
from tests.examples import EXAMPLES, assigned, reported
from tests.ingest.ingest_client import CLOCK, opened
from tests.ingest.running_writer import NAME
from tests.notify.post import START, Post, happen, passed
from tests.patience import PATIENCE
from tests.webserver import serving

LEDGER = load_ledger(shipped(f"{NAME}.toml"))

LOG, SEEN, REFUSED = key(NAME, "log"), key(NAME, "seen"), key(NAME, "refused")
RECORD, DIGESTS = key(NAME, "record"), key(NAME, "notify", "outbox")
RECEIPTS = key(NAME, "receipts", "units")
BODIES = key(NAME, "refused", "bodies", "units")

Edit = Callable[[Any], Awaitable[object]]

_digest = msgspec.msgpack.Decoder(Digest)


@pytest_asyncio.fixture(scope="module")
async def ledger(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> dict[bytes, bytes]:
    """Return a ledger as three running services left it: every key, as the server dumps it."""
    redis = connect(server_url)
    await redis.flushall()
    home = tmp_path_factory.mktemp("ledgers")
    async with opened(redis, server_url, home) as client:
        settings = Settings(redis_url=server_url, ledgers=home, clock=CLOCK)
        async with serving(status(settings)), serving(notify(settings)):
            for number in range(3):
                await client.post(assigned(f"t-{number}", others=("市民政局",)), source="office")
            for number in range(3):
                (entry,) = await client.add("units", reported("t-0", number))
                await client.receipt(entry, "units")
            await client.post(reported("nowhere"))
            await client.post(b"nothing")
            async with asyncio.timeout(PATIENCE):
                while await redis.hlen(DIGESTS) < 2 or not await redis.hlen(key(NAME, "status", "rows:0")):
                    await sleep(0.05)
                while await redis.hget(key(NAME, "notify", "checkpoint"), "position") != b"6":
                    await sleep(0.05)
    dumped = {name: await redis.dump(name) for name in await redis.keys(key(NAME, "*").replace("{", "[{]"))}
    await redis.aclose()
    return dumped


async def findings(redis: Any, since: TreeHead | None = None) -> list[Finding]:
    return await verify(redis, Log(redis, NAME), LEDGER, lambda _: None, Tree(), since)


async def rewritten(
    redis: Any, stream: str, change: Callable[[list[tuple[bytes, dict[bytes, bytes]]]], object]
) -> None:
    """Write a changed stream from scratch, as a person does who knows that deletions are counted."""
    entries = await redis.xrange(stream)
    change(entries)
    await redis.delete(stream)
    for id, fields in entries:
        await redis.xadd(stream, fields, id=id)


def event(position: int, old: bytes, new: bytes) -> Edit:
    """Return the edit of an event's bytes."""

    def change(entries: list[tuple[bytes, dict[bytes, bytes]]]) -> None:
        raw = entries[position - 1][1][b"e"]
        assert old in raw
        entries[position - 1][1][b"e"] = raw.replace(old, new)

    return lambda redis: rewritten(redis, LOG, change)


def of(stream: str, change: Callable[[list[Any]], object]) -> Edit:
    return lambda redis: rewritten(redis, stream, change)


def swap(entries: list[Any]) -> None:
    entries[3], entries[4] = (entries[3][0], entries[4][1]), (entries[4][0], entries[3][1])


def altered(member: str, value: object) -> Callable[[list[Any]], None]:
    def change(entries: list[Any]) -> None:
        entry = json.loads(entries[0][1][b"e"])
        entries[0][1][b"e"] = json.dumps(entry | {member: value}, ensure_ascii=False).encode()

    return change


def digest_edit(**members: Any) -> Edit:
    async def edit(redis: Any) -> None:
        id, row = min((await redis.hgetall(DIGESTS)).items())
        await redis.hset(DIGESTS, id, msgspec.msgpack.encode(msgspec.structs.replace(_digest.decode(row), **members)))

    return edit


async def _twice(redis: Any) -> None:
    ((_, fields),) = await redis.xrevrange(RECORD, count=1)
    await redis.xadd(RECORD, fields, id=f"{await redis.xlen(RECORD) + 1}-0")


async def _renumbered(redis: Any) -> None:
    known = key(NAME, "notify", "known")
    await redis.hset(known, min(await redis.hkeys(known)), 99)


async def _seen_of(redis: Any, position: int) -> tuple[bytes, bytes]:
    fields = await redis.hgetall(SEEN)
    return next((name, value) for name, value in fields.items() if value.startswith(b"%d:" % position))


async def _forget(redis: Any) -> None:
    await redis.hdel(SEEN, (await _seen_of(redis, 2))[0])


async def _other_digest(redis: Any) -> None:
    await redis.hset(SEEN, (await _seen_of(redis, 2))[0], "2:0000000000000000")


async def _row(redis: Any) -> None:
    (name,) = await redis.keys(key(NAME, "status", "rows:*").replace("{", "[{]"))
    row = await redis.hget(name, "t-0")
    await redis.hset(name, "t-0", row.replace(b'"percent":50', b'"percent":90'))


async def _removed(redis: Any, stream: str) -> None:
    await redis.xdel(stream, (await redis.xrange(stream))[0][0])


async def _again(redis: Any) -> None:
    await redis.xadd(RECEIPTS, (await redis.xrange(RECEIPTS))[0][1])


EDITS: dict[str, tuple[str, Edit]] = {
    "a summary": ("bytes", event(4, "挂牌".encode(), "建成".encode())),
    "a per cent, its digest too": ("rows", event(6, b'"percent":50', b'"percent":51')),
    "the last event removed": ("once", of(LOG, lambda entries: entries.pop())),
    "an event removed": ("dense", of(LOG, lambda entries: entries.pop(2))),
    "the log removed": ("once", lambda redis: redis.delete(LOG)),
    "an event deleted": ("dense", lambda redis: redis.xdel(LOG, "6-0")),
    "two events swapped": ("once", of(LOG, swap)),
    "an event added": ("once", lambda redis: redis.xadd(LOG, {"e": b"{}"}, id="7-0")),
    "who sent it": ("authority", event(4, b'"authid":"units"', b'"authid":"office"')),
    "source and sender": ("once", event(4, b'"units', b'"audit')),
    "the time of record moved back": ("ordered", event(4, b'"recordedtime":"2018', b'"recordedtime":"2017')),
    "bytes that are no event": ("decodes", event(4, b'"specversion"', b'"version"')),
    "a submission forgotten": ("once", _forget),
    "a submission invented": ("once", lambda redis: redis.hset(SEEN, "6:officex", "3:0000000000000000")),
    "another digest": ("bytes", _other_digest),
    "a row": ("rows", _row),
    "an alert removed": ("alerts", of(RECORD, lambda entries: entries.pop(1))),
    "an alert deleted": ("record", lambda redis: _removed(redis, RECORD)),
    "an alert invented": ("record", lambda redis: redis.xadd(RECORD, {"e": b"{}"}, id="99-0")),
    "an alert twice": ("record", _twice),
    "an alert's number": ("record", _renumbered),
    "an alert's title": ("alerts", of(RECORD, altered("title", "无事"))),
    "an alert's recipient": ("alerts", of(RECORD, altered("recipient", "市文联"))),
    "an alert's cause": ("alerts", of(RECORD, altered("causes", [2]))),
    "a digest removed": ("digests", lambda redis: redis.delete(DIGESTS)),
    "a digest's recipient": ("digests", digest_edit(recipient="市文联")),
    "a digest's alerts": ("digests", digest_edit(alerts=("1-0",))),
    "a digest taken for done": ("digests", digest_edit(deliveries=())),
    "a receipt twice": ("receipts", _again),
    "a receipt's position": ("receipts", of(RECEIPTS, altered("position", 1))),
    "a receipt's id": ("receipts", of(RECEIPTS, altered("id", "other"))),
    "a refusal deleted": ("refused", lambda redis: _removed(redis, REFUSED)),
    "a refusal removed": ("refused", of(REFUSED, lambda entries: entries.pop(0))),
    "the last refusal removed": ("refused", of(REFUSED, lambda entries: entries.pop())),
    "a refusal's number": ("refused", of(REFUSED, lambda entries: entries[0][1].update({b"n": b"2"}))),
    "a refusal without its number": ("refused", of(REFUSED, lambda entries: entries[1][1].pop(b"n"))),
    "a refusal's digest": ("refused", of(REFUSED, lambda entries: entries[0][1].update({b"sha256": b"0" * 64}))),
    "a refusal's size": ("refused", of(REFUSED, lambda entries: entries[0][1].update({b"size": b"1"}))),
    "a refusal's bytes": ("refused", of(BODIES, lambda entries: entries[0][1].update({b"raw": b"x"}))),
    "a refusal's bytes removed": ("refused", of(BODIES, lambda entries: entries.pop(0))),
    "all bytes of refusals removed": ("refused", lambda redis: redis.delete(BODIES)),
    "bytes of a refusal that there was not": ("refused", lambda redis: redis.xadd(BODIES, {"raw": b"x"})),
    "bytes of a source of which nothing was refused": (
        "refused",
        lambda redis: redis.xadd(key(NAME, "refused", "bodies", "office"), {"raw": b"x"}),
    ),
    "a refusal turned into an acceptance": ("refused", of(REFUSED, altered("outcome", "accepted"))),
}


async def _restored(redis: Any, ledger: dict[bytes, bytes]) -> None:
    for name, value in ledger.items():
        await redis.restore(name, 0, value)


async def test_an_untouched_ledger_is_clean(redis: Any, ledger: dict[bytes, bytes]) -> None:
    """With alerts, digests, receipts and refusals in it."""
    await _restored(redis, ledger)
    assert await findings(redis) == []
    assert len(await redis.xrange(RECORD)) >= 6
    assert len(await redis.xrange(RECEIPTS)) == 3


@pytest.mark.parametrize("edit", EDITS)
async def test_an_edit_is_found(redis: Any, ledger: dict[bytes, bytes], edit: str) -> None:
    """Each by the check that is there for it."""
    await _restored(redis, ledger)
    check, make = EDITS[edit]
    await make(redis)
    found = await findings(redis)
    if edit == "a per cent, its digest too":
        assert {finding.check for finding in found} == {"bytes"}
        name, _ = await _seen_of(redis, 6)
        (entry,) = await Log(redis, NAME).read_at([6])
        await redis.hset(SEEN, name, f"6:{digest(submitted(entry.raw))}")
        found = await findings(redis)
    assert check in {finding.check for finding in found}, found


async def test_what_only_a_head_noted_elsewhere_shows(redis: Any, ledger: dict[bytes, bytes]) -> None:
    """A summary that no row shows, with its digest: clean but for the tree."""
    await _restored(redis, ledger)
    tree = Tree()
    assert await verify(redis, Log(redis, NAME), LEDGER, lambda _: None, tree) == []
    noted = TreeHead(tree.size, tree.head())
    await event(4, "挂牌".encode(), "建成".encode())(redis)
    name, _ = await _seen_of(redis, 4)
    (entry,) = await Log(redis, NAME).read_at([4])
    await redis.hset(SEEN, name, f"4:{digest(submitted(entry.raw))}")
    assert await findings(redis) == []
    assert [finding.check for finding in await findings(redis, noted)] == ["tree"]


async def test_forms_that_are_kept_as_they_came_are_no_findings(redis: Any, server_url: str, tmp_path: Path) -> None:
    """Base64, other normal forms and null attributes go through both doors, all folds and audit."""
    decomposed = unicodedata.normalize("NFD", "café")
    event = json.loads(encode(reported("café")))
    event["data_base64"] = b64encode(json.dumps(event.pop("data")).encode()).decode()
    bare = json.dumps(event | {"traceparent": None, "datacontenttype": "application/json; charset=utf-8"}).encode()
    other = json.dumps(event | {"id": decomposed, "subject": decomposed}, ensure_ascii=False).encode()
    async with opened(redis, server_url, tmp_path) as client:
        settings = Settings(redis_url=server_url, ledgers=tmp_path, clock=CLOCK)
        async with serving(status(settings)), serving(notify(settings)):
            answers = [
                await client.post(assigned(decomposed), source="office"),
                await client.post(bare),
                await client.post(bare),
            ]
            assert [answer.status_code for answer in answers] == [201, 201, 200]
            (entry,) = await client.add("units", other)
            assert (await client.receipt(entry, "units")).position == 3
            async with asyncio.timeout(PATIENCE):
                while await redis.hget(key(NAME, "notify", "checkpoint"), "position") != b"3":
                    await sleep(0.05)
    stored = [entry.raw for entry in await Log(redis, NAME).read(0)]
    assert [submitted(raw) for raw in stored[1:]] == [bare, other]
    assert await findings(redis) == []


SETTLED: dict[str, dict[str, Any]] = {
    "closed": {"data": TaskClosed("implemented")},
    "reassigned": {"data": TaskReassigned("市民政局", (Unit("市民政局", "lead"),), "机构改革")},
}


@pytest.mark.parametrize("what", SETTLED)
async def test_an_alert_that_arose_before_an_earlier_event_was_folded_is_no_finding(redis: Any, what: str) -> None:
    """Time went on to the first step of an escalation while notify could not read what was recorded before it."""
    post = Post(redis, {})
    await happen(redis, assigned("t-1"), passed("t-1"))
    await post.alerts.projection.catch_up()
    await post.alerts.elapse(START + timedelta(days=8))
    example = EXAMPLES[f"duban.task.{what}.v1"]
    event = msgspec.structs.replace(example, id="e-9", subject="t-1", **SETTLED[what])
    await happen(redis, event, at=START + timedelta(days=5))
    await post.alerts.projection.catch_up()
    assert [one.alert.step for one in (await post.alerts.select(AlertQuery(on="open")))[0]] == [1]
    _, recorded = await check_record(redis, Record(redis, NAME))
    assert await check_alerts(redis, Log(redis, NAME), Record(redis, NAME), post.ledger, LIBRARY, recorded) == []
    await rewritten(redis, RECORD, altered("title", "无事"))
    assert len(await check_alerts(redis, Log(redis, NAME), Record(redis, NAME), post.ledger, LIBRARY, recorded)) == 1
