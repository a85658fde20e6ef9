"""Content encodings of a request's body: gzip and none. Pure."""

import zlib

from services.ingest.draft import BYTE_ORDER_MARK
from services.ingest.room import MOST_REQUEST

GZIP = 31
"""The `wbits` of zlib for gzip, and nothing but gzip, with the largest window."""


class UnknownEncodingError(Exception):
    """A content encoding that is not read here."""


class BrokenEncodingError(Exception):
    """A body that is not what its content encoding names."""


class TooLargeError(Exception):
    """A body that is larger than a request may be, once decoded."""


def decoded(body: bytes, encoding: str) -> bytes:
    """Return a body without its content encoding and its byte order mark, of at most MOST_REQUEST bytes.

    Raises UnknownEncodingError, BrokenEncodingError or TooLargeError.
    """
    match encoding.strip().lower():
        case "" | "identity":
            plain = body
        case "gzip" | "x-gzip":  # RFC 9110, 8.4.1.3: the same
            plain = _unzipped(body)
        case _:
            raise UnknownEncodingError(f"the content encoding {encoding[:200]!r} is neither gzip nor identity")
    return plain.removeprefix(BYTE_ORDER_MARK)


def _unzipped(body: bytes) -> bytes:
    """Return what all members of a gzip body hold, one after another (RFC 1952, 2.2)."""
    plain = bytearray()
    rest = body
    while rest or not body:
        member = zlib.decompressobj(GZIP)
        try:
            plain += member.decompress(rest, MOST_REQUEST + 1 - len(plain))
        except zlib.error as error:
            raise BrokenEncodingError(f"the body is not gzip: {error}") from error
        if len(plain) > MOST_REQUEST:
            raise TooLargeError(f"the body has more than {MOST_REQUEST:,} bytes once decompressed")
        if not member.eof:
            raise BrokenEncodingError("the body is not gzip: it ends too early")
        rest = member.unused_data
    return bytes(plain)
