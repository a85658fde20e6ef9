"""Commands for who may come in: tokens, and the users of the server."""

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
from services.cli.target import LEDGER, Place, find, token_file
from services.cli.users import acl_lines, check_acl, operator, write_acl
from services.common import tokens
from services.common.connection import connect
from services.common.ledger_clock import ledger_clock
from services.common.settings import SettingsError

commands = typer.Typer(add_completion=False, help="Make, list and revoke tokens; --acl writes the server's users.")

_NOTHING = "`duban token` makes, lists or revokes tokens, or with --acl writes the users of the server; see --help"

_ID = re.compile(f"[0-9a-f]{{{tokens.ID_DIGITS}}}")

_DAYS = re.compile(r"([1-9][0-9]{0,3})d")


class OpenLedger(NamedTuple):
    """What a command needs to know of one ledger's tokens."""

    redis: Any
    place: Place
    ledger: Ledger
    now: datetime


@asynccontextmanager
async def _at(data: Path | None, name: str) -> AsyncIterator[OpenLedger]:
    place = find(data)
    ledger = ledger_of(data, name)
    redis = connect(place.server())
    try:
        clock = await ledger_clock(redis, name, place.clock)
        yield OpenLedger(redis, place, ledger, clock.now())
    finally:
        await redis.aclose()


@commands.callback(invoke_without_command=True)
def acl(
    context: typer.Context,
    acl: Annotated[bool, typer.Option("--acl", help="Write the server's ACL file: its users, for all ledgers")] = False,
    file: Annotated[Path | None, typer.Option("--out", help="Where --acl writes it; else to the terminal")] = None,
    data: DataOption = None,
) -> None:
    """Make, list and revoke the tokens that sources come in with.

    The same tokens are their passwords at the server: --acl writes its ACL file from what is kept of them.
    """
    if context.invoked_subcommand is not None:
        if acl or file or data:
            raise SettingsError(
                f"--acl, --out and --data stand for themselves, not before {context.invoked_subcommand}"
            )
        return
    if not acl:
        wrong = f"--out is where --acl writes: `duban token --acl --out {file}`" if file is not None else _NOTHING
        raise SettingsError(wrong)

    async def work() -> list[str]:
        place = find(data)
        redis = connect(place.server())
        try:
            ledgers = ledgers_of(data)
            return await acl_lines(redis, place.home, ledgers, place.clock)
        finally:
            await redis.aclose()

    if file is not None:
        check_acl(file)
    lines = asyncio.run(work())
    if file is None:
        sys.stdout.write("\n".join(lines) + "\n")
    else:
        write_acl(file, lines, PRIVATE_MODE)
        users = len(lines)
        err.print(f"{file}: {users} users; `redis-cli ACL LOAD` has the server take them up", markup=False)


@commands.command()
def make(
    source: Annotated[str, typer.Argument(help="The source that the token stands for")],
    data: DataOption = None,
    ledger: LedgerOption = LEDGER,
    expires: Annotated[
        str | None, typer.Option("--expires", help="90d, a day such as 2027-06-30 (its end), or an instant")
    ] = None,
    note: Annotated[str, typer.Option("--note", help="What it is for")] = "",
    by: ByOption = None,
) -> None:
    """Make a token beside those that a source has, and print it: it can be seen this once."""

    async def work() -> tuple[str, tokens.Terms]:
        async with _at(data, ledger) as opened:
            _check_source(opened, ledger, source)
            until = _instant(expires, opened) if expires is not None else None
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
    everything: Annotated[bool, typer.Option("--all", help="Also those that are revoked or expired")] = False,
    json: JsonOption = False,
) -> None:
    """Show the tokens that are good; never the secrets themselves, which nobody keeps."""

    async def work() -> list[dict[str, Any]]:
        async with _at(data, ledger) as opened:
            rows = [_row(token, opened) for token in await tokens.every(opened.redis, ledger)]
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
    ids: Annotated[list[str], typer.Argument(help="Ids as `list` shows them; - for a token on standard input")],
    data: DataOption = None,
    ledger: LedgerOption = LEDGER,
    by: ByOption = None,
) -> None:
    """Let tokens open nothing from now on."""

    async def work() -> int:
        async with _at(data, ledger) as opened:
            missing = 0
            for id in ids:
                wanted = tokens.hash_of(sys.stdin.read().strip())[: tokens.ID_DIGITS] if id == "-" else id
                if _ID.fullmatch(wanted) is None:  # not repeated: it may be the secret itself
                    missing += 1
                    err.print(f"what was given is no id; `list` shows ids of {tokens.ID_DIGITS} digits", style="red")
                    continue
                try:
                    token = await tokens.revoke(opened.redis, ledger, wanted, by or operator(), opened.now)
                except tokens.UnknownTokenError:
                    missing += 1
                    err.print(f"{wanted}: {ledger} has no such token; see `duban token list --all`", style="red")
                    continue
                _tell_revoked(opened.place, ledger, token)
            return missing

    raise SystemExit(1 if asyncio.run(work()) else 0)


def _check_source(opened: OpenLedger, name: str, source: str) -> None:
    if source in opened.ledger.sources:
        return
    known = ", ".join(f"{one} ({its.role})" for one, its in opened.ledger.sources.items()) or "none"
    raise SettingsError(
        f"{name} has no source {source!r}; it has: {known}. To add one, put this into {name}.toml, with a role of"
        f' assigner, reporter, auditor or dashboard, and start duban again:\n\n[sources."{source}"]\n'
        'role = "reporter"\nunits = ["市民政局"]  # that it speaks for; ["*"]: all'
    )


def _instant(text: str, opened: OpenLedger) -> datetime:
    """Return when a token expires; raises SettingsError where that cannot be read, or is over."""
    try:
        until = _read_instant(text, opened)
    except (ValueError, OverflowError):
        wanted = "90d, a day such as 2027-06-30, or an instant such as 2027-06-30T12:00:00+08:00"
        raise SettingsError(f"--expires {text!r} is none of: {wanted}") from None
    if until <= opened.now:
        raise SettingsError(f"--expires {text!r} is over: the ledger's clock says {_shown(opened.now, opened)}")
    return until.astimezone(opened.ledger.zone)


def _read_instant(text: str, opened: OpenLedger) -> datetime:
    """Return the instant that a number of days, a day or an instant means; raises ValueError, or OverflowError."""
    if days := _DAYS.fullmatch(text):
        return opened.now + timedelta(days=int(days[1]))
    if len(text) == len("2027-06-30"):
        return datetime.combine(datetime.fromisoformat(text).date() + timedelta(days=1), time(), opened.ledger.zone)
    until = datetime.fromisoformat(text)
    if until.tzinfo is None:
        raise ValueError(text)
    return until


def _row(token: tokens.Token, opened: OpenLedger) -> dict[str, Any]:
    """Return what may be shown of a token: no hash."""
    source = opened.ledger.sources.get(token.source)
    return {
        "id": token.id,
        "source": token.source,
        "role": source.role if source is not None else None,
        "made": _shown(token.terms.made, opened),
        "by": token.terms.by,
        "expires": _shown(token.terms.expires, opened),
        "note": token.terms.note,
        "state": token.fault(opened.now) or "good",
        "revoked": _shown(token.revoked, opened),
        "revoked_by": token.revoked_by,
    }


def _shown(instant: datetime | None, opened: OpenLedger) -> str | None:
    return instant.astimezone(opened.ledger.zone).isoformat(timespec="seconds") if instant is not None else None


def _tell_revoked(place: Place, ledger: str, token: tokens.Token) -> None:
    out.print(f"{token.id} of {token.source} is revoked", markup=False, highlight=False)
    path = token_file(place.home, ledger, token.source)
    if path.exists() and tokens.hash_of(path.read_text(encoding="utf-8").strip()) == token.hash:
        err.print(f"{path} held it; the next `duban up` or `duban init` puts a new one there", markup=False)
