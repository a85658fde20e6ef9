"""Access to ingest: each role and each kind of unauthenticated request, at each endpoint and in each form."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import httpx
import pytest
from msgspec.structs import replace

from events.envelope import encode
from services.common import tokens
from services.common.settings import shipped
from tests.examples import assigned
from tests.ingest.ingest_client import ONE, PATH, IngestClient, problem
from tests.ingest.running_writer import NAME, history

ARRAY = "application/cloudevents-batch+json"
LINES = "application/x-ndjson"

TABLE = shipped("zhanjiang-2017-key-tasks.txt")


async def one(client: IngestClient, headers: dict[str, str], source: str) -> httpx.Response:
    return await _post(client, headers | {"Content-Type": ONE}, encode(replace(assigned(), source=source)))


async def array(client: IngestClient, headers: dict[str, str], source: str) -> httpx.Response:
    body = b"[%b]" % encode(replace(assigned(), source=source))
    return await _post(client, headers | {"Content-Type": ARRAY}, body)


async def lines(client: IngestClient, headers: dict[str, str], source: str) -> httpx.Response:
    return await _post(client, headers | {"Content-Type": LINES}, encode(replace(assigned(), source=source)))


async def schedule(client: IngestClient, headers: dict[str, str], source: str) -> httpx.Response:
    del source  # a document's events are those of who sends it
    answer: httpx.Response = await client.http.post(
        f"/v1/{NAME}/schedules",
        data={"plan": "zj-2017", "issued": "2017-08-01"},
        files={"file": (TABLE.name, TABLE.read_bytes())},
        headers=headers,
    )
    return answer


Endpoint = Callable[[IngestClient, dict[str, str], str], Awaitable[httpx.Response]]

EXPECTED: dict[str, dict[Endpoint, int]] = {
    "office": {one: 201, array: 200, lines: 200, schedule: 200},
    "units": {one: 422, array: 200, lines: 200, schedule: 403},
    "audit": {one: 403, array: 403, lines: 403, schedule: 403},
    "board": {one: 403, array: 403, lines: 403, schedule: 403},
    "revoked": {one: 401, array: 401, lines: 401, schedule: 401},
    "expired": {one: 401, array: 401, lines: 401, schedule: 401},
    "nobody": {one: 401, array: 401, lines: 401, schedule: 401},
}
"""The status of an assignment: 401 is for who is not known, 403 for whose role may not submit (or hand out documents).
An event of another role is refused as `not-permitted`: 422 for one event, 200 for many."""


@pytest.mark.parametrize(
    ("who", "endpoint"),
    [pytest.param(who, end, id=f"{who} {end.__name__}") for who in EXPECTED for end in EXPECTED[who]],
)
async def test_each_door_is_open_to_whom_it_is_for(client: IngestClient, who: str, endpoint: Endpoint) -> None:
    """A rejected request changes nothing; a refused event has its code in the answer."""
    headers = {} if who == "nobody" else {"Authorization": f"Bearer {await _token(client, who)}"}
    answer = await endpoint(client, headers, who if who in client.tokens else "office")
    status = EXPECTED[who][endpoint]
    assert answer.status_code == status
    if who == "office":
        assert len(await history(client.redis)) >= 1
        return
    assert await history(client.redis) == []
    if status in {401, 403}:
        problem(answer)
        assert ("www-authenticate" in answer.headers) == (status == 401)
    else:
        assert '"code":"not-permitted"' in answer.text


async def _post(client: IngestClient, headers: dict[str, str], body: bytes) -> httpx.Response:
    answer: httpx.Response = await client.http.post(PATH, content=body, headers=headers)
    return answer


async def _token(client: IngestClient, who: str) -> str:
    if who in client.tokens:
        return client.tokens[who]
    now = datetime(2018, 1, 1, tzinfo=UTC)
    terms = tokens.Terms(expires=now if who == "expired" else None)
    token = await tokens.issue(client.redis, NAME, "office", terms)
    if who == "revoked":
        await tokens.revoke(client.redis, NAME, tokens.hash_of(token)[: tokens.ID_DIGITS], "", now)
    return token
