"""The commands `duban audit key` and `duban audit prove`: whom to trust, and a proof that an entry is in a log."""

import sys
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from events.ledger import Ledger
from events.seal.errors import FormatError
from events.seal.keys import SM2_SM3, VerifierKey
from events.seal.log_proof import FIRST_LINE, LogProof
from events.seal.storage import CHECKPOINT
from events.seal.timestamps import DER, STAMPED, stamp_files
from events.text import Language
from services.cli.files import SHARED_MODE, replace
from services.cli.fsck.commands import TokenFileOption, files_of
from services.cli.fsck.files import ArchiveFiles, HttpFiles, files_at
from services.cli.options import DataOption, JsonOption, LedgerOption, err, has_ledger, ledger_of, out, witnesses_of
from services.cli.proof_report.writing import form_of, write_report
from services.cli.prover import Prover
from services.cli.sealed_places import era_in, place_in
from services.cli.service_error import ServiceError
from services.cli.target import LEDGER, find
from services.common.settings import SettingsError
from services.ingest.sealing.places import LOG, RECORD, STREAMS
from services.ingest.sealing.signing import load_signer
from services.ingest.sealing.witnesses import load_witnesses

RecordOption = Annotated[bool, typer.Option("--record", help="Of the record, instead of the log")]


def key(
    data: DataOption = None,
    ledger: LedgerOption = LEDGER,
    sm2: Annotated[bool, typer.Option("--sm2", help="With SM2 keys, which only duban reads")] = False,
    json: JsonOption = False,
) -> None:
    """Print the policy that trusts a ledger's log, record and rules: verifier keys and witnesses. Save it as a file.

    Reads the keys in DUBAN_KEYS or --data, and the witnesses in DUBAN_POLICY; compare them with what the office has
    published, not with what it serves.
    """
    present = era_in(data, ledger)
    eras = [
        {stream: _keys(place_in(data, ledger, stream, era + 1).key) for stream in STREAMS} for era in range(present)
    ]
    lines: list[str] = []
    for stream, keys in (one for era in reversed(eras) for one in era.items()):
        lines.append(f"# the {stream} of {ledger}: {keys[0].name}")
        hidden = [one for one in keys if one.type == SM2_SM3 and not sm2]
        lines += [f"log {one}" for one in keys if one not in hidden]
        lines += [f"# SM2/SM3, only for duban: log {one}" for one in hidden]
    policy = "".join(f"{line}\n" for line in (*lines, *_witnesses(data)))
    if json:
        streams = {name: {"origin": keys[0].name, "keys": list(map(str, keys))} for name, keys in eras[-1].items()}
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
    tsr: Annotated[
        Path | None, typer.Option("--tsr", help="Prove by the newest stamped checkpoint, and write its stamp here")
    ] = None,
    record: RecordOption = False,
    data: DataOption = None,
    ledger: LedgerOption = LEDGER,
) -> None:
    """Write a proof that an entry is in the sealed log, which `check-proof` checks with a policy alone."""
    stream = RECORD if record else LOG
    form = form_of(report, stream) if report is not None else None
    files = files_of(archive, token_file) if archive is not None else _archive(data, ledger, stream)
    try:
        proof = Prover(files, STAMPED if tsr is not None else CHECKPOINT).prove(position)
    except FormatError as error:
        raise ServiceError(
            f"the archive is damaged, or no archive: {error}; check it with `duban audit fsck`"
        ) from error
    if tsr is not None:
        replace(tsr, [_stamp(files, proof)], "a time stamp", lambda content: content.startswith(DER), SHARED_MODE)
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
        return load_signer(path).keys
    except FileNotFoundError:
        raise SettingsError(
            f"{path}: no key; ingest makes it with the archive, and this command reads it where ingest runs: give"
            " --data, or set DUBAN_KEYS"
        ) from None


def _witnesses(data: Path | None) -> list[str]:
    """Return the lines of the witnesses that checkpoints are published with; raises SettingsError."""
    path = witnesses_of(data)
    if path is None:
        return ["quorum none"]
    load_witnesses(path)
    lines = path.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    return [line for line in lines if line.split()[:1] != ["log"]]


def _archive(data: Path | None, ledger: str, stream: str) -> ArchiveFiles:
    """Return the archive in the data directory or the bucket, else that which ingest serves."""
    files = files_at(place_in(data, ledger, stream).archive)
    if files.read(CHECKPOINT) is not None:
        return files
    target = find(data)
    bearer = target.reader(ledger)
    url = f"{target.urls['ingest']}/v1/{ledger}/{stream}"
    return HttpFiles(url, bearer.token if bearer is not None else None)


def _stamp(files: ArchiveFiles, proof: LogProof) -> bytes:
    """Return the time stamp of a proof's checkpoint; raises ServiceError."""
    stamp = files.read(stamp_files(proof.checkpoint).stamp)
    if stamp is None:
        raise ServiceError("there is no archive with a time stamp; see `duban archive stamp`")
    return stamp
