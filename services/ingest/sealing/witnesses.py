"""The witnesses of a policy, as one log asks them: https://c2sp.org/tlog-witness ."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import httpx

from events.seal.checkpoint import LogCheckpoint, decimal, parse_checkpoint
from events.seal.errors import FormatError, SignatureError, SigningError
from events.seal.keys import VerifierKey, signers
from events.seal.notes import MOST_NOTE_BYTES, SignatureLine, SignedNote, from_utf8, parse_lines, parse_note
from events.seal.policy import LogPolicy, parse_policy
from events.seal.proofs import consistent
from events.seal.witnessing import ADD_CHECKPOINT, AddCheckpoint, origin_hash
from services.common.settings import SettingsError

WITNESS_SECONDS = 5.0
"""For one answer of a witness, which compares and signs in milliseconds."""

CONFLICTS = 3
"""Answers with another size that are followed in one attempt: somebody else feeds the witness meanwhile."""

T = TypeVar("T")

Prove = Callable[[int], Awaitable[Sequence[bytes]]]
"""Proves that the tree of some entries begins that of the checkpoint."""


class WitnessError(Exception):
    """A witness does not cosign now; the message has the reason."""


class Cosigned(NamedTuple):
    """Cosignatures of a checkpoint, the names of their witnesses, and what the others said."""

    lines: list[SignatureLine]
    names: set[str]
    faults: list[str]


class Consulted(NamedTuple):
    """The newest checkpoints of a log that witnesses have, the names of those that answered, and what others said."""

    checkpoints: list[LogCheckpoint]
    names: set[str]
    faults: list[str]


class Witnesses:
    """The witnesses with a URL; several keys of one URL are one witness to ask."""

    def __init__(self, policy: LogPolicy, http: httpx.AsyncClient) -> None:
        self.policy = policy
        self._http = http
        self._names: dict[str, list[str]] = {}
        for name, url in policy.urls.items():
            self._names.setdefault(url.rstrip("/"), []).append(name)
        self._sizes: dict[str, int] = {}

    async def newest(self, origin: str, keys: Sequence[VerifierKey]) -> Consulted:
        """Ask all for the newest checkpoint of a log that they have; it counts if one of its `keys` has signed it."""
        found = Consulted([], set(), [])
        for url, answer in await self._all(lambda url: self._checkpoint(url, origin, keys)):
            if isinstance(answer, WitnessError):
                found.faults.append(f"{url}: {answer}")
                continue
            found.names.update(self._names[url])
            self._sizes[url] = answer.size if answer is not None else 0
            found.checkpoints.extend([answer] if answer is not None else [])
        return found

    async def cosign(self, note: SignedNote, keys: Sequence[VerifierKey], prove: Prove) -> Cosigned:
        """Ask all to cosign a checkpoint that `keys` have signed.

        Raises SigningError if one has a checkpoint of this log that this one does not continue.
        """
        found = Cosigned([], set(), [])
        for url, answer in await self._all(lambda url: self._cosignatures(url, note, keys, prove)):
            if isinstance(answer, WitnessError):
                found.faults.append(f"{url}: {answer}")
            else:
                found.lines.extend(answer.values())
                found.names.update(answer)
        return found

    async def _all(self, ask: Callable[[str], Coroutine[Any, Any, T]]) -> list[tuple[str, T | WitnessError]]:
        async def answered(url: str) -> tuple[str, T | WitnessError]:
            try:
                return url, await ask(url)
            except WitnessError as error:
                return url, error

        return await asyncio.gather(*map(answered, self._names))

    async def _cosignatures(
        self, url: str, note: SignedNote, keys: Sequence[VerifierKey], prove: Prove
    ) -> dict[str, SignatureLine]:
        """Return the cosignatures of one witness by name; raises WitnessError and SigningError."""
        checkpoint = parse_checkpoint(note.text)
        old = min(self._sizes.get(url, 0), checkpoint.size)
        for _ in range(CONFLICTS):
            request = AddCheckpoint(old, tuple(await prove(old)), note.encode())
            status, body = await self._answer("POST", f"{url}/{ADD_CHECKPOINT}", request.encode())
            if status == HTTPStatus.OK:
                self._sizes[url] = checkpoint.size
                return self._verified(url, note, body)
            if status != HTTPStatus.CONFLICT:
                if status == HTTPStatus.UNPROCESSABLE_ENTITY:
                    await self._compare(url, checkpoint, keys, prove)
                raise WitnessError(f"answers {status}: {body.decode(errors='replace').strip()[:300]}")
            old = _size(body)
            if old > checkpoint.size:
                await self._compare(url, checkpoint, keys, prove)
                raise WitnessError(f"names {old} entries, but has no checkpoint of so many that is signed here")
        raise WitnessError("changes faster than it can be asked")

    async def _compare(self, url: str, checkpoint: LogCheckpoint, keys: Sequence[VerifierKey], prove: Prove) -> None:
        """Raise SigningError if a witness has a signed checkpoint that this one does not continue."""
        found = await self._checkpoint(url, checkpoint.origin, keys)
        if found is None:
            return
        size, root = checkpoint.size, checkpoint.root
        if found.size > size or not consistent(found.size, size, found.root, root, await prove(found.size)):
            raise SigningError(
                f"the witness {url} has a signed checkpoint of {found.size} entries, which these {size} do not continue"
            )

    async def _checkpoint(self, url: str, origin: str, keys: Sequence[VerifierKey]) -> LogCheckpoint | None:
        """Return the newest checkpoint that a witness has, None if it has none; raises WitnessError."""
        status, body = await self._answer("GET", f"{url}/{origin_hash(origin)}/checkpoint")
        if status == HTTPStatus.NOT_FOUND:
            return None
        if status != HTTPStatus.OK:
            raise WitnessError(f"answers {status} for its newest checkpoint")
        try:
            note = parse_note(body)
            checkpoint, signed = parse_checkpoint(note.text), signers(note, keys)
        except (FormatError, SignatureError) as error:
            raise WitnessError(f"its newest checkpoint: {error}") from error
        if checkpoint.origin != origin or not signed:
            raise WitnessError(
                f"its newest checkpoint is of {checkpoint.origin!r}, and no key of this log has signed it"
            )
        return checkpoint

    def _verified(self, url: str, note: SignedNote, body: bytes) -> dict[str, SignatureLine]:
        """Return the cosignatures of a witness' keys by name; lines of other keys are ignored."""
        keys = {name: self.policy.witnesses[name] for name in self._names[url]}
        try:
            lines = parse_lines(from_utf8(body, "its answer"))
            signed = signers(note._replace(signatures=lines), keys.values())
        except (FormatError, SignatureError) as error:
            raise WitnessError(str(error)) from error
        found = {
            name: line
            for name, key in keys.items()
            for line in lines
            if signed.get(key) is not None and (line.name, line.key_id) == (key.name, key.key_id)
        }
        if not found:
            raise WitnessError(f"its answer has no cosignature of {', '.join(map(str, keys.values()))[:300]}")
        return found

    async def _answer(self, method: str, url: str, content: bytes | None = None) -> tuple[int, bytes]:
        """Return status and body of an answer; raises WitnessError."""
        try:
            async with (
                asyncio.timeout(WITNESS_SECONDS),
                self._http.stream(method, url, content=content, headers={"Content-Type": "text/plain"}) as answer,
            ):
                body = bytearray()
                async for part in answer.aiter_bytes():
                    body += part
                    if len(body) > MOST_NOTE_BYTES:
                        raise WitnessError(f"answers with more than {MOST_NOTE_BYTES} bytes")
                return answer.status_code, bytes(body)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            raise WitnessError(f"does not answer: {str(error) or type(error).__name__}") from error


def _size(body: bytes) -> int:
    """Return the size that an answer 409 has."""
    try:
        return decimal(from_utf8(body, "its answer").removesuffix("\n"), "the size of its newest checkpoint")
    except FormatError as error:
        raise WitnessError(str(error)) from error


def load_witnesses(path: Path) -> LogPolicy:
    """Read the policy that published checkpoints have to satisfy; raises SettingsError."""
    try:
        policy = parse_policy(path.read_bytes())
    except (OSError, FormatError) as error:
        raise SettingsError(f"DUBAN_POLICY: {path}: {error}") from error
    if (lacking := policy.missing(policy.urls)) is not None:
        raise SettingsError(
            f"DUBAN_POLICY: {path}: the quorum cannot be reached by the witnesses that have a URL: {lacking}; write"
            " `witness <name> <vkey> <url>`"
        )
    return policy
