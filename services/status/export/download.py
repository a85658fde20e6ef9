"""An export over HTTP: made in a thread, sent as a file with a name."""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Any, Literal, NamedTuple, TypeAlias
from urllib.parse import quote

from litestar import Request, Response

from events.schema import ExportMade
from services.common.callers import caller_of
from services.common.conditional import entity_tag, has
from services.common.operations import record
from services.status.export.formats import MEDIA_TYPES, Form
from services.status.export.sheets import About

THREADS = ThreadPoolExecutor(1, "export")
"""One at a time: a large export takes seconds of CPU time, which the event loop needs, too."""

FileContents: TypeAlias = Literal["tasks", "changes", "units", "overview", "notice"]

PLAIN_NAMES: Mapping[FileContents, str] = {
    "tasks": "duban-register",
    "changes": "duban-changes",
    "units": "duban-units",
    "overview": "duban-overview",
    "notice": "duban-notice",
}
"""The names of files for clients that read no UTF-8 in headers, by what the file has."""


class Asked(NamedTuple):
    """A request for an export, its format and language, and the edition of the rows at their position."""

    request: Request[Any, Any, Any]
    form: Form
    edition: str


async def download(asked: Asked, what: FileContents, about: About, make: Callable[[], bytes]) -> Response[bytes]:
    """Return the file that `make` returns in a thread, 304 to a client that has it; `what` names its contents.

    The entity tag is weak: files of the same contents differ in the instants that their archives have.
    """
    format, language = asked.form
    day = about.at.date().isoformat()
    tag = entity_tag(asked.request, about.position, f"{asked.edition}|{format}|{language}|{day}")
    headers = {
        "Duban-Position": str(about.position),
        "ETag": f"W/{tag}",
        "Cache-Control": "private, no-cache",
        "Vary": "Accept",
    }
    if has(asked.request, tag):
        return Response(b"", status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    body = await asyncio.get_running_loop().run_in_executor(THREADS, make)
    await _record(asked, what, about.position)
    plain, name = (f"{stem}-{day}.{format}" for stem in (PLAIN_NAMES[what], about.word(f"file.{what}")))
    return Response(
        body,
        media_type=f"{MEDIA_TYPES[format]}; charset=utf-8" if format == "csv" else MEDIA_TYPES[format],
        headers={**headers, "Content-Disposition": disposition(plain, name)},
    )


async def _record(asked: Asked, what: FileContents, position: int) -> None:
    """Record who gets a file; where everybody may read, nobody in particular does. Raises NotRecordedError."""
    request = asked.request
    source = caller_of(request).source
    format, _ = asked.form
    if source is not None and format != "json":
        ledger = request.path_params["ledger"]
        data = ExportMade(source, what, format, position)
        await record(request.app.state.endpoints[ledger].redis, "status", ledger, data)


def disposition(plain: str, name: str) -> str:
    """Return the header that names a file by RFC 6266: in ASCII, and in UTF-8 by RFC 8187 (the successor of 5987)."""
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
