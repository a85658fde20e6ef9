"""SIGKILL of notify during many deliveries to a webhook: none is missing, and a repeat has the same webhook-id.

`python -m tests.faults.deliveries --deliveries 50000 --kills 20` prints the figures.
"""

import argparse
import asyncio
import random
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from events.entries import Entry, digest
from events.keys import key
from events.log import Log
from events.record import Record
from services.cli.checks.record import check_record
from services.common.clock import monotonic, sleep
from services.common.connection import connect
from services.notify.outbox import Outbox
from services.notify.record import is_alert
from tests.deployment import LEDGER, Deployment
from tests.events.appending import append
from tests.examples import assigned, store
from tests.notify.endpoint import SECRET
from tests.notify.receiver import Receiver
from tests.servers import make_server

APPEND_BATCH = 1_000

REST_SECONDS = 3_600.0
"""The longest a run may take until all is delivered."""


class Outcome(Struct, frozen=True):
    """What became of a run: deliveries that were wanted, received and repeated, and what does not hold."""

    wanted: int
    received: int
    repeated: int
    kills: int
    interrupted: int
    seconds: float
    wrong: list[str]

    def __str__(self) -> str:
        return (
            f"{self.received:,} of {self.wanted:,} deliveries arrived, {self.wanted - self.received:,} are missing;"
            f" {self.repeated:,} came again, each with its own webhook-id; {self.kills} kills,"
            f" {self.interrupted:,} attempts interrupted; {self.seconds:,.0f} s"
        )


def channels(url: str) -> str:
    """Return the TOML that makes each alert a delivery of its own."""
    return (
        '\ngroup_by = ["recipient", "task"]\nallow_private = true\n[alerts.channels]\n'
        f'"*" = [{{ webhook = "{url}", secret = "{SECRET}" }}]\n'
    )


async def fill(redis: Any, tasks: int) -> None:
    """Append assignments, each of which alerts one unit."""
    log = Log(redis, LEDGER)
    at = datetime.now(UTC) - timedelta(days=30)
    recorded = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    for start in range(0, tasks, APPEND_BATCH):
        events = [assigned(f"t-{number}") for number in range(start, min(start + APPEND_BATCH, tasks))]
        raws = [store(replace(event, time=at), recorded) for event in events]
        entries = [Entry(event.source, event.id, digest(raw), raw) for event, raw in zip(events, raws, strict=True)]
        await append(log, start, entries)


async def run(url: str, directory: Path, tasks: int, kills: int, seed: int, *, expire: bool = False) -> Outcome:
    """Deliver so many alerts, killing notify so many times at random; `expire` ends the dead one's lease at once."""
    draws = random.Random(seed)
    redis = connect(url)
    await redis.flushall()
    await fill(redis, tasks)
    marks = sorted(draws.randrange(tasks) for _ in range(kills))
    began = monotonic()
    try:
        async with Receiver(lambda: draws.uniform(0, 0.02)).listening() as receiver:
            deployment = Deployment(directory, url, channels=channels(receiver.url))
            async with deployment.running("notify"), asyncio.timeout(REST_SECONDS):
                for mark in marks:
                    while len(receiver.ids) <= mark:
                        await sleep(0.01)
                    deployment.kill("notify")
                    if expire:
                        await redis.delete(key(LEDGER, "notify", "lease"))
                    deployment.start("notify")
                    await deployment.ready("notify")  # restarted if it cannot reach the server in time
                while not await _settled(redis, tasks):
                    await sleep(0.2)
            return await _outcome(redis, receiver, tasks, kills, monotonic() - began)
    finally:
        await redis.aclose()


async def _settled(redis: Any, tasks: int) -> bool:
    return bool(
        await redis.hlen(key(LEDGER, "notify", "outbox")) >= tasks
        and not await redis.scard(key(LEDGER, "notify", "pending"))
    )


async def _outcome(redis: Any, receiver: Receiver, tasks: int, kills: int, seconds: float) -> Outcome:
    outbox = Outbox(redis, LEDGER)
    ids = [id async for id, _ in redis.hscan_iter(outbox.key("outbox"), count=1_000)]
    wanted = {f"{LEDGER}-{id.decode()}" for id in ids}
    wrong = [f"{id} did not arrive" for id in sorted(wanted - receiver.ids.keys())]
    wrong += [f"{id} arrived, and is no digest" for id in sorted(receiver.ids.keys() - wanted)]
    wrong += [f"{id} came with different bodies" for id in sorted(receiver.other)]
    for start in range(0, len(ids), APPEND_BATCH):
        for one in await outbox.digests(ids[start : start + APPEND_BATCH]):
            if [delivery.state for delivery in one.deliveries or ()] != ["sent"]:
                wrong.append(f"digest {one.id} is {[delivery.state for delivery in one.deliveries or ()]}")
    if len(wanted) < tasks:
        wrong.append(f"{len(wanted)} digests for {tasks} alerts")  # others arise by time, such as the weekly summary
    wrong += [str(finding) for finding in (await check_record(redis, Record(redis, LEDGER)))[0]]
    repeated = sum(count - 1 for count in receiver.ids.values())
    return Outcome(
        len(wanted), len(wanted & receiver.ids.keys()), repeated, kills, await _interrupted(redis), seconds, wrong
    )


async def _interrupted(redis: Any) -> int:
    """Return the number of attempts on record that were under way when notify ended."""
    count, after = 0, "-"
    while entries := await redis.xrange(key(LEDGER, "record"), min=after, count=APPEND_BATCH):
        count += sum(b'"outcome":"interrupted"' in one[b"e"] for _, one in entries if not is_alert(one[b"e"]))
        after = f"({entries[-1][0].decode()}"
    return count


def main() -> int:
    """Make one run and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.deliveries")
    parser.add_argument("--deliveries", type=int, default=50_000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    words = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        server = make_server(Path(name) / "server")
        server.start()
        try:
            outcome = asyncio.run(run(server.url, Path(name), words.deliveries, words.kills, words.seed))
        finally:
            server.close()
    sys.stdout.write(f"{outcome}\n" + "".join(f"  {one}\n" for one in outcome.wrong[:50]))
    return 1 if outcome.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
