"""Bytes to text: Unicode by its mark, else UTF-8, else the national standard GB 18030."""

import codecs

from services.schedule.text import UnreadableError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def decode(data: bytes) -> str:
    """Return the text without its byte order mark; raise UnreadableError for what is text in no known encoding."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _decode(data[len(mark) :], encoding)
    try:
        return data.decode()
    except UnicodeDecodeError:
        return _decode(data, "gb18030")  # of which GB 2312 and GBK are parts


def _decode(data: bytes, encoding: str) -> str:
    try:
        text = data.decode(encoding)
        text.encode()  # no halves of characters
    except UnicodeError as error:
        raise UnreadableError("the file is neither a document of a known kind nor text in UTF-8 or GB 18030") from error
    return text
