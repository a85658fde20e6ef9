"""`duban token`: tokens of sources, and the users of the server."""

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import msgspec
import typer
from rich.table import Table

from events.ledger import Ledger
from services.cli.files import PRIVATE_MODE
from services.cli.options import ByOption, DataOption, JsonOption, LedgerOption, err, ledger_of, ledgers_of, out
from services.cli.target import LEDGER, Target, find, token_file
from services.cli.users import acl_lines, check_acl, operator, write_acl
from services.common import tokens
from services.common.connection import connected
from services.common.ledger_clock import ledger_clock
from services.common.settings import SettingsError

commands = typer.Typer(add_completion=False, help="Make, list and revoke tokens. --acl writes the server's users.")

_USAGE = "give a command (make, list, revoke) or --acl; see `duban token --help`"

_ID = re.compile(f"[0-9a-f]{{{tokens.ID_DIGITS}}}")

_DAYS = re.compile(r"([1-9][0-9]{0,3})d")


class Session(NamedTuple):
    """One command on one ledger's tokens: the connection, the target, the ledger and its time."""

    redis: Any
    target: Target
    ledger: Ledger
    now: datetime


@asynccontextmanager
async def _session(data: Path | None, name: str) -> AsyncIterator[Session]:
    target = find(data)
    ledger = ledger_of(data, name)
    async with connected(target.server()) as redis:
        clock = await ledger_clock(redis, name, target.clock)
        yield Session(redis, target, ledger, clock.now())


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
        async with _session(data, ledger) as session:
            _check_source(session, ledger, source)
            until = _instant(expires, session) if expires is not None else None
            terms = tokens.Terms(by or operator(), session.now, until, note)
            return await tokens.issue(session.redis, ledger, source, terms), terms

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
    everything: Annotated[bool, typer.Option("--all", help="Also revoked and expired tokens")] = False,
    json: JsonOption = False,
) -> None:
    """List the valid tokens, without their secrets, which are not stored."""

    async def work() -> list[dict[str, Any]]:
        async with _session(data, ledger) as session:
            rows = [_row(token, session) for token in await tokens.every(session.redis, ledger)]
            return [row for row in rows if everything or row["state"] == "good"]

    rows = asyncio.run(work())
    if json:
        sys.stdout.write(msgspec.json.encode(rows).decode() + "\n")
        return
    table = Table("id", "source", "role", "made", "by", "expires", "note", *(["state"] if everything else []))
    for row in rows:
        state = "\n".join(filter(None, [row["state"], row["revoked"], row["revoked_by"]]))
        cells = [row[name] or "—" for name in ("id", "source", "role", "made", "by", "expires", "note")]
        table.add_row(*cells, *([state] if everything else []))
    out.print(table)


@commands.command()
def revoke(
    ids: Annotated[list[str], typer.Argument(help="Ids from `duban token list`; - reads a token from standard input")],
    data: DataOption = None,
    ledger: LedgerOption = LEDGER,
    by: ByOption = None,
) -> None:
    """Revoke tokens, effective immediately over HTTP."""

    async def work() -> int:
        async with _session(data, ledger) as session:
            missing = 0
            for id in ids:
                wanted = tokens.hash_of(sys.stdin.read().strip())[: tokens.ID_DIGITS] if id == "-" else id
                if _ID.fullmatch(wanted) is None:  # not quoted: it may be the secret itself
                    missing += 1
                    err.print(f"not an id; `duban token list` shows ids of {tokens.ID_DIGITS} digits", style="red")
                    continue
                try:
                    token = await tokens.revoke(session.redis, ledger, wanted, by or operator(), session.now)
                except tokens.UnknownTokenError:
                    missing += 1
                    err.print(f"{wanted}: {ledger} has no such token; see `duban token list --all`", style="red")
                    continue
                _print_revoked(session.target, ledger, token)
            return missing

    raise SystemExit(1 if asyncio.run(work()) else 0)


def _check_source(session: Session, name: str, source: str) -> None:
    if source in session.ledger.sources:
        return
    known = ", ".join(f"{one} ({its.role})" for one, its in session.ledger.sources.items()) or "none"
    raise SettingsError(
        f"{name} has no source {source!r}; it has: {known}. To add one, put this into {name}.toml, with the role"
        f' assigner, reporter, auditor or dashboard, and restart duban:\n\n[sources."{source}"]\n'
        'role = "reporter"\nunits = ["市民政局"]  # the units it represents; ["*"]: all'
    )


def _instant(text: str, session: Session) -> datetime:
    """Return the instant of expiry; raises SettingsError if the text cannot be read or the instant has passed."""
    try:
        until = _read_instant(text, session)
    except (ValueError, OverflowError):
        wanted = "90d, a day such as 2027-06-30, or an instant such as 2027-06-30T12:00:00+08:00"
        raise SettingsError(f"--expires {text!r} is not one of: {wanted}") from None
    if until <= session.now:
        raise SettingsError(
            f"--expires {text!r} has passed: by the ledger's clock it is {_shown(session.now, session)}"
        )
    return until.astimezone(session.ledger.zone)


def _read_instant(text: str, session: Session) -> datetime:
    """Return the instant of a number of days, a day or an instant; raises ValueError or OverflowError."""
    if days := _DAYS.fullmatch(text):
        return session.now + timedelta(days=int(days[1]))
    if len(text) == len("2027-06-30"):
        return datetime.combine(datetime.fromisoformat(text).date() + timedelta(days=1), time(), session.ledger.zone)
    until = datetime.fromisoformat(text)
    if until.tzinfo is None:
        raise ValueError(text)
    return until


def _row(token: tokens.Token, session: Session) -> dict[str, Any]:
    """Return the printable members of a token, without its hash."""
    source = session.ledger.sources.get(token.source)
    return {
        "id": token.id,
        "source": token.source,
        "role": source.role if source is not None else None,
        "made": _shown(token.terms.made, session),
        "by": token.terms.by,
        "expires": _shown(token.terms.expires, session),
        "note": token.terms.note,
        "state": token.fault(session.now) or "good",
        "revoked": _shown(token.revoked, session),
        "revoked_by": token.revoked_by,
    }


def _shown(instant: datetime | None, session: Session) -> str | None:
    return instant.astimezone(session.ledger.zone).isoformat(timespec="seconds") if instant is not None else None


def _print_revoked(target: Target, ledger: str, token: tokens.Token) -> None:
    out.print(f"{token.id} of {token.source} is revoked", markup=False, highlight=False)
    path = token_file(target.home, ledger, token.source)
    if path.exists() and tokens.hash_of(path.read_text(encoding="utf-8").strip()) == token.hash:
        err.print(f"{path} contained it; the next `duban up` or `duban init` writes a new one there", markup=False)
