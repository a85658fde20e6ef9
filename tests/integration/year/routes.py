"""The ways by which a round of many sources reaches ingest, all of them at once, and what became of it."""

import asyncio
import contextlib
import io
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import httpx
import msgspec

from events.keys import key
from services.cli import app
from services.common.connection import connect
from tests.deployment import Deployment
from tests.integration.year.rounds import Round

LINES = 1_000
"""Events in one pipeline."""

POSTED = 200
"""Events in one request: all sources post at once, and each request has to be answered in time on a busy machine."""

RECEIPT_SECONDS = 180
"""How long the next receipt may take."""

PATIENCE = "180"
"""Seconds that `duban publish` waits for a service that does not answer: where another route fails, none does."""

Tokens = Mapping[str, str]
"""By source."""


async def over_http(deployment: Deployment, ledger: str, tokens: Tokens, round: Round) -> dict[str, list[str]]:
    """Have each source post its events, and return what became of each."""

    async def one(http: httpx.AsyncClient, source: str, raws: Sequence[bytes]) -> list[str]:
        headers = {"Authorization": f"Bearer {tokens[source]}", "Content-Type": "application/x-ndjson"}
        became: list[str] = []
        for start in range(0, len(raws), POSTED):
            body = b"\n".join(raws[start : start + POSTED])
            answer = await http.post(f"{deployment.base('ingest')}/v1/{ledger}/events", content=body, headers=headers)
            became += map(_became, answer.raise_for_status().content.splitlines())
        return became

    async with httpx.AsyncClient(timeout=120) as http:
        answers = await asyncio.gather(*(one(http, source, _raws(round, source)) for source in round))
    return dict(zip(round, answers, strict=True))


async def over_inboxes(deployment: Deployment, ledger: str, round: Round) -> dict[str, list[str]]:
    """Have each source add its events to its inbox, and return the outcome of each by its receipts."""

    async def one(source: str, raws: Sequence[bytes]) -> list[str]:
        redis = connect(deployment.url)
        try:
            receipts = key(ledger, "receipts", source)
            seen = await redis.xrevrange(receipts, count=1)
            after = seen[0][0] if seen else b"0"
            for start in range(0, len(raws), LINES):
                async with redis.pipeline(transaction=False) as pipe:
                    for raw in raws[start : start + LINES]:
                        pipe.xadd(key(ledger, "inbox", source), {"e": raw})
                    await pipe.execute()
            became: list[str] = []
            async with asyncio.timeout(RECEIPT_SECONDS) as limit:
                while len(became) < len(raws):
                    found = await redis.xread({receipts: after}, count=LINES, block=5_000)
                    for after, fields in found[0][1] if found else ():  # noqa: B007 - the next read resumes at it
                        became.append(_became(fields[b"e"]))
                        limit.reschedule(asyncio.get_running_loop().time() + RECEIPT_SECONDS)
            return became
        finally:
            await redis.aclose()

    answers = await asyncio.gather(*(one(source, _raws(round, source)) for source in round))
    return dict(zip(round, answers, strict=True))


async def over_files(
    deployment: Deployment, ledger: str, tokens: Tokens, round: Round, directory: Path, pool: ProcessPoolExecutor
) -> dict[str, list[str]]:
    """Have `duban publish` publish a file of each source; of what was not refused only the numbers are known."""

    async def one(source: str, raws: Sequence[bytes]) -> list[str]:
        file = directory / f"{source}.ndjson"
        file.write_bytes(b"\n".join(raws))
        environment = {"DUBAN_URL": deployment.base("ingest"), "DUBAN_TOKEN": tokens[source]}
        loop = asyncio.get_running_loop()
        summary = msgspec.json.decode(await loop.run_in_executor(pool, _publish, str(file), ledger, environment))
        refused = [one["code"] for one in summary["refusals"]]
        return ["accepted"] * summary["accepted"] + ["duplicate"] * summary["duplicate"] + refused

    answers = await asyncio.gather(*(one(source, _raws(round, source)) for source in round))
    return dict(zip(round, answers, strict=True))


def _publish(file: str, ledger: str, environment: Mapping[str, str]) -> str:
    """Run `duban publish` in a process that has paid for its start before, and return what it prints."""
    os.environ.update(environment)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.suppress(SystemExit):
        app(["publish", file, "--ledger", ledger, "--json", "--patience", PATIENCE], standalone_mode=False)
    return printed.getvalue()


def _raws(round: Round, source: str) -> list[bytes]:
    return [one.raw for one in round[source]]


def _became(outcome: bytes) -> str:
    members = msgspec.json.decode(outcome)
    return str(members.get("code") or members["outcome"])
