from collections.abc import Callable
from functools import partial
from zipfile import BadZipFile

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.schedule.document import read_document
from services.schedule.table import Table
from tests.schedule.documents import SEED, SEED_ROWS, book, changed, package, page, parts, separated, word

DOCUMENTS: dict[str, Callable[[], bytes]] = {
    "seed.docx": partial(word, SEED_ROWS),
    "seed.xlsx": lambda: book(Sheet1=SEED_ROWS),
    "seed.csv": partial(separated, SEED_ROWS),
    "excel.csv": partial(separated, SEED_ROWS, ",", "utf-8-sig"),
    "wps.csv": partial(separated, SEED_ROWS, ",", "gb18030"),
    "unicode.txt": partial(separated, SEED_ROWS, "\t", "utf-16"),
    "seed.html": partial(page, SEED_ROWS),
    "old.html": partial(page, SEED_ROWS, encoding="gb2312"),
}


def unplaced(table: Table) -> object:
    """Return a table without the places of its cells."""
    plain = msgspec.to_builtins(table)
    for row in plain["rows"]:
        for cell in (row["title"], row["deadline"], *(cell for _, cell in row["units"])):
            del cell["place"]
    return plain


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_seed_in_every_form(name: str) -> None:
    """The 2017 table says the same in every form that an office may have it in, whatever its name says."""
    expected = read_document(SEED.encode(), "seed.txt")
    assert len(expected.rows) == 27
    assert (expected.refusals, expected.notes) == ((), ())
    data = DOCUMENTS[name]()
    assert unplaced(read_document(data, name)) == unplaced(expected)
    assert read_document(data, "") == read_document(data, name)


@pytest.mark.parametrize(
    ("data", "name", "detail"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), "table.docx", "save it as .docx or .xlsx"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
            "a.xlsx",
            "protected by a password",
        ),
        (b"%PDF-1.7", "table.pdf", "a PDF file"),
        (b"\x89PNG\r\n", "table.png", "a picture"),
        (b"\xff\xd8\xff\xe0", "table.jpg", "a picture"),
        (b"{\\rtf1", "table.doc", "save it as .docx or .xlsx"),
        (b"MIME-Version: 1.0\n", "table.doc", "save it as .docx or .xlsx"),
        (b'<?xml version="1.0"?><?mso-application progid="Word.Document"?>', "table.xml", "save it as .docx or .xlsx"),
        (b"\xff\xff\xff", "table.doc", "save it as .docx or .xlsx"),
        (b"\xff\xff\xff", "table", "neither a document of a known kind nor text"),
        (b"PK\x03\x04", "table.docx", "the file is broken"),
        (package({"a.txt": b""}), "table.zip", "a zip file without"),
        (package({"content.xml": b"", "mimetype": b""}), "table.ods", "an OpenDocument file"),
        (package({"OFD.xml": b""}), "table.ofd", "an OFD file"),
        (
            changed(word(SEED_ROWS), "_rels/.rels", "http://schemas.openxmlformats.org", "http://purl.oclc.org/ooxml"),
            "strict.docx",
            "Strict Open XML",
        ),
        (package({"xl/workbook.bin": b""}), "table.xlsb", "save it as .xlsx"),
        (package({**parts(word(SEED_ROWS)), "word/vbaProject.bin": b""}), "table.docx", "the file has macros"),
        (
            changed(book(S=SEED_ROWS), "[Content_Types].xml", "sheet.main+xml", "sheet.macroEnabled.main+xml"),
            "a.xlsm",
            "macros",
        ),
    ],
)
def test_what_is_not_read(data: bytes, name: str, detail: str) -> None:
    """A file of another kind is refused, and what would be read is said."""
    table = read_document(data, name)
    assert table.rows == ()
    (refusal,) = table.refusals
    assert (refusal.row, refusal.place) == (0, "the file")
    assert detail in refusal.detail


def check(table: Table) -> None:
    """A table is told in full: as JSON, with numbers that tell its rows apart."""
    assert msgspec.json.decode(msgspec.json.encode(table), type=Table) == table
    assert len({row.number for row in table.rows}) == len(table.rows)
    assert all(row.title.text for row in table.rows)
    assert all(refusal.detail and refusal.place for refusal in table.refusals)


@given(st.binary(max_size=2_000), st.sampled_from(["a.docx", "a.xlsx", "a.csv", "a.html", "a.doc", ""]))
def test_any_bytes(data: bytes, name: str) -> None:
    """Whatever the bytes are, they are a table or refused."""
    table = read_document(data, name)
    check(table)
    assert table.refusals


MUTATED = {name: make() for name, make in DOCUMENTS.items()}


@given(st.sampled_from(sorted(MUTATED)), st.data())
@settings(deadline=None)
def test_mutated_files(name: str, data: st.DataObject) -> None:
    """A file of which some bytes are others, or are gone, is read or refused."""
    original = MUTATED[name]
    at = data.draw(st.integers(0, len(original)))
    gone = data.draw(st.integers(0, 200))
    check(read_document(original[:at] + data.draw(st.binary(max_size=20)) + original[at + gone :], name))


PIECES = [
    "<",
    ">",
    "/",
    '"',
    "0",
    "-1",
    "99999999999",
    "",
    "w:tc",
    "w:tr",
    "w:tbl",
    "<w:p/>",
    'w:val="x"',
    "&#0;",
    "<f/>",
    'r="A0"',
    't="s"',
    "<v>1e999</v>",
]


@given(st.sampled_from(["seed.docx", "seed.xlsx"]), st.data())
@settings(deadline=None)
def test_mutated_parts(name: str, data: st.DataObject) -> None:
    """A package with a part of which a piece is another is read or refused."""
    contents = parts(MUTATED[name])
    part = data.draw(st.sampled_from(sorted(part for part in contents if part.endswith((".xml", ".rels")))))
    content = contents[part]
    at = data.draw(st.integers(0, len(content)))
    gone = data.draw(st.integers(0, 30))
    piece = data.draw(st.sampled_from(PIECES)).encode()
    check(read_document(package({**contents, part: content[:at] + piece + content[at + gone :]}), name))


def test_a_broken_package_names_what_the_library_said() -> None:
    """What a library raises is part of the refusal."""
    (refusal,) = read_document(package({})[:-1], "a.docx").refusals
    assert BadZipFile.__name__ in refusal.detail
