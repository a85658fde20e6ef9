"""What services measure, as Prometheus reads it."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from events.envelope import encode
from services.applications import BUILDERS
from services.common.clock import sleep
from services.common.settings import Settings
from tests.deployment import bearer
from tests.examples import EXAMPLES
from tests.patience import PATIENCE
from tests.served import CLOCK, LEDGER, browser, served
from tests.webserver import serving


async def measured(http: httpx.AsyncClient, base: str, **options: Any) -> dict[str, list[tuple[dict[str, str], float]]]:
    """Return the samples of a service by their names, each with its labels and value."""
    answer = await http.get(f"{base}/metrics", **options)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/plain; version=")
    found: dict[str, list[tuple[dict[str, str], float]]] = {}
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            found.setdefault(sample.name, []).append((sample.labels, sample.value))
    return found


async def test_services_measure_what_they_do(redis: Any, server_url: str, tmp_path: Path) -> None:
    """Positions of each service, outcomes by source, tasks by light, requests by route, and the process."""
    async with served(redis, server_url, tmp_path) as running, browser() as http:
        office = {**running.bearer("office"), "Content-Type": "application/cloudevents+json"}
        url = running.url("ingest", "events")
        raw = encode(EXAMPLES["duban.task.assigned.v1"])
        assert [(await http.post(url, content=raw, headers=office)).status_code for _ in range(2)] == [201, 200]
        ingest = await measured(http, running.bases["ingest"])
        of_ledger = {"service": "ingest", "ledger": LEDGER}
        assert (of_ledger, 1) in ingest["duban_position"]
        assert (of_ledger, 0) in ingest["duban_log_lacks_events"]
        assert ({**of_ledger, "source": "office", "outcome": "accepted"}, 1) in ingest["duban_outcomes_total"]
        assert ({**of_ledger, "source": "office", "outcome": "duplicate"}, 1) in ingest["duban_outcomes_total"]
        posted = {"method": "POST", "route": "/v1/{ledger}/events", "status": "201"}
        assert (posted, 1) in ingest["duban_request_seconds_count"]
        assert ingest["process_resident_memory_bytes"][0][1] > 1_000_000
        for service in ("status", "notify"):
            position = {**of_ledger, "service": service}
            async with asyncio.timeout(PATIENCE):
                while (position, 1) not in (await measured(http, running.bases[service]))["duban_position"]:
                    await sleep(0.05)
        status = await measured(http, running.bases["status"])
        assert sum(number for _, number in status["duban_tasks"]) == 1


@pytest.mark.parametrize("service", BUILDERS)
async def test_beyond_loopback_metrics_need_a_token(redis: Any, server_url: str, tmp_path: Path, service: str) -> None:
    """A valid token of any source of any ledger is enough."""
    async with served(redis, server_url, tmp_path, "status") as running, browser() as http:
        everywhere = Settings(redis_url=server_url, ledgers=tmp_path, clock=CLOCK, host="0.0.0.0")
        async with serving(BUILDERS[service](everywhere)) as base:
            for headers in ({}, bearer("dbn_wrong")):
                refused = await http.get(f"{base}/metrics", headers=headers)
                assert refused.status_code == 401
                assert refused.headers["www-authenticate"] == "Bearer"
            assert await measured(http, base, headers=running.bearer("audit"))
