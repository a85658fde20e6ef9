"""What is kept of refused submissions, as it is read.

    duban:{L}:refused                  stream  n: its number, e: outcome, by, at, door; size and sha256 of the bytes, or
                                               head: method, path, some headers of a request whose body was not read
    duban:{L}:refused:bodies:<source>  stream  the same id -> raw: the bytes; the newest of the source
    duban:{L}:refused:sizes            hash    source -> bytes in its bodies

All are written by append.lua, in the step that decides. An entry from before refusals were numbered has no n, and the
bytes in its field raw: its number is its place in the stream.
"""

from typing import Any

from msgspec import Struct

from events.keys import key

READ_BATCH = 1_000

ENTRY_BYTES = 128
"""What append.lua counts for an entry beside its bytes."""


class Kept(Struct, frozen=True):
    """One refusal; `raw` are the bytes as they were sent, None where they are not kept or were not read."""

    id: str
    fields: dict[str, bytes]
    raw: bytes | None


async def read_refused(redis: Any, ledger: str, after: str = "0-0", count: int = READ_BATCH) -> list[Kept]:
    """Return up to so many refusals that follow the id `after`, in their order."""
    entries = await redis.xrange(key(ledger, "refused"), min=f"({after}", count=count)
    async with redis.pipeline(transaction=False) as pipe:
        for id, fields in entries:
            pipe.xrange(bodies_of(ledger, fields.get(b"by", b"").decode()), min=id, max=id)
        bodies = await pipe.execute()
    return [
        Kept(
            id.decode(),
            {name.decode(): value for name, value in fields.items()},
            body[0][1].get(b"raw") if body else fields.get(b"raw"),
        )
        for (id, fields), body in zip(entries, bodies, strict=True)
    ]


def bodies_of(ledger: str, source: str) -> str:
    """Return the key of the stream that has the bytes of a source's refused submissions."""
    return key(ledger, "refused", "bodies", source)
