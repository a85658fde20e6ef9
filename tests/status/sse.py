"""Server-Sent Events, read as a browser reads them (WHATWG HTML, 9.2.6)."""

from typing import Any, NamedTuple

import msgspec


class Happening(NamedTuple):
    """One event of a stream."""

    id: int
    event: str
    data: bytes

    def json(self) -> Any:
        return msgspec.json.decode(self.data)


def happenings(text: bytes) -> list[Happening]:
    """Return the events in whole blocks of a stream; comments, and blocks without data, are none."""
    found = []
    for block in text.split(b"\n\n"):
        lines = (line.partition(b": ") for line in block.split(b"\n"))
        fields = {name: value for name, _, value in lines if name}
        if b"data" in fields:
            found.append(Happening(int(fields[b"id"]), fields[b"event"].decode(), fields[b"data"]))
    return found
