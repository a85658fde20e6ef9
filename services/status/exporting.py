"""Exports of the board over HTTP: which rows and figures, as of which instant."""

import sys
from datetime import datetime
from typing import Any

from litestar import Request, Response
from msgspec.structs import replace

from events.text import Language
from services.status.export.download import Asked
from services.status.export.exports import changes_export, tasks_export
from services.status.export.formats import Form
from services.status.export.sheets import About
from services.status.past.compared import ChangedFilter
from services.status.reader import StatusReader
from services.status.views import TaskQuery

ALL = sys.maxsize
"""The limit of an export: a file has no pages."""


async def export_tasks(
    request: Request[Any, Any, Any],
    endpoint: StatusReader,
    moments: tuple[str | None, str | None],
    query: TaskQuery,
    form: Form,
    changed: ChangedFilter = frozenset(),
) -> Response[bytes]:
    """Return all rows that match a query as a file, whatever page it asks for, now or as of a moment.

    `moments` are `as_of` and `compare`, as they are asked for; `changed` restricts a comparison. Raises
    ValidationException.
    """
    as_of, compare = moments
    if compare is not None:
        return await _export_changes(request, endpoint, (as_of, compare), query, changed, form)
    whole, now = replace(query, limit=ALL, cursor=None), endpoint.clock.now()
    if as_of is not None:
        asked_for = await endpoint.moment("as_of", as_of)
        async with endpoint.past_export:
            moment = endpoint.board.past.at(asked_for)
            position, edition = endpoint.edition(moment)
            rows = (await endpoint.past_page(moment, whole)).items
            asked, at = Asked(request, form, edition), moment.instant if moment is not None else now
            return await tasks_export(rows, asked, about(endpoint, at, position, form.language), endpoint.board.ledger)
    snapshot = endpoint.board.live()
    rows, asked = snapshot.select(whole).items, Asked(request, form, snapshot.edition)
    shown = about(endpoint, now, snapshot.position, form.language)
    return await tasks_export(rows, asked, shown, endpoint.board.ledger)


async def _export_changes(
    request: Request[Any, Any, Any],
    endpoint: StatusReader,
    moments: tuple[str | None, str],
    query: TaskQuery,
    changed: ChangedFilter,
    form: Form,
) -> Response[bytes]:
    """Return all rows that match a query as a file, with what changed in each since another moment."""
    as_of, compare = moments
    base = await endpoint.moment("compare", compare)
    shown = await endpoint.moment("as_of", as_of) if as_of is not None else endpoint.now()
    async with endpoint.past_export:
        moment = endpoint.board.past.at(shown)
        position, edition = endpoint.edition(moment, base)
        rows = (await endpoint.compared(moment, base, replace(query, limit=ALL, cursor=None), changed)).items
        at = moment.instant if moment is not None else endpoint.clock.now()
        asked, subject = Asked(request, form, edition), about(endpoint, at, position, form.language)
        return await changes_export(rows, asked, subject, endpoint.board.ledger)


def about(endpoint: StatusReader, at: datetime, position: int, language: Language) -> About:
    """Return what an export is about: the ledger, and the instant and position that it shows."""
    ledger = endpoint.board.ledger
    return About(ledger.title, at.astimezone(ledger.zone), position, language, ledger.light_names)
