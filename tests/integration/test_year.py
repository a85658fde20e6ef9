"""An upstream's whole year, by every route: the same rows."""

import asyncio
import json
import multiprocessing
import os
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, get_args

import httpx
import msgspec
import pytest
from msgspec import Struct

from events.envelope import CODES
from events.log import Log
from events.schema import NAMES, DeadlineNeared, DeadlinePassed
from services.common import tokens
from services.common.clock import sleep
from services.common.settings import load_ledger, shipped
from tests.deployment import LEDGER, Deployment, bearer
from tests.examples import EXAMPLES
from tests.integration.year import routes
from tests.integration.year.rounds import AFTERWARDS, EVENTS, TASKS, Year, sources
from tests.integration.year.year_task import OFFICE, UNDONE

SHARE = 10 if os.environ.get("DUBAN_TEST_YEAR") == "tenth" else 1
"""All of the tasks and events, unless a tenth is asked for."""

LEDGERS = {"http": LEDGER, "inboxes": "by-inbox", "files": "by-file"}
"""One ledger for each route."""

STANDING = "0.000001"
"""The speed of a clock that stands for all practical purposes."""

SUCCESSOR = "国家税务总局湛江市税务局"
"""Of a unit that ended in July of the year."""

REST_SECONDS = 300.0
"""How long status may take to fold what came, on a machine that does much else."""

WORKERS = 2
"""Processes that publish files: ingest needs the processor, too."""


class Head(Struct):
    """The part of an event that distinguishes its kind."""

    type: str


_heads = msgspec.json.Decoder(Head)


@pytest.mark.long(150)
async def test_a_year_folds_to_the_same_rows_by_every_route(tmp_path: Path, server_url: str, redis: Any) -> None:
    """31 sources at once over HTTP, inboxes and files: each event becomes what it has to, and the rows are equal."""
    ledger = load_ledger(shipped(f"{LEDGER}.toml"))
    spoken = sources(ledger)
    issued = {
        name: {source: await tokens.issue(redis, name, source) for source in (OFFICE, *spoken)}
        for name in LEDGERS.values()
    }
    year = Year(ledger, TASKS // SHARE, EVENTS // SHARE)
    total: Counter[str] = Counter()
    types: set[str] = set()
    with ProcessPoolExecutor(WORKERS, multiprocessing.get_context("spawn")) as pool:
        for now, rounds in year.quarters():
            async with _deployment(tmp_path, server_url, now.isoformat(), spoken).running(
                "ingest", "status"
            ) as deployment:
                for round in rounds:
                    meant = {source: [one.becomes for one in submissions] for source, submissions in round.items()}
                    async with asyncio.TaskGroup() as group:  # which stops the others where one fails
                        http, inboxes, files = (
                            group.create_task(route)
                            for route in (
                                routes.over_http(deployment, LEDGERS["http"], issued[LEDGERS["http"]], round),
                                routes.over_inboxes(deployment, LEDGERS["inboxes"], round),
                                routes.over_files(
                                    deployment, LEDGERS["files"], issued[LEDGERS["files"]], round, tmp_path, pool
                                ),
                            )
                        )
                    assert http.result() == meant
                    assert inboxes.result() == meant
                    assert _counted(files.result()) == _counted(meant)
                    total.update(became for outcomes in meant.values() for became in outcomes)
                    types |= {
                        _type(one.raw)
                        for submissions in round.values()
                        for one in submissions
                        if one.becomes == "accepted"
                    }
    assert total.total() == EVENTS // SHARE
    assert total.keys() == {"accepted", "duplicate", *get_args(CODES)}
    assert types == EXAMPLES.keys() - {NAMES[DeadlineNeared], NAMES[DeadlinePassed]}
    async with _deployment(tmp_path, server_url, AFTERWARDS.isoformat(), spoken).running(
        "ingest", "status"
    ) as deployment:
        tokens_of = {name: issued[name][OFFICE] for name in LEDGERS.values()}
        await _equal(deployment, redis, tokens_of)
        by_http, by_inboxes, by_files = [await _rows(deployment, *one) for one in tokens_of.items()]
        assert len(by_http) == TASKS // SHARE
        assert by_http == by_inboxes
        assert by_http == by_files
        assert {row["outcome"] for row in by_http.values()} == {None, *UNDONE, "implemented"}
        assert any(row["lead"] == SUCCESSOR for row in by_http.values())
        for name in LEDGERS.values():
            verified = deployment.command("audit", "verify", "--json", "--ledger", name)
            assert json.loads(verified.stdout)["findings"] == []


def _deployment(directory: Path, url: str, instant: str, spoken: Mapping[str, list[str]]) -> Deployment:
    """Return a deployment with a ledger for each route, all with the year's sources and a stopped clock."""
    own = directory / instant
    own.mkdir()
    text = "".join(
        f'\n[sources.{name}]\nrole = "reporter"\nunits = {json.dumps(units, ensure_ascii=False)}\n'
        for name, units in spoken.items()
    )
    deployment = Deployment(own, url, clock=f"{instant}@{STANDING}", channels=text)
    for name in LEDGERS.values():
        (deployment.ledgers / f"{name}.toml").write_bytes((deployment.ledgers / f"{LEDGER}.toml").read_bytes())
    return deployment


async def _equal(deployment: Deployment, redis: Any, issued: Mapping[str, str]) -> None:
    """Wait until all clock events due are recorded and shown by status, in every ledger."""
    async with asyncio.timeout(REST_SECONDS), httpx.AsyncClient(timeout=60) as http:
        while True:
            lights = []
            for name, token in issued.items():
                answer = await http.get(f"{deployment.base('status')}/v1/{name}/overview", headers=bearer(token))
                same = int(answer.headers["Duban-Position"]) == await Log(redis, name).tail()
                lights.append(answer.json()["lights"] if same else name)
            if lights[0] == lights[1] == lights[2]:
                return
            await sleep(0.5)


async def _rows(deployment: Deployment, ledger: str, token: str) -> dict[str, dict[str, Any]]:
    """Return all rows of a ledger by task, without their positions, which are the ledger's own."""
    rows: dict[str, dict[str, Any]] = {}
    query = {"limit": "1000"}
    async with httpx.AsyncClient(timeout=60, headers=bearer(token)) as http:
        while True:
            page = (
                (await http.get(f"{deployment.base('status')}/v1/{ledger}/tasks", params=query))
                .raise_for_status()
                .json()
            )
            rows |= {row["task"]: {**row, "position": None} for row in page["items"]}
            if page["next"] is None:
                return rows
            query["cursor"] = page["next"]


def _type(raw: bytes) -> str:
    return _heads.decode(raw).type


def _counted(outcomes: Mapping[str, list[str]]) -> dict[str, Counter[str]]:
    return {source: Counter(became) for source, became in outcomes.items()}
