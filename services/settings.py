"""Configuration: the environment of a process, and the ledgers' TOML files."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from events.ledger import Ledger
from events.log import key

SERVICES = ("ingest", "status", "notify")
"""In the order of their ports."""


class SettingsError(Exception):
    """The configuration cannot be used; says where and what would be right."""


class Settings(Struct, frozen=True):
    """What a service process is told by its environment.

    DUBAN_REDIS_URL  the server
    DUBAN_LEDGERS    the directory of ledger files, `<ledger>.toml`
    DUBAN_HOST       the address to listen on
    DUBAN_PORT       the port of ingest; status and notify take the next two
    DUBAN_CLOCK      `INSTANT@SPEED` or `file:PATH` (services/clock.py); the wall clock if unset
    DUBAN_LOG        `console` or `json`
    DUBAN_PARENT     the process with which this one ends, if any
    """

    redis_url: str = "redis://127.0.0.1:6379/0"
    ledgers: Path = Path("ledgers")
    host: str = "127.0.0.1"
    port: int = 8801
    clock: str | None = None
    log: Literal["console", "json"] = "json"
    parent: int | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Read the DUBAN_… variables; raise SettingsError where one cannot be used."""
        given = {
            name: environment[f"DUBAN_{name.upper()}"]
            for name in cls.__struct_fields__
            if environment.get(f"DUBAN_{name.upper()}")
        }
        try:
            return msgspec.convert(given, cls, strict=False, dec_hook=_path)
        except msgspec.ValidationError as error:
            raise SettingsError(f"environment: {error}") from error

    def port_of(self, service: str) -> int:
        return self.port + SERVICES.index(service)


def load_ledgers(directory: Path) -> dict[str, Ledger]:
    """Read every `<ledger>.toml` in a directory; raise SettingsError where there is none or one cannot be used."""
    ledgers = {path.stem: load_ledger(path) for path in sorted(directory.glob("*.toml"))}
    if not ledgers:
        raise SettingsError(f"{directory}: there is no ledger; expected files named <ledger>.toml")
    return ledgers


def load_ledger(path: Path) -> Ledger:
    """Read one ledger file; raise SettingsError, naming the file and the member, where it cannot be used."""
    try:
        key(path.stem)
        return msgspec.toml.decode(path.read_bytes(), type=Ledger)
    except (msgspec.MsgspecError, ValueError, KeyError, OSError) as error:
        raise SettingsError(f"{path}: {error}") from error


def shipped(name: str) -> Path:
    """Return a file that comes with duban: a ledger's configuration or the table of 2017."""
    here = Path(__file__).parent
    return next(path for path in (here / "ledgers" / name, here.parent / "deploy" / "ledgers" / name) if path.exists())


def _path(kind: type, value: object) -> object:
    if kind is Path and isinstance(value, str):
        return Path(value)
    raise NotImplementedError(kind)
