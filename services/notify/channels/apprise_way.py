"""Apprise, for what has no kind of its own: a message is handed over, and whether it arrived is not known.

Each attempt is a process of its own, which is killed at the time limit: a thread that waits for a slow receiver could
not be ended.
"""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Sequence
from contextlib import suppress

import msgspec

from events.channel import Channel
from services.notify.channels.apprise_job import SENDING, AppriseJob, AppriseReport
from services.notify.channels.content import Content
from services.notify.channels.key import kept, key_of
from services.notify.channels.limit import Limit
from services.notify.channels.network import Network
from services.notify.channels.part import Part
from services.notify.channels.result import Result
from services.notify.channels.splitting import split
from services.notify.letter import Letter
from services.notify.words.plain import plain_text

LIMIT = Limit(20, 60.0, 2_000)
"""The services behind Apprise differ: these are the least of the common ones."""

MODULE = ("-m", "services.notify.channels.apprise_process")

KEPT = ("PATH", "LANG", "LC_ALL", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE")
"""What the process gets of this one's environment: no proxies and no secrets."""

KILL_SECONDS = 5.0
"""The wait for a killed process."""


class AppriseText(msgspec.Struct, frozen=True):
    """The body of a part."""

    title: str
    body: str


class AppriseWay:
    """One URL of Apprise."""

    kind = "apprise"
    limit = LIMIT
    repeatable = False

    def __init__(self, channel: Channel, network: Network) -> None:
        self._url = channel.apprise or ""
        self._network = network
        self._last: Process | None = None
        self.key = key_of(self.kind, self._url)
        self.shown = shown(self._url)

    def parts(self, letter: Letter) -> list[Part]:
        return split(letter, self.limit.bytes, _body)

    async def send(self, part: Part, _only: Sequence[str] = ()) -> Result:
        if self._last is not None and self._last.returncode is None:
            return Result("again", "the last attempt on this channel has not ended")
        text = msgspec.json.decode(part.body, type=AppriseText)
        reach = self._network.reach
        seconds = int(self._network.times.attempt + KILL_SECONDS)
        job = AppriseJob(self._url, text.title, text.body, tuple(sorted(reach.allow)), reach.allow_private, seconds)
        self._last = process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", *MODULE),
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            env=_environment(),
            start_new_session=True,
        )
        try:
            return await self._attempt(process, msgspec.json.encode(job))
        finally:
            await _kill(process)

    async def _attempt(self, process: Process, job: bytes) -> Result:
        assert process.stdin is not None
        assert process.stdout is not None
        written = b""
        seconds = self._network.times.attempt
        late = False
        try:
            async with asyncio.timeout(seconds):
                with suppress(BrokenPipeError, ConnectionResetError):
                    process.stdin.write(job)
                    await process.stdin.drain()
                process.stdin.close()
                while chunk := await process.stdout.read(65_536):
                    written += chunk
        except TimeoutError:
            late = True
        return _result(written, f"no answer within {seconds:g} s" if late else "the attempt ended early")


def _result(written: bytes, ending: str) -> Result:
    """Return the result of what a process wrote; without a report it may have sent the message if it began to."""
    sending = written.startswith(SENDING)
    try:
        report = msgspec.json.decode(written.removeprefix(SENDING), type=AppriseReport)
    except msgspec.DecodeError:
        return Result("uncertain" if sending else "again", ending)
    if report.sent:
        return Result("handed-over", report.detail)
    if report.refused:
        return Result("misconfigured", kept(report.refused))
    return Result("again", report.detail)


async def _kill(process: Process) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    with suppress(TimeoutError):
        async with asyncio.timeout(KILL_SECONDS):
            await process.wait()


def shown(url: str) -> str:
    """Return an Apprise URL for people: its scheme, as the rest may hold secrets."""
    return f"apprise {url.partition('://')[0]}"


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return {**kept, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path), "HOME": "/nonexistent"}


def _body(page: Content) -> bytes:
    text = plain_text(page.items, page.rest, page.more, page.language)
    return msgspec.json.encode(AppriseText(page.heading, text or page.heading))
