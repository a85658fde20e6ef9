"""Status as a service: health, its description, and its start."""

from typing import Any

import httpx

from services.common.settings import Settings
from services.status.app import build
from tests.patience import PATIENCE
from tests.status.status_client import STILL, History, StatusService, machine_feed, problem


async def test_the_service_tells_how_it_is(service: StatusService) -> None:
    """/health/live answers as soon as the process runs; /health/ready once the rows of every ledger are there."""
    async with service.running() as client:
        for path, status in (("live", "live"), ("ready", "ready")):
            answer = await client.get(f"../../health/{path}")
            assert (answer.status_code, answer.json()) == (200, {"status": status})


async def test_a_service_that_has_not_started_is_not_ready(service: StatusService) -> None:
    """503 with Retry-After until the rows are loaded; the process lives all the same."""
    app: Any = build(Settings(redis_url=service.url, ledgers=service.ledgers))
    transport = httpx.ASGITransport(app)  # which starts nothing
    async with httpx.AsyncClient(transport=transport, base_url="http://status", timeout=PATIENCE) as client:
        assert (await client.get("/health/live")).status_code == 200
        answer = await client.get("/health/ready")
        assert problem(answer, 503)
        assert answer.headers["retry-after"] == "1"


async def test_the_interface_describes_itself(service: StatusService) -> None:
    """/v1/openapi.json names every address and, for /tasks, every parameter of the contract."""
    async with service.running() as client:
        document = (await client.get("../openapi.json")).json()
    assert document["openapi"].startswith("3.")
    paths = document["paths"]
    served = [
        "tasks",
        "tasks/{task}",
        "tasks/{task}/events",
        "overview",
        "units",
        "units/{unit}",
        "calendar",
        "changes",
    ]
    assert {f"/v1/{{ledger}}/{path}" for path in served} <= set(paths)
    parameters = {one["name"] for one in paths["/v1/{ledger}/tasks"]["get"]["parameters"]}
    assert parameters == {
        "ledger",
        *("unit", "lead", "light", "state", "section", "due_before", "due_after", "q", "sort", "limit", "cursor"),
        *("fields", "as_of", "compare", "changed", "format", "lang"),
    }
    changes = paths["/v1/{ledger}/changes"]["get"]
    assert {one["name"] for one in changes["parameters"]} == {"ledger", "after", "unit", "task"}


async def test_rows_survive_a_restart_without_folding_anew(
    service: StatusService, history: History, redis: Any
) -> None:
    """A restart loads the saved rows and announces no change twice."""
    await history.append_examples()
    async with service.running(STILL) as client:
        before = (await client.get("tasks")).content
        feed = await machine_feed(redis)
    async with service.running(STILL) as client:
        assert (await client.get("tasks")).content == before
        assert await machine_feed(redis) == feed
