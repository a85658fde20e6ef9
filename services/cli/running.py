"""Commands that run something: services, an embedded duban, the demo."""

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer

from services import runtime
from services.cli.demo import Demo
from services.cli.options import ClockOption, out
from services.cli.place import DATA
from services.cli.supervisor import Supervisor, give_tokens, until_told
from services.clock import parse_spec
from services.ingest.app import build as ingest
from services.notify.app import build as notify
from services.settings import SERVICES, Settings, SettingsError, load_ledgers
from services.status.app import build as status

BUILDERS = {"ingest": ingest, "status": status, "notify": notify}

commands = typer.Typer()


@commands.command()
def serve(service: Annotated[str, typer.Argument(help="ingest, status or notify")]) -> None:
    """Run one service, configured by the environment; this is what containers start."""
    if service not in BUILDERS:
        raise SettingsError(f"{service!r} is none of: {', '.join(SERVICES)}")
    runtime.serve(service, Settings.from_environment(os.environ), BUILDERS[service])


@commands.command()
def up(
    data: Annotated[Path, typer.Option("--data", envvar="DUBAN_DATA", help="Everything it keeps lies here")] = DATA,
    port: Annotated[int, typer.Option("--port", help="Of ingest; status and notify take the next two")] = 8801,
    clock: ClockOption = None,
) -> None:
    """Run an embedded server and the three services in this terminal (with DUBAN_REDIS_URL: on that server)."""

    async def work() -> None:
        async with Supervisor(data, port, clock, redis_url=os.environ.get("DUBAN_REDIS_URL")).running() as running:
            out.print(f"duban runs: ingest :{port}, status :{port + 1}, notify :{port + 2}; data in {data}")
            out.print(f"server {running.redis_url}; tokens in {data / 'tokens'}; Ctrl-C stops it")
            await until_told()

    _check_clock(clock)
    runtime.configure_logging("up", "console")
    asyncio.run(work())


@commands.command()
def demo(
    once: Annotated[bool, typer.Option("--once", help="End when 2021 is reached")] = False,
    data: Annotated[Path, typer.Option("--data", help="Where the demo's data is left; what is there is dropped")] = DATA
    / "demo",
    port: Annotated[int, typer.Option("--port", help="Of ingest")] = 8801,
    seconds: Annotated[float, typer.Option("--seconds", min=10, help="How long the years take")] = 60,
) -> None:
    """Let 2017-08 to 2021-01 pass on the real table of 27 tasks, with a synthetic history that says it is synthetic."""
    raise SystemExit(asyncio.run(Demo(data, port, seconds, once=once, console=out).run()))


@commands.command()
def init(
    data: Annotated[Path, typer.Option("--data", envvar="DUBAN_DATA", help="Where tokens are kept")] = DATA,
) -> None:
    """Give every source of every ledger (DUBAN_LEDGERS) its token, where `duban up` does not; safe to repeat."""

    async def work() -> None:
        settings = Settings.from_environment(os.environ)
        redis = runtime.connect(settings.redis_url)
        await runtime.until_reachable(redis)
        for name, ledger in load_ledgers(settings.ledgers).items():
            await give_tokens(redis, data, name, list(ledger.sources))
            out.print(f"{name}: {len(ledger.sources)} sources have tokens in {data / 'tokens'}")
        await redis.aclose()

    asyncio.run(work())


def _check_clock(clock: str | None) -> None:
    try:
        if clock is not None:
            parse_spec(clock)
    except ValueError as error:
        raise SettingsError(f"--clock: {error}") from error
