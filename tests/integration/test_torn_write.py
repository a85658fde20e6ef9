"""A power cut leaves the beginning of a write at the end of the append-only file; what follows it must not be lost."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from tests.servers import Server, make_server

WRITE = """
for number = 1, 3 do redis.call('XADD', KEYS[1], (ARGV[1] + number) .. '-0', 'e', ARGV[2] .. number) end
return 1
"""
"""Appends three entries after a position, as append.lua does: at the positions that follow the tail."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """Return a server of the test's own."""
    server = make_server(tmp_path / "server")
    try:
        server.start()
        yield server
    finally:
        server.close()


def _write(client: Any, after: int, what: str) -> None:
    client.eval(WRITE, 1, "log", after, what)


def _log(client: Any) -> list[str]:
    return [fields[b"e"].decode() for _, fields in client.xrange("log")]


def _in_file(after: int, what: str) -> bytes:
    """Return what such a write leaves in the file."""
    adds = [("XADD", "log", f"{after + number}-0", "e", f"{what}{number}") for number in (1, 2, 3)]
    commands = [("MULTI",), ("SELECT", "0"), *adds, ("EXEC",)]
    return b"".join(
        b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(word), word.encode()) for word in words)
        for words in commands
    )


@pytest.mark.parametrize("part", [0.02, 0.3, 0.65, 0.99])
def test_what_follows_a_torn_write_survives_each_start(server: Server, part: float) -> None:
    """Wherever the write was torn, none of it counts, and what is acknowledged afterwards is there for good."""
    with redis.Redis.from_url(server.url) as client:
        _write(client, 0, "a")
        server.kill()
        torn = _in_file(3, "x")
        server.append(torn[: int(len(torn) * part)])
        server.start()
        assert _log(client) == ["a1", "a2", "a3"]
        _write(client, 3, "b")
        server.kill()
        server.start()
        assert _log(client) == ["a1", "a2", "a3", "b1", "b2", "b3"]


def test_a_file_that_is_damaged_before_its_end_is_left_as_it_is(server: Server) -> None:
    """Whole writes after the damage were acknowledged: the server does not start without them."""
    with redis.Redis.from_url(server.url) as client:
        _write(client, 0, "a")
    server.kill()
    server.append(b"damage" + _in_file(3, "b"))
    before = server.appended()
    with pytest.raises(Exception, match=r"did not become ready|does not answer|died during startup"):
        server.start()
    assert server.appended() == before
