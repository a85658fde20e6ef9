"""What the process of an attempt by Apprise reads and writes. Pure."""

from msgspec import Struct

SENDING = b"sending\n"
"""Written as soon as a message is being sent."""


class AppriseJob(Struct, frozen=True):
    """What is sent, and where to; `allow` and `allow_private` are those of the ledger's file.

    After `seconds` the process ends by itself, in case that the service has died.
    """

    url: str
    title: str
    body: str
    allow: tuple[str, ...]
    allow_private: bool
    seconds: int


class AppriseReport(Struct, frozen=True):
    """Whether Apprise handed the message over, its warnings, and the address that was refused, if any.

    The warnings are without what may be secrets.
    """

    sent: bool
    detail: str
    refused: str = ""
