"""The output of `duban publish --refused`: NDJSON, one line per refused event; `raw` is the text that was sent."""

from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from services.cli.event_file import STDIN
from services.cli.files import SHARED_MODE, check, replace, same_file
from services.cli.progress_file import ProgressFile, RefusedLine, progress_path
from services.common.settings import SettingsError

_WHAT = "the output of an earlier --refused"


class _OutputLine(Struct, frozen=True, forbid_unknown_fields=True, tag_field="outcome", tag="refused"):
    line: int
    source: str | None
    id: str | None
    code: str
    detail: str
    raw: str | None


_lines = msgspec.json.Decoder(_OutputLine)


def check_file(path: Path, events: Path) -> None:
    """Raise SettingsError for the file of events, its progress file, or a file that --refused did not write."""
    if events != STDIN and same_file(path, events):
        raise SettingsError(f"--refused {path} is the file of events itself")
    if events != STDIN and same_file(path, progress_path(events)):
        raise SettingsError(f"--refused {path} is the progress file of {events}; name another file")
    if not _is_pipe(path):
        check(path, _WHAT, _is_own)


def write(path: Path | None, progress_file: ProgressFile) -> None:
    """Write every line refused so far; `path` is None without --refused."""
    if path is None:
        return
    lines = (msgspec.json.encode({**outcome(one), "raw": one.raw}) + b"\n" for one in progress_file.refusals())
    if _is_pipe(path):
        with path.open("wb") as file:
            file.writelines(lines)
    else:
        replace(path, lines, _WHAT, _is_own, SHARED_MODE)


def outcome(one: RefusedLine) -> dict[str, Any]:
    """Return a refusal as an outcome, with its line."""
    names = ("line", "source", "id", "code", "detail")
    return {name: getattr(one, name) for name in names} | {"outcome": "refused"}


def _is_pipe(path: Path) -> bool:
    """Return whether a path is a pipe or a device such as a terminal, which has no content to overwrite."""
    return path.is_fifo() or path.is_char_device()


def _is_own(content: bytes) -> bool:
    try:
        return bool(_lines.decode_lines(content))
    except msgspec.MsgspecError:
        return False
