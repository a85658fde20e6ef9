"""The commands `duban audit key` and `duban audit prove`: whom to trust, and a proof that an entry is in a log."""

import os
import sys
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from events.seal.checkpoint import parse_checkpoint
from events.seal.errors import FormatError
from events.seal.keys import SM2_SM3, VerifierKey
from events.seal.log_proof import FIRST_LINE, LogProof
from events.seal.merkle import leaf_hash
from events.seal.notes import parse_note
from events.seal.proofs import included, inclusion_proof
from events.seal.storage import CHECKPOINT
from events.seal.tiles import entry_at, subtrees
from events.seal.timestamps import DER, STAMPED, stamp_files
from services.cli.client import ServiceError
from services.cli.files import SHARED_MODE, replace
from services.cli.fsck.commands import TokenFileOption, files_of
from services.cli.fsck.files import ArchiveFiles, DirectoryFiles, HttpFiles
from services.cli.options import DataOption, JsonOption, LedgerOption, err, home, out, witnesses_of
from services.cli.target import LEDGER, find
from services.common.settings import SettingsError
from services.ingest.sealing.places import LOG, RECORD, STREAMS, SealPlace, keys_of, place_of
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
    found = {stream: _keys(place_in(data, ledger, stream).key) for stream in STREAMS}
    lines: list[str] = []
    for stream, keys in found.items():
        lines.append(f"# the {stream} of {ledger}: {keys[0].name}")
        hidden = [one for one in keys if one.type == SM2_SM3 and not sm2]
        lines += [f"log {one}" for one in keys if one not in hidden]
        lines += [f"# SM2/SM3, only for duban: log {one}" for one in hidden]
    policy = "".join(f"{line}\n" for line in (*lines, *_witnesses(data)))
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
    tsr: Annotated[
        Path | None, typer.Option("--tsr", help="Prove by the newest stamped checkpoint, and write its stamp here")
    ] = None,
    record: RecordOption = False,
    data: DataOption = None,
    ledger: LedgerOption = LEDGER,
) -> None:
    """Write a proof that an entry is in the sealed log, which `check-proof` checks with a policy alone."""
    stream = RECORD if record else LOG
    files = files_of(archive, token_file) if archive is not None else _archive(data, ledger, stream)
    try:
        checkpoint, stamp = _checkpoint(files, stamped=tsr is not None)
        proof = _proof(files, position, checkpoint)
    except FormatError as error:
        raise ServiceError(
            f"the archive is damaged, or no archive: {error}; check it with `duban audit fsck`"
        ) from error
    if tsr is not None:
        replace(tsr, [stamp], "a time stamp", lambda content: content.startswith(DER), SHARED_MODE)
    if file is None:
        sys.stdout.buffer.write(proof)
    else:
        replace(file, [proof], "a proof", lambda content: content.startswith(FIRST_LINE.encode()), SHARED_MODE)
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
    """Return the archive in the data directory, else that which ingest serves."""
    place = place_in(data, ledger, stream).archive
    if (place / CHECKPOINT).is_file():
        return DirectoryFiles(place)
    target = find(data)
    bearer = target.reader(ledger)
    url = f"{target.urls['ingest']}/v1/{ledger}/{stream}"
    return HttpFiles(url, bearer.token if bearer is not None else None)


def place_in(data: Path | None, ledger: str, stream: str) -> SealPlace:
    """Return where a stream of a ledger is sealed: as DUBAN_ARCHIVE and DUBAN_KEYS say, or in the data directory."""
    archive = Path(os.environ.get("DUBAN_ARCHIVE") or home(data) / "archive")
    given = os.environ.get("DUBAN_KEYS")
    return place_of(archive, keys_of(archive, Path(given) if given else None), ledger, stream)


def _checkpoint(files: ArchiveFiles, *, stamped: bool) -> tuple[bytes, bytes]:
    """Return the checkpoint to prove by, and the time stamp of a stamped one; raises ServiceError."""
    data = files.read(STAMPED if stamped else CHECKPOINT)
    stamp = files.read(stamp_files(data).stamp) if data is not None and stamped else b""
    if data is None or stamp is None:
        what = "time stamp; see `duban archive stamp`" if stamped else "checkpoint; name one with --archive URL|DIR"
        raise ServiceError(f"there is no archive with a {what}")
    return data, stamp


def _proof(files: ArchiveFiles, position: int, data: bytes) -> bytes:
    """Return the proof of an entry; raises FormatError if the archive does not have what its checkpoint says."""
    checkpoint = parse_checkpoint(parse_note(data).text)
    if position > checkpoint.size:
        raise ServiceError(
            f"position {position} is not sealed; {checkpoint.origin} is sealed up to {checkpoint.size}, and"
            " `duban archive seal` seals the rest"
        )
    entry = entry_at(files.read, checkpoint.size, position)
    hashes = inclusion_proof(position - 1, checkpoint.size, subtrees(files.read, checkpoint.size))
    if not included(leaf_hash(entry), position - 1, checkpoint.size, hashes, checkpoint.root):
        raise FormatError(f"the entry at position {position} is not what was sealed, or a tile is not")
    return LogProof(position - 1, tuple(hashes), data, entry).encode()
