"""A channel on which a recipient is reached, as a ledger's file has it. Pure."""

from msgspec import Struct


class Channel(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a recipient is reached: an Apprise URL, or `webhook` with a Standard Webhooks `secret` (whsec_…)."""

    apprise: str | None = None
    webhook: str | None = None
    secret: str | None = None

    def __post_init__(self) -> None:
        if (self.apprise is None) == (self.webhook is None):
            raise ValueError("a channel has either apprise or webhook")
        if (self.webhook is None) != (self.secret is None):
            raise ValueError("a webhook is signed: it needs a secret, and only it has one")
