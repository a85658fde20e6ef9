"""The two doors of ingest as its sources meet them: HTTP and the stream inboxes, with one decision behind both."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from faststream.redis import RedisBroker
from redis.exceptions import ResponseError

from events.contract import schema_of
from events.envelope import CODES, Event, encode
from events.keys import key
from events.schema import TYPES, TaskClosed, TaskUrged
from services.common.clock import sleep
from services.ingest.budget import MOST_REQUEST
from services.ingest.core import Outcome
from services.ingest.queue import BATCH
from tests.examples import EXAMPLES, LEAD, assigned, reported
from tests.ingest.ingest_client import ONE, PATH, PATIENCE, IngestClient, opened, problem
from tests.ingest.running_writer import NAME, history, ids, kept, receipts, short
from tests.servers import Server

ARRAY = "application/cloudevents-batch+json"
LINES = "application/x-ndjson"


def outcome(answer: httpx.Response) -> Outcome:
    """Return the outcome in an answer."""
    return msgspec.json.decode(answer.content, type=Outcome)


def replaced(event: Event, old: bytes, new: bytes) -> bytes:
    """Return an event's bytes with something else in them."""
    raw = encode(event)
    assert old in raw
    return raw.replace(old, new)


async def test_one_event(client: IngestClient) -> None:
    """One event over HTTP is created, answered again when sent again, and refused with the reason in the body."""
    created = await client.post(assigned(), source="office")
    assert (created.status_code, created.headers["content-type"]) == (201, "application/json")
    assert created.json() == {"source": "office", "id": assigned().id, "outcome": "accepted", "position": 1}
    again = await client.post(assigned(), source="office")
    assert (again.status_code, again.json()) == (
        200,
        {"source": "office", "id": assigned().id, "outcome": "duplicate", "position": 1},
    )
    refused = await client.post(reported("nowhere"))
    assert (refused.status_code, refused.headers["content-type"]) == (422, "application/json")
    assert set(refused.json()) == {"source", "id", "outcome", "code", "detail"}
    assert outcome(refused).code == "unknown-task"
    assert "nowhere" in (outcome(refused).detail or "")


async def test_an_array(client: IngestClient) -> None:
    """An array is answered with an array: one outcome per event, in order, whatever became of each."""
    parts = [encode(assigned()), b"[1]", encode(reported("nowhere")), encode(assigned())]
    answer = await client.post(b"[ " + b" ,\n".join(parts) + b" ]", ARRAY, source="office")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert short(msgspec.json.decode(answer.content, type=list[Outcome])) == [
        ("accepted", 1),
        ("refused", "malformed"),
        ("refused", "not-permitted"),
        ("duplicate", 1),
    ]


async def test_lines(client: IngestClient) -> None:
    """NDJSON is answered with NDJSON; lines may end in CRLF, and blank ones are no events."""
    await client.post(assigned(), source="office")
    lines = [encode(reported(number=1)) + b"\r", b"", b"not JSON", b"  ", encode(reported(number=1))]
    answer = await client.post(b"\n".join(lines), LINES)
    assert (answer.status_code, answer.headers["content-type"]) == (200, LINES)
    assert answer.content.endswith(b"\n")
    outcomes = [msgspec.json.decode(line, type=Outcome) for line in answer.content.splitlines()]
    assert short(outcomes) == [("accepted", 2), ("refused", "malformed"), ("duplicate", 2)]


@pytest.mark.parametrize("form", [ARRAY, LINES])
async def test_many_are_decided_in_their_order(client: IngestClient, form: str) -> None:
    """A body of more than one batch is taken as one by one: tasks first, then what is reported on them."""
    urged = msgspec.structs.replace(
        EXAMPLES["duban.task.urged.v1"], time=assigned().time, data=TaskUrged((LEAD,), "请报送进展。")
    )
    events = [assigned(), *(msgspec.structs.replace(urged, id=f"urged-{number}") for number in range(2 * BATCH))]
    raws = [encode(event) for event in events]
    body = b"[" + b",".join(raws) + b"]" if form == ARRAY else b"\n".join(raws)
    answer = await client.post(body, form, source="office")
    outcomes = answer.json() if form == ARRAY else [msgspec.json.decode(line) for line in answer.content.splitlines()]
    assert [one["position"] for one in outcomes] == list(range(1, len(events) + 1))
    assert await ids(client.redis) == [event.id for event in events]


async def test_nothing_in_the_body(client: IngestClient) -> None:
    """No events have no outcomes, where many are asked for; where one is, nothing is malformed."""
    assert (await client.post(b"[]", ARRAY)).json() == []
    assert (await client.post(b"\n", LINES)).content == b""
    assert outcome(await client.post(b"", ONE)).code == "malformed"


async def test_what_is_no_array(client: IngestClient) -> None:
    """A body that is no JSON array is refused as a whole, and kept as it came."""
    answer = await client.post(encode(assigned()) + b",", ARRAY, source="office")
    assert (answer.status_code, outcome(answer).code) == (422, "malformed")
    assert [one["raw"] for one in await kept(client.redis)] == [encode(assigned()) + b","]


async def test_white_space_around_an_event_is_no_part_of_it(client: IngestClient) -> None:
    """The same event with a line end behind it is the same event, in every form."""
    assert (await client.post(encode(assigned()) + b"\r\n", source="office")).status_code == 201
    assert (await client.post(assigned(), source="office")).status_code == 200
    (entry,) = await client.add("office", b"\n" + encode(assigned()))
    assert short([await client.receipt(entry, "office")]) == [("duplicate", 1)]


@pytest.mark.parametrize("form", [f"{ONE}; charset=UTF-8", ONE.upper()])
async def test_a_media_type_may_be_written_as_http_allows(client: IngestClient, form: str) -> None:
    """Parameters and upper case do not change the meaning of a content type."""
    assert (await client.post(assigned(), form, source="office")).status_code == 201


@pytest.mark.parametrize("form", ["application/json", "text/plain", ""])
async def test_other_forms_are_not_read(client: IngestClient, form: str) -> None:
    """Any other content type, or none, is a 415 that names the three there are; the refusal is kept."""
    event = assigned()
    answer = await client.post(event, form, source="office")
    assert answer.status_code == 415
    assert all(known in problem(answer)["detail"] for known in (ONE, ARRAY, LINES))
    assert await history(client.redis) == []
    assert [(one["by"], one["raw"]) for one in await kept(client.redis)] == [(b"office", encode(event))]


STRANGERS: dict[str, Callable[[IngestClient], str | None]] = {
    "nobody": lambda _: None,
    "an unknown token": lambda _: "Bearer duban_unknown",
    "no token": lambda _: "Bearer ",
    "another scheme": lambda client: f"Basic {client.tokens['office']}",
    "a cut token": lambda client: f"Bearer {client.tokens['office'][:-1]}",
    "a source the ledger has no more": lambda client: f"Bearer {client.tokens['gone']}",
}


@pytest.mark.parametrize("stranger", STRANGERS)
async def test_without_a_valid_token(client: IngestClient, stranger: str) -> None:
    """Without a valid token the answer is 401; a trace is kept, but not among the refusals of known sources."""
    authorization = STRANGERS[stranger](client)
    headers = {"Content-Type": ONE} | ({"Authorization": authorization} if authorization else {})
    answer = await client.http.post(PATH, content=encode(assigned()), headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert "Authorization: Bearer <token>" in problem(answer)["detail"]
    ((_, trace),) = await client.redis.xrange(key(NAME, "strangers"))
    head = msgspec.json.decode(trace[b"head"])
    assert (head["method"], head["path"], head["headers"]["content-type"]) == ("POST", PATH, ONE)
    assert (await history(client.redis), await kept(client.redis)) == ([], [])
    assert (await client.post(assigned(), source="office")).status_code == 201


async def test_a_token_is_good_for_one_ledger(client: IngestClient) -> None:
    """A token of another ledger is none here, though both have a source of that name."""
    assert (await client.post(assigned(), source="office", path="/v1/elsewhere/events")).status_code == 401


@pytest.mark.parametrize("form", [ONE, ARRAY, LINES])
@pytest.mark.parametrize("source", ["audit", "board"])
async def test_who_may_read_alone(client: IngestClient, source: str, form: str) -> None:
    """A token whose role may not submit here gets 403 from the head alone, which is kept like any refusal."""
    body = encode(msgspec.structs.replace(assigned(), source=source))
    answer = await client.post(body, form, source=source)
    assert answer.status_code == 403
    assert source in problem(answer)["detail"]
    (refusal,) = await kept(client.redis)
    head = msgspec.json.decode(refusal["head"])
    assert not {"raw", "size", "sha256"} & set(refusal)
    assert head["headers"] == head["headers"] | {"content-type": form, "content-length": str(len(body))}
    assert (refusal["by"], refusal["door"]) == (source.encode(), b"http")
    assert msgspec.json.decode(refusal["e"], type=Outcome).code == "not-permitted"
    assert await history(client.redis) == []


async def test_a_body_beyond_all_measure(client: IngestClient) -> None:
    """More than the largest body is a 413 for whatever is in it."""
    answer = await client.post(b" " * (MOST_REQUEST + 1), LINES)
    assert answer.status_code == 413
    problem(answer)


async def test_what_is_not_there(client: IngestClient) -> None:
    """An unknown ledger or path is 404, a known path with another method 405; each is a problem."""
    unknown = await client.post(assigned(), source="office", path="/v1/nowhere/events")
    assert (unknown.status_code, "nowhere" in problem(unknown)["detail"]) == (404, True)
    assert problem(await client.http.get("/v2"))["status"] == 404
    assert problem(await client.http.get(PATH))["status"] == 405


async def test_health_and_documentation(client: IngestClient) -> None:
    """Without a token, anybody can ask whether the service lives, can write, and what it offers."""
    assert (await client.http.get("/health/live")).json() == {"status": "live"}
    async with asyncio.timeout(PATIENCE):
        while (await client.http.get("/health/ready")).status_code != 200:
            await sleep(0.01)
    assert "/v1/{ledger}/events" in (await client.http.get("/v1/openapi.json")).json()["paths"]


async def test_a_query_that_would_be_answered_as_another(client: IngestClient) -> None:
    """Events are sent without a query: a request with a query is refused with the reason, and kept."""
    answer = await client.post(assigned(), source="office", path=f"{PATH}?dry_run=true")
    assert answer.status_code == 400
    assert problem(answer)["detail"] == "the query has 'dry_run'; it may have no parameters"
    (refusal,) = await kept(client.redis)
    assert (refusal["raw"], refusal["by"]) == (encode(assigned()), b"office")
    assert await history(client.redis) == []
    twice = await client.http.post(PATH.replace("events", "schedules") + "?partial=true&partial=false")
    assert (twice.status_code, "'partial' 2 times" in problem(twice)["detail"]) == (400, True)


async def test_the_contract_is_served(client: IngestClient) -> None:
    """Without a token, anybody gets the schema of each type and the descriptions of doors and streams."""
    for name in TYPES:
        answer = await client.http.get(f"/v1/schemas/{name}")
        assert (answer.headers["content-type"], answer.json()) == ("application/schema+json", schema_of(name))
    unknown = await client.http.get("/v1/schemas/duban.task.praised.v1")
    assert (unknown.status_code, "duban.task.signed.v1" in problem(unknown)["detail"]) == (404, True)
    streams = (await client.http.get("/asyncapi")).json()
    assert streams["channels"]["inbox"]["address"] == "duban:{ledger}:inbox:{source}"
    assert (await client.http.get("/v1/openapi.json")).json()["openapi"].startswith("3.1")


async def test_a_server_that_is_away(client: IngestClient, server: Server) -> None:
    """While the log cannot be written, HTTP returns 503 and Retry-After; then HTTP and inboxes resume."""
    await client.post(assigned(), source="office")
    server.kill()
    try:
        answers = [
            await client.post(reported()),
            await client.post(encode(reported()), LINES),
            await client.http.get("/health/ready"),
        ]
    finally:
        server.start()
    for answer in answers:
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        problem(answer)
    await client.redis.connection_pool.disconnect()
    assert (await client.post(reported())).status_code == 201
    (entry,) = await client.add("units", reported(number=2))
    assert short([await client.receipt(entry, "units")]) == [("accepted", 3)]
    assert (await client.http.get("/health/ready")).status_code == 200


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


async def test_both_doors_decide_as_one(client: IngestClient) -> None:
    """HTTP and inbox share their ids: the same bytes are a duplicate, other bytes reuse the id."""
    await client.post(assigned(), source="office")
    (entry,) = await client.add("office", assigned())
    assert short([await client.receipt(entry, "office")]) == [("duplicate", 1)]
    (entry,) = await client.add("units", reported())
    await client.receipt(entry, "units")
    assert outcome(await client.post(reported())).position == 2
    assert outcome(await client.post(reported(percent=60))).code == "id-reused"


async def test_an_inbox_authenticates_its_source(client: IngestClient) -> None:
    """Who writes to an inbox is that source: events of others are not permitted, nor those of who may only read."""
    (entry,) = await client.add("units", assigned())
    assert short([await client.receipt(entry, "units")]) == [("refused", "not-permitted")]
    (entry,) = await client.add("board", msgspec.structs.replace(assigned(), source="board"))
    assert short([await client.receipt(entry, "board")]) == [("refused", "not-permitted")]
    assert [one["by"] for one in await kept(client.redis)] == [b"units", b"board"]


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


# One list of bad inputs, over both doors

NOW = datetime(2018, 3, 31, 2, tzinfo=UTC)

CLOSED = msgspec.structs.replace(
    EXAMPLES["duban.task.closed.v1"], subject="t-closed", time=assigned().time, data=TaskClosed("cancelled")
)

GOOD = reported(number=1)

BAD: dict[str, tuple[bytes, CODES]] = {
    "not JSON": (b"not JSON", "malformed"),
    "not UTF-8": (replaced(GOOD, "市残联".encode(), b"\xff"), "malformed"),
    "an array of one": (b"[" + encode(GOOD) + b"]", "malformed"),
    "no subject": (replaced(GOOD, b'"subject":"zj-2017-07",', b""), "malformed"),
    "a task id without end": (encode(reported("t" * 151)), "malformed"),
    "another version of CloudEvents": (replaced(GOOD, b'"specversion":"1.0"', b'"specversion":"0.3"'), "malformed"),
    "what the ledger adds": (encode(GOOD, authid="office"), "malformed"),
    "an unknown type": (replaced(GOOD, b"reported.v1", b"reported.v2"), "unknown-type"),
    "an extra member in data": (replaced(GOOD, b'"data":{', b'"data":{"mood":"good",'), "invalid-data"),
    "a percent beyond all measure": (replaced(GOOD, b'"percent":50', b'"percent":101'), "invalid-data"),
    "61 KB": (encode(GOOD, note="x" * 61_000), "too-large"),
    "a unit that is not responsible": (encode(reported(unit="市体育局")), "not-responsible"),
    "a unit nobody knows": (encode(reported(unit="市火星局")), "unknown-unit"),
    "an unknown task": (encode(reported("nowhere")), "unknown-task"),
    "a closed task": (encode(reported("t-closed")), "task-closed"),
    "an id reused with other bytes": (encode(reported(number=0, percent=60)), "id-reused"),
    "a time in the future": (encode(reported(time=NOW + timedelta(hours=1))), "from-the-future"),
    "another's source": (encode(assigned("t-new")), "not-permitted"),
    "another's work": (encode(assigned("t-new", source="units")), "not-permitted"),
}
"""What a reporter sends wrongly, and the code of the refusal."""


async def over_http(client: IngestClient, raw: bytes) -> Outcome:
    """Send bytes by HTTP and return the outcome; the status has to be that of the outcome."""
    answer = await client.post(raw)
    found = outcome(answer)
    if found.code == "too-large":
        assert (answer.status_code, problem(answer)["title"]) == (413, HTTPStatus(413).phrase)
        return msgspec.structs.replace(found, detail=answer.json()["detail"])
    assert answer.status_code == {"accepted": 201, "duplicate": 200, "refused": 422}[found.outcome]
    return found


async def over_the_inbox(client: IngestClient, raw: bytes) -> Outcome:
    """Add bytes to the inbox and return the outcome from the receipts."""
    (entry,) = await client.add("units", raw)
    return await client.receipt(entry, "units")


DOORS = {"http": (over_http, b"http"), "inbox": (over_the_inbox, b"duban:{zhanjiang}:inbox:units")}


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("bad", BAD)
async def test_bad_input_is_refused_kept_and_harmless(client: IngestClient, bad: str, door: str) -> None:
    """Over HTTP and inbox, each bad input is refused with its code and kept; the next good event is accepted."""
    raw, code = BAD[bad]
    send, name = DOORS[door]
    before = [assigned(), assigned("t-closed"), CLOSED]
    for event in before:
        assert (await client.post(event, source="office")).status_code == 201
    assert (await send(client, encode(reported(number=0)))).outcome == "accepted"
    refused = await send(client, raw)
    assert (refused.outcome, refused.code, bool(refused.detail)) == ("refused", code, True)
    (refusal,) = await kept(client.redis)
    assert (refusal["raw"], refusal["by"], refusal["door"]) == (raw, b"units", name)
    assert msgspec.json.decode(refusal["e"], type=Outcome) == refused
    assert NOW <= datetime.fromisoformat(refusal["at"].decode()) <= NOW + timedelta(minutes=5)
    assert short([await send(client, encode(GOOD))]) == [("accepted", 5)]
    assert await ids(client.redis) == [*(event.id for event in before), reported(number=0).id, GOOD.id]


@pytest.mark.parametrize("body", [b"[" * 20_000 + b"]" * 20_000, b"[" * 500_000], ids=["deep", "unclosed"])
async def test_a_deeply_nested_array_is_malformed(client: IngestClient, body: bytes) -> None:
    """Whatever the bytes, the answer is an outcome, and the refusal is kept."""
    answer = await client.post(body, ARRAY)
    assert answer.status_code == 422
    assert answer.json()["code"] == "malformed"
    assert len(await kept(client.redis)) == 1


@pytest.mark.parametrize(("body", "form"), [(b"[" + b"[]," * 2_100_000 + b"[]]", ARRAY), (b"{}\n" * 20_002, LINES)])
async def test_a_request_has_a_bounded_number_of_events(client: IngestClient, body: bytes, form: str) -> None:
    """A request with too many events gets 413 with the limit, so that other sources are served."""
    answer = await client.post(body, form)
    assert answer.status_code == 413
    assert "20,000" in problem(answer)["detail"]


async def test_a_task_id_is_one_part_of_a_path(client: IngestClient) -> None:
    """A slash could not be asked for: it is refused when the task is assigned."""
    answer = await client.post(assigned("a/b"), source="office")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-data")


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
