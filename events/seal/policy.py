"""Policies: which logs and witnesses are trusted, and how many witnesses a checkpoint needs. Pure.

https://c2sp.org/tlog-policy . Names of witnesses and groups are bytes to the specification; here they are text in
which bytes that are not UTF-8 are kept as surrogates.
"""

import re
from collections.abc import Callable, Container, Mapping
from types import MappingProxyType
from typing import NamedTuple

from events.seal.checkpoint import LogCheckpoint, parse_checkpoint
from events.seal.errors import FormatError, PolicyError
from events.seal.keys import ED25519, SM2_SM3, VerifierKey, parse_key, signers
from events.seal.notes import parse_note

MOST_POLICY_BYTES = 1_000_000

NONE = "none"
"""The quorum that needs no witness."""


class WitnessGroup(NamedTuple):
    """A group: it has witnessed a checkpoint if at least `needed` of its members have."""

    needed: int
    members: tuple[str, ...]


class Trusted(NamedTuple):
    """A checkpoint that a trusted log has signed: its key, and the witnesses by name with the time of each, if any.

    `weaker` is what the quorum lacks, None if the policy is satisfied. `signed` are all keys of the log that have
    signed, `unchecked` those whose signatures cannot be verified here.
    """

    checkpoint: LogCheckpoint
    log: VerifierKey
    witnesses: dict[str, int | None]
    weaker: str | None = None
    signed: tuple[VerifierKey, ...] = ()
    unchecked: tuple[VerifierKey, ...] = ()


class LogPolicy(NamedTuple):
    """Logs, witnesses by name, groups by name, the name of the quorum, and the URLs of witnesses that have one."""

    logs: tuple[VerifierKey, ...]
    witnesses: Mapping[str, VerifierKey]
    groups: Mapping[str, WitnessGroup]
    quorum: str
    urls: Mapping[str, str] = MappingProxyType({})

    def check(self, data: bytes) -> Trusted:
        """Verify a signed checkpoint; raises FormatError, SignatureError, or PolicyError with what is missing."""
        trusted = self.weigh(data)
        if trusted.weaker is not None:
            raise PolicyError(trusted.weaker)
        return trusted

    def weigh(self, data: bytes) -> Trusted:
        """Verify a signed checkpoint, for which a quorum may be missing; raises as `check` does otherwise."""
        note = parse_note(data)
        checkpoint = parse_checkpoint(note.text)
        logs = [key for key in self.logs if key.name == checkpoint.origin]
        if not logs:
            known = ", ".join(sorted({key.name for key in self.logs})) or "none"
            raise PolicyError(f"the checkpoint is of the log {checkpoint.origin!r}; logs of the policy: {known}")
        signed = signers(note, (*logs, *self.witnesses.values()))
        log = next((key for key in logs if key in signed), None)
        if log is None:
            raise PolicyError(f"no key of the policy for the log {checkpoint.origin!r} has signed the checkpoint")
        times = {name: signed[key] for name, key in self.witnesses.items() if key in signed}
        missing = self.missing(times)
        lack = f"the quorum is not reached: {missing}" if missing else None
        unchecked = tuple(key for key in logs if not key.is_checkable)
        return Trusted(checkpoint, log, times, lack, tuple(key for key in logs if key in signed), unchecked)

    def missing(self, present: Container[str]) -> str | None:
        """Return what the quorum lacks where these witnesses have cosigned, None if it is reached."""
        return self._missing(self.quorum, present)

    def _missing(self, name: str, present: Container[str]) -> str | None:
        """Return what a witness or a group lacks, None if nothing."""
        if name == NONE or name in present:
            return None
        group = self.groups.get(name)
        if group is None:
            return f"{name} has not cosigned"
        lacking = [wrong for member in group.members if (wrong := self._missing(member, present)) is not None]
        has = len(group.members) - len(lacking)
        return None if has >= group.needed else f"{name} has {has} of {group.needed} ({'; '.join(lacking)})"


def policy_of(log: VerifierKey) -> LogPolicy:
    """Return the policy that trusts a log's key without witnesses."""
    return LogPolicy((log,), {}, {}, NONE)


def parse_policy(data: bytes) -> LogPolicy:
    """Parse a policy file; raises FormatError, which names the line."""
    if len(data) > MOST_POLICY_BYTES:
        raise FormatError(f"a policy of {len(data)} bytes; at most {MOST_POLICY_BYTES} are read")
    reading = _PolicyReading()
    for number, line in enumerate(data.split(b"\n"), 1):
        try:
            reading.take(line)
        except FormatError as error:
            raise FormatError(f"line {number}: {error}") from error
    return reading.policy()


class _PolicyReading:
    """A policy while its lines are read."""

    def __init__(self) -> None:
        self._logs: list[VerifierKey] = []
        self._witnesses: dict[str, VerifierKey] = {}
        self._groups: dict[str, WitnessGroup] = {}
        self._urls: dict[str, str] = {}
        self._members: set[str] = set()
        self._quorum: str | None = None
        self._keywords: dict[str, Callable[[list[str]], None]] = {
            "log": self._log,
            "witness": self._witness,
            "group": self._group,
            "quorum": self._set_quorum,
        }

    def take(self, line: bytes) -> None:
        """Read one line."""
        if (control := re.search(rb"[\0-\x08\x0b-\x1f\x7f]", line)) is not None:
            raise FormatError(
                f"it has the byte 0x{control[0].hex()}; of control characters tab and newline are allowed"
            )
        keyword, *items = re.split(r"[ \t]+", line.decode(errors="surrogateescape").strip(" \t"))
        if keyword == "" or keyword.startswith("#"):
            return
        if keyword not in self._keywords:
            raise FormatError(f"{keyword!r} is unknown; lines begin with {', '.join(self._keywords)} or #")
        self._keywords[keyword](items)

    def policy(self) -> LogPolicy:
        """Return the policy after its last line."""
        if self._quorum is None:
            raise FormatError("the policy has no quorum line; without witnesses it is `quorum none`")
        return LogPolicy(tuple(self._logs), self._witnesses, self._groups, self._quorum, self._urls)

    def _log(self, items: list[str]) -> None:
        if len(items) not in {1, 2}:
            raise FormatError("write: log <vkey> [<url>]")
        key = parse_key(items[0])
        if any(key.public == other.public for other in self._logs):
            raise FormatError(f"the public key of the log {key.name} is listed twice")
        self._logs.append(key)

    def _witness(self, items: list[str]) -> None:
        if len(items) not in {2, 3}:
            raise FormatError("write: witness <name> <vkey> [<url>]")
        key = parse_key(items[1])
        if key.type in {ED25519, SM2_SM3}:
            raise FormatError(
                f"the key of the witness {key.name} is a log's (type 0x{key.type:02x}); a witness' is 0x04 or 0x06"
            )
        if any(key.public == other.public for other in self._witnesses.values()):
            raise FormatError(f"the public key of the witness {key.name} is listed twice")
        name = self._new(items[0])
        self._witnesses[name] = key
        self._urls.update((name, url) for url in items[2:])

    def _group(self, items: list[str]) -> None:
        name, needed, *members = (*items, "", "")[: max(len(items), 2)]
        if not members:
            raise FormatError("write: group <name> <all, any or a number> <member> …")
        for member in members:
            if member not in self._witnesses and member not in self._groups:
                raise FormatError(f"{member!r} is no witness or group of the lines before")
            if member in self._members:
                raise FormatError(f"{member!r} is a member already; each is a member once")
            self._members.add(member)
        count = {"all": str(len(members)), "any": "1"}.get(needed, needed)
        if re.fullmatch(r"[1-9][0-9]{0,8}", count) is None or int(count) > len(members):
            raise FormatError(
                f"{needed!r} of {len(members)} members; write all, any, or a number from 1 to {len(members)}"
            )
        self._groups[self._new(name)] = WitnessGroup(int(count), tuple(members))

    def _set_quorum(self, items: list[str]) -> None:
        if len(items) != 1:
            raise FormatError("write: quorum <name of a witness or group, or none>")
        if self._quorum is not None:
            raise FormatError("a second quorum line; a policy has one")
        if items[0] != NONE and items[0] not in self._witnesses and items[0] not in self._groups:
            raise FormatError(f"{items[0]!r} is no witness or group of the lines before")
        self._quorum = items[0]

    def _new(self, name: str) -> str:
        if name == NONE or name in self._witnesses or name in self._groups:
            raise FormatError(f"the name {name!r} is taken")
        return name
