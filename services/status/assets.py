"""The files of the page, as they are sent: compressed once, under an address that changes with their content."""

import gzip
import hashlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from msgspec import Struct

WEB = Path(__file__).with_name("web")

MEDIA_TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
"""The kinds of files that are sent; others in the directory (licences, manifests) are not."""

FIRST_STYLES = ("css/tokens.css", "css/base.css")
"""Styles that others build on, so they come first."""

FIRST_MODULES = ("js/main.js", "js/views/board.js")
"""Modules that the first page needs: with all that they import, they are requested at once, not one after the other."""

DIGEST_LENGTH = 16
"""Hexadecimal digits of the SHA-256 in an address: no two versions of the page share them."""

_IMPORT = re.compile(r"""(?:^|;)(?:import|export)\b[^;"']*["'](\.{1,2}/[^"']+)["']""", re.MULTILINE)


class Asset(Struct, frozen=True):
    """A file as it is, and compressed by gzip."""

    media_type: str
    plain: bytes
    compressed: bytes


class Assets(Struct, frozen=True):
    """The files by path; `version` is a digest of all of them; `shell` is the page that each address serves."""

    version: str
    files: Mapping[str, Asset]
    shell: Asset


def load(directory: Path = WEB) -> Assets:
    """Return the files of a directory, and its index.html with the addresses of styles and modules."""
    contents = {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.suffix in MEDIA_TYPES
    }
    shell = (directory / "index.html").read_bytes()
    digest = hashlib.sha256(shell)
    for name, content in contents.items():
        digest.update(b"%b\0%d\0" % (name.encode(), len(content)) + content)
    version = digest.hexdigest()[:DIGEST_LENGTH]
    files = {name: _asset(MEDIA_TYPES[PurePosixPath(name).suffix], content) for name, content in contents.items()}
    page = _fill(shell.decode(), f"/static/{version}", contents)
    return Assets(version, files, _asset("text/html", page.encode()))


def imported(name: str, contents: Mapping[str, bytes]) -> Iterator[str]:
    """Yield a module and all that it imports, directly or not, each once; imports on demand are not followed."""
    queue, found = [name], set[str]()
    while queue:
        module = queue.pop(0)
        if module in found:
            continue
        found.add(module)
        yield module
        folder = PurePosixPath(module).parent
        queue.extend(_joined(folder, target) for target in _IMPORT.findall(contents[module].decode()))


def _fill(shell: str, base: str, contents: Mapping[str, bytes]) -> str:
    styles = [*FIRST_STYLES, *(name for name in contents if name.endswith(".css") and name not in FIRST_STYLES)]
    modules: dict[str, None] = {}
    for first in FIRST_MODULES:
        modules.update(dict.fromkeys(imported(first, contents)))
    return (
        shell.replace("{{styles}}", "\n".join(f'<link rel="stylesheet" href="{base}/{name}">' for name in styles))
        .replace("{{modules}}", "\n".join(f'<link rel="modulepreload" href="{base}/{name}">' for name in modules))
        .replace("{{static}}", base)
    )


def _joined(folder: PurePosixPath, target: str) -> str:
    """Return the path to which a relative import leads."""
    steps: list[str] = []
    for step in (folder / target).parts:
        if step == "..":
            steps.pop()
        else:
            steps.append(step)
    return "/".join(steps)


def _asset(media_type: str, content: bytes) -> Asset:
    return Asset(media_type, content, gzip.compress(content, mtime=0))
