"""The files of an archive, in a directory, in a bucket or over HTTP. All are values, which another process can have."""

import time
from functools import cache
from pathlib import Path
from typing import NamedTuple, Protocol

import httpx

from events.seal.bucket import BucketUrl, find, os_errors
from events.seal.roots import ArchiveRoot
from events.seal.tiles import MOST_ENTRY_BYTES, WIDTH

MOST_FILE_BYTES = WIDTH * (2 + MOST_ENTRY_BYTES)
"""Bytes of the largest file, a full bundle of the longest entries."""

PATIENCE = (0.5, 2.0, 5.0)
"""Seconds to wait before each further attempt to read a file."""

SECONDS = 30.0
"""Seconds to wait for a server that sends nothing."""

ABSENT = {httpx.codes.NOT_FOUND, httpx.codes.GONE}


class ArchiveFiles(Protocol):
    """The files of an archive by their names."""

    def read(self, name: str) -> bytes | None:
        """Return a file's content, None if there is none; raises OSError."""


class DirectoryFiles(NamedTuple):
    """An archive in a directory."""

    root: Path

    def read(self, name: str) -> bytes | None:
        """Return a file's content, None if there is none; raises OSError."""
        try:
            with (self.root / name).open("rb") as file:
                data = file.read(MOST_FILE_BYTES + 1)
        except (FileNotFoundError, NotADirectoryError):
            return None
        _check_length(len(data), name)
        return data


class BucketFiles(NamedTuple):
    """An archive in a bucket."""

    url: BucketUrl

    def read(self, name: str) -> bytes | None:
        """Return an object's content, None if there is none; raises OSError."""
        found = find(self.url, name)
        if found is None:
            return None
        _check_length(found.meta["size"], name)
        with os_errors(f"{self.url}/{name}"):
            return bytes(found.bytes())


class HttpFiles(NamedTuple):
    """An archive below a URL, read with a token if it is not open to all."""

    url: str
    token: str | None = None

    def read(self, name: str) -> bytes | None:
        """Return a file's content, None if there is none; raises OSError, after some attempts if it may pass."""
        for wait in (*PATIENCE, None):
            try:
                return self._get(name)
            except httpx.HTTPError as error:
                if wait is None:
                    raise OSError(f"{self.url}: {name}: {error or type(error).__name__}") from error
                time.sleep(wait)
        return None

    def _get(self, name: str) -> bytes | None:
        with _client(self.token).stream("GET", f"{self.url.rstrip('/')}/{name}") as answer:
            if answer.status_code in ABSENT:
                return None
            if answer.is_server_error or answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
                answer.raise_for_status()
            if answer.status_code != httpx.codes.OK:
                raise OSError(f"{answer.url} answered {answer.status_code}")
            data = bytearray()
            for part in answer.iter_bytes():
                data += part
                _check_length(len(data), name)
            return bytes(data)


def files_at(root: ArchiveRoot) -> ArchiveFiles:
    """Return the files in a directory or a bucket."""
    return BucketFiles(root) if isinstance(root, BucketUrl) else DirectoryFiles(root)


@cache
def _client(token: str | None) -> httpx.Client:
    """Return this process's client; all reads share its connections."""
    headers = {"Accept-Encoding": "gzip, identity"}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    return httpx.Client(headers=headers, timeout=SECONDS)


def _check_length(length: int, name: str) -> None:
    if length > MOST_FILE_BYTES:
        raise OSError(f"{name} has more than {MOST_FILE_BYTES} bytes: no tile or bundle is as large")
