"""`duban init`: tokens and the users of the server, for installations without `duban up`."""

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer

from services.cli.files import PUBLIC_MODE
from services.cli.options import err, out
from services.cli.target import DATA
from services.cli.users import acl_lines, check_acl, ensure_tokens, load, passwords, write_acl
from services.common import acl
from services.common.connection import connected, until_reachable
from services.common.ledger_clock import ledger_clock
from services.common.sessions import installation
from services.common.settings import Settings, SettingsError, load_ledgers

commands = typer.Typer(add_completion=False)


@commands.command()
def init(
    data: Annotated[Path, typer.Option("--data", envvar="DUBAN_DATA", help="The directory of the tokens")] = DATA,
    file: Annotated[Path | None, typer.Option("--acl", help="Write the server's ACL file and load it")] = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="With --acl: write only the users for the server's start")
    ] = False,
) -> None:
    """Make a token for every source of every ledger in DUBAN_LEDGERS. Safe to repeat."""
    if offline:
        if file is None:
            raise SettingsError("--offline writes the users for the server's start: add --acl FILE")
        check_acl(file)
        _write_fixed(file, data)
        return
    if file is not None:
        check_acl(file)

    async def work() -> None:
        settings = Settings.from_environment(os.environ)
        async with connected(settings.redis_url) as redis:
            await until_reachable(redis)
            await installation(redis)  # the services may not all make it
            ledgers = load_ledgers(settings.ledgers)
            for name, ledger in ledgers.items():
                now = (await ledger_clock(redis, name, settings.clock)).now()
                for notice in await ensure_tokens(redis, data, name, ledger, now):
                    err.print(notice, markup=False)
                out.print(f"{name}: {len(ledger.sources)} sources have tokens in {data / 'tokens'}")
            if file is not None:
                lines = await acl_lines(redis, data, ledgers, settings.clock)
                write_acl(file, lines, PUBLIC_MODE)
                closed = await load(redis, lines)
                out.print(
                    f"{len(lines)} users in {file}" + (f"; connections ended of {', '.join(closed)}" if closed else "")
                )

    asyncio.run(work())


def _write_fixed(file: Path, data: Path) -> None:
    """Write the fixed users; users of sources that the file already has are kept."""
    hashes = passwords(data)  # first: the environment may name one of these files
    ledgers = load_ledgers(Settings.from_environment(os.environ).ledgers)
    known = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    lines = acl.fixed(ledgers, hashes) + acl.of_sources(known)
    write_acl(file, lines, PUBLIC_MODE)
    out.print(f"{len(lines)} users in {file}")
