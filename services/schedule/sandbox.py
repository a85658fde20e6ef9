"""Reading an untrusted document in a process of its own, with limits on memory and time."""

import asyncio
import os
import re
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import suppress

import msgspec
from msgspec import Struct, structs

from events.alerting import AlertRules
from events.ledger import Ledger
from events.working_days import WorkingDays
from services.common.sizes import MIB
from services.schedule.limits import MOST_BYTES, MOST_SECONDS, MOST_WRITTEN
from services.schedule.plan import Order, Schedule
from services.schedule.table import whole

MODULE = ("-m", "services.schedule")
MOST_WAITED = 2 * MOST_SECONDS
"""Seconds by the clock, of which the reader may have half: others run, too."""

_ENDING = 6
"""Characters of a name that may tell what a file is."""

_UNSAFE = re.compile(r"[^a-zA-Z.]")
_CHUNK = MIB


class Job(Struct, frozen=True):
    """What the process gets, in one line before the document; of the ledger only what the reading needs."""

    ending: str
    order: Order
    ledger: Ledger
    days: WorkingDays


async def read_safely(data: bytes, name: str, order: Order, ledger: Ledger, days: WorkingDays) -> Schedule:
    """Read a document's tasks as `plan.plan_tasks` does; a reader that dies or exceeds a limit is a refusal.

    The process gets nothing of this one’s environment but where its modules are, and no tokens or channels.
    """
    if len(data) > MOST_BYTES:
        return refused(f"the file has {len(data):,} bytes; at most {MOST_BYTES:,} are read")
    own = structs.replace(ledger, sources={}, alerts=AlertRules())
    job = msgspec.json.encode(Job(_UNSAFE.sub("", name[-_ENDING:]), order, own, days)) + b"\n"
    modules = os.pathsep.join(path for path in sys.path if path)
    reader = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", *MODULE),
        stdin=PIPE,
        stdout=PIPE,
        stderr=DEVNULL,
        env={"PYTHONPATH": modules},
    )
    try:
        async with asyncio.timeout(MOST_WAITED):
            written, _ = await asyncio.gather(_answer(reader), _hand(reader, job + data))
            status = await reader.wait()
    except TimeoutError:
        return refused(f"it took more than {MOST_WAITED} seconds to read")
    finally:
        if reader.returncode is None:
            with suppress(ProcessLookupError):
                reader.kill()
        await _answer(reader)  # what it wrote and nobody has read keeps the pipe open
        await reader.wait()
    try:
        return msgspec.json.decode(written, type=Schedule)
    except msgspec.DecodeError:
        return refused(f"reading it ended early, with status {status}: it takes too much memory or time")


async def _hand(reader: Process, data: bytes) -> None:
    assert reader.stdin is not None
    with suppress(BrokenPipeError, ConnectionResetError):  # it may have died; its answer tells
        reader.stdin.write(data)
        await reader.stdin.drain()
    reader.stdin.close()


async def _answer(reader: Process) -> bytes:
    """Return what the process writes until it ends, up to where it is too much to be a table: that ends it."""
    assert reader.stdout is not None
    written = bytearray()
    while chunk := await reader.stdout.read(_CHUNK):
        if len(written) <= MOST_WRITTEN:
            written += chunk
        else:
            with suppress(ProcessLookupError):
                reader.kill()
    return bytes(written)


def refused(detail: str) -> Schedule:
    """Return the schedule of a document that cannot be read at all."""
    return Schedule((), (whole(detail),))
