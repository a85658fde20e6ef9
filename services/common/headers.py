"""Headers as ASGI has them. Pure."""

from collections.abc import Iterable


def header(headers: Iterable[tuple[bytes, bytes]], wanted: bytes) -> bytes:
    """Return the first value of a header, by its name in lower case; empty if there is none."""
    return next((bytes(value) for name, value in headers if name.lower() == wanted), b"")
