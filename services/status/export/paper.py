"""The paper of official documents in DOCX: fonts, margins, page numbers and tables, by GB/T 9704-2012.

`Paper` builds one document from the top; each font is set for both scripts; python-docx by itself sets it for Latin
only.
"""

import io
from collections.abc import Sequence
from typing import Any, Literal, TypeAlias
from xml.sax.saxutils import escape

from docx import Document
from docx.enum.section import WD_ORIENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Mm, Pt

from services.status.export.cells import visible

Align: TypeAlias = Literal["left", "center", "right"]

TITLE = ("方正小标宋简体", 22.0)
"""The title: 小标宋, size 2."""

BODY = ("仿宋", 16.0)
"""The text: 仿宋, size 3."""

FIRST_HEADING = ("黑体", 16.0)
"""Headings of the first level (一、)."""

SECOND_HEADING = ("楷体", 16.0)
"""Headings of the second level (（一）)."""

TABLE = ("仿宋", 10.5)
"""Cells of a table: size 5."""

DENSE_TABLE = ("仿宋", 9.0)
"""Cells of a table with many columns: small size 5."""

HEADING_FACE = "黑体"
"""The font of a table's headings, in the size of its cells."""

NARROW = 14
"""The width of a column up to which its cells are centred: numbers, days, words of a list."""

PAGE_NUMBER = ("宋体", 14.0)
"""Page numbers: 宋体, size 4, between dashes."""

LINE_POINTS = 28.0
"""The fixed height of a line of text: 22 lines on a page."""

INDENT_CHARACTERS = 2

SHORT, LONG = 210, 297
"""The sides of A4 in millimetres."""

MARGINS = {"top": 37, "bottom": 35, "left": 28, "right": 26}
"""In millimetres, for a notice; a page turned for a wide table has 20 on each side."""

WIDE_MARGIN = 20

Font: TypeAlias = tuple[str, float]


class Paper:
    """One document of A4 pages, turned for a wide table; `title` and `subject` are among its properties."""

    def __init__(self, title: str, subject: str, *, turned: bool = False) -> None:
        self._document: Any = Document()
        self._turned = turned
        properties = self._document.core_properties
        properties.title, properties.subject = visible(title.replace("\n", ""))[:255], visible(subject)[:255]
        properties.author, properties.comments = "duban", ""
        _set_font(self._document.styles["Normal"], BODY)
        section = self._document.sections[0]
        if turned:
            section.orientation = WD_ORIENT.LANDSCAPE
        section.page_width, section.page_height = (Mm(LONG), Mm(SHORT)) if turned else (Mm(SHORT), Mm(LONG))
        for side, millimetres in MARGINS.items():
            setattr(section, f"{side}_margin", Mm(WIDE_MARGIN if turned else millimetres))

    def text(
        self, text: str, font: Font = BODY, align: Align = "left", *, indent: bool = False, line: float = LINE_POINTS
    ) -> Any:
        """Add a paragraph and return it; `indent` moves its first line in by two characters.

        `line` is the least height of a line in points.
        """
        paragraph = self._document.add_paragraph()
        paragraph.alignment = _ALIGN[align]
        form = paragraph.paragraph_format
        form.space_before = form.space_after = Pt(0)
        form.line_spacing = Pt(max(line, font[1] * 1.5))
        if indent:
            form.first_line_indent = Pt(font[1] * INDENT_CHARACTERS)
        _set_font(paragraph.add_run(visible(text)), font)
        return paragraph

    def heading(self, text: str, level: Literal[1, 2]) -> None:
        """Add a heading, which stays with the paragraph after it and shows in the document's outline."""
        paragraph = self.text(text, FIRST_HEADING if level == 1 else SECOND_HEADING, indent=True)
        paragraph.paragraph_format.keep_with_next = True
        outline = OxmlElement("w:outlineLvl")
        outline.set(qn("w:val"), str(level - 1))
        paragraph._p.get_or_add_pPr().append(outline)  # noqa: SLF001 - python-docx has no outline levels

    def table(
        self, headings: Sequence[str], widths: Sequence[int], rows: Sequence[Sequence[str]], font: Font = TABLE
    ) -> None:
        """Add a table as wide as the page; the headings are repeated on each page, no row is split between two."""
        margins = 2 * WIDE_MARGIN if self._turned else MARGINS["left"] + MARGINS["right"]
        room = (LONG if self._turned else SHORT) - margins
        twips = [round(width * room * _TWIPS / sum(widths)) for width in widths]
        columns = [(width, share <= NARROW) for width, share in zip(twips, widths, strict=True)]
        head = _row(headings, [(width, True) for width in twips], (HEADING_FACE, font[1]), head=True)
        lines = [head, *(_row(row, columns, font) for row in rows)]
        grid = "".join(f'<w:gridCol w:w="{width}"/>' for width in twips)
        xml = f"<w:tbl {nsdecls('w')}>{_TABLE_FORM}<w:tblGrid>{grid}</w:tblGrid>{''.join(lines)}</w:tbl>"
        body = self._document.element.body
        body.insert(len(body) - 1, parse_xml(xml))  # before the section's properties, which are last

    def footer(self, text: str) -> None:
        """Number the pages, and write a text beside the number where there is one."""
        paragraph = self._document.sections[0].footer.paragraphs[0]
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        if text:
            _set_font(paragraph.add_run(f"{visible(text)}　"), TABLE)
        for part in ("— ", "PAGE", " —"):
            run = paragraph.add_run("" if part == "PAGE" else part)
            _set_font(run, PAGE_NUMBER)
            if part == "PAGE":
                for element in _page_field():
                    run._r.append(element)  # noqa: SLF001 - python-docx has no fields

    def bytes(self) -> bytes:
        """Return the document as a file."""
        file = io.BytesIO()
        self._document.save(file)
        return file.getvalue()


_ALIGN = {"left": WD_ALIGN_PARAGRAPH.LEFT, "center": WD_ALIGN_PARAGRAPH.CENTER, "right": WD_ALIGN_PARAGRAPH.RIGHT}

_TWIPS = 1440 / 25.4
"""Twentieths of a point in a millimetre."""

_LINES = "".join(
    f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="auto"/>'
    for side in ("top", "left", "bottom", "right", "insideH", "insideV")
)

_CELL_SPACING = '<w:spacing w:before="20" w:after="20" w:line="240" w:lineRule="auto"/>'

_CELL_MARGINS = '<w:left w:w="57" w:type="dxa"/><w:right w:w="57" w:type="dxa"/>'
"""A millimetre: a day fits in its column."""

_TABLE_FORM = (
    f'<w:tblPr><w:tblBorders>{_LINES}</w:tblBorders><w:tblLayout w:type="fixed"/>'
    f"<w:tblCellMar>{_CELL_MARGINS}</w:tblCellMar></w:tblPr>"
)


def _row(cells: Sequence[str], columns: Sequence[tuple[int, bool]], font: Font, *, head: bool = False) -> str:
    """Return a row as XML: python-docx would search the whole table for each cell, minutes for thousands of rows."""
    form = "<w:cantSplit/><w:tblHeader/>" if head else "<w:cantSplit/>"
    name, points = font
    run = (
        f'<w:rPr><w:rFonts w:ascii="{name}" w:hAnsi="{name}" w:eastAsia="{name}" w:cs="{name}"/>'
        f'<w:sz w:val="{points * 2:.0f}"/></w:rPr>'
    )
    found = "".join(
        f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/><w:vAlign w:val="center"/></w:tcPr>'
        f'<w:p><w:pPr>{_CELL_SPACING}<w:jc w:val="{"center" if centred else "left"}"/></w:pPr>'
        f"<w:r>{run}{_text(cell)}</w:r></w:p></w:tc>"
        for cell, (width, centred) in zip(cells, columns, strict=True)
    )
    return f"<w:tr><w:trPr>{form}</w:trPr>{found}</w:tr>"


def _text(text: str) -> str:
    """Return the text of a run; a line break and a tab are elements of their own."""
    shown = escape(visible(text)).replace("\r\n", "\n").replace("\r", "\n")
    parts = shown.replace("\t", "</w:t><w:tab/><w:t xml:space='preserve'>")
    parts = parts.replace("\n", "</w:t><w:br/><w:t xml:space='preserve'>")
    return f"<w:t xml:space='preserve'>{parts}</w:t>"


def _set_font(styled: Any, font: Font) -> None:
    """Set the font of a run or style, also for Chinese script."""
    name, points = font
    styled.font.name, styled.font.size = name, Pt(points)
    fonts = styled.element.get_or_add_rPr().get_or_add_rFonts()
    for script in ("w:eastAsia", "w:cs"):
        fonts.set(qn(script), name)


def _page_field() -> list[Any]:
    """Return the elements of a field with the page's number."""
    begin, code, end = OxmlElement("w:fldChar"), OxmlElement("w:instrText"), OxmlElement("w:fldChar")
    begin.set(qn("w:fldCharType"), "begin")
    code.text = "PAGE"
    end.set(qn("w:fldCharType"), "end")
    return [begin, code, end]
