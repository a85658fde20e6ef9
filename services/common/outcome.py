"""The outcome of a submission, as ingest returns it. Pure."""

from typing import Literal

from msgspec import Struct

from events.envelope import CODES


class Outcome(Struct, frozen=True, gc=False, omit_defaults=True):
    """The outcome of a submission, over HTTP and on the stream of receipts.

    `replicas` is how many replicas have it on disk as well, where an acknowledgement waits for them.
    """

    source: str | None
    id: str | None
    outcome: Literal["accepted", "duplicate", "refused"]
    position: int | None = None
    code: CODES | None = None
    detail: str | None = None
    replicas: int | None = None
