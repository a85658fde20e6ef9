"""A channel on which a recipient is reached, as a ledger's file has it. Pure."""

import re
from typing import Literal, TypeAlias

from msgspec import Struct

from events.mail_server import check_address
from events.text import Language

Kind: TypeAlias = Literal["wecom", "dingtalk", "feishu", "mail", "webhook", "apprise"]

KINDS: tuple[Kind, ...] = ("wecom", "dingtalk", "feishu", "mail", "webhook", "apprise")

FORMS = (
    'a channel is one of {wecom = "KEY or URL"}, {dingtalk = "TOKEN or URL", secret = "SEC…"},'
    ' {feishu = "TOKEN or URL", secret = "…"}, {mail = ["a@example.cn"]},'
    ' {webhook = "https://…", secret = "whsec_…"} and {apprise = "…"}'
)

ADDRESSES_MOST = 50
"""Mail addresses of a channel; a server accepts at least 100 recipients (RFC 5321, 4.5.3.1.8)."""

OWN_KINDS = {
    "dingtalk": "dingtalk",
    "wecombot": "wecom",
    "feishu": "feishu",
    "lark": "feishu",
    "mailto": "mail",
    "mailtos": "mail",
    **dict.fromkeys(("json", "jsons", "xml", "xmls", "form", "forms"), "webhook"),
}
"""Schemes of Apprise, and the kind of channel that replaces them."""

_INSTEAD = {
    "wecom": '{wecom = "KEY or URL"}',
    "dingtalk": '{dingtalk = "TOKEN or URL", secret = "SEC…"}',
    "feishu": '{feishu = "TOKEN or URL", secret = "…"}',
    "mail": '{mail = ["a@example.cn"]} with the server in [alerts.mail]',
    "webhook": '{webhook = "https://…", secret = "whsec_…"}',
}

_WEB = re.compile(r"https?://[^\s/?#]+[^\s]*")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{8,200}")
_ALLOWED = re.compile(r"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]):[1-9][0-9]{0,4}")


class Channel(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where a recipient is reached, by one of the kinds.

    `wecom`, `dingtalk` and `feishu` are a robot's key (token), or its whole URL; `base` is the origin of a private
    deployment where only the key is given. `secret` signs what a robot of DingTalk or Feishu is sent. A `webhook` is
    signed by the Standard Webhooks specification with its `secret` (whsec_…), or with all `secrets` while a new one
    replaces an old one. `mail` are addresses, all of which see each other. `apprise` is a URL of Apprise, for what the
    other kinds do not reach. `language` is that of the messages.
    """

    wecom: str | None = None
    dingtalk: str | None = None
    feishu: str | None = None
    mail: tuple[str, ...] | None = None
    webhook: str | None = None
    apprise: str | None = None
    secret: str | None = None
    secrets: tuple[str, ...] = ()
    base: str | None = None
    language: Language = "zh"

    def __post_init__(self) -> None:
        kinds = [kind for kind in KINDS if getattr(self, kind) is not None]
        if len(kinds) != 1:
            raise ValueError(f"{' and '.join(kinds) or 'nothing'} given; {FORMS}")
        self._check_secrets(kinds[0])
        self._check_target(kinds[0])

    @property
    def kind(self) -> Kind:
        return next(kind for kind in KINDS if getattr(self, kind) is not None)

    @property
    def signing(self) -> tuple[str, ...]:
        """The secrets with which messages are signed."""
        return self.secrets or ((self.secret,) if self.secret is not None else ())

    def _check_secrets(self, kind: Kind) -> None:
        if kind == "webhook":
            if (self.secret is None) == (not self.secrets):
                raise ValueError("a webhook is signed: it needs either secret or secrets = [new, old]")
        elif self.secrets:
            raise ValueError(f"only a webhook has several secrets; {kind} has none or one, as secret")
        elif self.secret is not None and kind not in {"dingtalk", "feishu"}:
            raise ValueError(f"{kind} has no secret; only dingtalk, feishu and webhook are signed")

    def _check_target(self, kind: Kind) -> None:
        if kind == "mail":
            _check_addresses(self.mail or ())
        elif kind == "apprise":
            check_apprise(self.apprise or "")
        elif kind == "webhook":
            if not _WEB.fullmatch(self.webhook or ""):
                raise ValueError("a webhook is an http or https URL, such as https://example.cn/hook")
        else:
            _check_robot(kind, getattr(self, kind), self.base)
            return
        if self.base is not None:
            raise ValueError(f"base is the origin of a robot that is given by its key; {kind} has none")


def check_apprise(url: str) -> None:
    """Raise ValueError for an Apprise URL for which there is a kind of channel of its own."""
    scheme = url.partition("://")[0].lower()
    own = OWN_KINDS.get(scheme)
    if own is not None:
        raise ValueError(
            f'apprise = "{scheme}://…" is not used, as Apprise cannot tell whether it arrived; use {_INSTEAD[own]}'
        )


def check_allowed(entries: tuple[str, ...]) -> None:
    """Raise ValueError for an entry of `[alerts] allow` that is not host:port, with what would be right."""
    for entry in entries:
        if not _ALLOWED.fullmatch(entry):
            raise ValueError(
                f'allow has {entry!r}, which is not host:port; right are "10.0.0.5:8080", "hooks.example.cn:443"'
                ' and "[fd00::5]:8080"'
            )


def _check_robot(kind: Kind, target: str, base: str | None) -> None:
    if "://" in target:
        if not _WEB.fullmatch(target):
            raise ValueError(f"{kind} is the robot's key, or its http or https URL as the robot's page shows it")
        if base is not None:
            raise ValueError(f"{kind} is a whole URL, so base has nothing to add: leave it out")
        return
    if not _TOKEN.fullmatch(target):
        raise ValueError(
            f"{kind} is the robot's key: 8 to 200 letters, digits, - and _; or its URL as the robot's page shows it"
        )
    if base is not None and not re.fullmatch(r"https?://[^\s/?#@]+/?", base):
        raise ValueError(f"base = {base!r} is no origin; one looks like https://wecom.example.cn")


def _check_addresses(addresses: tuple[str, ...]) -> None:
    if not 1 <= len(addresses) <= ADDRESSES_MOST:
        raise ValueError(f"mail has {len(addresses)} addresses; right are 1 to {ADDRESSES_MOST}")
    for address in addresses:
        check_address(address)
    if len({address.lower() for address in addresses}) < len(addresses):
        raise ValueError("mail names an address twice")
