"""The deployment that a command addresses: a data directory with a running `duban up`, or a remote one."""

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec
from msgspec import Struct

from services.cli.files import make_directory, replace
from services.common.listening import LOCALHOST, reachable
from services.common.settings import SERVICES, SettingsError, load_ledgers, server_url, shipped

DATA = Path(".duban")
LEDGER = "zhanjiang"
PORT = 8801
"""The port of ingest."""


class SupervisionError(Exception):
    """A process of `duban up` ends as often as it is started."""


class Run(Struct, frozen=True):
    """The content of `run.json`, written by `duban up`: addresses, process id and clock."""

    redis_url: str
    port: int
    pid: int
    clock: str | None = None
    host: str = LOCALHOST


class Target(Struct, frozen=True):
    """A reachable deployment: base URLs by service, and optionally data directory, server, token and clock."""

    urls: dict[str, str]
    data: Path | None
    redis_url: str | None
    token: str | None = None
    clock: str | None = None

    @property
    def home(self) -> Path:
        """The data directory, which may not exist."""
        return self.data or DATA

    def token_of(self, ledger: str, source: str) -> str:
        """Return the token of a source; raises SettingsError if none is available."""
        if self.token is not None:
            return self.token
        path = token_file(self.home, ledger, source)
        if not path.exists():
            raise SettingsError(
                f"{path}: no token of {source!r}; set DUBAN_TOKEN, or start `duban up`, which makes one"
            )
        return path.read_text(encoding="utf-8").strip()

    def server(self) -> str:
        """Return the server's URL; raises SettingsError if only the services' addresses are known."""
        if self.redis_url is None:
            raise SettingsError(
                "this command reads the log itself: set DUBAN_REDIS_URL, or --data of a running `duban up`"
            )
        return self.redis_url


def find(data: Path | None, environment: Mapping[str, str] = os.environ) -> Target:
    """Return the target of --data, DUBAN_DATA, DUBAN_URL or DUBAN_REDIS_URL; raises SettingsError without one."""
    redis_url, clock = server_url(environment), environment.get("DUBAN_CLOCK") or None
    directory = data or Path(environment.get("DUBAN_DATA") or DATA)
    url = environment.get("DUBAN_URL") if data is None else None
    if url is not None:
        return Target(_urls(url), directory, redis_url, environment.get("DUBAN_TOKEN"), clock)
    try:
        run = msgspec.json.decode((directory / "run.json").read_bytes(), type=Run)
    except FileNotFoundError:
        if redis_url is not None and data is None:
            token = environment.get("DUBAN_TOKEN")
            return Target(_urls(f"http://127.0.0.1:{PORT}"), directory, redis_url, token, clock)
        raise SettingsError(
            f"{directory}: duban is not running here; start it with `duban up --data {directory}`"
        ) from None
    except msgspec.MsgspecError as error:
        raise SettingsError(f"{directory / 'run.json'} was not written by `duban up`: {error}") from error
    urls = _urls(f"http://{reachable(run.host)}:{run.port}")
    return Target(urls, directory, redis_url or run.redis_url, clock=clock or run.clock)


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


def _urls(ingest: str) -> dict[str, str]:
    """Return the base URLs of the services, which have consecutive ports."""
    base, _, port = ingest.rstrip("/").rpartition(":")
    if not port.isdecimal():
        raise SettingsError(f"DUBAN_URL {ingest!r} has no port; give it as http://host:8801")
    return {service: f"{base}:{int(port) + number}" for number, service in enumerate(SERVICES)}
