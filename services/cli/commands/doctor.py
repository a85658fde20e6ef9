"""`duban doctor`: what is not as it should be, and what only people can accept."""

import asyncio
from collections.abc import Collection
from typing import Annotated, Any

import httpx
import msgspec
import typer
from redis.exceptions import RedisError

from events.keys import key
from events.log import Log
from events.saved_rows import saved_position
from services.cli.accepting import accept_held_clock, accept_loss, acceptances
from services.cli.options import ByOption, DataOption, JsonOption, LedgerOption, err, ledger_of, out
from services.cli.target import LEDGER, Place, find
from services.common.accepted import waiting
from services.common.connection import connect
from services.common.ledger_clock import ahead_of_wall
from services.common.steady import kept_hold
from services.ingest.inbox import is_closed

LEAST_VERSION = (7, 2)
"""Of Redis; every Valkey is later."""

DURABLE = {"appendonly": "yes", "appendfsync": "always", "maxmemory-policy": "noeviction"}
"""Without these an acknowledged event may be lost or forgotten."""

BEHIND = 1_000
"""Events that rows may lag behind the log while much comes in."""

commands = typer.Typer(add_completion=False)


@commands.command()
def doctor(
    data: DataOption = None,
    ledger: LedgerOption = LEDGER,
    json: JsonOption = False,
    accept_clock: Annotated[
        bool, typer.Option("--accept-clock", help="Confirm that the instant of a held clock is right")
    ] = False,
    accept_lost: Annotated[
        int | None,
        typer.Option(
            "--accept-loss",
            metavar="POSITION",
            min=0,
            help="Accept that acknowledged events are lost; the log goes on from POSITION, where it ends now",
        ),
    ] = None,
    by: ByOption = None,
) -> None:
    """Look at services and server, and say what is not as it should be; accept, on record, what only people can."""
    place = find(data)
    sources = ledger_of(data, ledger).sources

    async def work() -> tuple[list[str], list[str]]:
        if accept_clock:
            await accept_held_clock(place, ledger, by)
        if accept_lost is not None:
            await accept_loss(place, ledger, accept_lost, by)
        if place.redis_url is None:
            return await _services(place), []
        return await _services(place) + await _server(place, ledger, sources), await acceptances(place, ledger)

    wrong, accepted = asyncio.run(work())
    if json:
        out.out(msgspec.json.encode(wrong).decode())
    else:
        for one in accepted:
            out.print(f"accepted: {one}", markup=False)
        for one in wrong:
            err.print(one, style="red", markup=False)
        out.print("all is well" if not wrong else f"{len(wrong)} to look at")
    raise SystemExit(1 if wrong else 0)


async def _services(place: Place) -> list[str]:
    wrong = []
    async with httpx.AsyncClient(timeout=5) as http:
        for service, url in place.urls.items():
            try:
                answer = await http.get(f"{url}/health/ready")
                if not answer.is_success:
                    wrong.append(f"{service}: not ready: {answer.text}")
            except httpx.HTTPError as error:
                wrong.append(f"{service}: {url} does not answer: {error}")
    return wrong


async def _server(place: Place, ledger: str, sources: Collection[str]) -> list[str]:
    redis = connect(place.server())
    try:
        wrong = await _configuration(redis)
        log = Log(redis, ledger)
        tail = await log.tail()
        if (loss := await waiting(redis, ledger)) is not None:
            wrong.append(f"ingest: {loss}")
        if (hold := await kept_hold(redis, ledger)) is not None:
            wrong.append(f"ingest: {hold}")
        if (wrong_clock := await ahead_of_wall(redis, ledger)) is not None:
            wrong.append(f"clock: {wrong_clock}: was it run by another clock, or was this one wrong?")
        for name in ("ingest", "status", "notify"):
            position = await saved_position(redis, ledger, name)
            if position > tail:
                wrong.append(f"{name}: its rows reflect position {position}, the log ends at {tail}: was it cut?")
            elif position < tail - BEHIND:
                wrong.append(f"{name}: its rows reflect position {position}, the log is at {tail}: does it run?")
        inboxes = {key(ledger, "inbox", source).encode() for source in sources}
        async for name in redis.scan_iter(match=key(ledger, "inbox", "*").replace("{", "[{]")):
            inbox = name.decode(errors="replace")
            if name not in inboxes:
                wrong.append(f"inbox {inbox}: nobody reads it, as the ledger has no such source")
            elif is_closed(await redis.xinfo_stream(name)):
                wrong.append(f"inbox {inbox}: it was full, and takes nothing until ingest has decided half of it")
    except RedisError as error:
        return [f"server: {error}"]
    else:
        return wrong
    finally:
        await redis.aclose()


async def _configuration(redis: Any) -> list[str]:
    info = await redis.info("server")
    version = info.get("valkey_version") or info["redis_version"]
    wrong = []
    if tuple(map(int, version.split(".")[:2])) < LEAST_VERSION:
        wrong.append(f"server: version {version}; at least {'.'.join(map(str, LEAST_VERSION))} is needed")
    for name, right in DURABLE.items():
        value = (await redis.config_get(name)).get(name)
        if value != right:
            wrong.append(f"server: {name} is {value!r}; it has to be {right!r} that nothing acknowledged is ever lost")
    users = [line.split() for line in await redis.acl_list()]
    if not any(user == "default" and {"~*", "+@all"} <= set(rules) for _, user, *rules in users):
        wrong.append(
            "server: the user default lacks permissions, and the append-only file is replayed as this user: what"
            " scripts wrote is lost at the next start; let it be off, with ~* &* +@all (`duban token --acl` does)"
        )
    return wrong
