"""Content encodings of a request's body: gzip and none. Pure."""

import zlib

from services.ingest.budget import MOST_REQUEST

GZIP = 31
"""The `wbits` of zlib for gzip, and nothing but gzip, with the largest window."""


_GZIP_NAMES = ("gzip", "x-gzip")
"""The same (RFC 9110, 8.4.1.3)."""

MOST_MEMBERS = 1_000
"""Members of one body: compressors write one, or one a block of 64 KiB; empty ones cost time and bring nothing."""

PIECE = 65_536
"""Bytes decompressed at once: what follows a member is copied, so a whole body would be copied for each of them."""


class EncodingError(Exception):
    """A body that cannot be decoded; `status` is the HTTP status of the answer."""

    status: int


class UnknownEncodingError(EncodingError):
    """A content encoding that is not supported."""

    status = 415


class BrokenEncodingError(EncodingError):
    """A body that does not have its content encoding."""

    status = 400


class TooLargeError(EncodingError):
    """A body that is larger, once decoded, than a request may be."""

    status = 413


def decoded(body: bytes, encoding: str, most: int = MOST_REQUEST) -> bytes:
    """Return a body without its content encoding, of at most `most` bytes.

    Raises UnknownEncodingError, BrokenEncodingError or TooLargeError.
    """
    check_encoding(encoding)
    return _unzipped(body, most) if _name(encoding) in _GZIP_NAMES else body


def check_encoding(encoding: str) -> None:
    """Raise UnknownEncodingError for what is not read here, as it can be told before the body is there."""
    if _name(encoding) not in {"", "identity", *_GZIP_NAMES}:
        raise UnknownEncodingError(f"the content encoding {encoding[:200]!r} is neither gzip nor identity")


def _name(encoding: str) -> str:
    return encoding.strip().lower()


def _unzipped(body: bytes, most: int) -> bytes:
    """Return what all members of a gzip body hold, one after another (RFC 1952, 2.2)."""
    plain = bytearray()
    at = members = 0
    while at < len(body) or not members:
        member = zlib.decompressobj(GZIP)
        members += 1
        if members > MOST_MEMBERS:
            raise BrokenEncodingError(f"the body has more than {MOST_MEMBERS} gzip members")
        while not member.eof:
            if at >= len(body):
                raise BrokenEncodingError("the body is not gzip: it ends too early")
            piece = body[at : at + PIECE]
            at += len(piece)
            try:
                plain += member.decompress(piece, most + 1 - len(plain))
            except zlib.error as error:
                raise BrokenEncodingError(f"the body is not gzip: {error}") from error
            if len(plain) > most:
                raise TooLargeError(f"the body has more than {most:,} bytes once decompressed")
        at -= len(member.unused_data)
    return bytes(plain)
