"""The form by which the reader of a message acknowledges an alert, as HTML without scripts. Pure.

Name and word are empty and needed: whoever submits the form as it came acknowledges nothing.
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from html import escape

from msgspec import Struct

from events.deadline import last_day
from events.text import Language
from services.notify.ack_words import spelled, text
from services.notify.acks import Ack
from services.notify.alerts import Alert

CHOICES = (3, 7, 14)
"""Days from today on, today included, until whose end nobody further is alerted."""

NAME_MOST, WORD_MOST = 50, 200
"""Characters of what is typed: a name, and a line."""

STYLE = """\
:root{color-scheme:light dark;--ink:#14202b;--soft:#55626d;--line:#c9d0d5;--edge:#7d8993;--paper:#fff;--accent:#1d4f7c;\
--red:#b3261e}
@media(prefers-color-scheme:dark){:root{--ink:#e8edf1;--soft:#a3b0ba;--line:#3a4853;--edge:#74838f;--paper:#10181f;\
--accent:#8cbbe6;--red:#ff8a80}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:1rem/1.6 "PingFang SC","Microsoft YaHei",\
"Noto Sans CJK SC",sans-serif}
main{max-width:36rem;margin:0 auto;padding:1.25rem 1rem 3rem}
header{display:flex;justify-content:space-between;gap:1rem;color:var(--soft);font-size:.875rem}
a{color:var(--accent)}
h1{font-size:1.5rem;line-height:1.3;margin:1rem 0}
dl{margin:0 0 1rem;border-top:1px solid var(--line)}
dl div{display:grid;grid-template-columns:6rem 1fr;gap:.75rem;padding:.5rem 0;border-bottom:1px solid var(--line)}
dt{color:var(--soft)}
dd{margin:0;overflow-wrap:anywhere}
label,legend{display:block;font-weight:600;padding:0}
fieldset{border:0;padding:0;margin:1.25rem 0}
fieldset label{display:flex;gap:.6rem;align-items:center;font-weight:400;min-height:2.75rem}
fieldset input{width:1.25rem;height:1.25rem;accent-color:var(--accent)}
.field{margin:1.25rem 0}
.field input{width:100%;font:inherit;color:inherit;background:transparent;border:1px solid var(--edge);\
border-radius:4px;padding:.6rem .7rem;min-height:2.75rem}
[aria-invalid=true]{border-color:var(--red)!important}
.wrong{color:var(--red);margin:.25rem 0 0}
.hint{color:var(--soft);margin:.25rem 0 0;font-size:.875rem}
button{font:inherit;font-weight:600;width:100%;min-height:3rem;border:0;border-radius:4px;background:var(--accent);\
color:var(--paper)}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
"""

STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
"""By which the page's policy allows this style, and no other."""


class Filled(Struct, frozen=True):
    """What was typed into the form; `faults` has the word of what is wrong, by field.

    `refused` is the ledger's reason against it, which is English in either language of the form.
    """

    by: str = ""
    word: str = ""
    until: str = ""
    faults: Mapping[str, str] = {}
    refused: str = ""


class Shown(Struct, frozen=True):
    """What the form is about: the ledger's title and zone, an alert and its words, and who has acknowledged it last."""

    title: str
    zone: tzinfo
    alert: Alert
    headline: str
    standing: Ack | None = None


def choices(now: datetime, zone: tzinfo) -> list[tuple[int, datetime]]:
    """Return the choices: so many days, and the instant at which the last of them ends."""
    midnight = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    return [(days, midnight + timedelta(days=days)) for days in CHOICES]


def form_page(shown: Shown, path: str, secret: str, tongue: Language, now: datetime, filled: Filled) -> str:
    """Return the form; `path` is its address without the secret."""
    offered = choices(now, shown.zone)
    chosen = filled.until or offered[0][1].isoformat()
    options = [(until.isoformat(), _choice(days, until, shown.zone, tongue)) for days, until in offered]
    body = [
        f"<h1>{_text(tongue, 'title')}</h1>",
        _summary(filled, tongue),
        _about(shown, tongue),
        f'<p class="hint">{_text(tongue, "note")}</p>',
        f'<form method="post" action="{escape(path)}">',
        f'<input type="hidden" name="key" value="{escape(secret)}">',
        f'<input type="hidden" name="lang" value="{tongue}">',
        _field("by", filled.by, filled, tongue, f'autocomplete="name" maxlength="{NAME_MOST}"'),
        _field("word", filled.word, filled, tongue, f'autocomplete="off" maxlength="{WORD_MOST}"', "word-hint"),
        _options(options, chosen, filled, tongue),
        f"<button>{_text(tongue, 'submit')}</button>",
        "</form>",
    ]
    return _page(shown.title, "".join(body), tongue, _switch(path, secret, tongue))


def done_page(shown: Shown, tongue: Language, by: str, word: str, until: datetime) -> str:
    """Return the page that follows an acknowledgement; it has no form, so that nothing is sent by loading it again."""
    said = _text(tongue, "done-text", by, word, spelled(last_day(until, shown.zone), tongue))
    body = f'<h1>{_text(tongue, "done")}</h1><p role="status">{said}</p>{_about(shown, tongue)}'
    return _page(shown.title, body, tongue, "")


def message_page(title: str, name: str, tongue: Language) -> str:
    """Return a page of a heading and a sentence."""
    return _page(title, f"<h1>{_text(tongue, name)}</h1><p>{_text(tongue, f'{name}-text')}</p>", tongue, "")


def _page(title: str, body: str, tongue: Language, switch: str) -> str:
    return (
        f'<!doctype html><html lang="{"zh-CN" if tongue == "zh" else "en"}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">'
        f"<title>{_text(tongue, 'title')}</title><style>{STYLE}</style></head>"
        f'<body><main><header><span lang="zh-CN">{escape(title)}</span>{switch}</header>{body}</main></body></html>'
    )


def _about(shown: Shown, tongue: Language) -> str:
    alert = shown.alert
    rows = [("alert", shown.headline), ("task", f"{alert.title}（{alert.task}）"), ("lead", alert.lead)]
    if alert.due is not None:
        rows.append(("due", text(tongue, "due-by", spelled(last_day(alert.due, shown.zone), tongue))))
    lines = "".join(
        f'<div><dt>{_text(tongue, name)}</dt><dd lang="zh-CN">{escape(value)}</dd></div>' for name, value in rows
    )
    standing = shown.standing
    if standing is None:
        return f"<dl>{lines}</dl>"
    until = spelled(last_day(standing.until, shown.zone), tongue)
    return f"<dl>{lines}</dl><p>{_text(tongue, 'earlier', standing.by, standing.word, until)}</p>"


def _summary(filled: Filled, tongue: Language) -> str:
    if filled.refused:
        reason = f'<span lang="en">{escape(filled.refused)}</span>'
        return f'<p class="wrong" role="alert">{_text(tongue, "refused")} {reason}</p>'
    if not filled.faults:
        return ""
    links = "".join(f'<li><a href="#{field}">{_text(tongue, fault)}</a></li>' for field, fault in filled.faults.items())
    return f'<div class="wrong" role="alert">{_text(tongue, "wrong")}<ul>{links}</ul></div>'


def _field(name: str, value: str, filled: Filled, tongue: Language, more: str, hint: str = "") -> str:
    fault = filled.faults.get(name)
    notes = [f"{name}-hint"] * bool(hint) + [f"{name}-wrong"] * (fault is not None)
    described = f' aria-describedby="{" ".join(notes)}"' if notes else ""
    invalid = ' aria-invalid="true"' if fault is not None else ""
    return (
        f'<div class="field"><label for="{name}">{_text(tongue, name)}</label>'
        f'<input id="{name}" name="{name}" value="{escape(value)}" required {more}{described}{invalid}>'
        + (f'<p class="hint" id="{name}-hint">{_text(tongue, hint)}</p>' if hint else "")
        + (f'<p class="wrong" id="{name}-wrong">{_text(tongue, fault)}</p>' if fault is not None else "")
        + "</div>"
    )


def _options(options: Sequence[tuple[str, str]], chosen: str, filled: Filled, tongue: Language) -> str:
    fault = filled.faults.get("until")
    lines = "".join(
        f'<label><input type="radio" name="until" value="{escape(value)}"{" checked" if value == chosen else ""}>'
        f"{escape(label)}</label>"
        for value, label in options
    )
    wrong = f'<p class="wrong">{_text(tongue, fault)}</p>' if fault is not None else ""
    return f'<fieldset id="until"><legend>{_text(tongue, "until")}</legend>{lines}{wrong}</fieldset>'


def _choice(days: int, until: datetime, zone: tzinfo, tongue: Language) -> str:
    return text(tongue, "choice", text(tongue, f"days-{days}"), spelled(last_day(until, zone), tongue))


def _switch(path: str, secret: str, tongue: Language) -> str:
    other = "en" if tongue == "zh" else "zh"
    lang = "en" if other == "en" else "zh-CN"
    address = escape(f"{path}?key={secret}&lang={other}")
    return f'<a href="{address}" lang="{lang}" hreflang="{lang}">{_text(tongue, "other")}</a>'


def _text(tongue: Language, name: str, *values: str) -> str:
    """Return a text as HTML."""
    return escape(text(tongue, name, *values))
