"""A server on which everybody has to say who they are, as deploy/compose.yaml runs it."""

import os
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from services.common.connection import connect
from services.common.settings import shipped
from tests.forked import run
from tests.servers import Server, make_server

LEDGER = "zhanjiang"

ELSEWHERE = """title = "另一台账"
units = ["市残联"]
[sources.units]
role = "reporter"
units = ["*"]
"""
"""A second ledger with a source of the same name."""

OPEN = "user default on nopass ~* &* +@all\n"
"""With which the server starts, as a test has to see that it answers."""


class Guarded:
    """A server with its ACL file, two ledgers, and the secrets of all users."""

    def __init__(self, directory: Path) -> None:
        self.data = directory / "data"
        self.ledgers = directory / "ledgers"
        self.file = directory / "acl" / "users.acl"
        for made in (self.data, self.ledgers, self.file.parent, directory / "server"):
            made.mkdir()
        self.file.parent.chmod(0o755)  # in a container the server is another user
        self.file.write_text(OPEN, encoding="utf-8")
        (self.ledgers / f"{LEDGER}.toml").write_bytes(shipped(f"{LEDGER}.toml").read_bytes())
        (self.ledgers / "elsewhere.toml").write_text(ELSEWHERE, encoding="utf-8")
        self.server: Server = make_server(directory / "server", self.file)
        self.address = urlsplit(self.server.url).netloc

    def start(self) -> None:
        """Start the server and close it to whoever does not say who it is: as `duban init` does, from first to last."""
        self.server.start()
        self.duban("init", "--acl", str(self.file), url=self.server.url)
        self.server.url = self.url("admin")

    def duban(self, *words: str, url: str | None = None, stdin: str = "") -> str:
        """Run a command as the operator (or another user) and return what it printed; fails where it does."""
        environment = {
            "DUBAN_DATA": str(self.data),
            "DUBAN_LEDGERS": str(self.ledgers),
            "DUBAN_REDIS_URL": url or self.url("admin"),
        }
        own = {name: value for name, value in os.environ.items() if not name.startswith("DUBAN_")}
        done = run(words, own | {"COLUMNS": "500"} | environment, stdin)
        assert done.returncode == 0, f"{words}: {done.stdout}\n{done.stderr}"
        return done.stdout

    def apply(self) -> str:
        """Have the server take up what has become of tokens."""
        return self.duban("init", "--acl", str(self.file))

    def secret(self, user: str) -> str:
        """Return a user's password; a source's is the token in its file."""
        ledger, _, source = user.rpartition(".")
        folder = self.data / "tokens" if ledger == LEDGER else self.data / "tokens" / ledger
        path = folder / f"{source}.token" if ledger else self.data / "redis" / user / "password"
        return path.read_text(encoding="utf-8").strip()

    def url(self, user: str, secret: str | None = None) -> str:
        """Return the server's URL for a user."""
        return f"redis://{user}:{quote(secret or self.secret(user))}@{self.address}/0"

    def client(self, user: str, secret: str | None = None) -> Any:
        """Return a client that is this user."""
        return connect(self.url(user, secret))
