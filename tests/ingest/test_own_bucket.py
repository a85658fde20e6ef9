"""A prefix of a bucket is taken once, and only on a store that keeps conditions of writing."""

import http.client
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit

import obstore
import pytest

from events.seal.bucket import BucketUrl, store_of
from services.common.settings import Settings, SettingsError, shipped
from services.ingest.app import build
from services.ingest.sealing.own_bucket import own_bucket
from services.ingest.sealing.places import ARCHIVE_MARK, archive_root, directories
from tests.ingest.sealed import NAME


def settings_of(bucket: BucketUrl, keys: Path | None) -> Settings:
    return Settings(ledgers=shipped(f"{NAME}.toml").parent, archive=str(bucket), keys=keys)


def names(bucket: BucketUrl) -> list[str]:
    """Return what lies below a place."""
    return [one["path"] for some in obstore.list(store_of(bucket)) for one in some]


def test_a_prefix_is_marked_and_found_again(bucket: BucketUrl, tmp_path: Path) -> None:
    """The mark moves with the keys; nothing of the probe stays."""
    for _ in range(2):
        own_bucket.cache_clear()
        assert directories(settings_of(bucket, tmp_path / "keys")) == (bucket, tmp_path / "keys")
    assert names(bucket) == [ARCHIVE_MARK]
    assert (tmp_path / "keys" / ARCHIVE_MARK).stat().st_mode & 0o077 == 0


def test_the_place_of_keys_is_named(bucket: BucketUrl) -> None:
    """Next to a bucket is no directory."""
    with pytest.raises(SettingsError, match="DUBAN_KEYS is not set"):
        directories(settings_of(bucket, None))


def test_the_prefix_of_another_installation_is_refused(bucket: BucketUrl, tmp_path: Path) -> None:
    """Two that were given the same place would otherwise find out only by their conflicts."""
    directories(settings_of(bucket, tmp_path / "keys"))
    with pytest.raises(SettingsError, match="the archive of another installation"):
        build(settings_of(bucket, tmp_path / "other"))


def test_a_prefix_with_other_objects_is_refused(bucket: BucketUrl, tmp_path: Path) -> None:
    """Nothing is written there; objects beside the prefix do not matter."""
    obstore.put(store_of(BucketUrl(bucket.bucket)), "photos/1.jpg", b"")
    directories(settings_of(bucket, tmp_path / "keys"))
    other = bucket / "other"
    obstore.put(store_of(other), "budget.xlsx", b"")
    with pytest.raises(SettingsError, match=r"holds 'budget\.xlsx'"):
        directories(settings_of(other, tmp_path / "keys"))
    assert names(other) == ["budget.xlsx"]


def test_a_bucket_that_is_missing_is_named(bucket: BucketUrl, tmp_path: Path) -> None:
    """It is made by who pays for it."""
    with pytest.raises(SettingsError, match="there is no such bucket"):
        directories(settings_of(BucketUrl("missing"), tmp_path / "keys"))


def test_an_address_that_is_none_is_refused() -> None:
    """Other schemes are no directories."""
    with pytest.raises(SettingsError, match=r"DUBAN_ARCHIVE: 'https://a/b' is not"):
        archive_root("https://a/b")


class Careless(BaseHTTPRequestHandler):
    """Passes requests on to a server of buckets without some of their headers, or refuses those that have them."""

    upstream: ClassVar[str]
    ignored: ClassVar[tuple[str, ...]]
    refuses: ClassVar[bool]

    def do_PUT(self) -> None:
        headers = {name: value for name, value in self.headers.items() if name.lower() not in self.ignored}
        body = self.rfile.read(int(self.headers.get("content-length", "0")))
        if self.refuses and len(headers) < len(self.headers):
            self._answer(501, {}, b"<Error><Code>NotImplemented</Code></Error>")
            return
        to = http.client.HTTPConnection(urlsplit(self.upstream).netloc)
        to.request(self.command, self.path, body, headers)
        answer = to.getresponse()
        self._answer(answer.status, dict(answer.getheaders()), answer.read())

    do_GET = do_POST = do_DELETE = do_PUT  # noqa: N815 - the names of http.server

    def _answer(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.send_response(status)
        for name in ("ETag", "Last-Modified", "Content-Type"):
            if name in headers:
                self.send_header(name, headers[name])
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing."""


@contextmanager
def careless(upstream: str, ignored: tuple[str, ...], *, refuses: bool = False) -> Iterator[str]:
    """Serve a store that does not keep some conditions."""
    kind = type("Kind", (Careless,), {"upstream": upstream, "ignored": ignored, "refuses": refuses})
    with ThreadingHTTPServer(("127.0.0.1", 0), kind) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize(
    ("ignored", "refuses"),
    [
        (("if-none-match",), False),
        (("if-match",), False),
        (("if-match",), True),
        (("if-none-match", "if-match"), False),
    ],
)
def test_a_store_without_conditions_is_refused(
    bucket: BucketUrl,
    bucket_server: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    ignored: tuple[str, ...],
    refuses: bool,  # noqa: FBT001
) -> None:
    """Whether it overwrites what it should not, or answers that it cannot."""
    with careless(bucket_server, ignored, refuses=refuses) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        with pytest.raises(SettingsError, match="does not keep conditions of writing"):
            directories(settings_of(bucket, tmp_path / "keys"))
