"""`duban token`: tokens of sources, and the users of the server."""

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import msgspec
import typer

from events.ledger import Ledger
from events.operations import COMMANDS
from events.schema import SessionEnded
from services.cli.expiry import instant_of
from services.cli.files import PRIVATE_MODE
from services.cli.options import ByOption, DataOption, JsonOption, LedgerOption, err, ledger_of, ledgers_of, out
from services.cli.target import LEDGER, Target, find, token_file
from services.cli.token_rows import GOOD, session_row, session_table, token_row, token_table
from services.cli.users import acl_lines, check_acl, operator, write_acl
from services.common import sessions, tokens
from services.common.clock import real_time
from services.common.connection import connected
from services.common.ledger_clock import ledger_clock
from services.common.operations import NotRecordedError, record
from services.common.settings import SettingsError

commands = typer.Typer(add_completion=False, help="Make, list and revoke tokens. --acl writes the server's users.")

_USAGE = "give a command (make, list, revoke, end-session) or --acl; see `duban token --help`"

_ID = re.compile(f"[0-9a-f]{{{tokens.ID_DIGITS}}}")


class LedgerTokens(NamedTuple):
    """One command on one ledger's tokens: the connection, the target, the ledger and its time."""

    redis: Any
    target: Target
    ledger: Ledger
    now: datetime


@asynccontextmanager
async def _opened(data: Path | None, name: str) -> AsyncIterator[LedgerTokens]:
    target = find(data)
    ledger = ledger_of(data, name)
    async with connected(target.server()) as redis:
        clock = await ledger_clock(redis, name, target.clock)
        yield LedgerTokens(redis, target, ledger, clock.now())


@commands.callback(invoke_without_command=True)
def acl(
    context: typer.Context,
    acl: Annotated[bool, typer.Option("--acl", help="Print the server's ACL file: the users of all ledgers")] = False,
    file: Annotated[Path | None, typer.Option("--out", help="With --acl: write the file here instead")] = None,
    data: DataOption = None,
) -> None:
    """Make, list and revoke the tokens of sources. --acl writes the users of the server.

    A source's tokens are also its passwords at the server, so run --acl again after a change.
    """
    if context.invoked_subcommand is not None:
        if acl or file or data:
            raise SettingsError(
                f"--acl, --out and --data cannot precede {context.invoked_subcommand}; give its options after it"
            )
        return
    if not acl:
        wrong = f"--out needs --acl: `duban token --acl --out {file}`" if file is not None else _USAGE
        raise SettingsError(wrong)

    async def work() -> list[str]:
        target = find(data)
        async with connected(target.server()) as redis:
            return await acl_lines(redis, target.home, ledgers_of(data), target.clock)

    if file is not None:
        check_acl(file)
    lines = asyncio.run(work())
    if file is None:
        sys.stdout.write("\n".join(lines) + "\n")
    else:
        write_acl(file, lines, PRIVATE_MODE)
        users = len(lines)
        err.print(f"{file}: {users} users; `redis-cli ACL LOAD` loads them", markup=False)


@commands.command()
def make(
    source: Annotated[str, typer.Argument(help="The source that the token identifies")],
    data: DataOption = None,
    ledger: LedgerOption = LEDGER,
    expires: Annotated[
        str | None, typer.Option("--expires", help="90d, a day such as 2027-06-30 (its end), or an instant")
    ] = None,
    note: Annotated[str, typer.Option("--note", help="The purpose of the token")] = "",
    by: ByOption = None,
) -> None:
    """Make another token for a source and print it. It cannot be shown again."""

    async def work() -> tuple[str, tokens.Terms]:
        async with _opened(data, ledger) as opened:
            _check_source(opened, ledger, source)
            until = instant_of(expires, opened.ledger, opened.now) if expires is not None else None
            terms = tokens.Terms(by or operator(), opened.now, until, note)
            return await tokens.issue(opened.redis, ledger, source, terms), terms

    token, terms = asyncio.run(work())
    sys.stdout.write(token + "\n")
    until = (
        f"until {terms.expires.isoformat(timespec='seconds')}" if terms.expires is not None else "until it is revoked"
    )
    err.print(f"token {tokens.hash_of(token)[: tokens.ID_DIGITS]} of {source}, {until}", markup=False, highlight=False)


@commands.command("list")
def list_(
    data: DataOption = None,
    ledger: LedgerOption = LEDGER,
    everything: Annotated[bool, typer.Option("--all", help="Also what is revoked, expired or over")] = False,
    only_sessions: Annotated[bool, typer.Option("--sessions", help="Only the sessions of browsers")] = False,
    json: JsonOption = False,
) -> None:
    """List the valid tokens and the browsers that are signed in, without their secrets, which are not stored.

    With --json, the tokens; with --json --sessions, the sessions.
    """

    async def work() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        async with _opened(data, ledger) as opened:
            made = [token_row(one, opened.ledger, opened.now) for one in await tokens.every(opened.redis, ledger)]
            states, real = {row["id"]: row["state"] for row in made}, real_time()
            known = await sessions.every(opened.redis, ledger)
            return made, [session_row(one, opened.ledger, states, real) for one in known]

    made, signed_in = [[row for row in rows if everything or row["state"] == GOOD] for rows in asyncio.run(work())]
    if json:
        sys.stdout.write(msgspec.json.encode(signed_in if only_sessions else made).decode() + "\n")
        return
    if not only_sessions:
        out.print(token_table(made, everything=everything))
    if signed_in or only_sessions:
        out.print(session_table(signed_in, everything=everything))


@commands.command()
def revoke(
    ids: Annotated[list[str], typer.Argument(help="Ids from `duban token list`; - reads a token from standard input")],
    data: DataOption = None,
    ledger: LedgerOption = LEDGER,
    by: ByOption = None,
) -> None:
    """Revoke tokens, effective immediately over HTTP; the sessions that they started end within a second."""

    async def work() -> int:
        async with _opened(data, ledger) as opened:
            missing = 0
            for id in ids:
                wanted = tokens.hash_of(sys.stdin.read().strip())[: tokens.ID_DIGITS] if id == "-" else id
                if not _is_id(wanted):
                    missing += 1
                    continue
                try:
                    token = await tokens.revoke(opened.redis, ledger, wanted, by or operator(), opened.now)
                except tokens.UnknownTokenError:
                    missing += 1
                    err.print(f"{wanted}: {ledger} has no such token; see `duban token list --all`", style="red")
                    continue
                except NotRecordedError as error:
                    missing += 1
                    err.print(f"{wanted} is revoked, but {error}; note it elsewhere", style="red", markup=False)
                    continue
                _print_revoked(opened.target, ledger, token)
            return missing

    raise SystemExit(1 if asyncio.run(work()) else 0)


@commands.command("end-session")
def end_session(
    ids: Annotated[list[str], typer.Argument(help="Ids from `duban token list --sessions`")],
    data: DataOption = None,
    ledger: LedgerOption = LEDGER,
    by: ByOption = None,
) -> None:
    """End sessions of browsers, effective within a second; the tokens they were started with stay valid."""

    async def work() -> int:
        async with _opened(data, ledger) as opened:
            missing = 0
            for id in ids:
                if not _is_id(id):
                    missing += 1
                    continue
                try:
                    (session,) = await sessions.read(opened.redis, ledger, [id])
                    await sessions.end(opened.redis, ledger, id)
                except sessions.UnknownSessionError:
                    missing += 1
                    err.print(f"{id}: {ledger} has no such session; see `duban token list --sessions`", style="red")
                    continue
                if session is not None:
                    await record(opened.redis, COMMANDS, ledger, SessionEnded(session.source, id, by or operator()))
                out.print(f"{id} has ended")
            return missing

    raise SystemExit(1 if asyncio.run(work()) else 0)


def _is_id(text: str) -> bool:
    """Return whether a text is an id; if not, print an error without the text, which may be the secret itself."""
    if _ID.fullmatch(text) is not None:
        return True
    err.print(f"not an id; `duban token list` shows ids of {tokens.ID_DIGITS} digits", style="red")
    return False


def _check_source(opened: LedgerTokens, name: str, source: str) -> None:
    if source in opened.ledger.sources:
        return
    known = ", ".join(f"{one} ({its.role})" for one, its in opened.ledger.sources.items()) or "none"
    raise SettingsError(
        f"{name} has no source {source!r}; it has: {known}. To add one, put this into {name}.toml, with the role"
        f' assigner, reporter, auditor or dashboard, and restart duban:\n\n[sources."{source}"]\n'
        'role = "reporter"\nunits = ["市民政局"]  # the units it represents; ["*"]: all'
    )


def _print_revoked(target: Target, ledger: str, token: tokens.Token) -> None:
    out.print(f"{token.id} of {token.source} is revoked", markup=False, highlight=False)
    path = token_file(target.home, ledger, token.source)
    if path.exists() and tokens.hash_of(path.read_text(encoding="utf-8").strip()) == token.hash:
        err.print(f"{path} contained it; the next `duban up` or `duban init` writes a new one there", markup=False)
