"""The result of one attempt to send a part. Pure."""

from typing import Literal, TypeAlias

from msgspec import Struct

Outcome: TypeAlias = Literal["accepted", "handed-over", "again", "never", "misconfigured", "uncertain"]
"""What became of one attempt.

accepted       the receiver accepted the message
handed-over    Apprise passed the message on; whether the receiver accepted it is not known
again          not accepted now; a later attempt may succeed
never          refused for good
misconfigured  refused until the configuration, here or at the receiver, is changed
uncertain      the message was handed over, and the answer was lost; a repeat might show it twice
"""


SENT: frozenset[Outcome] = frozenset({"accepted", "handed-over"})
"""What needs no other attempt, having succeeded."""


class Result(Struct, frozen=True):
    """One attempt's outcome and its details: status, code and message of the receiver, bounded, without secrets.

    `after` are the least seconds before another attempt. `rest` are seconds for which nothing is sent on the channel.
    `recipients` has each mail address with its own outcome and detail; `outcome` is then the one that decides what
    follows: `again` if any address is to be tried again, else `uncertain`, `misconfigured` or `never` if any is that.
    """

    outcome: Outcome
    detail: str
    after: float = 0.0
    rest: float = 0.0
    recipients: tuple[tuple[str, Outcome, str], ...] = ()
