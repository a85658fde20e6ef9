"""What a source hands in: bytes, and what the model is to know of them."""

import json
from typing import Any, NamedTuple


class Paper(NamedTuple):
    """A submission: `event` is what its bytes say, or `flaw` the code for which no one could read them as an event."""

    raw: bytes
    event: dict[str, Any] | None = None
    flaw: str | None = None

    @property
    def name(self) -> tuple[str, str] | None:
        """Source and id, by which it is known for ever."""
        return (self.event["source"], self.event["id"]) if self.event is not None else None

    @property
    def is_json(self) -> bool:
        try:
            json.loads(self.raw)
        except ValueError:
            return False
        return True


def written(event: dict[str, Any], *, spaced: bool = False, flaw: str | None = None) -> Paper:
    """Return an event on paper, with or without the white space that JSON allows."""
    raw = json.dumps(event, ensure_ascii=False, separators=None if spaced else (",", ":")).encode()
    return Paper(raw, None if flaw else event, flaw)
