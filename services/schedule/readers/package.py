"""The zip packages that .docx and .xlsx are: what is in one, before a library opens it."""

from io import BytesIO
from typing import Literal
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from services.common.sizes import MIB
from services.schedule.limits import MOST_INFLATED, MOST_PARTS
from services.schedule.text import UnreadableError

_CHUNK = MIB
_XML = (".xml", ".rels", ".vml")
_DECLARATIONS = ("<!DOCTYPE", "<!ENTITY")
_MARKS = [mark.encode(encoding) for mark in _DECLARATIONS for encoding in ("ascii", "utf-16-le", "utf-16-be")]
_LONGEST_MARK = max(map(len, _MARKS))

_OTHERS = (
    ("xl/workbook.bin", "a binary workbook (.xlsb); save it as .xlsx"),
    ("content.xml", "an OpenDocument file; save it as .docx or .xlsx"),
    ("OFD.xml", "an OFD file; save the table as .docx or .xlsx"),
    ("ppt/presentation.xml", "a presentation; save the table as .docx or .xlsx"),
)


def check_package(data: bytes) -> Literal["docx", "xlsx"]:
    """Return what a package holds; raise UnreadableError for one that is too large, has macros or is something else.

    Every part is inflated once, so that what it declares is known to be true.
    """
    archive = ZipFile(BytesIO(data))
    parts = archive.infolist()
    if len(parts) > MOST_PARTS:
        raise UnreadableError(f"the file has {len(parts):,} parts; at most {MOST_PARTS:,} are read")
    if sum(part.file_size for part in parts) > MOST_INFLATED:
        raise UnreadableError(f"unpacked, the file has more than {MOST_INFLATED:,} bytes")
    names = {part.filename for part in parts}
    if any(name.lower().endswith(("vbaproject.bin", "vbadata.xml")) for name in names):
        raise UnreadableError("the file has macros; save it as .docx or .xlsx, which have none")
    for part in parts:
        _check(archive, part)
    if "[Content_Types].xml" in names and b"macroEnabled" in archive.read("[Content_Types].xml"):
        raise UnreadableError("the file is of a kind that has macros; save it as .docx or .xlsx, which have none")
    if "_rels/.rels" in names and b"purl.oclc.org" in archive.read("_rels/.rels"):
        raise UnreadableError("the file is saved as Strict Open XML; save it as .docx or .xlsx without that")
    if "word/document.xml" in names:
        return "docx"
    if "xl/workbook.xml" in names:
        return "xlsx"
    what = next((what for name, what in _OTHERS if name in names), "a zip file without a Word document or a workbook")
    raise UnreadableError(f"this is {what}")


def _check(archive: ZipFile, part: ZipInfo) -> None:
    if part.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        raise UnreadableError(f"the part {part.filename[:80]} is packed in a way that Office does not use")
    checked = part.filename.lower().endswith(_XML)
    size, tail = 0, b""
    with archive.open(part) as stream:
        while chunk := stream.read(_CHUNK):
            size += len(chunk)
            if size > part.file_size:
                raise UnreadableError(f"the part {part.filename[:80]} is larger than it declares")
            if checked and any(mark in tail + chunk for mark in _MARKS):
                raise UnreadableError(f"the part {part.filename[:80]} declares a document type or entities")
            tail = chunk[-_LONGEST_MARK:]
