"""The page over HTTP: one shell for every address of it, and its files."""

from functools import cache
from html import escape
from typing import Any

from litestar import MediaType, Request, Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.response import Redirect

from services.common.compression import accepts_gzip
from services.common.endpoints import endpoint_of
from services.common.web import KEEPS
from services.status.assets import Asset, Assets, load

SECURITY = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
"""Sent with every page and file: nothing is read from, sent to, or framed by another origin."""

FOR_EVER = "public, max-age=31536000, immutable"
"""Of a file whose address changes with its content."""

PAGE: dict[str, Any] = {"opt": {KEEPS: True}, "include_in_schema": False}
"""Options of a handler for browsers: the page itself reads the query, and the contract describes data, not pages."""


@cache
def assets() -> Assets:
    """Return the files of the page, which are read once."""
    return load()


@get("/", **PAGE)
async def home(request: Request[Any, Any, Any]) -> Response[Any]:
    """Lead to the only ledger, or list them."""
    endpoints = request.app.state.endpoints
    if len(endpoints) == 1:
        return Redirect(f"/{next(iter(endpoints))}/", headers=SECURITY)
    items = "".join(
        f'<li><a href="/{name}/">{escape(endpoint.board.ledger.title)}</a></li>'
        for name, endpoint in sorted(endpoints.items())
    )
    styles = "".join(
        f'<link rel="stylesheet" href="/static/{assets().version}/css/{name}.css">' for name in ("tokens", "base")
    )
    page = (
        '<!doctype html><html lang="zh-CN"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><title>督办</title>'
        f'{styles}<main><h1 class="plain">督办台账 <span lang="en">Registers</span></h1><ul>{items}</ul></main></html>'
    )
    return Response(page, media_type=MediaType.HTML, headers=SECURITY)


@get("/{ledger:str}", **PAGE)
async def board_page(request: Request[Any, Any, Any], ledger: FromPath[str]) -> Response[Any]:
    """Serve the shell; an address without the slash at its end leads to the one with it."""
    endpoint_of(request, ledger)
    raw_path = request.scope["raw_path"].partition(b"?")[0].decode("ascii")
    if not raw_path.endswith("/"):
        query = request.scope["query_string"].decode("latin-1")
        return Redirect(f"{raw_path}/{'?' if query else ''}{query}", headers=SECURITY)
    return _shell(request)


@get(["/{ledger:str}/units", "/{ledger:str}/calendar"], **PAGE)
async def section_page(request: Request[Any, Any, Any], ledger: FromPath[str]) -> Response[bytes]:
    endpoint_of(request, ledger)
    return _shell(request)


@get(["/{ledger:str}/tasks/{name:str}", "/{ledger:str}/units/{name:str}"], **PAGE)
async def detail_page(request: Request[Any, Any, Any], ledger: FromPath[str]) -> Response[bytes]:
    """Serve the shell; whether there is such a task or unit is data, which needs a token."""
    endpoint_of(request, ledger)
    return _shell(request)


@get("/static/{version:str}/{path:path}", **PAGE)
async def static_file(request: Request[Any, Any, Any], version: FromPath[str], path: FromPath[str]) -> Response[bytes]:
    """Serve a file of the page; another version than this service's is not found, and the page then loads anew."""
    found = assets().files.get(str(path).lstrip("/"))
    if found is None or version != assets().version:
        raise NotFoundException(f"there is no file {path} of version {version} here")
    return _sent(request, found, {"Cache-Control": FOR_EVER})


HANDLERS = (home, board_page, section_page, detail_page, static_file)


def _shell(request: Request[Any, Any, Any]) -> Response[bytes]:
    return _sent(request, assets().shell, {"Cache-Control": "no-cache", "Duban-Assets": assets().version})


def _sent(request: Request[Any, Any, Any], asset: Asset, headers: dict[str, str]) -> Response[bytes]:
    """Return a file, compressed where the browser takes that; 304 where it has it already."""
    compressed = accepts_gzip(request.headers.get("accept-encoding", ""))
    tag = f'"{assets().version}{"-gzip" if compressed else ""}"'
    headers = {**SECURITY, **headers, "ETag": tag, "Vary": "Accept-Encoding"}
    if tag in request.headers.get("if-none-match", ""):
        return Response(b"", status_code=304, headers=headers)
    if compressed:
        headers["Content-Encoding"] = "gzip"
    return Response(asset.compressed if compressed else asset.plain, media_type=asset.media_type, headers=headers)
