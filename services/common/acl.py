"""The users of the server, as its ACL file has them: each may do what it is there for, and nothing else.

    default           off: clients must authenticate. It keeps its permissions, which nobody can use, as
                      the server replays its append-only file as this user: without them, what was written by a script
                      or a transaction is missing after a restart (redis/redis#14541, valkey-io/valkey#3983)
    admin             the operator: `duban token`, `init`, `rebuild`, `doctor`; everything but emptying the server
    ingest, status, notify
                      the services; notify also submits, to an inbox that it alone may write to
    audit             reads all of duban's keys and changes none; what it exports it adds to an inbox of its own
    health            asks whether the server answers, without a password
    <ledger>.<source> a source that may submit: adds to its inbox, reads its receipts; a ledger's name has no dot, so
                      that these clash neither with each other nor with those above

Passwords stand in it as their SHA-256. A source's passwords are its tokens, of which that is all that is kept.
Permissions of keys: `%R~` to read, `%W~` to write, `~` both. A script's keys need both whatever it does with them, and
its commands are allowed or not like any others.
"""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from events.keys import key
from events.ledger import NOTIFY, Ledger
from events.operations import OPS, user_of
from services.common.sessions import INSTALLATION

SUBMITTING = ("assigner", "reporter")
"""Roles of sources that publish."""

FIXED = ("admin", "ingest", "status", "notify", "audit")
"""Users with a password of their own, whatever the ledgers are."""

_CONNECT = "+ping +hello +auth +quit +select +client|setinfo +client|setname +client|getname +client|id"
_PUBLISH = "+xadd +xread +xrange +xrevrange +xlen +xinfo|stream +wait +waitaof"
_CLOCK = "+get +set"
_WATCH = "+info +role"
_FOLD = (
    "+xread +xrange +xrevrange +xinfo|stream +hget +hkeys +hmget +hgetall +hset +hincrby +lrange +rpush +xadd +unlink"
    " +append +multi +exec +evalsha +script|load"
)
"""What a projection does, in save.lua and switch.lua too (events/projection.py)."""

_APPEND = "+exists +hsetnx +hdel +xlen +xtrim +xsetid +smembers +memory|usage"
"""What ingest does besides, in append.lua and trim.lua too."""

_SEND = (
    "+wait +waitaof +smembers +sadd +srem +del +pexpire +pttl +exists +hvals +hdel +hsetnx"
    " +time +zadd +zcard +zrange +zrem +zremrangebyscore +zscore"
)
"""What notify does to deliver, in keep.lua, carry.lua and limit.lua too."""

_COMMANDS = {
    "admin": "+@all -flushall -flushdb -swapdb",
    "ingest": f"{_CONNECT} {_CLOCK} {_WATCH} {_FOLD} {_APPEND} +wait +waitaof",
    "status": f"{_CONNECT} {_CLOCK} {_WATCH} {_FOLD} +hsetnx +hdel +getdel",
    "notify": f"{_CONNECT} {_CLOCK} {_WATCH} {_FOLD} {_SEND}",
    "audit": f"{_CONNECT} +@read -@dangerous +multi +exec +evalsha +script|load"
    f" (+xadd %W~{key(OPS, 'inbox', 'audit')})",
}

_KEYS = {
    "ingest": "~log %R~record %R~record:trimmed %R~notify:reached %R~notify:pending %R~notify:known ~seen ~cursors"
    " ~asked ~inbox:* ~receipts:* ~refused ~refused:* ~rules ~rules:* ~strangers ~index %R~*:checkpoint ~ingest:*"
    " ~clock:* %R~accepted %R~tokens %R~sessions ~sessions:used",
    "status": "%R~log %R~index %R~rules %R~rules:* ~status:* ~clock:* %R~accepted %R~tokens ~sessions ~sessions:used"
    " ~codes:*",
    "notify": "%R~log %R~index ~record %R~record:trimmed ~notify:* ~dues:* ~clock:* %R~accepted %R~tokens"
    f" %R~sessions ~sessions:used %W~inbox:{NOTIFY} %R~receipts:{NOTIFY}",
    "audit": "%R~* ~seen",  # the index is looked up by a script
}
"""Of each ledger, without the prefix. All services record the use of sessions; status alone starts and ends them."""

_TRIM_RECORD = ("+evalsha +get +set +xtrim", "~record ~record:trimmed")
"""What ingest does with the record besides, in trim_record.lua alone: it trims entries, and can add none."""

_KEYS_OF_OPERATIONS = {
    "ingest": _KEYS["ingest"],
    "status": "%W~inbox:status",
    "audit": _KEYS["audit"],
}
"""Of the ledger of operations, to which status submits; so does audit, by a selector of its commands."""

LIMITS = "duban:limit:"
"""What the keys of the channels' limits begin with (services/notify/buckets.py)."""

_SHARED = {
    "ingest": [f"%R~{INSTALLATION}"],
    "status": [f"~{INSTALLATION}"],
    "notify": [f"%R~{INSTALLATION}", f"~{LIMITS}*"],
}
"""Of no ledger."""

_STOCK = {"user", "default", "on", "nopass", "sanitize-payload", "~*", "&*", "+@all"}
"""The words of the only line that a server saves which was never given a user."""


class User(Struct, frozen=True):
    """One line of the file."""

    name: str
    hashes: Sequence[str]
    keys: str
    commands: str

    def __str__(self) -> str:
        secrets = " ".join(["on", *(f"#{hash}" for hash in self.hashes)]) if self.hashes else "off"
        return " ".join(filter(None, ["user", self.name, secrets, self.keys, "resetchannels -@all", self.commands]))


def fixed(ledgers: Iterable[str], hashes: Mapping[str, str]) -> list[str]:
    """Return the lines of the users that do not depend on who may submit, with their passwords' SHA-256 by name."""
    names = sorted(ledgers)
    lines = ["user default off resetpass ~* &* +@all", "user health on nopass resetchannels -@all +ping"]
    for user in FIXED:
        keys = {name: _KEYS.get(user, "") for name in names} | {OPS: _KEYS_OF_OPERATIONS.get(user, "")}
        allowed = "~*" if user == "admin" else " ".join([*_patterns(keys), *_SHARED.get(user, ())])
        commands = _COMMANDS[user]
        if user == "ingest" and names:
            does, its = _TRIM_RECORD
            commands += f" ({' '.join([does, *_patterns(dict.fromkeys(names, its))])})"
        lines.append(str(User(user, [hashes[user]], allowed, commands)))
    return lines


def sources(name: str, ledger: Ledger, hashes: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the lines of a ledger's sources that may submit; `hashes` are those of their good tokens, by source."""
    return [
        str(
            User(
                user_of(name, source),
                sorted(hashes.get(source, ())),
                f"%W~{key(name, 'inbox', source)} %R~{key(name, 'receipts', source)}",
                f"{_CONNECT} {_PUBLISH}",
            )
        )
        for source, its in ledger.sources.items()
        if its.role in SUBMITTING
    ]


def of_sources(lines: Iterable[str]) -> list[str]:
    """Return those lines of a file that are of sources."""
    return [line for line in lines if line.startswith("user ") and "." in line.split()[1]]


def is_own(content: bytes) -> bool:
    """Return whether an ACL file has users of these names alone, or is as a server of nobody's users saves it."""
    words = [line.split() for line in content.decode(errors="replace").splitlines() if line.strip()]
    names = {rule[1] for rule in words if rule[0] == "user" and len(rule) > 1}
    if len(names) < len(words) or not all(name in {"default", "health", *FIXED} or "." in name for name in names):
        return False
    return {"health", *FIXED} <= names or (names == {"default"} and set(words[0]) <= _STOCK)


def _patterns(keys: Mapping[str, str]) -> list[str]:
    """Return the patterns of some keys of each ledger."""
    return [_pattern(name, one) for name, of_ledger in keys.items() for one in of_ledger.split()]


def _pattern(ledger: str, one: str) -> str:
    permission, _, name = one.partition("~")
    return f"{permission}~{key(ledger, name)}"
