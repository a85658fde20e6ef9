"""A witness of ours on a port, which can be away, and policies that ask for it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from events.seal.keys import VerifierKey
from events.seal.policy import LogPolicy, parse_policy
from services.witness.app import witness_application
from services.witness.cosigner import Cosigner, make_keys
from tests.events.seal.logs import policy_text
from tests.webserver import serving


class RunningWitness:
    """A witness with its URL; while it is `away` it answers 503, and `asked` counts its requests."""

    def __init__(self, home: Path, keys: Sequence[VerifierKey], logs: Sequence[VerifierKey]) -> None:
        self.home, self.keys = home, tuple(keys)
        self.logs = list(logs)
        self.url = ""
        self.away = False
        self.asked = 0

    def policy(self, logs: Sequence[VerifierKey] = (), name: str = "w") -> LogPolicy:
        """Return the policy that needs a cosignature of the Ed25519 key, or of the ML-DSA-44 key."""
        return parse_policy(self.text(logs, name))

    def text(self, logs: Sequence[VerifierKey] = (), name: str = "w") -> bytes:
        """Return it as a file."""
        lines = (f"witness {name} {self.keys[0]} {self.url}", f"witness {name}-ml {self.keys[1]} {self.url}/")
        return policy_text(logs, *lines, f"quorum {name}")


@asynccontextmanager
async def witnessing(home: Path, logs: Sequence[VerifierKey]) -> AsyncIterator[RunningWitness]:
    """Run a witness of some logs."""
    keys = [key.public for key in make_keys(home, "w.example/1")]
    witness = RunningWitness(home, keys, logs)
    application: Any = witness_application(Cosigner(home, witness.logs))

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            witness.asked += 1
        if scope["type"] == "http" and witness.away:
            await send({"type": "http.response.start", "status": 503, "headers": []})
            await send({"type": "http.response.body", "body": b"away"})
        else:
            await application(scope, receive, send)

    async with serving(app) as witness.url:
        yield witness
