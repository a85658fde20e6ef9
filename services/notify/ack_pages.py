"""The form that a message links to: it acknowledges an alert without signing in, by the secret in its link.

A GET shows the form and changes nothing; a POST needs a name and a word, which the form does not come with.
"""

from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import parse_qs

from litestar import MediaType, Request, Response, get, post
from litestar.exceptions import HTTPException, ValidationException
from litestar.params import FromPath
from msgspec.structs import replace

from events.replicas import UnconfirmedError
from events.text import Language
from services.common.access import BY_LINK, OPEN
from services.common.endpoints import ENDPOINT
from services.common.moments import read_instant
from services.common.problems import RETRY_AFTER
from services.common.web import KEEPS
from services.notify.ack_form import (
    NAME_MOST,
    STYLE_HASH,
    WORD_MOST,
    Filled,
    Shown,
    done_page,
    form_page,
    message_page,
)
from services.notify.ack_routes import MOST_BODY
from services.notify.acknowledger import Acknowledger, AckOrder, OfTask
from services.notify.acks import Person
from services.notify.notify_endpoint import Notify
from services.notify.words.lines import SUBJECT_MOST
from services.notify.words.shown import headline

PATH = "/v1/{ledger:str}/alerts/{alert:str}/ack/form"

FORM = "application/x-www-form-urlencoded"

SECURITY = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{STYLE_HASH}'; base-uri 'none'; form-action 'self';"
        " frame-ancestors 'none'"
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
}
"""Of every answer here: its address has a secret, so it is neither kept nor told to another site."""

PAGE: dict[str, Any] = {
    "opt": {KEEPS: True, OPEN: True, BY_LINK: True},
    "include_in_schema": False,
    "dependencies": ENDPOINT,
}
"""Options of a handler for people: the contract describes data, not pages."""


class LinkReader(NamedTuple):
    """What a request by a link asks for, and the alert that its secret is good for; None if it is for none."""

    tongue: Language
    secret: str
    found: OfTask | None
    ended: bool = False


@get(PATH, **PAGE)
async def ack_form(request: Request[Any, Any, Any], endpoint: Notify, alert: FromPath[str]) -> Response[str]:
    acknowledger = endpoint.acknowledger
    query = request.query_params
    link = await _link(acknowledger, alert, str(query.get("key", "")), str(query.get("lang", "")))
    if link.found is None or link.ended:
        return _invalid(acknowledger, link)
    return _form(acknowledger, link, link.found, Filled(), 200)


@post(PATH, status_code=200, request_max_body_size=MOST_BODY, **PAGE)
async def submit_ack_form(request: Request[Any, Any, Any], endpoint: Notify, alert: FromPath[str]) -> Response[str]:
    acknowledger = endpoint.acknowledger
    fields = await _fields(request)
    link = await _link(acknowledger, alert, fields.get("key", ""), fields.get("lang", ""))
    if link.found is None or link.ended:
        return _invalid(acknowledger, link)
    filled = checked(fields)
    if filled.faults:
        return _form(acknowledger, link, link.found, filled, 422)
    return await _acknowledge(acknowledger, link, link.found, filled)


ACK_PAGES = (ack_form, submit_ack_form)


def checked(fields: dict[str, str]) -> Filled:
    """Return what was typed, with what is wrong with it."""
    by, word, until = (fields.get(name, "").strip() for name in ("by", "word", "until"))
    faults = {}
    if not by or len(by) > NAME_MOST:
        faults["by"] = "by-long" if by else "by-missing"
    if not word or len(word) > WORD_MOST:
        faults["word"] = "word-long" if word else "word-missing"
    if _instant(until) is None:
        faults["until"] = "until-missing"
    return Filled(by, word, until, faults)


async def _acknowledge(acknowledger: Acknowledger, link: LinkReader, found: OfTask, filled: Filled) -> Response[str]:
    until = _instant(filled.until)
    assert until is not None  # `checked` has found nothing wrong
    try:
        outcome = await acknowledger.acknowledge(found.alert, Person("link"), AckOrder(filled.by, filled.word, until))
    except (TimeoutError, UnconfirmedError):
        return _answer(message_page(acknowledger.ledger.title, "away", link.tongue), 503, {"Retry-After": RETRY_AFTER})
    if outcome.code == "task-closed":
        return _invalid(acknowledger, link._replace(ended=True))
    if outcome.outcome == "refused":
        why = replace(filled, refused=outcome.detail or "")
        return _form(acknowledger, link, found, why, 422)
    shown = _shown(acknowledger, found, link.tongue)
    return _answer(done_page(shown, link.tongue, filled.by, filled.word, until), 200)


async def _link(acknowledger: Acknowledger, alert: str, secret: str, lang: str) -> LinkReader:
    """Return what a link is good for; an unknown alert and a wrong secret are answered alike."""
    tongue: Language = "en" if lang == "en" else "zh"
    good = acknowledger.links.check(alert, secret, acknowledger.clock.now())
    found = await acknowledger.find(alert) if good != "wrong" else None
    return LinkReader(tongue, secret, found, good == "ended" or (found is not None and found.task.closed is not None))


async def _fields(request: Request[Any, Any, Any]) -> dict[str, str]:
    """Return the fields of a form, of each the first; raises HTTPException."""
    form = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if form != FORM:
        raise HTTPException(status_code=415, detail=f"{form!r} is not {FORM}")
    body = (await request.body()).decode(errors="replace")
    try:
        return {name: values[0] for name, values in parse_qs(body, keep_blank_values=True, max_num_fields=20).items()}
    except ValueError:  # whose message would have the form's content
        raise HTTPException(status_code=400, detail="the form cannot be read") from None


def _form(acknowledger: Acknowledger, link: LinkReader, found: OfTask, filled: Filled, status: int) -> Response[str]:
    path = acknowledger.links.path(found.alert.id)
    now = acknowledger.clock.now()
    return _answer(
        form_page(_shown(acknowledger, found, link.tongue), path, link.secret, link.tongue, now, filled), status
    )


def _shown(acknowledger: Acknowledger, found: OfTask, tongue: Language) -> Shown:
    now, ledger = acknowledger.clock.now(), acknowledger.ledger
    standing = [ack for ack in found.task.acks if ack.alert == found.alert.id and ack.until > now]
    words = headline(ledger, found.alert, tongue, SUBJECT_MOST)
    return Shown(ledger.title, ledger.zone, found.alert, words, standing[-1] if standing else None)


def _invalid(acknowledger: Acknowledger, link: LinkReader) -> Response[str]:
    name, status = ("ended", 410) if link.found is not None else ("gone", 404)
    return _answer(message_page(acknowledger.ledger.title, name, link.tongue), status)


def _answer(page: str, status: int, headers: dict[str, str] | None = None) -> Response[str]:
    return Response(page, status_code=status, media_type=MediaType.HTML, headers={**SECURITY, **(headers or {})})


def _instant(text: str) -> datetime | None:
    """Return an instant with an offset, of the years that events may have; None for any other text."""
    try:
        return read_instant("until", text)
    except ValidationException:
        return None
