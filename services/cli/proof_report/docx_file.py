"""A proof's report as a document (DOCX), with the proof as its annex, line by line."""

from services.cli.proof_report.content import ProofReport
from services.status.export.paper import DENSE_TABLE, NARROW, TITLE, Paper

PROOF = ("Consolas", 6.5)
"""The annex: a proof with its signatures fits on a page."""

HEADING = ("黑体", 11.0)
"""Smaller than in a letter: the report fits on one page, the proof on the next."""

WIDTHS = (NARROW, 3 * NARROW)


def docx_file(report: ProofReport) -> bytes:
    """Return a report as a document of A4 pages."""
    paper = Paper(f"{report.title} {report.file}", report.ledger)
    paper.text(report.title, TITLE, "center")
    paper.text(report.ledger, HEADING, "center", line=0)
    for part in report.parts:
        paper.text(part.heading, HEADING, line=0).paragraph_format.keep_with_next = True
        paper.table(report.columns, WIDTHS, part.rows, DENSE_TABLE)
    paper.text(report.annex, HEADING, line=0).paragraph_format.page_break_before = True
    paper.table([report.file], (NARROW + 1,), [[report.proof]], PROOF)
    paper.footer("")
    return paper.bytes()
