"""Where a duban is: a data directory with one running in it, or a remote one."""

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec
from msgspec import Struct

from services.listening import LOCALHOST, reachable
from services.settings import SERVICES, SettingsError, load_ledgers, server_url, shipped

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
        ledgers.mkdir(parents=True)
        name = f"{LEDGER}.toml"
        (ledgers / name).write_bytes(shipped(name).read_bytes())
    load_ledgers(ledgers)


def token_file(data: Path, ledger: str, source: str) -> Path:
    """Return where a source's token lies; ledgers beside the first shipped one have a directory each."""
    tokens = data / "tokens"
    return (tokens if ledger == LEDGER else tokens / ledger) / f"{source}.token"


def write(path: Path, text: str, mode: int = 0o600) -> None:
    """Write a file at once, for its owner alone unless `mode` says otherwise: a crash leaves the old one or the new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    draft.write_text(text, encoding="utf-8")
    draft.chmod(mode)
    draft.replace(path)


def _urls(ingest: str) -> dict[str, str]:
    """The services have consecutive ports."""
    base, _, port = ingest.rstrip("/").rpartition(":")
    if not port.isdecimal():
        raise SettingsError(f"DUBAN_URL {ingest!r} names no port; it looks like http://host:8801")
    return {service: f"{base}:{int(port) + number}" for number, service in enumerate(SERVICES)}
