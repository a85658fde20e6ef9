"""What is struck out in a workbook: whole cells by their style, parts of a text by its runs."""

from typing import Any
from zipfile import ZipFile

from openpyxl.xml.constants import ARC_SHARED_STRINGS, ARC_STYLE, SHEET_MAIN_NS
from openpyxl.xml.functions import fromstring

_FALSE = ("0", "false")
_STRIKE, _RUN, _PROPERTIES, _FONT = (f"{{{SHEET_MAIN_NS}}}{tag}" for tag in ("strike", "r", "rPr", "font"))


def struck_styles(archive: ZipFile) -> frozenset[int]:
    """Return the styles whose font is struck through."""
    if ARC_STYLE not in archive.namelist():
        return frozenset()
    root = fromstring(archive.read(ARC_STYLE))
    fonts = [_strikes(font) for font in root.iterfind(f"{{{SHEET_MAIN_NS}}}fonts/{_FONT}")]
    styles = root.iterfind(f"{{{SHEET_MAIN_NS}}}cellXfs/{{{SHEET_MAIN_NS}}}xf")
    numbers = [int(style.get("fontId", "0")) for style in styles]
    return frozenset(at for at, font in enumerate(numbers) if font < len(fonts) and fonts[font])


def struck_texts(archive: ZipFile, strings: list[str]) -> frozenset[str]:
    """Return the shared texts that have a run which is struck through."""
    if ARC_SHARED_STRINGS not in archive.namelist():
        return frozenset()
    data = archive.read(ARC_SHARED_STRINGS)
    if b"strike" not in data:
        return frozenset()
    items = fromstring(data).iterfind(f"{{{SHEET_MAIN_NS}}}si")
    struck = {at for at, item in enumerate(items) if has_struck_run(item)}
    return frozenset(strings[at] for at in struck if at < len(strings))


def has_struck_run(text: Any) -> bool:
    """Return whether a run of a rich text is struck through."""
    return text is not None and any(map(_is_struck, text.iterfind(_RUN)))


def _is_struck(run: Any) -> bool:
    properties = run.find(_PROPERTIES)
    return properties is not None and _strikes(properties)


def _strikes(font: Any) -> bool:
    strike = font.find(_STRIKE)
    return strike is not None and strike.get("val", "1") not in _FALSE
