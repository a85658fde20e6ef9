"""Text of events as lines of a message, and the addresses of pages. Pure."""

from events.text import hidden

SUBJECT_MOST = 24
"""Characters of a task's title in a subject or in the title of an alert: a line of a phone's notification."""

TITLE_MOST = 100
DETAIL_MOST = 200
"""Characters of a title and of a reason or message in an item. With its other lines, an item fits the smallest message
of any channel (2,048 bytes of UTF-8, WeCom's text); the rest is on the task's page."""

_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
"""Of RFC 3986, 2.3."""


def one_line(text: str, most: int | None = None) -> str:
    """Return text as one line of at most `most` characters, the last … where it was longer; nothing in it is hidden."""
    spaced = {ord(char): " " for char in set(text) if hidden(char)}
    line = " ".join((text.translate(spaced) if spaced else text).split())
    return line if most is None or len(line) <= most else f"{line[: most - 1].rstrip()}…"


def page_of(public_url: str | None, ledger: str, *path: str) -> str:
    """Return the address of a ledger's page, empty where the deployment has no public one."""
    if public_url is None:
        return ""
    return f"{public_url}/{ledger}/{'/'.join(map(_quoted, path))}"


def _quoted(text: str) -> str:
    """Return text as one part of a path, percent-encoded."""
    return "".join(chr(byte) if byte in _UNRESERVED else f"%{byte:02X}" for byte in text.encode())
