"""A notice as a document (DOCX)."""

from services.status.export.notice import Block
from services.status.export.paper import SECOND_HEADING, TITLE, Paper
from services.status.export.sheets import About
from services.status.export.spelling import day_of

WIDTHS = (5, 20, 6, 6, 6, 9, 10, 10)
"""Of the columns of the ranking, in proportion."""


def notice_file(blocks: list[Block], about: About) -> bytes:
    """Return a notice as a document; the position that it shows is among its properties."""
    paper = Paper(blocks[0].text, f"{day_of(about)} · {about.word('task.position')} {about.position}")
    for block in blocks:
        _add(paper, block)
    paper.footer("")
    return paper.bytes()


def _add(paper: Paper, block: Block) -> None:
    match block.kind:
        case "title":
            paper.text(block.text, TITLE, "center")
        case "draft":
            paper.text(block.text, SECOND_HEADING, "center")
            paper.text("")
        case "address":
            paper.text(block.text)
        case "heading":
            paper.heading(block.text, 1)
        case "unit":
            paper.heading(block.text, 2)
        case "table":
            headings, *rows = block.table
            paper.table(headings, WIDTHS, rows)
        case "signature":
            paper.text(block.text, align="right")
        case _:
            paper.text(block.text, indent=True)
