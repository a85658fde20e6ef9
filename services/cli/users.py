"""Secrets in a data directory: a token per source, a password per user of the server (services/common/acl.py).

DIR/tokens/<source>.token    the token with which commands act as this source
DIR/redis/<user>/password    for admin, ingest, status, notify, audit: one directory each, mounted separately
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
    """Return the operator of this command as user@machine."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a user id without a name, as in containers
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"


async def ensure_tokens(redis: Any, data: Path, name: str, ledger: Ledger, now: datetime) -> list[str]:
    """Give every source a token file with a valid token; return notices of replaced tokens."""
    terms = tokens.Terms(by=operator(), made=now, note="its file")
    notices = []
    for source in ledger.sources:
        path = token_file(data, name, source)
        check(path, "a token file", lambda _: True)
        token = path.read_text(encoding="utf-8").strip() if path.exists() else ""
        if token:
            fault = await tokens.register(redis, name, source, token, terms, now)
            if fault is None:
                continue
            notices.append(f"{path}: the token in it was {fault}; the file has a new token of {source!r} now")
        new = await tokens.issue(redis, name, source, terms)
        replace(path, [new.encode(), b"\n"], "the token that was read", partial(_holds, token))
    return notices


def _holds(token: str, content: bytes) -> bool:
    return content.strip() == token.encode()


def passwords(data: Path) -> dict[str, str]:
    """Return the SHA-256 of each user's password; a missing password is created."""
    hashes = {}
    for user in acl.FIXED:
        path = data / "redis" / user / "password"
        if not path.exists() or not path.stat().st_size:
            replace(path, [secrets.token_urlsafe(32).encode(), b"\n"], "a password", lambda _: False)
        hashes[user] = tokens.hash_of(path.read_text(encoding="utf-8").strip())
    return hashes


async def acl_lines(redis: Any, data: Path, ledgers: Mapping[str, Ledger], clock: str | None) -> list[str]:
    """Return the lines of the server's ACL file: the fixed users, and each submitting source with its valid tokens."""
    lines = acl.fixed(ledgers, passwords(data))
    for name, ledger in ledgers.items():
        now = (await ledger_clock(redis, name, clock)).now()
        valid: dict[str, list[str]] = {}
        for token in await tokens.every(redis, name):
            if token.fault(now) is None:
                valid.setdefault(token.source, []).append(token.hash)
        lines += acl.sources(name, ledger, valid)
    return lines


def check_acl(path: Path) -> None:
    """Raise SettingsError if a file has users or settings other than duban's: they would be lost."""
    check(path, _ACL, acl.is_own)


def write_acl(path: Path, lines: Iterable[str], mode: int) -> None:
    """Write an ACL file; it has only hashes of random secrets, and the server may read it as another user."""
    replace(path, [line.encode() + b"\n" for line in lines], _ACL, acl.is_own, mode)


async def load(redis: Any, lines: Iterable[str]) -> list[str]:
    """Make the server load its ACL file with these lines; return the users whose connections were closed.

    Those users have lost a password; the server itself closes only connections of removed users.
    """
    before, after = _hashes(await redis.acl_list()), _hashes(lines)
    await redis.acl_load()
    closed = [user for user in sorted(after) if before.get(user, set()) - after[user]]
    for user in closed:
        await redis.execute_command("CLIENT KILL", "USER", user, "SKIPME", "yes")
    return closed


def _hashes(lines: Iterable[str]) -> dict[str, set[str]]:
    """Return the SHA-256 of the passwords by user; `nopass` counts as one."""
    words = [line.split() for line in lines]
    return {user: {rule for rule in rules if rule.startswith("#") or rule == "nopass"} for _, user, *rules in words}
