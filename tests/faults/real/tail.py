"""A torn tail of the append-only file: the beginning of a write that was not finished when the machine lost power.

With `appendfsync always` nobody is answered before the write is on disk whole, so that only a write nobody was told of
can be torn. What was there stays; after it comes the beginning of one more: a transaction of the file itself, cut.
"""

import random
from pathlib import Path

_BEGIN = b"*1\r\n$5\r\nMULTI\r\n"
_END = b"*1\r\n$4\r\nEXEC\r\n"

READ = 1 << 16
"""Bytes at the file's end among which a whole transaction is looked for."""


def tear(server: Path, draws: random.Random) -> bool:
    """Tear the tail of a dead server's newest file; False where that has no transaction to take the beginning of."""
    files = sorted((server / "appendonlydir").glob("*.incr.aof"), key=lambda path: path.stat().st_mtime)
    if not files:
        return False
    last = files[-1].read_bytes()[-READ:]
    end = last.rfind(_END)
    begin = last.rfind(_BEGIN, 0, end)
    if begin < 0:
        return False
    write = last[begin : end + len(_END)]
    with files[-1].open("ab") as file:
        file.write(write[: draws.randrange(1, len(write))])
    return True
