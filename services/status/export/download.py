"""An export over HTTP: made in a thread, sent as a file with a name."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

from litestar import Response

from services.status.export.formats import MEDIA_TYPES, Format
from services.status.export.sheets import About

THREADS = ThreadPoolExecutor(1, "export")
"""One at a time: a large export takes seconds of a processor, which the event loop and other exports share."""

PLAIN_NAMES = {
    "tasks": "duban-register",
    "units": "duban-units",
    "overview": "duban-overview",
    "notice": "duban-notice",
}
"""The names of files for clients that read no UTF-8 in headers, by what the file has."""


async def download(format: Format, what: str, about: About, make: Callable[[], bytes]) -> Response[bytes]:
    """Return the file that `make` returns in a thread; `what` names its contents."""
    body = await asyncio.get_running_loop().run_in_executor(THREADS, make)
    day = about.at.date().isoformat()
    return Response(
        body,
        media_type=f"{MEDIA_TYPES[format]}; charset=utf-8" if format == "csv" else MEDIA_TYPES[format],
        headers={
            "Content-Disposition": disposition(
                f"{PLAIN_NAMES[what]}-{day}.{format}", f"{about.word(f'file.{what}')}-{day}.{format}"
            ),
            "Duban-Position": str(about.position),
            "Cache-Control": "private, no-cache",
            "Vary": "Accept",
        },
    )


def disposition(plain: str, name: str) -> str:
    """Return the header that names a file by RFC 6266: in ASCII, and in UTF-8 by RFC 8187 (the successor of 5987)."""
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
