"""Writing a proof's report to a file, with the task as the archive has it up to the proved event."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from events.entries import Stored
from events.envelope import InvalidEvent, read
from events.ledger import Ledger
from events.seal.checkpoint import parse_checkpoint
from events.seal.log_proof import FIRST_LINE, LogProof
from events.seal.notes import parse_note
from events.text import Language
from services.cli.archived.entries import SealedEntries
from services.cli.files import SHARED_MODE, replace
from services.cli.fsck.files import ArchiveFiles
from services.cli.proof_report.content import ProofReport, report_of, task_until
from services.cli.proof_report.docx_file import docx_file
from services.cli.proof_report.html_file import html_file
from services.cli.service_error import ServiceError
from services.common.settings import SettingsError
from services.ingest.sealing.places import LOG

Form = Callable[[ProofReport], bytes]

FORMS: dict[str, Form] = {".html": html_file, ".docx": docx_file}


def form_of(path: Path, stream: str) -> Form:
    """Return what writes a report, by the file's name; raises SettingsError."""
    if stream != LOG:
        raise SettingsError("--report tells an event of the log; an entry of the record has no report yet")
    if path.suffix not in FORMS:
        raise SettingsError(f"--report {path}: give a name that ends in {' or '.join(FORMS)}")
    return FORMS[path.suffix]


def write_report(
    path: Path, form: Form, files: ArchiveFiles, proof: LogProof, ledger: Ledger, language: Language
) -> None:
    """Write the report of a proof that has its entry; raises ServiceError if that is no event."""
    try:
        subject = read(proof.extra or b"").subject
    except InvalidEvent as error:
        raise ServiceError(f"position {proof.entry_index + 1} is no event of duban: {error.detail}") from error
    task = task_until(ledger, _until(files, proof), subject)
    content = form(report_of(proof, ledger, task, language))
    replace(path, [content], "a report", _is_own, SHARED_MODE)


def _is_own(content: bytes) -> bool:
    """Return whether a file is a report, which may be replaced: a page with a proof, or a document of duban's."""
    if content.startswith(b"<!doctype html>"):
        return FIRST_LINE.encode() in content
    try:
        with ZipFile(io.BytesIO(content)) as file:
            return b"<dc:creator>duban</dc:creator>" in file.read("docProps/core.xml")
    except (BadZipFile, KeyError):
        return False


def _until(files: ArchiveFiles, proof: LogProof) -> Iterator[Stored]:
    """Yield the entries of the archive up to the one that is proved."""
    checkpoint = parse_checkpoint(parse_note(proof.checkpoint).text)
    for batch in SealedEntries(files, checkpoint).batches():
        yield from (entry for entry in batch if entry.position <= proof.entry_index + 1)
        if batch[-1].position > proof.entry_index:
            return
