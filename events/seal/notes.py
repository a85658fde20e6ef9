"""Signed notes: a text and the signatures of one or more keys. Pure.

https://c2sp.org/signed-note . The text is trusted only if a known key has signed it; lines of unknown keys are ignored.
"""

import base64
import binascii
from collections.abc import Iterable
from typing import NamedTuple

from events.seal.errors import FormatError

MOST_NOTE_BYTES = 1_000_000
"""Bytes of a note that are read, as in golang.org/x/mod/sumdb/note."""

MOST_SIGNATURES = 100
"""Signature lines of a note that are read, as there; the specification requires at least 16."""

KEY_ID_BYTES = 4

_DASH = "— "


class SignatureLine(NamedTuple):
    """One signature: the name and the id of its key, and the bytes after the id."""

    name: str
    key_id: bytes
    signature: bytes

    def __str__(self) -> str:
        return f"{_DASH}{self.name} {to_base64(self.key_id + self.signature)}\n"


class SignedNote(NamedTuple):
    """A text, which ends with a newline, and its signatures, none of which is verified yet."""

    text: str
    signatures: tuple[SignatureLine, ...]

    def encode(self) -> bytes:
        """Return the note as it is stored and sent."""
        return f"{self.text}\n{''.join(map(str, self.signatures))}".encode()

    def adding(self, lines: Iterable[SignatureLine]) -> "SignedNote":
        """Return the note with more signatures; those that it has already are not repeated."""
        return self._replace(signatures=tuple(dict.fromkeys((*self.signatures, *lines))))


def parse_note(data: bytes) -> SignedNote:
    """Parse a signed note; raises FormatError."""
    if len(data) > MOST_NOTE_BYTES:
        raise FormatError(f"a note of {len(data)} bytes; at most {MOST_NOTE_BYTES} are read")
    whole = from_utf8(data, "the note")
    if (control := next((letter for letter in whole if letter < " " and letter != "\n"), None)) is not None:
        raise FormatError(f"the note has the control character U+{ord(control):04X}; only newlines are allowed")
    text, separator, lines = whole.rpartition("\n\n")
    if not separator or not lines:
        raise FormatError("the note has no signatures: they follow its text after an empty line")
    return SignedNote(text + "\n", parse_lines(lines))


def parse_lines(lines: str) -> tuple[SignatureLine, ...]:
    """Parse signature lines, as notes have them and witnesses return them; raises FormatError."""
    *parts, rest = lines.split("\n")
    if rest:
        raise FormatError("the last signature line does not end with a newline")
    if len(parts) > MOST_SIGNATURES:
        raise FormatError(f"{len(parts)} signatures; at most {MOST_SIGNATURES} are read")
    return tuple(_line(part) for part in parts)


def _line(line: str) -> SignatureLine:
    name, space, signature = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not space:
        raise FormatError(f"{line[:60]!r} is no signature line: “— <key name> <base64>”")
    data = from_base64(signature, f"the signature of {name}")
    if len(data) <= KEY_ID_BYTES:
        raise FormatError(f"the signature of {name} has {len(data)} bytes: a key id of 4 and a signature after it")
    return SignatureLine(key_name(name), data[:KEY_ID_BYTES], data[KEY_ID_BYTES:])


def key_name(name: str) -> str:
    """Return a key's name; raises FormatError if it is empty or has spaces, control characters or a plus sign."""
    if not name or "+" in name or any(_forbidden(letter) for letter in name):
        raise FormatError(f"{name!r} is no key name: not empty, without spaces, control characters or “+”")
    return name


def _forbidden(letter: str) -> bool:
    return letter.isspace() or letter < " " or "\ud800" <= letter <= "\udfff"  # no UTF-8 has surrogates


def from_utf8(data: bytes, what: str) -> str:
    """Decode UTF-8; raises FormatError, which begins with `what`."""
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise FormatError(f"{what} is not UTF-8 at byte {error.start}") from error


def lines_before(data: bytes, what: str) -> tuple[list[str], bytes]:
    """Return the ASCII lines before the first empty one, and the note after it; raises FormatError."""
    head, separator, note = data.partition(b"\n\n")
    if not separator:
        raise FormatError(f"{what} has no checkpoint after an empty line")
    try:
        return head.decode("ascii").split("\n"), note
    except UnicodeDecodeError as error:
        raise FormatError(f"{what} has a byte that is not ASCII at {error.start}, before its checkpoint") from error


def to_base64(data: bytes) -> str:
    """Encode standard base64 with padding."""
    return base64.b64encode(data).decode()


def from_base64(text: str, what: str) -> bytes:
    """Decode standard base64 with padding, in its only spelling; raises FormatError, which begins with `what`."""
    try:
        data = base64.b64decode(text.encode(), validate=True)
    except (binascii.Error, ValueError) as error:
        raise FormatError(f"{what} is not base64: {text[:60]!r}") from error
    if to_base64(data) != text:
        raise FormatError(f"{what} is not base64 in its only spelling: {text[:60]!r}")
    return data
