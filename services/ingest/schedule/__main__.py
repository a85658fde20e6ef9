"""Reads one document from standard input in a process of its own; see `sandbox`."""

import resource
import sys
from contextlib import suppress

import msgspec

from services.ingest.schedule.document import read_document, refused
from services.ingest.schedule.limits import MOST_BYTES, MOST_MEMORY, MOST_SECONDS


def run() -> None:
    """Read what stands on standard input as a document of the name in the argument; write its table as JSON."""
    for limit, most in (
        (resource.RLIMIT_AS, MOST_MEMORY),
        (resource.RLIMIT_CPU, MOST_SECONDS),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
    ):
        with suppress(ValueError, OSError):  # macOS does not know them all; the reader has limits of its own
            resource.setrlimit(limit, (most, most + 1))
    table = read_document(sys.stdin.buffer.read(MOST_BYTES + 1), sys.argv[1])
    try:
        written = msgspec.json.encode(table)
    except MemoryError:
        written = msgspec.json.encode(refused("it takes more memory to read than is given"))
    sys.stdout.buffer.write(written)


run()
