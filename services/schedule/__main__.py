"""Reads one document from standard input in a process of its own; see `sandbox`."""

import resource
import sys
from contextlib import suppress

import msgspec

from services.schedule.document import read_document
from services.schedule.limits import MOST_BYTES, MOST_MEMORY, MOST_SECONDS
from services.schedule.planning import plan_tasks
from services.schedule.sandbox import Job, refused


def run() -> None:
    """Read the job and the document that stand on standard input; write its schedule as JSON."""
    for limit, most in (
        (resource.RLIMIT_AS, MOST_MEMORY),
        (resource.RLIMIT_CPU, MOST_SECONDS),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
    ):
        with suppress(ValueError, OSError):  # macOS does not know them all; the reader has limits of its own
            resource.setrlimit(limit, (most, most + 1))
    job = msgspec.json.decode(sys.stdin.buffer.readline(), type=Job)
    table = read_document(sys.stdin.buffer.read(MOST_BYTES + 1), job.ending)
    try:
        written = msgspec.json.encode(plan_tasks(table, job.order, job.ledger, job.days))
    except MemoryError:
        written = msgspec.json.encode(refused("it takes more memory to read than is given"))
    sys.stdout.buffer.write(written)


run()
