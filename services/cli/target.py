"""Where a duban is: a data directory with one running in it, or a remote one."""

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
"""Of ingest."""


class SupervisionError(Exception):
    """Something that `duban up` runs could not be kept running."""


class Run(Struct, frozen=True):
    """What `duban up` notes in its data directory, `run.json`: how to reach what it started, and by which clock."""

    redis_url: str
    port: int
    pid: int
    clock: str | None = None
    host: str = LOCALHOST


class Place(Struct, frozen=True):
    """A duban one can talk to: base URLs by service, and what else is known of it."""

    urls: dict[str, str]
    data: Path | None
    redis_url: str | None
    token: str | None = None
    clock: str | None = None

    @property
    def home(self) -> Path:
        """The data directory, whether or not it is there."""
        return self.data or DATA

    def token_of(self, ledger: str, source: str) -> str:
        """Return the token to speak as `source`; raises SettingsError where none is at hand."""
        if self.token is not None:
            return self.token
        path = token_file(self.home, ledger, source)
        if not path.exists():
            raise SettingsError(f"{path}: there is no token of {source!r}; set DUBAN_TOKEN")
        return path.read_text(encoding="utf-8").strip()

    def server(self) -> str:
        """Return the URL of the log's server; raises SettingsError where only the services' addresses are known."""
        if self.redis_url is None:
            raise SettingsError("this needs the log itself: set DUBAN_REDIS_URL, or --data to a running duban")
        return self.redis_url


def find(data: Path | None, environment: Mapping[str, str] = os.environ) -> Place:
    """Find a duban by `--data`, DUBAN_DATA, DUBAN_URL or DUBAN_REDIS_URL; raises SettingsError where there is none."""
    redis_url, clock = server_url(environment), environment.get("DUBAN_CLOCK") or None
    directory = data or Path(environment.get("DUBAN_DATA") or DATA)
    url = environment.get("DUBAN_URL") if data is None else None
    if url is not None:
        return Place(_urls(url), directory, redis_url, environment.get("DUBAN_TOKEN"), clock)
    try:
        run = msgspec.json.decode((directory / "run.json").read_bytes(), type=Run)
    except FileNotFoundError:
        if redis_url is not None and data is None:
            token = environment.get("DUBAN_TOKEN")
            return Place(_urls(f"http://127.0.0.1:{PORT}"), directory, redis_url, token, clock)
        raise SettingsError(f"{directory}: no duban runs here; start one with `duban up --data {directory}`") from None
    except msgspec.MsgspecError as error:
        raise SettingsError(f"{directory / 'run.json'}: not what `duban up` writes: {error}") from error
    urls = _urls(f"http://{reachable(run.host)}:{run.port}")
    return Place(urls, directory, redis_url or run.redis_url, clock=clock or run.clock)


def prepare(data: Path) -> None:
    """Make a data directory ready: a new one gets the shipped ledger."""
    ledgers = data / "ledgers"
    if not ledgers.exists():
        name = f"{LEDGER}.toml"
        make_directory(ledgers, {name: shipped(name).read_bytes()})
    load_ledgers(ledgers)


def token_file(data: Path, ledger: str, source: str) -> Path:
    """Return where a source's token lies; ledgers beside the first shipped one have a directory each."""
    tokens = data / "tokens"
    return (tokens if ledger == LEDGER else tokens / ledger) / f"{source}.token"


def write_run(data: Path, run: Run) -> None:
    """Note in a data directory how to reach what runs there; the URL may hold a password."""
    replace(data / "run.json", [msgspec.json.encode(run)], "what `duban up` writes", _is_run)


def remove_run(data: Path) -> None:
    """Remove what `write_run` noted, and nothing else that has its name."""
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
    """The services have consecutive ports."""
    base, _, port = ingest.rstrip("/").rpartition(":")
    if not port.isdecimal():
        raise SettingsError(f"DUBAN_URL {ingest!r} names no port; it looks like http://host:8801")
    return {service: f"{base}:{int(port) + number}" for number, service in enumerate(SERVICES)}
