"""The commands `duban audit key` and `duban audit prove`: whom to trust, and a proof that an entry is in a log."""

import sys
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from events.ledger import Ledger
from events.seal.errors import FormatError
from events.seal.keys import VerifierKey
from events.seal.log_proof import FIRST_LINE
from events.seal.signers import KeyFile
from events.seal.storage import CHECKPOINT
from events.text import Language
from services.cli.files import SHARED_MODE, replace
from services.cli.fsck.commands import TokenFileOption, files_of
from services.cli.fsck.files import ArchiveFiles, HttpFiles, files_at
from services.cli.options import DataOption, JsonOption, LedgerOption, err, has_ledger, ledger_of, out
from services.cli.proof_report.writing import form_of, write_report
from services.cli.prover import Prover
from services.cli.sealed_places import sealed_places
from services.cli.service_error import ServiceError
from services.cli.target import LEDGER, find
from services.common.settings import SettingsError
from services.ingest.sealing.places import LOG, RECORD, STREAMS, SealPlace, place_of

RecordOption = Annotated[bool, typer.Option("--record", help="Of the record, instead of the log")]


def key(data: DataOption = None, ledger: LedgerOption = LEDGER, json: JsonOption = False) -> None:
    """Print the policy that trusts a ledger's log, record and rules: origins and verifier keys. Save it as a file.

    Reads the keys in DUBAN_KEYS or --data; compare them with what the office has published, not with what it serves.
    """
    found = {stream: _keys(_place(data, ledger, stream).key) for stream in STREAMS}
    lines: list[str] = []
    for stream, keys in found.items():
        lines += [f"# the {stream} of {ledger}: {keys[0].name}", *(f"log {one}" for one in keys)]
    policy = "".join(f"{line}\n" for line in (*lines, "quorum none"))
    if json:
        streams = {name: {"origin": keys[0].name, "keys": list(map(str, keys))} for name, keys in found.items()}
        out.out(msgspec.json.encode({**streams, "policy": policy}).decode(), highlight=False)
    else:
        sys.stdout.write(policy)


def prove(
    position: Annotated[int, typer.Argument(min=1, help="The position of an event, or the number of an alert's entry")],
    file: Annotated[Path | None, typer.Option("--out", help="The file to write; standard output if not given")] = None,
    archive: Annotated[
        str | None, typer.Option("--archive", metavar="URL|DIR", help="Where `checkpoint` is; default: as duban runs")
    ] = None,
    token_file: TokenFileOption = None,
    report: Annotated[
        Path | None, typer.Option("--report", metavar="FILE.html|FILE.docx", help="Also write a page for people")
    ] = None,
    lang: Annotated[Language, typer.Option("--lang", help="The language of the report")] = "zh",
    record: RecordOption = False,
    data: DataOption = None,
    ledger: LedgerOption = LEDGER,
) -> None:
    """Write a proof that an entry is in the sealed log, which `check-proof` checks with a policy alone."""
    stream = RECORD if record else LOG
    form = form_of(report, stream) if report is not None else None
    files = files_of(archive, token_file) if archive is not None else _archive(data, ledger, stream)
    try:
        proof = Prover(files).prove(position)
    except FormatError as error:
        raise ServiceError(
            f"the archive is damaged, or no archive: {error}; check it with `duban audit fsck`"
        ) from error
    if report is not None and form is not None:
        about = ledger_of(data, ledger) if has_ledger(data, ledger) else Ledger(title=ledger)
        write_report(report, form, files, proof, about, lang)
        err.print(f"{report}: what position {position} proves, for people, with the proof in it")
    if file is None and report is None:
        sys.stdout.buffer.write(proof.encode())
    elif file is not None:
        replace(file, [proof.encode()], "a proof", lambda content: content.startswith(FIRST_LINE.encode()), SHARED_MODE)
        err.print(f"{file}: the proof of position {position}; `duban audit check-proof` checks it")


def _keys(path: Path) -> tuple[VerifierKey, ...]:
    try:
        return KeyFile.load(path).keys
    except FileNotFoundError:
        raise SettingsError(
            f"{path}: no key; ingest makes it with the archive, and this command reads it where ingest runs: give"
            " --data, or set DUBAN_KEYS"
        ) from None


def _archive(data: Path | None, ledger: str, stream: str) -> ArchiveFiles:
    """Return the archive in the data directory or the bucket, else that which ingest serves."""
    files = files_at(_place(data, ledger, stream).archive)
    if files.read(CHECKPOINT) is not None:
        return files
    target = find(data)
    bearer = target.reader(ledger)
    url = f"{target.urls['ingest']}/v1/{ledger}/{stream}"
    return HttpFiles(url, bearer.token if bearer is not None else None)


def _place(data: Path | None, ledger: str, stream: str) -> SealPlace:
    return place_of(*sealed_places(data), ledger, stream)
