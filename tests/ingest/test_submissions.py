"""Submissions over HTTP: one event, an array, NDJSON; tokens, and what a request may be."""

from collections.abc import Callable

import msgspec
import pytest

from events.contract import schema_of
from events.envelope import encode
from events.keys import key
from events.schema import TYPES, TaskUrged
from services.common.outcome import Outcome
from services.ingest.budget import MOST_REQUEST
from services.ingest.queue import BATCH
from tests.examples import EXAMPLES, LEAD, assigned, reported
from tests.ingest.ingest_client import ONE, PATH, IngestClient, outcome, problem
from tests.ingest.running_writer import NAME, history, ids, kept, short
from tests.servers import Server

ARRAY = "application/cloudevents-batch+json"

LINES = "application/x-ndjson"


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
    await client.wait_for_readiness(200)
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
    await client.wait_for_readiness(200)  # not at once: a writer that hears of another server loads again


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
