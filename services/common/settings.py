"""Configuration: the environment of a process, and the ledgers' TOML files."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar
from urllib.parse import parse_qs, quote, urlsplit

import msgspec
from msgspec import Meta, Struct

from events.alerting import AlertRules
from events.keys import key
from events.ledger import Ledger
from events.operations import OPS
from events.reading import check_origin
from services.common.limits import CONNECTIONS, REFUSED_BYTES, STREAMS, Limits
from services.common.listening import LOCALHOST, reachable
from services.common.networks import Networks
from services.common.toml_errors import explained

T = TypeVar("T", bound=Struct)

SERVICES = ("ingest", "status", "notify")
"""In the order of their ports."""

SEAL_SECONDS = 10.0
"""Between two checkpoints: as logs of certificates do, and few enough for witnesses."""

TAKEN = {
    OPS: "that is what duban records of its operators; it has no file",
    "schemas": "/v1/schemas has those of the events",
    **dict.fromkeys(
        ("asyncapi", "health", "metrics", "static", "v1"), "its page would have an address of the services"
    ),
}
"""Names that no ledger can have, and why."""


class SettingsError(Exception):
    """The configuration cannot be used; says where and what would be right."""


class BaseUrl(str):
    """The URL at which a service is found: an origin, without a path."""

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        """Read a URL, with or without its last slash; raises ValueError for text that is none, with examples."""
        return super().__new__(cls, check_origin(text.removesuffix("/")))


class _Alerts(Struct, frozen=True):
    """The part of a ledger's file that has the rules of alerts."""

    alerts: AlertRules


class Settings(Struct, frozen=True):
    """What a service process is told by its environment.

    DUBAN_REDIS_URL  the server, redis:// or rediss://, with a user where it asks for one
    DUBAN_REDIS_PASSWORD_FILE
                     the file that holds the user's password, where the URL does not
    DUBAN_LEDGERS    the directory of ledger files, `<ledger>.toml`
    DUBAN_HOST       the address to listen on; `localhost` is 127.0.0.1 and ::1, `::` is every address of IPv4 and IPv6
    DUBAN_PORT       the port of ingest; status and notify take the next two
    DUBAN_CLOCK      `INSTANT@SPEED` or `file:PATH` (services/common/clock.py); the wall clock if unset
    DUBAN_LOG        `console` or `json`
    DUBAN_REPLICAS   how many replicas have an event on disk before it is acknowledged, or an alert before it is sent
    DUBAN_CONNECTIONS
                     connections of one client at once: an address without a token, a source with one, or a session
    DUBAN_STREAMS    streams of changes of one client at once
    DUBAN_TRUSTED_PROXIES
                     networks (CIDR, separated by commas) whose X-Forwarded-For and X-Forwarded-Proto are believed
    DUBAN_REFUSED_BYTES
                     bytes of the newest refused submissions of a source that ingest keeps whole
    DUBAN_STATE      the directory in which ingest notes what it has acknowledged, outside of the server: to be made by
                     it, or empty, or its own already; nothing is noted if unset
    DUBAN_ARCHIVE    the directory in which ingest seals each ledger's log and record, or the place in a bucket
                     (s3://bucket/prefix, with AWS_… variables), under the same conditions; nothing is sealed if unset.
                     The others read there what has left the server
    DUBAN_KEYS       the directory of the keys and states of signing, outside of the archive; `keys` next to it if unset
    DUBAN_SEAL_SECONDS
                     seconds between two checkpoints while a log grows
    DUBAN_POLICY     a tlog-policy file: witnesses with URLs, and the quorum without which no checkpoint is published
    DUBAN_FAIL_OPEN  seconds after which a checkpoint is published without the quorum, as it is shown; never if unset
    DUBAN_TSA        the URL of a time stamping authority (RFC 3161) that stamps a checkpoint a day
    DUBAN_PUBLIC_URL where people find the page, such as https://board.example.cn: what links begin with, and from which
                     alone a session may send anything; with https its cookies are sent over TLS only
    DUBAN_INGEST_URL, DUBAN_NOTIFY_URL
                     where status finds ingest and notify, to which it forwards; at DUBAN_HOST and their ports if unset
    DUBAN_PARENT     the process with which this one ends, if any
    """

    redis_url: str = "redis://127.0.0.1:6379/0"
    ledgers: Path = Path("ledgers")
    host: str = LOCALHOST
    port: Annotated[int, Meta(ge=1, le=65_535 - len(SERVICES) + 1)] = 8801
    clock: str | None = None
    log: Literal["console", "json"] = "json"
    replicas: Annotated[int, Meta(ge=0)] = 0
    connections: Annotated[int, Meta(ge=1)] = CONNECTIONS
    streams: Annotated[int, Meta(ge=1)] = STREAMS
    trusted_proxies: Networks = Networks()
    refused_bytes: Annotated[int, Meta(ge=0)] = REFUSED_BYTES
    state: Path | None = None
    archive: str | None = None
    keys: Path | None = None
    seal_seconds: Annotated[float, Meta(gt=0)] = SEAL_SECONDS
    policy: Path | None = None
    fail_open: Annotated[float, Meta(ge=0)] | None = None
    tsa: Annotated[str, Meta(pattern=r"^https?://[^/\s]")] | None = None
    public_url: BaseUrl | None = None
    ingest_url: BaseUrl | None = None
    notify_url: BaseUrl | None = None
    parent: int | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Read the DUBAN_… variables; raise SettingsError where one cannot be used."""
        given = {
            name: environment[f"DUBAN_{name.upper()}"]
            for name in cls.__struct_fields__
            if environment.get(f"DUBAN_{name.upper()}")
        }
        if (url := server_url(environment)) is not None:
            given["redis_url"] = url
        try:
            return msgspec.convert(given, cls, strict=False, dec_hook=_read)
        except msgspec.ValidationError as error:
            wrong, _, name = str(error).partition(" - at `$.")
            name = name.rstrip("`")
            raise SettingsError(f"DUBAN_{name.upper()}={given[name]!r}: {wrong}") from error

    @property
    def limits(self) -> Limits:
        """What one client may take."""
        return Limits(self.connections, self.streams, self.trusted_proxies)

    def port_of(self, service: str) -> int:
        return self.port + SERVICES.index(service)

    def clock_of(self, ledger: str) -> str | None:
        """Return the clock that a ledger runs by; what operators do is recorded by the wall clock."""
        return self.clock if ledger != OPS else None

    def url_of(self, service: str) -> str:
        """Return where status finds a service."""
        given = {"ingest": self.ingest_url, "notify": self.notify_url}.get(service)
        return given or f"http://{reachable(self.host)}:{self.port_of(service)}"


def server_url(environment: Mapping[str, str]) -> str | None:
    """Return the server's URL with its password, None if DUBAN_REDIS_URL is not set.

    Raises SettingsError where it cannot be used; the message never has the URL, which may hold a password.
    """
    url = environment.get("DUBAN_REDIS_URL")
    if not url:
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        port = -1
    if port == -1 or parts.scheme not in {"redis", "rediss", "unix"} or parts.fragment:
        raise SettingsError(
            "DUBAN_REDIS_URL cannot be read; it looks like redis://user:password@host:6379/0, or rediss:// for TLS;"
            " other characters than letters and digits in a password are percent-encoded"
        )
    for name, (path, *_) in parse_qs(parts.query).items():
        if name in {"ssl_ca_certs", "ssl_certfile", "ssl_keyfile"} and not Path(path).is_file():
            raise SettingsError(f"DUBAN_REDIS_URL: {name}: there is no file {path}")
    file = environment.get("DUBAN_REDIS_PASSWORD_FILE")
    if not file:
        return url
    if not parts.username or parts.password:
        raise SettingsError("DUBAN_REDIS_PASSWORD_FILE needs a user, and no password, in DUBAN_REDIS_URL")
    try:
        password = Path(file).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsError(f"DUBAN_REDIS_PASSWORD_FILE: {file}: {error.strerror}") from error
    user, _, host = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{user.removesuffix(':')}:{quote(password, safe='')}@{host}").geturl()


def shown(url: str) -> str:
    """Return a server's URL as people may see it: without its password."""
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{user.partition(':')[0]}{at}{host}").geturl()


def load_ledgers(directory: Path) -> dict[str, Ledger]:
    """Read every `<ledger>.toml` in a directory; raise SettingsError where there is none or one cannot be used."""
    ledgers = {path.stem: load_ledger(path) for path in sorted(directory.glob("*.toml"))}
    if not ledgers:
        raise SettingsError(f"{directory}: there is no ledger; expected files named <ledger>.toml")
    return ledgers


def load_ledger(path: Path) -> Ledger:
    """Read one ledger file; raise SettingsError, naming the file, the line and the key, where it cannot be used."""
    if path.stem in TAKEN:
        raise SettingsError(f"{path}: a ledger cannot be called {path.stem}: {TAKEN[path.stem]}")
    try:
        key(path.stem)
    except ValueError as error:
        raise SettingsError(f"{path}: {error}") from error
    ledger = _decoded(path, Ledger)
    for name, source in ledger.sources.items():
        if source.role == "operations":
            raise SettingsError(f"{path}: sources.{name}.role: operations is for the ledger {OPS} alone")
    return ledger


def load_alert_rules(path: Path) -> AlertRules:
    """Read the rules of alerts in a ledger file, or in a file with `[alerts]` alone; raises SettingsError."""
    return _decoded(path, _Alerts).alerts


def _decoded(path: Path, kind: type[T]) -> T:
    """Read a TOML file; raise SettingsError, naming the file, the line and the key, where it is no `kind`."""
    content = b""
    try:
        content = path.read_bytes()
        return msgspec.toml.decode(content, type=kind)
    except msgspec.ValidationError as error:
        line, said = explained(content.decode(), str(error), kind)
        where = f"{path}:{line}" if line is not None else path
        raise SettingsError(f"{where}: {said}") from error
    except (msgspec.MsgspecError, ValueError, KeyError, OSError) as error:
        raise SettingsError(f"{path}: {error}") from error


def shipped(name: str) -> Path:
    """Return a file that comes with duban: a ledger's configuration or the table of 2017."""
    here = Path(__file__).parents[1]
    return next(path for path in (here / "ledgers" / name, here.parent / "deploy" / "ledgers" / name) if path.exists())


def published(name: str) -> Path:
    """Return a file of the contract, as `duban contract` wrote it and as it comes with duban."""
    here = Path(__file__).parents[1]
    return next(path for path in (here / "published" / name, here.parent / "deploy/contract" / name) if path.exists())


def _read(kind: type, value: object) -> object:
    if kind in {Path, Networks, BaseUrl} and isinstance(value, str):
        return kind(value)
    raise NotImplementedError(kind)  # msgspec's protocol for a `dec_hook` that does not decode a type
