"""Ingest seals while it is killed under load: the archive is always whole, and in the end it has every event."""

import asyncio
import itertools
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from events.envelope import encode
from events.log import Log
from events.seal.checkpoint import parse_checkpoint
from events.seal.notes import parse_note
from services.cli.fsck.files import DirectoryFiles
from services.common.clock import sleep
from tests.cli.terminal import run
from tests.deployment import LEDGER, Deployment
from tests.examples import assigned
from tests.ingest.sealed import archive_in, sealed
from tests.integration.publishers import assignments, over_http, reports
from tests.patience import PATIENCE

LOAD = 500
"""Events between two looks whether the load is to end."""

KILLS = 4


def sealing(folder: Path, name: str, url: str, seconds: str = "0.1") -> Deployment:
    """Return a deployment whose ingest seals often, in a folder."""
    (folder / name).mkdir()
    deployment = Deployment(folder / name, url)
    deployment.environment |= {"DUBAN_ARCHIVE": str(folder / "archive"), "DUBAN_SEAL_SECONDS": seconds}
    return deployment


def published(folder: Path) -> int:
    """Return the size of the published checkpoint."""
    data = DirectoryFiles(archive_in(folder)).read("checkpoint")
    return parse_checkpoint(parse_note(data).text).size if data is not None else 0


async def stored(redis: Any) -> list[bytes]:
    return [raw for _, raw in await Log(redis, LEDGER).read(0, 1_000_000)]


async def grown(folder: Path, after: int) -> int:
    """Wait until a checkpoint of more entries is published."""
    async with asyncio.timeout(PATIENCE):
        while (size := published(folder)) <= after:
            await sleep(0.05)
    return size


def checked(deployment: Deployment, folder: Path, *options: str) -> dict[str, Any]:
    """Check every entry of the log's archive over HTTP, as an auditor does."""
    keys = run("audit", "key", environment={"DUBAN_KEYS": str(folder / "keys")})
    (folder / "policy").write_text(keys.stdout, encoding="utf-8")
    (folder / "token").write_text(deployment.token("audit"), encoding="utf-8")
    words = "--policy", str(folder / "policy"), "--token-file", str(folder / "token"), "--json"
    done = run("audit", "fsck", deployment.address("ingest", "log"), *words, *options)
    assert done.returncode == 0, done.stderr + done.stdout
    found: dict[str, Any] = json.loads(done.stdout)
    return found


async def publish(deployment: Deployment, ended: asyncio.Event) -> None:
    """Publish until the load is to end."""
    for number in itertools.count(1):
        await over_http(deployment, "units", reports(number, LOAD))
        if ended.is_set():
            return


async def test_an_ingest_that_is_killed_under_load_seals_everything(
    redis: Any, server_url: str, tmp_path: Path
) -> None:
    """SIGKILL at several moments: each archive that it leaves is whole, and the beginning of the log."""
    deployment = sealing(tmp_path, "first", server_url)
    async with deployment.running("ingest"):
        await over_http(deployment, "office", assignments())
        load = asyncio.create_task(publish(deployment, ended := asyncio.Event()))
        size = 0
        for _ in range(KILLS):
            size = await grown(tmp_path, size)
            deployment.kill("ingest")
            assert sealed(tmp_path, await stored(redis)) >= size
            deployment.start("ingest")
            await deployment.ready("ingest")
        ended.set()
        await load
        log = await stored(redis)
        await grown(tmp_path, len(log) - 1)
        found = checked(deployment, tmp_path)
        assert (found["entries"], found["findings"]) == (len(log), [])
        assert sealed(tmp_path, log) == len(log) > LOAD
        await over_http(deployment, "office", [encode(assigned("t-last", source="office"))])
    log = await stored(redis)
    assert sealed(tmp_path, log) == len(log)  # it seals what came last when it is stopped


async def test_a_second_ingest_takes_over(redis: Any, server_url: str, tmp_path: Path) -> None:
    """One seals at a time; when it is killed the other goes on, with the same key."""
    first, second = (sealing(tmp_path, name, server_url) for name in ("first", "second"))
    async with first.running("ingest"), second.running("ingest"):
        await over_http(first, "office", assignments())
        before = await grown(tmp_path, 0)
        (tmp_path / "earlier").write_bytes((archive_in(tmp_path) / "checkpoint").read_bytes())
        first.kill("ingest")
        await over_http(second, "units", reports(1, 500))
        log = await stored(redis)
        await grown(tmp_path, len(log) - 1)
        assert checked(second, tmp_path, "--since", str(tmp_path / "earlier"))["entries"] == len(log) > before


async def test_a_log_that_was_rolled_back_is_named_by_doctor(redis: Any, server_url: str, tmp_path: Path) -> None:
    """Nothing is signed; the positions are those that are missing."""
    deployment = sealing(tmp_path, "first", server_url)
    async with deployment.running("ingest"):
        await over_http(deployment, "office", assignments())
        log = await stored(redis)
        await grown(tmp_path, len(log) - 1)
        deployment.kill("ingest")
        kept = await _rolled_back(redis, log, len(log) - 20)
        deployment.start("ingest")
        said = f"of {len(log)} acknowledged events positions {kept + 1} to {len(log)} (recorded"
        async with asyncio.timeout(PATIENCE):
            while said not in " ".join((found := await asyncio.to_thread(deployment.command, "doctor")).stderr.split()):
                await sleep(0.2)
        assert found.returncode == 1
    assert sealed(tmp_path, log) == len(log)


async def _rolled_back(redis: Any, log: Sequence[bytes], tail: int) -> int:
    """Have a server whose log ends at a position."""
    tokens = await redis.hgetall(f"duban:{{{LEDGER}}}:tokens")
    await redis.flushall()
    await redis.hset(f"duban:{{{LEDGER}}}:tokens", mapping=tokens)
    for number, raw in enumerate(log[:tail], 1):
        await redis.xadd(f"duban:{{{LEDGER}}}:log", {"e": raw}, id=f"{number}-0")
    return tail
