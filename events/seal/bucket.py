"""An archive in a bucket of S3, or of a store like it, with the names of a directory (events/seal/storage.py).

Whether keys, region and endpoint are right is the business of the environment (AWS_…), as obstore reads it; HTTP
without TLS needs AWS_ALLOW_HTTP=true. What the store has answered is durable. Tiles are created with If-None-Match, the
checkpoint is replaced with If-Match: both hold against writers on other machines, for which no file lock exists.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, PreconditionError
from obstore.store import S3Store

from events.seal.errors import StorageConflictError

if TYPE_CHECKING:
    from obstore import (
        Attributes,
        GetResult,
        ObjectMeta,
        PutMode,
        PutResult,
        UpdateVersion,
    )  # which exist for type checkers alone

SCHEME = "s3://"

REQUESTS = 16
"""Objects that are written or listed at once: each takes a store 10 to 100 ms, however many it is asked for."""

RETRIES = 3

RETRY_TIME = timedelta(seconds=20)
"""After which a request has failed: who asked tries again later, or reports it."""

CHECKPOINT_HEADERS: "Attributes" = {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-cache"}

TILE_HEADERS: "Attributes" = {
    "Content-Type": "application/octet-stream",
    "Cache-Control": "max-age=31536000, immutable",
}
"""A bucket that is open to readers serves an archive as ingest does."""


class BucketUrl(NamedTuple):
    """`s3://<bucket>/<prefix>`, the prefix without slashes at its ends; `/` appends to it, as to a Path."""

    bucket: str
    prefix: str = ""

    def __truediv__(self, part: str) -> "BucketUrl":
        return self._replace(prefix=f"{self.prefix}/{part}" if self.prefix else part)

    def __str__(self) -> str:
        return f"{SCHEME}{self.bucket}/{self.prefix}".rstrip("/")

    @property
    def name(self) -> str:
        """The last part of the prefix."""
        return self.prefix.rpartition("/")[2]


def bucket_url(text: str) -> BucketUrl:
    """Read `s3://<bucket>/<prefix>`; raises ValueError."""
    bucket, _, prefix = text.removeprefix(SCHEME).partition("/")
    parts = prefix.rstrip("/").split("/") if prefix else []
    if not text.startswith(SCHEME) or not bucket or not all(parts) or set(text) & set("?#\\ "):
        raise ValueError(f"{text!r} is not the address of an archive in a bucket, such as s3://bucket/prefix")
    return BucketUrl(bucket, "/".join(parts))


@cache
def store_of(url: BucketUrl) -> S3Store:
    """Return the store below a URL, with the connections of this process; raises OSError without credentials."""
    with os_errors(str(url)):
        return S3Store(
            url.bucket,
            prefix=url.prefix or None,
            retry_config={"max_retries": RETRIES, "retry_timeout": RETRY_TIME},
        )


@contextmanager
def os_errors(where: str) -> Iterator[None]:
    """Raise what a store cannot do as OSError, in one line that has the store's answer."""
    try:
        yield
    except (AlreadyExistsError, PreconditionError, FileNotFoundError):
        raise
    except BaseError as error:
        what, _, _ = str(error).partition("\n\nDebug source")
        raise OSError(f"{where}: {' '.join(what.split())}") from error


def find(url: BucketUrl, name: str) -> "GetResult | None":
    """Return an object that exists, None if it does not; raises OSError."""
    try:
        with os_errors(f"{url}/{name}"):
            return obstore.get(store_of(url), name)
    except FileNotFoundError:
        return None


def version_of(found: "ObjectMeta | PutResult") -> "UpdateVersion":
    """Return what an object has to be still, for it to be replaced."""
    version: UpdateVersion = {}
    if found["e_tag"] is not None:
        version["e_tag"] = found["e_tag"]
    if found["version"] is not None:
        version["version"] = found["version"]
    return version


class BucketStorage:
    """An archive below a URL. Any number of processes may write it: a conflict is an error, never a mixture."""

    def __init__(self, url: BucketUrl) -> None:
        self._url = url

    def read(self, name: str) -> bytes | None:
        """Return an object's content, None if it does not exist; raises OSError."""
        found = find(self._url, name)
        return self._content(found, name) if found is not None else None

    def create(self, files: Mapping[str, bytes]) -> None:
        """Create objects that never change; raises StorageConflictError if one exists with other bytes, and OSError."""
        with ThreadPoolExecutor(REQUESTS) as pool:
            list(pool.map(self._create, files, files.values()))

    def drop_partials(self, names: Sequence[str]) -> None:
        """Delete the partial tiles or bundles of these full ones, which exist."""
        with ThreadPoolExecutor(REQUESTS) as pool:
            list(pool.map(self._drop_partials, names))

    def swap(self, name: str, before: bytes | None, after: bytes) -> None:
        """Replace an object's content `before` by `after`; raises StorageConflictError if it is no longer `before`."""
        found = find(self._url, name)
        present = self._content(found, name) if found is not None else None
        mode: PutMode = version_of(found.meta) if found is not None else "create"
        if present == before:
            try:
                self._put(name, after, mode, CHECKPOINT_HEADERS)
            except (AlreadyExistsError, PreconditionError):
                present = self.read(name)  # it may be the first attempt of this request, whose answer was lost
            else:
                return
        if present != after:
            raise StorageConflictError(f"{self._url}/{name} was replaced by another process")

    def _create(self, name: str, data: bytes) -> None:
        try:
            self._put(name, data, "create", TILE_HEADERS)
        except AlreadyExistsError as error:
            present = self.read(name)
            if present is None:  # the answer was 409: somebody is creating it
                raise OSError(f"{self._url}/{name} is being written by another process") from error
            if present != data:
                raise StorageConflictError(
                    f"{self._url}/{name} exists with other bytes: it is from another log, or from another past of this"
                    " one"
                ) from error

    def _drop_partials(self, name: str) -> None:
        with os_errors(f"{self._url}/{name}.p"):
            store = store_of(self._url)
            found = [one["path"] for some in obstore.list(store, f"{name}.p") for one in some]
            if found:
                obstore.delete(store, found)

    def _put(self, name: str, data: bytes, mode: "PutMode", headers: "Attributes") -> None:
        with os_errors(f"{self._url}/{name}"):
            obstore.put(store_of(self._url), name, data, mode=mode, attributes=headers, use_multipart=False)

    def _content(self, found: "GetResult", name: str) -> bytes:
        with os_errors(f"{self._url}/{name}"):
            return bytes(found.bytes())
