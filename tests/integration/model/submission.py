"""A submission: its bytes, and the event that the model reads in them."""

import json
from typing import Any, NamedTuple


class Submission(NamedTuple):
    """`event` is the event in the bytes, or `flaw` the code of the reason why they cannot be read as one."""

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


def written(event: dict[str, Any], *, spaced: bool = False, flaw: str | None = None) -> Submission:
    """Return an event as a submission, with or without the white space that JSON allows."""
    raw = json.dumps(event, ensure_ascii=False, separators=None if spaced else (",", ":")).encode()
    return Submission(raw, None if flaw else event, flaw)
