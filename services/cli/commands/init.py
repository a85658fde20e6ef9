"""`duban init`: tokens, and the users of the server, before services start."""

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer

from services.cli.files import PUBLIC_MODE
from services.cli.options import err, out
from services.cli.target import DATA
from services.cli.users import acl_lines, check_acl, give_tokens, load, passwords, write_acl
from services.common import acl
from services.common.connection import connect, until_reachable
from services.common.ledger_clock import ledger_clock
from services.common.settings import Settings, SettingsError, load_ledgers

commands = typer.Typer(add_completion=False)


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
