"""`duban witness`: a witness of other people's logs."""

from pathlib import Path
from typing import Annotated

import structlog
import typer
import uvicorn

from events.seal.errors import ArchiveError, FormatError, SigningError
from events.seal.keys import VerifierKey, parse_key
from events.seal.policy import parse_policy
from services.cli.options import out
from services.common.listening import ListenError, listen
from services.common.protocol import configured
from services.common.runtime import configure_logging
from services.common.settings import SettingsError
from services.witness.app import witness_application
from services.witness.cosigner import Cosigner, make_keys

CONNECTIONS = 200
"""Requests at once; beyond them the answer is 503."""

HomeOption = Annotated[Path, typer.Option("--data", help="The directory of its key and of what it has cosigned")]
NameOption = Annotated[str | None, typer.Option("--name", help="For a new key: such as witness.example.cn/1")]

HOME = Path("witness")

commands = typer.Typer(add_completion=False, help="A witness of other people's logs (C2SP tlog-witness).")

log = structlog.get_logger()


@commands.callback(invoke_without_command=True)
def witness(
    context: typer.Context,
    data: HomeOption = HOME,
    listening: Annotated[str, typer.Option("--listen", metavar="HOST:PORT")] = "localhost:8810",
    policy: Annotated[Path | None, typer.Option("--policy", help="The logs that it witnesses: a tlog-policy")] = None,
    logs: Annotated[list[str] | None, typer.Option("--log", metavar="VKEY", help="A key of a log")] = None,
    name: NameOption = None,
) -> None:
    """Cosign checkpoints of the given logs, each only if it continues the last one; until a signal comes."""
    if context.invoked_subcommand is not None:
        return
    host, port = _address(listening)
    known = _logs(policy, logs or [])
    try:
        make_keys(data, name)
        cosigner = Cosigner(data, known)
    except (ArchiveError, FormatError, SigningError) as error:
        raise SettingsError(str(error)) from error
    configure_logging("witness", "console")
    try:
        sockets = listen(host, port)
    except ListenError as error:
        raise SettingsError(f"--listen: {error}") from error
    origins = sorted({key.name for key in known})
    log.info("witnessing", keys=[str(key) for key in cosigner.keys[:1]], logs=origins, listening=listening)
    config = configured(witness_application(cosigner), limit_concurrency=CONNECTIONS, timeout_graceful_shutdown=3)
    uvicorn.Server(config).run(sockets)


@commands.command("key")
def witness_key(
    data: HomeOption = HOME,
    name: NameOption = None,
    url: Annotated[str | None, typer.Option("--url", help="Where logs reach the witness, for their policies")] = None,
) -> None:
    """Print the lines of the witness for policies: it has one key of Ed25519 and one of ML-DSA-44, made once."""
    try:
        keys = [key.public for key in make_keys(data, name)]
    except (ArchiveError, FormatError, SigningError) as error:
        raise SettingsError(str(error)) from error
    for label, key in zip(("", "/ml-dsa-44"), keys, strict=True):
        out.out(" ".join(filter(None, ("witness", f"{key.name}{label}", str(key), url))), highlight=False)


def _logs(policy: Path | None, keys: list[str]) -> list[VerifierKey]:
    """Return the keys of the logs; raises SettingsError."""
    found: list[VerifierKey] = []
    try:
        if policy is not None:
            found += parse_policy(policy.read_bytes()).logs
        found += map(parse_key, keys)
    except OSError as error:
        raise SettingsError(f"--policy: {policy}: {error.strerror}") from error
    except FormatError as error:
        raise SettingsError(f"the keys of the logs: {error}") from error
    if not found:
        raise SettingsError("a witness needs logs: give --policy FILE with `log` lines, or --log VKEY")
    return found


def _address(text: str) -> tuple[str, int]:
    host, separator, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not separator or not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 1 << 16:
        raise SettingsError(f"--listen {text!r}: write HOST:PORT, such as 127.0.0.1:8810 or [::]:8810")
    return host, int(port)
