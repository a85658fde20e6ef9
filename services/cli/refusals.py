"""What `duban publish --refused` writes: NDJSON, a line for each refused event; `raw` is the text that was sent."""

from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from services.cli.event_file import STDIN
from services.cli.files import SHARED_MODE, check, replace, same
from services.cli.progress_file import Journal, Refused, beside
from services.common.settings import SettingsError

_WHAT = "what an earlier --refused wrote"


class _Line(Struct, frozen=True, forbid_unknown_fields=True, tag_field="outcome", tag="refused"):
    line: int
    source: str | None
    id: str | None
    code: str
    detail: str
    raw: str | None


_lines = msgspec.json.Decoder(_Line)


def check_file(path: Path, events: Path) -> None:
    """Raise SettingsError where refusals must not be written: over what is published, its progress, or another file."""
    if events != STDIN and same(path, events):
        raise SettingsError(f"--refused {path} is the file of events itself")
    if events != STDIN and same(path, beside(events)):
        raise SettingsError(f"--refused {path} is where the progress of {events} is kept; name another file")
    if not _passes_on(path):
        check(path, _WHAT, _is_own)


def write(path: Path | None, journal: Journal) -> None:
    """Write every line that was refused so far, where that is asked for."""
    if path is None:
        return
    lines = (msgspec.json.encode({**outcome(one), "raw": one.raw}) + b"\n" for one in journal.refusals())
    if _passes_on(path):
        with path.open("wb") as file:
            file.writelines(lines)
    else:
        replace(path, lines, _WHAT, _is_own, SHARED_MODE)


def outcome(one: Refused) -> dict[str, Any]:
    """Return a refusal as the outcome that it is, with its line."""
    names = ("line", "source", "id", "code", "detail")
    return {name: getattr(one, name) for name in names} | {"outcome": "refused"}


def _passes_on(path: Path) -> bool:
    """Tell whether a path is a pipe or a device, such as a terminal, which keeps nothing that could be overwritten."""
    return path.is_fifo() or path.is_char_device()


def _is_own(content: bytes) -> bool:
    try:
        return bool(_lines.decode_lines(content))
    except msgspec.MsgspecError:
        return False
