"""A server of buckets that speaks S3 over HTTP: moto, another project's, in a process of its own.

Its dependencies conflict with duban's locked ones, so `make verifiers` puts it into `.verifiers`; DUBAN_TEST_VERIFIERS
may name another Python that has it.
"""

import itertools
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from events.seal.bucket import BucketUrl
from tests.ports import free_ports

PYTHON = Path(os.environ.get("DUBAN_TEST_VERIFIERS", Path(__file__).parents[1] / ".verifiers" / "bin" / "python"))

START_SECONDS = 60.0

_numbers = itertools.count(1)


@contextmanager
def serving_buckets(port: int | None = None) -> Iterator[str]:
    """Run a server until the block ends; yields its URL."""
    port = port or free_ports(1)
    command = [str(PYTHON), "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url, end = f"http://127.0.0.1:{port}", time.monotonic() + START_SECONDS
    try:
        while True:
            try:
                httpx.get(url)
                break
            except httpx.TransportError:
                assert server.poll() is None, "moto has ended: make .verifiers anew with `make verifiers`"
                assert time.monotonic() < end
                time.sleep(0.05)
        yield url
    finally:
        server.kill()
        server.wait()


def variables(url: str) -> dict[str, str]:
    """Return the variables by which obstore finds a server of buckets."""
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ALLOW_HTTP": "true",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "duban",
        "AWS_SECRET_ACCESS_KEY": "not a secret",
    }


def new_bucket(url: str, name: str | None = None) -> BucketUrl:
    """Make a bucket, and return a place in it."""
    name = name or f"archive-{os.getpid()}-{next(_numbers)}"
    httpx.put(f"{url}/{name}").raise_for_status()
    return BucketUrl(name, "duban/sealed")
