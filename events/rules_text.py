"""The rules of a ledger as they go on record: its configuration as canonical JSON, without secrets. Pure."""

import hashlib

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from events.channel import Channel
from events.ledger import Ledger

WITHHELD = "withheld"
"""Stands for what is secret, and for addresses of people: what is on record stays there."""

_PLACES = {
    "mail": (f"{WITHHELD}@{WITHHELD}.invalid",),
    "webhook": f"https://{WITHHELD}.invalid",
    "apprise": f"{WITHHELD}://",
}


class RulesText(Struct, frozen=True):
    """The rules by which an instance decides: the version of the code's rules, and the ledger as text with its hash."""

    version: str
    sha256: str
    text: bytes

    @classmethod
    def of(cls, ledger: Ledger, version: str) -> "RulesText":
        """Return the rules of a ledger under a version of the code's rules."""
        text = msgspec.json.encode(without_secrets(ledger), order="deterministic")
        return cls(version, sha256_of(text), text)


def sha256_of(text: bytes) -> str:
    """Return the SHA-256 by which a text is named, in hexadecimal."""
    return hashlib.sha256(text).hexdigest()


def read_ledger(text: bytes) -> Ledger:
    """Return the ledger of a text on record; raises ValueError for text that is none."""
    return msgspec.json.decode(text, type=Ledger)


def without_secrets(ledger: Ledger) -> Ledger:
    """Return a ledger that decides and alerts alike, but reaches nobody."""
    alerts = ledger.alerts
    mail = alerts.mail
    if mail is not None and mail.password is not None:
        mail = replace(mail, password=WITHHELD)
    channels, people = (
        {name: tuple(map(_without_secrets, channels)) for name, channels in reached.items()}
        for reached in (alerts.channels, alerts.people)
    )
    return replace(ledger, alerts=replace(alerts, channels=channels, people=people, mail=mail))


def _without_secrets(channel: Channel) -> Channel:
    secret = WITHHELD if channel.signing else None
    base = channel.base if channel.kind not in _PLACES else None
    place = {channel.kind: _PLACES.get(channel.kind, WITHHELD)}
    return Channel(**place, secret=secret, base=base, language=channel.language)  # type: ignore[arg-type]
