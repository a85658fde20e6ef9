"""A proof's report as a page for a browser, A4 when printed, with the proof in it as text and as a file."""

import base64
from html import escape

from services.cli.proof_report.content import ProofReport, ReportPart
from services.status.export.cells import visible

STYLE = """
@page { size: A4; margin: 14mm 18mm; }
body { margin: 2em auto; max-width: 170mm; color: #000; font: 9.5pt/1.4 "Noto Serif CJK SC", SimSun, serif; }
h1 { margin: 0; font-size: 18pt; text-align: center; }
.ledger { margin: 0 0 .5em; text-align: center; }
h2 { margin: .8em 0 .3em; font: bold 11pt "Noto Sans CJK SC", SimHei, sans-serif; break-after: avoid; }
table { width: 100%; border-collapse: collapse; }
th, td { padding: .1em .5em; border: 1px solid #666; text-align: left; vertical-align: top; }
th { width: 26%; font-weight: normal; background: #f2f2f2; }
td { overflow-wrap: anywhere; white-space: pre-line; }
p { margin: .3em 0; overflow-wrap: anywhere; }
.annex { break-before: page; }
pre { margin: 0; padding: .5em; border: 1px solid #666; font: 7pt/1.35 monospace; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; }
@media print { body { margin: 0; max-width: none; } a { display: none; } }
"""

_PAGE = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title} {file}</title>
<style>{style}</style>
</head>
<body>
<h1>{title}</h1>
<p class="ledger">{ledger}</p>
{parts}
<section class="annex">
<h2>{annex}</h2>
<p><a download="{file}" href="data:text/plain;base64,{data}">{download}</a></p>
<pre id="proof">{proof}</pre>
</section>
</body>
</html>
"""


def html_file(report: ProofReport) -> bytes:
    """Return a report as a page without scripts and without anything from elsewhere."""
    page = _PAGE.format(
        language={"zh": "zh-CN", "en": "en"}[report.language],
        title=_text(report.title),
        ledger=_text(report.ledger),
        style=STYLE,
        parts="\n".join(map(_part, report.parts)),
        annex=_text(report.annex),
        file=_text(report.file),
        data=base64.b64encode(report.proof.encode()).decode(),
        download=_text(report.download),
        proof=_text(report.proof),
    )
    return page.encode()


def _part(part: ReportPart) -> str:
    rows = "".join(f"<tr><th>{_text(label)}</th><td>{_text(value)}</td></tr>\n" for label, value in part.rows)
    return f"<h2>{_text(part.heading)}</h2>\n<table>\n{rows}</table>\n"


def _text(text: str) -> str:
    return escape(visible(text))
