"""Secrets in a data directory: a token per source, and a password per user of the server (services/common/acl.py).

DIR/tokens/<source>.token    the token that commands speak as this source with
DIR/redis/<user>/password    of admin, ingest, status, notify, audit: a directory each, to be handed out one by one
"""

import getpass
import os
import secrets
import socket
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from events.ledger import Ledger
from services.cli.files import check, replace
from services.cli.target import token_file
from services.common import acl, tokens
from services.common.ledger_clock import ledger_clock

_ACL = "an ACL file of duban's own users alone"


def operator() -> str:
    """Return who runs this command, as user@machine."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a number without a name, as containers have
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"


async def give_tokens(redis: Any, data: Path, name: str, ledger: Ledger, now: datetime) -> list[str]:
    """Make sure that every source has a token in the data directory that the server takes; return what was replaced."""
    terms = tokens.Terms(by=operator(), made=now, note="its file")
    told = []
    for source in ledger.sources:
        path = token_file(data, name, source)
        check(path, "what this replaces", lambda _: True)
        token = path.read_text(encoding="utf-8").strip() if path.exists() else ""
        if token:
            fault = await tokens.register(redis, name, source, token, terms, now)
            if fault is None:
                continue
            told.append(f"{path}: what it held is {fault}; it has a new token of {source!r} now")
        new = await tokens.issue(redis, name, source, terms)
        replace(path, [new.encode(), b"\n"], "the token that was read", partial(_holds, token))
    return told


def _holds(token: str, content: bytes) -> bool:
    return content.strip() == token.encode()


def passwords(data: Path) -> dict[str, str]:
    """Return the SHA-256 of each user's password; one that is missing is made."""
    hashes = {}
    for user in acl.FIXED:
        path = data / "redis" / user / "password"
        if not path.exists() or not path.stat().st_size:
            replace(path, [secrets.token_urlsafe(32).encode(), b"\n"], "a password", lambda _: False)
        hashes[user] = tokens.hash_of(path.read_text(encoding="utf-8").strip())
    return hashes


async def acl_lines(redis: Any, data: Path, ledgers: Mapping[str, Ledger], clock: str | None) -> list[str]:
    """Return the server's ACL file: the fixed users, and each source that may submit with its good tokens."""
    lines = acl.fixed(ledgers, passwords(data))
    for name, ledger in ledgers.items():
        now = (await ledger_clock(redis, name, clock)).now()
        good: dict[str, list[str]] = {}
        for token in await tokens.every(redis, name):
            if token.fault(now) is None:
                good.setdefault(token.source, []).append(token.hash)
        lines += acl.sources(name, ledger, good)
    return lines


def check_acl(path: Path) -> None:
    """Raise SettingsError where a file is not an ACL file of duban's: others' users in it would be lost."""
    check(path, _ACL, acl.is_own)


def write_acl(path: Path, lines: Iterable[str], mode: int) -> None:
    """Write an ACL file; the server may read it as another user, and there are only hashes of random secrets in it."""
    replace(path, [line.encode() + b"\n" for line in lines], _ACL, acl.is_own, mode)


async def load(redis: Any, lines: Iterable[str]) -> list[str]:
    """Have the server load its ACL file, of these lines; return the users whose connections were ended for that.

    Those are the ones that have lost a password: the server itself only ends those of users that are gone.
    """
    before, after = _hashes(await redis.acl_list()), _hashes(lines)
    await redis.acl_load()
    ended = [user for user in sorted(after) if before.get(user, set()) - after[user]]
    for user in ended:
        await redis.execute_command("CLIENT KILL", "USER", user, "SKIPME", "yes")
    return ended


def _hashes(lines: Iterable[str]) -> dict[str, set[str]]:
    """Return the passwords' SHA-256 by user; `nopass` is one, too."""
    words = [line.split() for line in lines]
    return {user: {rule for rule in rules if rule.startswith("#") or rule == "nopass"} for _, user, *rules in words}
