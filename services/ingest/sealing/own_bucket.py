"""The prefix of a bucket that is ingest's own, on a store that can do what an archive needs.

<prefix>/.duban-archive     the id of the installation that writes below the prefix, created once
<prefix>/.duban-probe/…     objects of the probe, deleted at its end
<DUBAN_KEYS>/.duban-archive the same id; it moves with the keys
"""

import re
import secrets
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, PreconditionError
from obstore.store import S3Store

from events.seal import durable
from events.seal.bucket import BucketUrl, find, os_errors, store_of, version_of
from services.common.settings import SettingsError
from services.ingest.owned import MODE

if TYPE_CHECKING:
    from obstore import PutMode  # which exists for type checkers alone

PROBE = ".duban-probe"

NO_TAG = '"00000000000000000000000000000000"'
"""An entity tag that no object has."""

_NOT_IMPLEMENTED = re.compile(r"\b501\b|NotImplemented")


@cache
def own_bucket(url: BucketUrl, keys: Path, mark: str) -> None:
    """Mark a prefix as ingest's own and try what an archive needs of the store; done once in a process.

    Raises SettingsError if it holds other objects, belongs to another installation or cannot be used, and OSError if
    the store does not answer.
    """
    own = _own_id(keys / mark)
    found = find(url, mark)
    if found is None:
        claim(url, mark, own, "DUBAN_ARCHIVE")
    elif bytes(found.bytes()) != own:
        raise SettingsError(
            f"DUBAN_ARCHIVE: {url} is the archive of another installation, whose keys have another {mark}; nothing was"
            f" written: name an empty prefix. If {keys} was restored without its {mark}, copy that of the bucket there"
        )
    probe(url, "DUBAN_ARCHIVE")


def _own_id(path: Path) -> bytes:
    if not path.is_file():
        durable.create(path, secrets.token_hex(16).encode(), MODE)
    return path.read_bytes()


def claim(url: BucketUrl, mark: str, content: bytes, setting: str, what: str = "ingest's own") -> None:
    """Create the mark of an empty prefix; raises SettingsError if it is none, or another process is first, and OSError.

    `setting` is what names it and `what` what it is to be, for messages.
    """
    store = store_of(url)
    with os_errors(str(url)):
        try:
            other = next((one["path"] for some in obstore.list(store, chunk_size=1) for one in some), None)
            if other is not None:
                raise SettingsError(
                    f"{setting}: {url} holds {other!r} and no {mark}, so it is not {what}; nothing was written: name an"
                    " empty prefix"
                )
            obstore.put(store, mark, content, mode="create")
        except AlreadyExistsError as error:
            raise SettingsError(f"{setting}: {url}: another process has just taken it") from error
        except BaseError as error:
            if "NoSuchBucket" in str(error):
                raise SettingsError(f"{setting}: {url}: there is no such bucket; make it first") from error
            raise


def probe(url: BucketUrl, setting: str) -> None:
    """Raise SettingsError unless the store refuses to create what exists and to replace another version; OSError."""
    store, name = store_of(url), f"{PROBE}/{secrets.token_hex(8)}"
    with os_errors(str(url)):
        keeps = _keeps_conditions(store, name)
        obstore.delete(store, name)
    if not keeps:
        raise SettingsError(
            f"{setting}: {url}: the store does not keep conditions of writing (If-None-Match: * and If-Match), so two"
            " writers could spoil an archive there: name a directory, or a bucket of another store"
        )


def _keeps_conditions(store: S3Store, name: str) -> bool:
    try:
        right = version_of(obstore.put(store, name, b"probe", mode="create"))
        other: PutMode = {"e_tag": NO_TAG}
        return _refuses(store, name, "create") and _refuses(store, name, other) and not _refuses(store, name, right)
    except BaseError as error:
        if _NOT_IMPLEMENTED.search(str(error)):
            return False
        raise


def _refuses(store: S3Store, name: str, mode: "PutMode") -> bool:
    try:
        obstore.put(store, name, b"probe again", mode=mode)
    except (AlreadyExistsError, PreconditionError):
        return True
    return False
