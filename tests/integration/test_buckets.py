"""Ingest seals into a bucket; auditors read it there, or as ingest serves it."""

import asyncio
import json
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx

from events.seal.bucket import BucketUrl
from events.seal.storage import CHECKPOINT
from services.cli.fsck.files import BucketFiles
from services.common.clock import sleep
from tests.buckets import new_bucket, serving_buckets, variables
from tests.cli.terminal import run
from tests.deployment import LEDGER, Deployment
from tests.integration.publishers import TASKS, assignments, over_http
from tests.patience import PATIENCE
from tests.ports import free_ports


def sealing(folder: Path, url: str, archive: str) -> Deployment:
    """Return a deployment whose ingest seals into a bucket."""
    deployment = Deployment(folder, url)
    deployment.environment |= {
        "DUBAN_ARCHIVE": archive,
        "DUBAN_KEYS": str(folder / "keys"),
        "DUBAN_SEAL_SECONDS": "0.1",
    }
    return deployment


async def sealed(place: BucketUrl) -> None:
    """Wait until there is a checkpoint."""
    async with asyncio.timeout(PATIENCE):
        while await asyncio.to_thread(BucketFiles(place).read, CHECKPOINT) is None:
            await sleep(0.1)


async def warned(deployment: Deployment, what: str) -> None:
    """Wait until ingest's readiness warns of something."""
    async with asyncio.timeout(PATIENCE), httpx.AsyncClient() as client:
        while what not in (await client.get(f"http://127.0.0.1:{deployment.port}/health/ready")).text:
            await sleep(0.1)


async def test_a_ledger_is_sealed_into_a_bucket(
    redis: Any, server_url: str, bucket: BucketUrl, bucket_server: str, tmp_path: Path
) -> None:
    """All commands of auditors take the bucket, and ingest serves it."""
    deployment = sealing(tmp_path, server_url, str(bucket))
    async with deployment.running("ingest"):
        await over_http(deployment, "office", assignments())
        headers = {"Authorization": f"Bearer {deployment.token('audit')}"}
        async with httpx.AsyncClient(headers=headers) as client:
            sizes = (await client.post(deployment.address("ingest", "seal"))).json()
            served = await client.get(deployment.address("ingest", "log/tile/entries/000.p/200"))
            checkpoint = await client.get(deployment.address("ingest", f"log/{CHECKPOINT}"))
    assert sizes["log"] == TASKS == 200
    place = bucket / LEDGER
    assert served.content == BucketFiles(place / "log").read("tile/entries/000.p/200")
    assert checkpoint.content == BucketFiles(place / "log").read(CHECKPOINT)
    seen = variables(bucket_server) | {"DUBAN_ARCHIVE": str(bucket), "DUBAN_KEYS": str(tmp_path / "keys")}
    policy, proof = tmp_path / "policy", tmp_path / "12.tlog-proof"
    policy.write_text(run("audit", "key", environment=seen).stdout, encoding="utf-8")
    checked = run("audit", "fsck", f"{place}/log", "--policy", str(policy), "--json", environment=seen)
    assert json.loads(checked.stdout)["entries"] == TASKS
    verified = run("audit", "verify", "--archive", str(place), "--policy", str(policy), "--json", environment=seen)
    assert json.loads(verified.stdout)["findings"] == []
    run("audit", "prove", "12", "--out", str(proof), environment=seen)
    assert run("audit", "check-proof", str(proof), "--policy", str(policy)).returncode == 0


async def test_events_are_acknowledged_while_the_store_is_away(
    redis: Any, server_url: str, bucket_server: str, tmp_path: Path, monkeypatch: Any
) -> None:
    """Also at the start; what came meanwhile is sealed when the store answers."""
    port = free_ports(1)
    for name, value in variables(f"http://127.0.0.1:{port}").items():
        monkeypatch.setenv(name, value)
    deployment = sealing(tmp_path, server_url, "s3://away/sealed")
    with ExitStack() as stack:
        async with deployment.running("ingest"):
            outcomes = await over_http(deployment, "office", assignments())
            assert {outcome["outcome"] for outcome in outcomes} == {"accepted"}
            await warned(deployment, "s3://away/sealed")
            await asyncio.to_thread(new_bucket, stack.enter_context(serving_buckets(port)), "away")
            await sealed(BucketUrl("away", f"sealed/{LEDGER}/log"))
