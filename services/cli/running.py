"""Commands that run something: services, an embedded duban, the demo."""

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer

from services import acl, runtime
from services.cli.demo import Demo
from services.cli.files import PUBLIC_MODE
from services.cli.options import ClockOption, err, out
from services.cli.place import DATA
from services.cli.supervisor import Supervisor
from services.cli.users import acl_lines, check_acl, give_tokens, load, passwords, write_acl
from services.clock import ClockError, clock_for
from services.ingest.app import build as ingest
from services.ledger_clock import ledger_clock
from services.notify.app import build as notify
from services.server import connect, until_reachable
from services.settings import SERVICES, Settings, SettingsError, load_ledgers, server_url, shown
from services.status.app import build as status

BUILDERS = {"ingest": ingest, "status": status, "notify": notify}

commands = typer.Typer(add_completion=False)

PRIVATE = 0o077
"""The umask of what runs a duban, and of what that starts: files hold tokens, secrets and the log."""

LAST_PORT = 65_535 - len(SERVICES) + 1

PortOption = Annotated[
    int, typer.Option("--port", min=1, max=LAST_PORT, help="Of ingest; status and notify take the next two")
]


@commands.command()
def serve(service: Annotated[str, typer.Argument(help="ingest, status or notify")]) -> None:
    """Run one service, configured by the environment; this is what containers start."""
    if service not in BUILDERS:
        raise SettingsError(f"{service!r} is none of: {', '.join(SERVICES)}")
    runtime.serve(service, Settings.from_environment(os.environ), BUILDERS[service])


@commands.command()
def up(
    data: Annotated[Path, typer.Option("--data", envvar="DUBAN_DATA", help="Everything it keeps lies here")] = DATA,
    port: PortOption = 8801,
    clock: ClockOption = None,
) -> None:
    """Run an embedded server and the three services in this terminal (with DUBAN_REDIS_URL: on that server)."""

    async def work() -> None:
        async with Supervisor(data, port, clock, redis_url=server_url(os.environ)).running() as running:
            out.print(f"duban runs: ingest :{port}, status :{port + 1}, notify :{port + 2}; data in {data}")
            out.print(f"server {shown(running.redis_url or '')}; tokens in {data / 'tokens'}; Ctrl-C stops it")
            await running.until_told()

    _check_clock(clock)
    os.umask(PRIVATE)
    runtime.configure_logging("up", "console")
    asyncio.run(work())


@commands.command()
def demo(
    once: Annotated[bool, typer.Option("--once", help="End when 2021 is reached")] = False,
    data: Annotated[
        Path, typer.Option("--data", help="Where the demo's data is left; only what an earlier demo left is replaced")
    ] = DATA / "demo",
    port: PortOption = 8801,
    seconds: Annotated[float, typer.Option("--seconds", min=10, help="How long the years take")] = 60,
) -> None:
    """Let 2017-08 to 2021-01 pass on the real table of 27 tasks, with a synthetic history that says it is synthetic."""
    os.umask(PRIVATE)
    raise SystemExit(asyncio.run(Demo(data, port, seconds, once=once, console=out).run()))


@commands.command()
def init(
    data: Annotated[Path, typer.Option("--data", envvar="DUBAN_DATA", help="Where tokens are kept")] = DATA,
    file: Annotated[
        Path | None, typer.Option("--acl", help="The server's ACL file: write it, and have it loaded")
    ] = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Before the server runs: only what it starts with")
    ] = False,
) -> None:
    """Give every source of every ledger (DUBAN_LEDGERS) its token, where `duban up` does not; safe to repeat."""
    if offline:
        if file is None:
            raise SettingsError("--offline writes what the server starts with: it needs --acl FILE")
        check_acl(file)
        _write_fixed(file, data)
        return
    if file is not None:
        check_acl(file)

    async def work() -> None:
        settings = Settings.from_environment(os.environ)
        redis = connect(settings.redis_url)
        await until_reachable(redis)
        ledgers = load_ledgers(settings.ledgers)
        for name, ledger in ledgers.items():
            now = (await ledger_clock(redis, name, settings.clock)).now()
            for told in await give_tokens(redis, data, name, ledger, now):
                err.print(told, markup=False)
            out.print(f"{name}: {len(ledger.sources)} sources have tokens in {data / 'tokens'}")
        if file is not None:
            lines = await acl_lines(redis, data, ledgers, settings.clock)
            write_acl(file, lines, PUBLIC_MODE)
            ended = await load(redis, lines)
            out.print(f"{len(lines)} users in {file}" + (f"; connections ended of {', '.join(ended)}" if ended else ""))
        await redis.aclose()

    asyncio.run(work())


def _write_fixed(file: Path, data: Path) -> None:
    """Write the users that the server starts with, beside those of sources that the file already has."""
    hashes = passwords(data)  # first, as the environment may name one of them
    ledgers = load_ledgers(Settings.from_environment(os.environ).ledgers)
    known = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    lines = acl.fixed(ledgers, hashes) + acl.of_sources(known)
    write_acl(file, lines, PUBLIC_MODE)
    out.print(f"{len(lines)} users in {file}")


def _check_clock(clock: str | None) -> None:
    try:
        if clock is not None:
            clock_for(clock, 0)
    except (ValueError, ClockError) as error:
        raise SettingsError(f"--clock: {error}") from error
