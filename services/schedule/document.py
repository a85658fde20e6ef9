"""Reading a document in any office format (.docx, .xlsx, .csv, .html, text) as the rows of its tables."""

import re
from collections.abc import Callable, Sequence
from functools import partial

from msgspec import Struct

from services.schedule.grid import SPACES, Grid, shorten, struck_out
from services.schedule.limits import MOST_BYTES
from services.schedule.listing import has_units, label_line
from services.schedule.lists import read_list
from services.schedule.outline import Paragraph
from services.schedule.readers.encoded import decode
from services.schedule.readers.lines import read_lines
from services.schedule.readers.package import check_package
from services.schedule.readers.separated import read_separated
from services.schedule.rows import read_grids
from services.schedule.table import Table, whole
from services.schedule.text import UnreadableError

_SAVE = "open it in Word, Excel or WPS and save it as .docx or .xlsx"
_OLD = f"a file of an old kind (.doc, .xls, .wps, .et): {_SAVE}"
_PDF = "a PDF file, which has no tables: take the document it was made from, as .docx or .xlsx"
_PICTURE = "a picture: type the table into a .docx or .xlsx"
_PROTECTED = "EncryptedPackage".encode("utf-16-le")

_REFUSED = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", _OLD),
    (b"%PDF", _PDF),
    (b"{\\rtf", f"an RTF file: {_SAVE}"),
    (b"MIME-Version:", f"a web archive: {_SAVE}"),
    (b"\x89PNG", _PICTURE),
    (b"\xff\xd8\xff", _PICTURE),
    (b"GIF8", _PICTURE),
    (b"II*\x00", _PICTURE),
    (b"MM\x00*", _PICTURE),
    (b"RIFF", _PICTURE),
)
"""How files begin that are not read, and what they are."""

_ENDINGS = {".doc": _OLD, ".xls": _OLD, ".wps": _OLD, ".et": _OLD, ".pdf": _PDF, ".rtf": _REFUSED[2][1]}
_WEB = re.compile(r"<(?:!doctype html|html|head|body|table|div|meta)\b", re.IGNORECASE)
_OFFICE_XML = re.compile(r"<\?mso-application|<w:wordDocument|urn:schemas-microsoft-com:office:spreadsheet\">")
_HEAD = 4096
"""Characters in which a text shows what it is."""


def read_document(data: bytes, name: str) -> Table:
    """Read the rows of a document of a name; whatever the bytes are, what cannot be read is a refusal.

    What the document is shows in its bytes; only where they do not tell does the name’s ending.
    """
    try:
        return _read(_opened(data, name))
    except UnreadableError as error:
        detail = str(error)
    except MemoryError:
        detail = "it takes more memory to read than is given"
    except Exception as error:  # noqa: BLE001 - parsers raise any error on a broken file; it becomes a refusal
        detail = f"the file is broken: {type(error).__name__}: {str(error)[:200]}"
    return Table((), (whole(detail),))


class _Document(Struct, frozen=True):
    """A document’s tables, and its paragraphs, which are looked at where the tables have no tasks.

    `beside` are those that stand in no table.
    """

    grids: Sequence[Grid]
    paragraphs: Callable[[], Sequence[Paragraph]] = tuple
    beside: Callable[[], Sequence[Paragraph]] = tuple


def _read(document: _Document) -> Table:
    """Read the tables; where none has a header, the paragraphs, if they are a list of tasks."""
    table, found = read_grids(document.grids)
    if table.rows or found:
        beside = [one for one in document.beside() if label_line(one.text) or has_units(one.text)]
        notes = [
            f"{one.place}: “{shorten(one.text)}” names units, but stands outside the tables; it is not read"
            for one in beside
        ]
        return Table(table.rows, table.refusals, (*table.notes, *notes))
    paragraphs = document.paragraphs()
    listed = read_list([one for one in paragraphs if one.text])
    struck = [note for one in paragraphs for note in struck_out(one.struck, one.place)]
    return Table(listed.rows, listed.refusals, (*table.notes, *listed.notes, *struck)) if listed else table


def _opened(data: bytes, name: str) -> _Document:
    """Return a document by the reader of its format; a library is imported when it is needed."""
    if len(data) > MOST_BYTES:
        raise UnreadableError(f"the file has {len(data):,} bytes; at most {MOST_BYTES:,} are read")
    for mark, what in _REFUSED:
        if data.startswith(mark):
            protected = what is _OLD and _PROTECTED in data
            raise UnreadableError("the file is protected by a password" if protected else f"this is {what}")
    if data.startswith(b"PK"):
        if check_package(data) == "docx":
            from services.schedule.readers.word import read_paragraphs, read_word  # noqa: PLC0415 - slow to import, and few documents need it

            paragraphs = partial(read_paragraphs, data)
            return _Document(read_word(data), paragraphs, paragraphs)
        from services.schedule.readers.sheet import read_sheets  # noqa: PLC0415 - slow to import, and few documents need it

        return _Document(read_sheets(data))
    return _texts(data, name)


def _texts(data: bytes, name: str) -> _Document:
    if _is_web(data) or name.lower().endswith((".htm", ".html")):
        from services.schedule.readers.web import read_blocks, read_web  # noqa: PLC0415 - slow to import, and few documents need it

        return _Document(
            read_web(data), partial(read_blocks, data, whole=True), partial(read_blocks, data, whole=False)
        )
    ending = "." + name.lower().rpartition(".")[2]
    try:
        text = decode(data)
    except UnreadableError:
        if ending in _ENDINGS:
            raise UnreadableError(f"this is {_ENDINGS[ending]}") from None
        raise
    if _OFFICE_XML.search(text[:_HEAD]):
        raise UnreadableError(f"this is a document in XML: {_SAVE}")
    return _Document(read_lines(text) or read_separated(text), partial(_lines, text))


def _lines(text: str) -> list[Paragraph]:
    """Return the lines of a text in which something stands."""
    return [
        Paragraph(line.strip(SPACES), f"line {number}")
        for number, line in enumerate(text.splitlines(), 1)
        if line.strip(SPACES)
    ]


def _is_web(data: bytes) -> bool:
    """Return whether a file begins as a web page does; the signs of one are ASCII in every encoding."""
    head = data[:_HEAD].translate(None, b"\0\xef\xbb\xbf\xff\xfe").decode("latin-1")
    return head.lstrip().startswith("<") and _WEB.search(head) is not None
