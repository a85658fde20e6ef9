"""How the server is reached: with a user, over TLS, from every part of duban."""

import asyncio
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
import uvloop
from redis.exceptions import AuthenticationError
from redis.exceptions import ConnectionError as DisconnectedError

from services.common.connection import connect
from services.common.runtime import make_broker
from tests.cli.terminal import run
from tests.patience import PATIENCE

SECRET = "p@ss/w#rd:%"
QUOTED = "p%40ss%2Fw%23rd%3A%25"


@pytest_asyncio.fixture
async def user(redis: Any) -> AsyncIterator[str]:
    """Return a user that may do everything, with a password that a URL has to quote."""
    await redis.acl_setuser("chief", enabled=True, passwords=[f"+{SECRET}"], keys=["*"], categories=["+@all"])
    yield f"chief:{QUOTED}"
    await redis.acl_deluser("chief")


async def test_hundreds_of_commands_may_be_under_way_at_once(redis: Any) -> None:
    """As when each of so many requests looks at its token, and each of so many inboxes is looked at."""
    assert all(await asyncio.gather(*(redis.ping() for _ in range(200))))


def test_a_connection_that_closes_as_it_is_written_to_is_told_as_such(server_url: str) -> None:
    """Not as the fault of a program, which uvloop makes of it."""

    async def work() -> None:
        client = connect(server_url)
        connection = await client.connection_pool.get_connection()
        connection._writer.transport.abort()
        with pytest.raises(DisconnectedError):
            await connection.send_command("PING")
        assert not connection.is_connected
        await client.connection_pool.release(connection)
        await client.aclose()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work())


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return a certificate of this machine, made for the test, and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl here to make a certificate with")
    directory = tmp_path_factory.mktemp("tls")
    files = directory / "certificate.pem", directory / "key.pem"
    subject = ("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1")
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")
    places = ("-out", str(files[0]), "-keyout", str(files[1]))
    subprocess.run(["openssl", "req", "-x509", *curve, *subject, *places], check=True, capture_output=True)
    return files


@asynccontextmanager
async def encrypted(server_url: str, certificate: tuple[Path, Path]) -> AsyncIterator[int]:
    """Have the server answer over TLS, too, as a port in front of it; neither kind of server here is built with TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    there = urlsplit(server_url)

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()
        except OSError:
            pass  # the other side has gone, which is how a connection ends
        finally:
            writer.close()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner, outer = await asyncio.open_connection(there.hostname, there.port)
        await asyncio.gather(copy(reader, outer), copy(inner, writer))

    listener = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=context)
    try:
        yield listener.sockets[0].getsockname()[1]
    finally:
        listener.close()
        await listener.wait_closed()


async def speaks(url: str) -> bool:
    """Return whether both clients of a service, and the command line, are let in at a URL."""
    async with connect(url) as client, make_broker(url) as broker:
        await broker.publish(b"{}", stream="a-stream")
        found = await client.xlen("a-stream") == 1
        await client.delete("a-stream")
    done = await asyncio.to_thread(run, "token", "list", "--json", environment={"DUBAN_REDIS_URL": url})
    return found and (done.returncode, done.stdout) == (0, "[]\n")


async def test_a_user_with_a_password_in_the_url(server_url: str, user: str) -> None:
    """Whatever characters the password has, percent-encoded."""
    assert await speaks(f"redis://{user}@{urlsplit(server_url).netloc}/0")


async def test_tls_with_a_certificate_of_ones_own(server_url: str, user: str, certificate: tuple[Path, Path]) -> None:
    """`ssl_ca_certs` names whom to trust; without it the certificate is refused, and no password is sent."""
    async with encrypted(server_url, certificate) as port:
        url = f"rediss://{user}@localhost:{port}/0"
        assert await speaks(f"{url}?ssl_ca_certs={certificate[0]}")
        with pytest.raises(DisconnectedError, match="certificate verify failed"):
            async with connect(url) as client:
                await client.ping()


async def test_a_wrong_password_is_told_without_it(server_url: str, user: str) -> None:
    """By the client, and by a command."""
    url = f"redis://chief:wrong-{QUOTED}@{urlsplit(server_url).netloc}/0"
    with pytest.raises(AuthenticationError) as raised:
        async with connect(url) as client:
            await client.ping()
    done = await asyncio.to_thread(run, "token", "list", environment={"DUBAN_REDIS_URL": url})
    assert done.returncode == 1
    for text in (str(raised.value), done.stdout + done.stderr):
        assert "wrong" not in text.replace("WRONGPASS", "")
        assert QUOTED not in text


async def test_a_connection_that_is_closed_while_it_is_written_to(server_url: str) -> None:
    """Another task that closes connections, as after a failover, makes a command fail as the network would."""
    client = connect(server_url)
    connection = await client.connection_pool.get_connection()
    sending = asyncio.create_task(connection.send_command("PING"))
    await asyncio.sleep(0)  # the command waits for its turn to be written
    await connection.disconnect(nowait=True)
    with pytest.raises(DisconnectedError):
        await sending
    await client.connection_pool.release(connection)
    await client.aclose()


async def test_a_cancellation_at_the_end_of_a_write_ends_the_task(server_url: str) -> None:
    """A loop around the client ends when it is cancelled, also at the moment at which a command has been written."""
    client = connect(server_url)
    pool = client.connection_pool
    connection: Any = pool.connection_class

    class Cancelling(connection):  # type: ignore[misc]  # it is made by connect()
        async def _send_packed_command(self, *args: Any) -> None:
            await super()._send_packed_command(*args)
            if sent and len(sent) == 3:
                looping.cancel()  # while the outer wait_for has not resumed yet

    async def loop() -> None:
        while True:
            sent.append(await client.ping())

    sent: list[bool] = []
    pool.connection_class = Cancelling
    looping = asyncio.create_task(loop())
    done, _ = await asyncio.wait([looping], timeout=PATIENCE)
    looping.cancel()
    assert done
    assert looping.cancelled()
    assert len(sent) == 3
    await client.aclose()
