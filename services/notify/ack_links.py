"""Links by which the reader of a message acknowledges its alert without signing in.

    duban:{L}:notify:ack-secret  string  32 random bytes, from which the secrets of a ledger's links are made; written
                                         once, by notify

A link carries the instant at which it ends and a message authentication code (HMAC-SHA-256, of which 128 bits are
kept) of ledger, alert and that instant. Nothing is stored for a link, and it is written to no log and no record.
"""

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple
from urllib.parse import quote

from events.alert_rule import Trigger
from events.keys import key
from events.schema import ACKNOWLEDGED_MOST
from services.notify.alerts import Alert

SECRET_BYTES = 32

ESCALATING: frozenset[Trigger] = frozenset({"passed", "open", "silent"})
"""Triggers of escalations."""

CODE_BYTES = 16
"""128 bits: nobody guesses one, and a link stays short enough for a message."""

_KEY = re.compile(r"(?P<ends>[0-9a-f]{1,12})\.(?P<code>[A-Za-z0-9_-]{22})")


class AckLinks(NamedTuple):
    """Makes and checks the links of one ledger; `public_url` is where people find the deployment, if that is known."""

    ledger: str
    secret: bytes
    public_url: str | None

    def link(self, alert: str, now: datetime) -> str:
        """Return the address of the form that acknowledges an alert, good for 14 days of the ledger's clock.

        It is empty where the deployment's address is not known. The same instant gives the same link.
        """
        if self.public_url is None:
            return ""
        return f"{self.public_url}{self.path(alert)}?key={self.key(alert, now)}"

    def of(self, alerts: Sequence[Alert], now: datetime) -> dict[str, str]:
        """Return the addresses for the messages of alerts that go on to others unless somebody sees to them, by id."""
        if self.public_url is None:
            return {}
        return {alert.id: self.link(alert.id, now) for alert in alerts if alert.task and alert.on in ESCALATING}

    def path(self, alert: str) -> str:
        """Return the path of the form."""
        return f"/v1/{self.ledger}/alerts/{quote(alert, safe='')}/ack/form"

    def key(self, alert: str, now: datetime) -> str:
        """Return the secret of a link that is made now."""
        ends = f"{int((now + ACKNOWLEDGED_MOST).timestamp()):x}"
        return f"{ends}.{self._code(alert, ends)}"

    def check(self, alert: str, given: str, now: datetime) -> Literal["good", "ended", "wrong"]:
        """Return whether a link's secret is good for an alert; comparing takes the same time whatever is wrong."""
        found = _KEY.fullmatch(given)
        if found is None or not hmac.compare_digest(found["code"], self._code(alert, found["ends"])):
            return "wrong"
        return "good" if now.timestamp() < int(found["ends"], 16) else "ended"

    def _code(self, alert: str, ends: str) -> str:
        mac = hmac.digest(self.secret, f"{self.ledger}\0{alert}\0{ends}".encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(mac[:CODE_BYTES]).rstrip(b"=").decode()


async def load_links(redis: Any, ledger: str, public_url: str | None) -> AckLinks:
    """Return a ledger's links; the first time, its secret is made."""
    name = key(ledger, "notify", "ack-secret")
    await redis.set(name, secrets.token_bytes(SECRET_BYTES), nx=True)
    return AckLinks(ledger, await redis.get(name), public_url)
