"""Answers about the past over HTTP: pages as of a moment or compared with another, with their entity tags."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any, TypeAlias

from litestar import Request, Response
from litestar.params import QueryParameter

from services.common.conditional import answer_if_new, entity_tag, has
from services.common.moments import MOMENT
from services.contract.openapi import Named, place
from services.status.encoded import EncodedRows
from services.status.fields import PAGE, partial_row
from services.status.past.compared import ChangedFilter, ComparedPage
from services.status.past.comparison import KINDS
from services.status.past.reader import AnyMoment
from services.status.reader import StatusReader
from services.status.row import TaskRow
from services.status.views import Selected, TaskQuery

Compare: TypeAlias = Annotated[
    str | None,
    QueryParameter(
        description="Show what changed in each row since this position or recorded instant (RFC 3339, 1950 to 2999)",
        schema_extra=MOMENT,
    ),
]
ChangedIn: TypeAlias = Annotated[
    str | None,
    QueryParameter(
        description="With `compare`: only rows with one of these changes; or `absent`, the tasks that only the other"
        " board has, as they were there",
        schema_extra={"pattern": f"^(absent|({'|'.join(KINDS)})(,({'|'.join(KINDS)}))*)$"},
    ),
]

TASKS = Named(
    "TaskPage", {"anyOf": [{"$ref": place(name)} for name in (PAGE.name, ComparedPage.__name__)]}, [PAGE, ComparedPage]
)
"""The schema of a list of tasks."""

Members: TypeAlias = Sequence[str] | None


async def past_page(
    request: Request[Any, Any, Any], endpoint: StatusReader, as_of: str, query: TaskQuery, members: Members
) -> Response[bytes]:
    """Return a page of rows as of a moment; raises ValidationException, BadCursorError."""
    moment = await endpoint.moment("as_of", as_of)

    async def page() -> object:
        return page_of(await endpoint.past_page(moment, query), members)

    return await past_answer(request, endpoint, moment, page)


async def compared_page(
    request: Request[Any, Any, Any],
    endpoint: StatusReader,
    moments: tuple[str | None, str],
    query: TaskQuery,
    changed: ChangedFilter,
    members: Members,
) -> Response[bytes]:
    """Return a page of rows, now or as of a moment, with what changed since another.

    `moments` are both, as they are asked for. Raises ValidationException, BadCursorError.
    """
    as_of, compare = moments
    base = await endpoint.moment("compare", compare)
    shown = await endpoint.moment("as_of", as_of) if as_of is not None else endpoint.now()

    async def page() -> object:
        found = await endpoint.compared(shown, base, query, changed)
        if members is None:
            return found
        items = [{**partial_row(row, members), "changes": row.changes} for row in found.items]
        return {name: getattr(found, name) for name in ComparedPage.__struct_fields__} | {"items": items}

    return await past_answer(request, endpoint, shown, page, base)


async def past_answer(
    request: Request[Any, Any, Any],
    endpoint: StatusReader,
    moment: AnyMoment,
    body: Callable[[], Awaitable[object]],
    base: AnyMoment = None,
) -> Response[bytes]:
    """Return what `body` gives as of a moment, compared with a `base` if there is one; 304 to a client that has it.

    A past answer stays the same for ever, by the rules of this version.
    """
    position, edition = endpoint.edition(moment, base)
    known = has(request, entity_tag(request, position, edition))
    found = None if known else await body()
    return answer_if_new(request, position, edition, lambda: found)


def page_of(found: Selected[TaskRow], members: Members, encoded: EncodedRows | None = None) -> object:
    """Return a page, its rows with the members that are asked for; whole ones that are `encoded` already, if any."""
    items: Sequence[object] = found.items
    if members is not None:
        items = [partial_row(row, members) for row in found.items]
    elif encoded is not None:
        items = [encoded[row] for row in found.items]
    return {"items": items, "next": found.next, "total": found.total}
