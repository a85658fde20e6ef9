"""The deployment that a command addresses: a data directory with a running `duban up`, or a remote one."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec
from msgspec import Struct

from events.operations import OPS
from services.cli.files import make_directory, replace
from services.common.listening import LOCALHOST, reachable
from services.common.settings import SERVICES, BaseUrl, SettingsError, load_ledgers, server_url, shipped

DATA = Path(".duban")
LEDGER = "zhanjiang"
PORT = 8801
"""The port of ingest."""

READER = "board"
"""The source that commands read as by default."""

AUDITOR = "audit"
"""The source that has logs sealed, and reads what operators do; DUBAN_TOKEN is another's."""


class SupervisionError(Exception):
    """A process of `duban up` ends as often as it is started."""


class Run(Struct, frozen=True):
    """The content of `run.json`, written by `duban up`: addresses, process id and clock."""

    redis_url: str
    port: int
    pid: int
    clock: str | None = None
    host: str = LOCALHOST


class Bearer(NamedTuple):
    """A token, and where it comes from, for messages; the token itself is in none of them."""

    token: str
    origin: str
    remedy: str

    @property
    def headers(self) -> dict[str, str]:
        """The header that authenticates a request."""
        return {"Authorization": f"Bearer {self.token}"}


class Target(Struct, frozen=True):
    """A reachable deployment: base URLs by service, and optionally data directory, server, token, clock, public URL."""

    urls: dict[str, str]
    data: Path | None
    redis_url: str | None
    token: str | None = None
    clock: str | None = None
    public_url: str | None = None

    @property
    def home(self) -> Path:
        """The data directory, which may not exist."""
        return self.data or DATA

    def token_of(self, ledger: str, source: str) -> Bearer:
        """Return the token of a source; raises SettingsError if none is available.

        The ledger of operations has no tokens: those of another ledger's source of this name are good for it.
        """
        if self.token is not None:
            return bearer_of(self.token)
        if ledger == OPS:
            ledger = self._ledger_with(source)
        if self.data is None:
            raise SettingsError(f"no token of {source!r}: with DUBAN_URL set DUBAN_TOKEN too, or DUBAN_DATA")
        path = token_file(self.data, ledger, source)
        if not path.exists():
            known = ", ".join(self._sources(ledger))
            made = f"there are tokens of: {known}" if known else "set DUBAN_TOKEN, or start `duban up`, which makes one"
            raise SettingsError(f"{path}: no token of {source!r}; {made}")
        remedy = (
            f"`duban up` and `duban init` replace it there by a valid one;"
            f" `duban token make {source} --ledger {ledger}` makes another, for DUBAN_TOKEN"
        )
        return bearer_from(path.read_text(encoding="utf-8", errors="replace"), str(path), remedy)

    def reader(self, ledger: str, source: str | None = None) -> Bearer | None:
        """Return the token to read a ledger with: DUBAN_TOKEN's, else that of `source`, of `board`, of any source.

        None if there is no token at all. Raises SettingsError if the named source has none, or if DUBAN_TOKEN, which
        has a source of its own, is set as well.
        """
        if self.token is not None and source is not None:
            raise SettingsError(
                f"--source {source}: DUBAN_TOKEN is set and has its own source; leave out one of the two"
            )
        if self.token is not None or source is not None:
            return self.token_of(ledger, source or READER)
        if ledger == OPS:
            return self.token_of(ledger, AUDITOR)
        names = self._sources(ledger)
        return self.token_of(ledger, READER if READER in names else names[0]) if names else None

    def _ledger_with(self, source: str) -> str:
        """Return a ledger that has a token of a source, the shipped one if none has."""
        found = sorted(path.parent.name for path in (self.home / "tokens").glob(f"*/{source}.token"))
        return LEDGER if token_file(self.home, LEDGER, source).exists() or not found else found[0]

    def _sources(self, ledger: str) -> list[str]:
        """Return the sources whose tokens the data directory has; that of another deployment is no default."""
        if self.data is None:
            return []
        return sorted(path.stem for path in token_file(self.data, ledger, READER).parent.glob("*.token"))

    def page(self, ledger: str) -> str:
        """Return the address of a ledger's page: under DUBAN_PUBLIC_URL, else at status."""
        return f"{self.public_url or self.urls['status']}/{ledger}/"

    def server(self) -> str:
        """Return the server's URL; raises SettingsError if only the services' addresses are known."""
        if self.redis_url is None:
            raise SettingsError(
                "this command reads the log itself: set DUBAN_REDIS_URL, or --data of a running `duban up`"
            )
        return self.redis_url


def find(data: Path | None, environment: Mapping[str, str] = os.environ) -> Target:
    """Return the target of --data, DUBAN_DATA, DUBAN_URL or DUBAN_REDIS_URL; raises SettingsError without one."""
    given = data or (Path(environment["DUBAN_DATA"]) if environment.get("DUBAN_DATA") else None)
    redis_url, clock = server_url(environment), environment.get("DUBAN_CLOCK") or None
    token, public_url = environment.get("DUBAN_TOKEN") or None, _public_url(environment)
    directory = given or DATA
    url = environment.get("DUBAN_URL") if data is None else None
    if url is not None:
        return Target(_urls(url), given, redis_url, token, clock, public_url)
    try:
        run = msgspec.json.decode((directory / "run.json").read_bytes(), type=Run)
    except FileNotFoundError:
        if redis_url is not None and data is None:
            return Target(_urls(f"http://127.0.0.1:{PORT}"), directory, redis_url, token, clock, public_url)
        raise SettingsError(
            f"{directory}: duban is not running here; start it with `duban up --data {directory}`"
        ) from None
    except msgspec.MsgspecError as error:
        raise SettingsError(f"{directory / 'run.json'} was not written by `duban up`: {error}") from error
    urls = _urls(f"http://{reachable(run.host)}:{run.port}")
    return Target(urls, directory, redis_url or run.redis_url, clock=clock or run.clock, public_url=public_url)


def bearer_of(token: str) -> Bearer:
    """Return the token of DUBAN_TOKEN; raises SettingsError if it cannot be one."""
    remedy = "set it to a valid token of this ledger; `duban token make SOURCE` makes one where duban runs"
    return bearer_from(token, "DUBAN_TOKEN", remedy)


def prepare(data: Path) -> None:
    """Prepare a data directory; a new one gets the shipped ledger."""
    ledgers = data / "ledgers"
    if not ledgers.exists():
        name = f"{LEDGER}.toml"
        make_directory(ledgers, {name: shipped(name).read_bytes()})
    load_ledgers(ledgers)


def token_file(data: Path, ledger: str, source: str) -> Path:
    """Return the path of a source's token; ledgers other than the shipped one have a directory each."""
    tokens = data / "tokens"
    return (tokens if ledger == LEDGER else tokens / ledger) / f"{source}.token"


def write_run(data: Path, run: Run) -> None:
    """Write `run.json`; its URL may contain a password, so only its owner may read it."""
    replace(data / "run.json", [msgspec.json.encode(run)], "what `duban up` writes", _is_run)


def remove_run(data: Path) -> None:
    """Remove `run.json` if `write_run` wrote it."""
    path = data / "run.json"
    if path.is_file() and not path.is_symlink() and _is_run(path.read_bytes()):
        path.unlink()


def _is_run(content: bytes) -> bool:
    try:
        msgspec.json.decode(content, type=Run)
    except msgspec.MsgspecError:
        return False
    return True


def bearer_from(text: str, origin: str, remedy: str) -> Bearer:
    """Return a token that a header can carry; raises SettingsError for any other text."""
    token = text.strip()
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise SettingsError(f"{origin} is not a token: it is empty or has other characters than a token; {remedy}")
    return Bearer(token, origin, remedy)


def _public_url(environment: Mapping[str, str]) -> str | None:
    url = environment.get("DUBAN_PUBLIC_URL")
    try:
        return BaseUrl(url) if url else None
    except ValueError as error:
        raise SettingsError(f"DUBAN_PUBLIC_URL={url!r}: {error}") from error


def _urls(ingest: str) -> dict[str, str]:
    """Return the base URLs of the services, which have consecutive ports."""
    base, _, port = ingest.rstrip("/").rpartition(":")
    if not port.isdecimal():
        raise SettingsError(f"DUBAN_URL {ingest!r} has no port; give it as http://host:8801")
    return {service: f"{base}:{int(port) + number}" for number, service in enumerate(SERVICES)}
