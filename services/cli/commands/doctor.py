"""`duban doctor`: checks of services and server, and acceptances by an operator."""

import asyncio
from collections.abc import Collection
from typing import Annotated, Any, NamedTuple

import httpx
import msgspec
import typer
from redis.exceptions import RedisError

from events.keys import key
from events.log import Log
from events.operations import OPS, WRITERS
from events.saved_rows import saved_position
from services.cli.accepting import accept_held_clock, accept_loss, acceptances
from services.cli.options import ByOption, DataOption, JsonOption, LedgerOption, audited_ledger_of, err, out
from services.cli.target import LEDGER, Target, find
from services.common.accepted import pending_loss
from services.common.connection import connected
from services.common.folded import PROJECTIONS
from services.common.ledger_clock import ahead_of_wall
from services.common.steady import kept_hold
from services.ingest.inbox import is_closed

LEAST_VERSION = (7, 2)
"""Lowest version of Redis; every Valkey is later."""

WHOLE_SINCE = (9, 1, 2)
"""First version of Valkey that cuts off a torn transaction whole (valkey-io/valkey#4342); no Redis does."""

DURABLE = {"appendonly": "yes", "appendfsync": "always", "maxmemory-policy": "noeviction"}
"""Settings of the server without which an acknowledged event can be lost or evicted."""

BEHIND = 1_000
"""Events by which rows may lag behind the log under load."""

commands = typer.Typer(add_completion=False)


@commands.command()
def doctor(
    data: DataOption = None,
    ledger: LedgerOption = LEDGER,
    json: JsonOption = False,
    accept_clock: Annotated[
        bool, typer.Option("--accept-clock", help="Confirm that a held clock shows the right instant")
    ] = False,
    accept_lost: Annotated[
        int | None,
        typer.Option(
            "--accept-loss",
            metavar="POSITION",
            min=0,
            help="Accept the loss of acknowledged events after POSITION, the present end of the log",
        ),
    ] = None,
    by: ByOption = None,
) -> None:
    """Check the services and the server. Record an operator's acceptance of a held clock or of lost events."""
    target = find(data)
    sources = audited_ledger_of(data, ledger).sources

    async def work() -> "Findings":
        if accept_clock:
            await accept_held_clock(target, ledger, by)
        if accept_lost is not None:
            await accept_loss(target, ledger, accept_lost, by)
        if target.redis_url is None:
            return await _services(target)
        found = await _services(target)
        wrong = found.wrong + await _server(target, ledger, sources)
        return Findings(wrong, found.warnings, await acceptances(target, ledger))

    raise SystemExit(_print_findings(asyncio.run(work()), json=json))


class Findings(NamedTuple):
    """What is wrong, what an operator should see to although all works, and what was accepted."""

    wrong: list[str]
    warnings: list[str]
    accepted: list[str]


def _print_findings(found: Findings, *, json: bool) -> int:
    """Print the findings and return the exit code: 1 where something is wrong; as JSON that alone."""
    wrong = found.wrong
    if json:
        out.out(msgspec.json.encode(wrong).decode())
        return 1 if wrong else 0
    for one in found.warnings:
        err.print(f"warning: {one}", style="yellow", markup=False)
    for one in found.accepted:
        out.print(f"accepted: {one}", markup=False)
    for one in wrong:
        err.print(one, style="red", markup=False)
    out.print("all is well" if not wrong else f"{len(wrong)} problem{'s' if len(wrong) > 1 else ''} found")
    return 1 if wrong else 0


async def _services(target: Target) -> Findings:
    wrong: list[str] = []
    warnings: dict[str, None] = {}  # in order; several services have the same
    async with httpx.AsyncClient(timeout=5) as http:
        for service, url in target.urls.items():
            try:
                answer = await http.get(f"{url}/health/ready")
                if answer.is_success:
                    warnings |= dict.fromkeys(answer.json().get("warnings", ()))
                else:
                    wrong.append(f"{service}: not ready: {answer.text}")
            except httpx.HTTPError as error:
                wrong.append(f"{service}: {url} does not answer: {error}")
    return Findings(wrong, list(warnings), [])


async def _server(target: Target, ledger: str, sources: Collection[str]) -> list[str]:
    try:
        async with connected(target.server()) as redis:
            wrong = await _configuration(redis)
            for name, known in {ledger: sources, OPS: WRITERS}.items():
                found = await _held(redis, name) + await _rows(redis, name) + await _inboxes(redis, name, known)
                wrong += [one if name == ledger else f"--ledger {name}: {one}" for one in found]
            return wrong
    except RedisError as error:
        return [f"server: {error}"]


async def _held(redis: Any, ledger: str) -> list[str]:
    """Return what waits for an operator."""
    held = await pending_loss(redis, ledger), await kept_hold(redis, ledger)
    wrong = [f"ingest: {one}" for one in held if one is not None]
    if (ahead := await ahead_of_wall(redis, ledger)) is not None:
        wrong.append(f"clock: {ahead}; was it recorded by another clock, or was this clock wrong?")
    return wrong


async def _rows(redis: Any, ledger: str) -> list[str]:
    """Return which saved rows are ahead of the log, or far behind it."""
    wrong = []
    tail = await Log(redis, ledger).tail()
    for name in PROJECTIONS if ledger != OPS else ("ingest",):
        position = await saved_position(redis, ledger, name)
        if position > tail:
            wrong.append(f"{name}: its rows reflect position {position}, but the log ends at {tail}: was it truncated?")
        elif position < tail - BEHIND:
            wrong.append(f"{name}: its rows reflect position {position}, but the log is at {tail}: is it running?")
    return wrong


async def _inboxes(redis: Any, ledger: str, sources: Collection[str]) -> list[str]:
    """Return which inboxes are full, and which are never read."""
    wrong = []
    read = {key(ledger, "inbox", source).encode() for source in sources}
    async for name in redis.scan_iter(match=key(ledger, "inbox", "*").replace("{", "[{]")):
        inbox = name.decode(errors="replace")
        if name not in read:
            wrong.append(f"inbox {inbox}: the ledger has no such source, so it is never read")
        elif is_closed(await redis.xinfo_stream(name)):
            wrong.append(f"inbox {inbox}: it is full and refuses entries until ingest has decided half of them")
    return wrong


async def _configuration(redis: Any) -> list[str]:
    info = await redis.info("server")
    version = info.get("valkey_version") or info["redis_version"]
    wrong = []
    numbers = tuple(map(int, version.split(".")))
    if numbers[:2] < LEAST_VERSION:
        wrong.append(f"server: version {version}; {'.'.join(map(str, LEAST_VERSION))} or later is required")
    for name, right in DURABLE.items():
        value = await _set(redis, name)
        if value != right:
            wrong.append(f"server: {name} is {value!r}; set it to {right!r}, or acknowledged events can be lost")
    if not ("valkey_version" in info and numbers >= WHOLE_SINCE) and await _set(redis, "aof-load-truncated") != "no":
        wrong.append(
            "server: aof-load-truncated is not 'no'; after a power cut it would append to half a transaction, and lose"
            " acknowledged events at the next start; set it, and start the server with deploy/redis-start.sh"
        )
    users = [line.split() for line in await redis.acl_list()]
    if not any(user == "default" and {"~*", "+@all"} <= set(rules) for _, user, *rules in users):
        wrong.append(
            "server: the user default lacks permissions; the server replays its append-only file as this user, so"
            " events are lost at the next start; set it to: off ~* &* +@all (`duban token --acl` writes it so)"
        )
    return wrong


async def _set(redis: Any, name: str) -> Any:
    """Return how the server is set."""
    return (await redis.config_get(name)).get(name)
