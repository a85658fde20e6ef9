"""Time stamps of checkpoints (RFC 3161): that somebody else has seen one, and when.

<archive>/stamped/checkpoint         the newest stamped checkpoint, replaced as a whole
<archive>/stamped/<SHA-256>          each stamped checkpoint, by the SHA-256 of its bytes
<archive>/stamped/<SHA-256>.tsr      the answer of the time stamping authority (TSA) to it

These names are outside of those of https://c2sp.org/tlog-tiles .
"""

import re
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple, TypeAlias

from cryptography import x509
from rfc3161_client import (
    HashAlgorithm,
    PKIStatus,
    TimeStampRequest,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from events.seal.errors import FormatError, SignatureError
from events.seal.storage import ArchiveStorage

STAMPED = "stamped/checkpoint"

STAMP_NAME = re.compile(r"stamped/(?:checkpoint|[0-9a-f]{64}(?:\.tsr)?)")
"""Names of files of time stamps in an archive."""

DER = b"\x30"
"""What a stamp begins with: it is a sequence in DER."""

QUERY_TYPE = "application/timestamp-query"


Authorities: TypeAlias = list[x509.Certificate]


class StampFiles(NamedTuple):
    """The names of a stamped checkpoint and of its stamp."""

    checkpoint: str
    stamp: str


def stamp_files(checkpoint: bytes) -> StampFiles:
    """Return the names of a stamped checkpoint and of its stamp."""
    name = f"stamped/{sha256(checkpoint).hexdigest()}"
    return StampFiles(name, f"{name}.tsr")


def keep_stamp(storage: ArchiveStorage, checkpoint: bytes, stamp: bytes) -> None:
    """Keep a checkpoint with its time stamp as the newest; raises OSError and StorageConflictError."""
    names = stamp_files(checkpoint)
    storage.create({names.checkpoint: checkpoint})
    if storage.read(names.stamp) is None:  # else one was kept before a crash
        storage.create({names.stamp: stamp})
    storage.swap(STAMPED, storage.read(STAMPED), checkpoint)


def stamp_request(checkpoint: bytes) -> TimeStampRequest:
    """Return a request for a stamp of a checkpoint's bytes, with a nonce, and for the certificate of the TSA."""
    return TimestampRequestBuilder().data(checkpoint).hash_algorithm(HashAlgorithm.SHA256).build()


def stamp_time(stamp: bytes, checkpoint: bytes, request: TimeStampRequest | None = None) -> datetime:
    """Return the time of a stamp of a checkpoint, of which no signature is verified; raises FormatError.

    It is the answer to `request`, if that is given.
    """
    response = _decoded(stamp)
    imprint = response.tst_info.message_imprint.message
    if imprint != sha256(checkpoint).digest():
        raise FormatError("the time stamp is of other bytes than those of the checkpoint")
    if request is not None and response.tst_info.nonce != request.nonce:
        raise FormatError("the time stamp has another nonce than the request: it is the answer to another one")
    return response.tst_info.gen_time


def load_authorities(data: bytes) -> Authorities:
    """Read the certificates of authorities, in PEM; raises FormatError."""
    try:
        return x509.load_pem_x509_certificates(data)
    except ValueError as error:
        raise FormatError(f"no certificates in PEM: {error}") from error


def verify_stamp(stamp: bytes, checkpoint: bytes, authorities: Authorities) -> datetime:
    """Return the time of a stamp of a checkpoint; raises FormatError, and SignatureError without an authority.

    Self-signed certificates are trusted, the others may be between them and the TSA's. The chain is that of the time of
    the stamp.
    """
    roots = [one for one in authorities if one.issuer == one.subject]
    between = [one for one in authorities if one.issuer != one.subject]
    if not roots:
        raise FormatError("none of the certificates is self-signed: give that of the root authority")
    time = stamp_time(stamp, checkpoint)
    try:
        VerifierBuilder(roots=roots, intermediates=between).build().verify_message(_decoded(stamp), checkpoint)
    except (VerificationError, ValueError) as error:
        raise SignatureError(f"the time stamp of {time.isoformat()} does not verify: {error}") from error
    return time


def _decoded(stamp: bytes) -> TimeStampResponse:
    try:
        response = decode_timestamp_response(stamp)
    except ValueError as error:
        raise FormatError(f"no time stamp by RFC 3161: {error}") from error
    if response.status != PKIStatus.GRANTED:
        raise FormatError(f"the authority has granted no stamp: status {response.status}, {response.status_string}")
    return response
