"""The server that sends mail, as the `[alerts.mail]` of a ledger's file has it. Pure."""

import re
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

DEFAULT_PORTS = {"starttls": 587, "implicit": 465, "none": 25}
"""Submission with STARTTLS (RFC 6409), submission over TLS (RFC 8314, 3.3), and SMTP (RFC 5321, 4.5.4.2)."""

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)*[A-Za-z0-9-]{1,63}")
_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}|[0-9A-Fa-f:.]{2,45}")


class MailServer(Struct, frozen=True, forbid_unknown_fields=True):
    """Where mail is handed in: `port` by default that of `tls`; `user` and `password` where the server asks for them.

    `sender` (`from` in the file) is the address from which mail comes. This server may be anywhere, also in a private
    network.
    """

    host: str
    sender: str = field(name="from")
    tls: Literal["starttls", "implicit", "none"] = "starttls"
    port: Annotated[int, Meta(ge=1, le=65_535)] | None = None
    user: str | None = None
    password: str | None = None

    def __post_init__(self) -> None:
        if not _HOST.fullmatch(self.host):
            raise ValueError(f"host = {self.host!r} is no host's name; one looks like smtp.example.cn")
        check_address(self.sender)
        if (self.user is None) != (self.password is None):
            raise ValueError("user and password go together: give both, or neither")

    @property
    def port_used(self) -> int:
        return self.port or DEFAULT_PORTS[self.tls]


def check_address(text: str) -> None:
    """Raise ValueError for text that is no mail address in ASCII, with what would be right."""
    if not _ADDRESS.fullmatch(text):
        raise ValueError(f"{text!r} is no mail address; one looks like banjian@example.cn")
