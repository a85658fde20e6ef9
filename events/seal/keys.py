"""Verifier keys: the public keys of logs and witnesses, and what each verifies. Pure.

https://c2sp.org/signed-note#verifier-keys ; the signed messages are those of https://c2sp.org/signed-note#signatures
(a log's Ed25519) and https://c2sp.org/tlog-cosignature (with a time: Ed25519 and ML-DSA-44).
"""

import re
from collections.abc import Iterable
from hashlib import sha256
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

from events.seal import sm2
from events.seal.checkpoint import MOST_SIZE, LogCheckpoint, parse_checkpoint
from events.seal.errors import FormatError, SignatureError
from events.seal.notes import KEY_ID_BYTES, SignedNote, from_base64, key_name, to_base64

ED25519 = 0x01
"""A signature over the note's text."""

ED25519_COSIGNATURE = 0x04
"""An Ed25519 signature over a time and the text."""

ML_DSA_44 = 0x06
"""An ML-DSA-44 signature over cosigner, time, origin, size and head."""

SM2_SM3 = 0xFF
"""An SM2 signature with SM3 over the note's text. C2SP has assigned no type to it: 0xff is that of all such types."""

SM2_LABEL = b"duban.invalid/sm2-sm3"
"""What follows the type in keys: it tells ours from other types without a number. Other programs ignore such lines."""

PUBLIC_BYTES = {ED25519: 32, ED25519_COSIGNATURE: 32, ML_DSA_44: 1312, SM2_SM3: len(SM2_LABEL) + sm2.PUBLIC_BYTES}
"""Bytes of a public key, by the type of signature."""

SIGNATURE_BYTES = {ED25519: 64, ED25519_COSIGNATURE: 8 + 64, ML_DSA_44: 8 + 2420}
"""Bytes of a signature, after the key id and with its time of 8 bytes."""

TYPES = ", ".join(f"0x{type:02x}" for type in PUBLIC_BYTES)

TIME_BYTES = 8

MOST_NAME_BYTES = 255
"""Bytes of a name that ML-DSA-44 signs."""


class VerifierKey(NamedTuple):
    """A named public key for one type of signature."""

    name: str
    type: int
    public: bytes

    @property
    def key_id(self) -> bytes:
        """The four bytes by which signature lines name the key, next to its name."""
        return sha256(self.name.encode() + b"\n" + bytes([self.type]) + self.public).digest()[:KEY_ID_BYTES]

    def __str__(self) -> str:
        """Return the key as text: `<name>+<id>+<base64 of type and key>`."""
        return f"{self.name}+{self.key_id.hex()}+{to_base64(bytes([self.type]) + self.public)}"

    @property
    def is_checkable(self) -> bool:
        """Whether its signatures can be verified here: those of SM2 need the extra `sm`."""
        return self.type != SM2_SM3 or sm2.HAS_SM2

    def verify(self, text: str, signature: bytes) -> int | None:
        """Verify a signature over a note's text; return its time in seconds since 1970, None for one without a time.

        A time of 0 is none: https://c2sp.org/tlog-cosignature#ml-dsa-44-signed-message .
        Raises SignatureError, and FormatError if the signature is of checkpoints and the text is none.
        """
        if self.type == SM2_SM3:
            if not sm2.sm2_verifies(self.public.removeprefix(SM2_LABEL), text.encode(), signature):
                raise SignatureError(f"the SM2 signature of {self.name} does not verify")
            return None
        if len(signature) != SIGNATURE_BYTES[self.type]:
            raise SignatureError(
                f"the signature of {self.name} has {len(signature)} bytes instead of {SIGNATURE_BYTES[self.type]}"
            )
        try:
            if self.type == ED25519:
                Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text.encode())
                return None
            time, signature = int.from_bytes(signature[:TIME_BYTES], "big"), signature[TIME_BYTES:]
            if time > MOST_SIZE:
                raise SignatureError(f"the time of the signature of {self.name} is {time}: it is at most 2^63 - 1")
            if self.type == ED25519_COSIGNATURE:
                Ed25519PublicKey.from_public_bytes(self.public).verify(signature, timed_text(text, time))
            else:
                message = subtree_message(self.name, time, parse_checkpoint(text))
                MLDSA44PublicKey.from_public_bytes(self.public).verify(signature, message)
        except InvalidSignature as error:
            raise SignatureError(f"the signature of {self.name} does not verify") from error
        return time or None


def parse_key(text: str) -> VerifierKey:
    """Parse a verifier key; raises FormatError."""
    found = re.fullmatch(r"([^+]*)\+([0-9a-f]{8})\+(.*)", text, re.DOTALL)
    if found is None:
        raise FormatError(f"{text[:80]!r} is no verifier key: <name>+<8 hexadecimal digits>+<base64>")
    name = key_name(found[1])
    data = from_base64(found[3], f"the verifier key of {name}")
    type, public = data[0] if data else 0, data[1:]
    if not known_type(type):
        raise FormatError(f"the verifier key of {name} is of signature type 0x{type:02x}; {TYPES} are known")
    if len(public) != PUBLIC_BYTES[type]:
        raise FormatError(f"the verifier key of {name} has {len(public)} bytes instead of {PUBLIC_BYTES[type]}")
    if type == SM2_SM3 and not public.startswith(SM2_LABEL):
        raise FormatError(f"the verifier key of {name} is of a type without a number, and not {SM2_LABEL.decode()}")
    key = VerifierKey(name, type, public)
    if key.key_id.hex() != found[2]:
        raise FormatError(f"the verifier key of {name} has the id {found[2]}, but its id is {key.key_id.hex()}")
    return key


def known_type(type: int) -> bool:
    """Return whether signatures of a type can be made and verified."""
    return type in PUBLIC_BYTES


def signers(note: SignedNote, keys: Iterable[VerifierKey]) -> dict[VerifierKey, int | None]:
    """Verify a note's signatures by the keys that are known; return the keys that signed, with their times.

    Lines of other keys are ignored. Raises SignatureError if a line of a known key does not verify: such a note is
    rejected as a whole.
    """
    known = {(key.name, key.key_id): key for key in keys}
    found: dict[VerifierKey, int | None] = {}
    for line in note.signatures:
        key = known.get((line.name, line.key_id))
        if key is not None and key.is_checkable:
            found[key] = key.verify(note.text, line.signature)
    return found


def timed_text(text: str, time: int) -> bytes:
    """Return what an Ed25519 cosignature signs.

    Source: https://c2sp.org/tlog-cosignature#ed25519-signed-message .
    """
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def subtree_message(cosigner: str, time: int, checkpoint: LogCheckpoint) -> bytes:
    """Return what an ML-DSA-44 cosignature of a checkpoint signs, which leaves its extension lines out.

    Source: https://c2sp.org/tlog-cosignature#ml-dsa-44-signed-message . Raises FormatError for names over 255 bytes.
    """
    return b"".join(
        (
            b"subtree/v1\n\0",
            _short(cosigner),
            time.to_bytes(8, "big"),
            _short(checkpoint.origin),
            (0).to_bytes(8, "big"),  # the subtree begins with the first entry: it is the whole tree
            checkpoint.size.to_bytes(8, "big"),
            checkpoint.root,
        )
    )


def _short(name: str) -> bytes:
    data = name.encode()
    if not 0 < len(data) <= MOST_NAME_BYTES:
        raise FormatError(
            f"{name[:60]!r} has {len(data)} bytes; a name that ML-DSA-44 signs has 1 to {MOST_NAME_BYTES}"
        )
    return bytes([len(data)]) + data
