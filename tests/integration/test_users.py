"""The whole of duban on a server where each part is a user of its own."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from faststream.redis import RedisBroker
from redis.exceptions import AuthenticationError, NoPermissionError

from events.envelope import encode
from events.keys import key
from services.common.clock import sleep
from services.common.settings import SERVICES, shipped
from tests.deployment import Deployment, bearer, reading
from tests.examples import reported
from tests.guarded import LEDGER, Guarded
from tests.integration.waiting import settled
from tests.notify.endpoint import Endpoint
from tests.patience import PATIENCE

TABLE = str(shipped("zhanjiang-2017-key-tasks.txt"))
TASK = "zj-2017-01"
SOURCE = f"{LEDGER}.units"
INBOX, RECEIPTS = key(LEDGER, "inbox", "units"), key(LEDGER, "receipts", "units")


@pytest_asyncio.fixture
async def guarded(tmp_path: Path) -> AsyncIterator[Guarded]:
    """Return a server on which every user has to authenticate."""
    guarded = Guarded(tmp_path)
    try:
        await asyncio.to_thread(guarded.start)
        yield guarded
    finally:
        guarded.server.close()


async def receipt(client: Any, entry: bytes) -> dict[str, Any]:
    """Wait for the outcome of an inbox entry, as a source that may read its receipts alone."""
    async with asyncio.timeout(PATIENCE):
        while True:
            for _, fields in await client.xrange(RECEIPTS):
                if fields[b"inbox"] == entry:
                    return dict(json.loads(fields[b"e"]))
            await sleep(0.02)


async def test_everybody_gets_on_with_what_they_may(guarded: Guarded, tmp_path: Path) -> None:
    """Import, report by stream, row, alert, restart, new rules, rebuild, verify, seal: no user is denied a thing."""
    (tmp_path / "deployment").mkdir()
    async with Endpoint().listening() as endpoint:
        deployment = Deployment(tmp_path / "deployment", guarded.url("admin"), channels=endpoint.channel)
        deployment.urls = {service: guarded.url(service) for service in SERVICES}
        deployment.environment |= {
            f"DUBAN_{name}": str(tmp_path / name.lower()) for name in ("STATE", "ARCHIVE", "KEYS")
        }
        config = deployment.ledgers / f"{LEDGER}.toml"
        config.write_text(config.read_text(encoding="utf-8").replace('group_wait = "10m"', 'group_wait = "0m"'))
        async with deployment.running(), guarded.client(SOURCE) as source, guarded.client("admin") as admin:
            done = await asyncio.to_thread(
                deployment.command, "import", TABLE, "--plan", "zj-2017", "--issued", "2017-08-01"
            )
            assert "accepted 27" in done.stdout, done.stderr
            assert (await receipt(source, await source.xadd(INBOX, {"e": encode(reported(TASK, source="units"))})))[
                "outcome"
            ] == "accepted"
            await _publish(guarded.url(SOURCE), encode(reported(TASK, 2, source="units")))
            async with httpx.AsyncClient() as http:
                stranger = await http.post(deployment.address("ingest", "events"), content=b"{}")
                assert stranger.status_code == 401
            await settled(deployment)
            async with reading(deployment) as http:
                row = (await http.get(deployment.address("status", f"tasks/{TASK}"))).json()
                assert row["state"] == "in-progress"
                history = (await http.get(deployment.address("status", f"tasks/{TASK}/events"))).json()
            reports = [event for event in history["items"] if event["type"] == "duban.progress.reported.v1"]
            assert [event["authid"] for event in reports] == ["units", "units"]
            async with asyncio.timeout(PATIENCE):
                while not endpoint.payloads:
                    await sleep(0.05)

            await asyncio.to_thread(guarded.server.kill)
            await asyncio.to_thread(guarded.server.start)
            for service in SERVICES:
                await deployment.ready(service)
                deployment.stop(service)
            text = config.read_text(encoding="utf-8").replace("yellow_days = 30", "yellow_days = 31")
            config.write_text(text.replace("[aliases]", '[aliases]\n"民政局" = "市民政局"'), encoding="utf-8")
            for service in SERVICES:
                deployment.start(service)
            for service in SERVICES:
                await deployment.ready(service)
            await settled(deployment)
            rebuilt = await asyncio.to_thread(deployment.command, "rebuild", "--json")
            assert (rebuilt.returncode, json.loads(rebuilt.stdout)) == (
                0,
                {name: [] for name in ("ingest", "status", "notify", "dues")},
            )
            deployment.environment["DUBAN_REDIS_URL"] = guarded.url("audit")
            verified = await asyncio.to_thread(deployment.command, "audit", "verify", "--json")
            assert json.loads(verified.stdout)["findings"] == [], verified.stderr
            replayed = await asyncio.to_thread(deployment.command, "audit", "replay", "--ndjson", "--task", TASK)
            assert replayed.stdout.count("\n") >= 3
            sealed = await asyncio.to_thread(deployment.command, "archive", "seal", "--json")
            assert json.loads(sealed.stdout or sealed.stderr)["log"] == json.loads(verified.stdout)["position"]

            assert await _denied(admin) == []
            with pytest.raises(NoPermissionError):
                await source.get("anything")
            assert len(await _denied(admin)) == 1  # so a denial would have been logged above
    logs = "".join(file.read_text(encoding="utf-8") for file in deployment.logs.iterdir())
    assert not any(guarded.secret(service) in logs for service in SERVICES)


async def test_a_token_is_revoked_at_both_doors(guarded: Guarded, tmp_path: Path) -> None:
    """HTTP answers 401 at once, the stream door once the file is applied; the new token in its file opens both."""
    (tmp_path / "deployment").mkdir()
    deployment = Deployment(tmp_path / "deployment", guarded.url("admin"))
    deployment.urls = {"ingest": guarded.url("ingest")}
    async with deployment.running("ingest"), httpx.AsyncClient() as http:
        token = guarded.secret(SOURCE)

        async def status(token: str) -> int:
            headers = {**bearer(token), "Content-Type": "application/x-ndjson"}
            return (await http.post(deployment.address("ingest", "events"), content=b"", headers=headers)).status_code

        assert await status(token) == 200
        await asyncio.to_thread(guarded.duban, "token", "revoke", "-", stdin=token)
        assert await status(token) == 401
        assert "connections ended of zhanjiang.units" in await asyncio.to_thread(guarded.apply)
        with pytest.raises(AuthenticationError):
            async with guarded.client(SOURCE, token) as client:
                await client.ping()
        new = guarded.secret(SOURCE)
        assert (new != token, await status(new)) == (True, 200)
        async with guarded.client(SOURCE) as client:
            assert await client.xadd(INBOX, {"e": "{}"})


async def _publish(url: str, event: bytes) -> None:
    """Publish with FastStream, as a unit's own program would."""
    async with RedisBroker(url) as broker:
        await broker.publish(event, stream=INBOX)


async def _denied(admin: Any) -> list[Any]:
    """Return what the server denied to users who are there to do something."""
    entries = await admin.acl_log()
    return [entry for entry in entries if entry["username"] in {*SERVICES, "audit", SOURCE}]
