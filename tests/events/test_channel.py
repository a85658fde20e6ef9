"""Channels as a ledger's file has them: what is read, and what is refused with what would be right."""

import msgspec
import pytest

from events.channel import Channel
from events.ledger import Ledger
from events.mail_server import MailServer

HEAD = 'title = "a"\n[alerts.mail]\nhost = "smtp.b.cn"\nfrom = "duban@b.cn"\n[alerts.channels]\n"*" = '


def read(channels: str) -> tuple[Channel, ...]:
    """Return the channels of everybody in a file."""
    return msgspec.toml.decode(HEAD + channels, type=Ledger).alerts.channels["*"]


def test_every_kind_is_read() -> None:
    """One line for each kind."""
    channels = read(
        '[{ wecom = "693a91f6-7xxx" },'
        ' { dingtalk = "https://oapi.dingtalk.com/robot/send?access_token=a", secret = "SECa" },'
        ' { feishu = "abcdefgh", secret = "a", base = "https://open.larksuite.com", language = "en" },'
        ' { mail = ["a@b.cn", "c@d.cn"] }, { webhook = "https://b.cn/", secret = "whsec_a" },'
        ' { webhook = "https://b.cn/", secrets = ["whsec_new", "whsec_old"] }, { apprise = "tgram://a/b" }]'
    )
    assert [channel.kind for channel in channels] == [
        "wecom",
        "dingtalk",
        "feishu",
        "mail",
        "webhook",
        "webhook",
        "apprise",
    ]
    assert [channel.signing for channel in channels[1:6]] == [
        ("SECa",),
        ("a",),
        (),
        ("whsec_a",),
        ("whsec_new", "whsec_old"),
    ]
    assert [channel.language for channel in channels[:3]] == ["zh", "zh", "en"]


@pytest.mark.parametrize(
    ("channel", "words"),
    [
        ("{}", 'nothing given; a channel is one of {wecom = "KEY or URL"}'),
        ('{ wecom = "abcdefgh", feishu = "abcdefgh" }', "wecom and feishu given"),
        ('{ wecom = "ab" }', "wecom is the robot's key: 8 to 200 letters"),
        ('{ wecom = "ftp://example.cn/" }', "wecom is the robot's key, or its http or https URL"),
        ('{ wecom = "abcdefgh", secret = "a" }', "wecom has no secret"),
        ('{ wecom = "https://b.cn/", base = "https://c.cn" }', "base has nothing to add"),
        ('{ wecom = "abcdefgh", base = "c.cn" }', "base = 'c.cn' is no origin"),
        ('{ dingtalk = "abcdefgh", secrets = ["a", "b"] }', "only a webhook has several secrets"),
        ("{ mail = [] }", "mail has 0 addresses"),
        ('{ mail = ["李@b.cn"] }', "'李@b.cn' is no mail address"),
        ('{ mail = ["a@b.cn\\r\\nBcc: c@d.cn"] }', "is no mail address"),
        ('{ mail = ["a@b.cn", "A@b.cn"] }', "mail names an address twice"),
        ('{ mail = ["a@b.cn"], base = "https://b.cn" }', "base is the origin of a robot"),
        ('{ webhook = "https://b.cn/" }', "it needs either secret or secrets = [new, old]"),
        ('{ webhook = "https://b.cn/", secret = "a", secrets = ["a"] }', "it needs either secret or secrets"),
        ('{ webhook = "ftp://b.cn/", secret = "a" }', "a webhook is an http or https URL"),
        ('{ apprise = "dingtalk://a" }', 'use {dingtalk = "TOKEN or URL", secret = "SEC…"}'),
        ('{ apprise = "wecombot://a" }', 'use {wecom = "KEY or URL"}'),
        ('{ apprise = "feishu://a" }', 'use {feishu = "TOKEN or URL"'),
        ('{ apprise = "lark://a" }', 'use {feishu = "TOKEN or URL"'),
        ('{ apprise = "mailtos://a:b@c.cn" }', 'use {mail = ["a@example.cn"]} with the server in [alerts.mail]'),
        ('{ apprise = "JSON://localhost" }', 'use {webhook = "https://…", secret = "whsec_…"}'),
        ('{ apprise = "forms://localhost" }', 'use {webhook = "https://…", secret = "whsec_…"}'),
        ('{ apprise = "xml://localhost" }', 'use {webhook = "https://…", secret = "whsec_…"}'),
        ('{ sms = "a" }', "unknown field"),
    ],
)
def test_what_is_no_channel_is_refused_with_what_would_be_right(channel: str, words: str) -> None:
    """The message names the kind of channel and never its secrets."""
    with pytest.raises(msgspec.ValidationError) as refused:
        read(f"[{channel}]")
    assert words in str(refused.value)
    assert "secret-of-mine" not in str(refused.value)


@pytest.mark.parametrize(
    ("toml", "words"),
    [
        ('[alerts.channels]\n"*" = [{ mail = ["a@b.cn"] }]', "add [alerts.mail] with host"),
        ('[alerts.mail]\nhost = "smtp b"\nfrom = "a@b.cn"', "is no host's name"),
        ('[alerts.mail]\nhost = "smtp.b.cn"\nfrom = "a"', "is no mail address"),
        ('[alerts.mail]\nhost = "smtp.b.cn"\nfrom = "a@b.cn"\nuser = "a"', "user and password go together"),
        ('[alerts.mail]\nhost = "smtp.b.cn"\nfrom = "a@b.cn"\ntls = "yes"', "Invalid enum value"),
        ('[alerts]\nallow = ["10.0.0.5"]', "which is not host:port"),
        ('[alerts]\nallow = ["http://10.0.0.5:80"]', "which is not host:port"),
    ],
)
def test_what_cannot_be_a_network_is_refused(toml: str, words: str) -> None:
    """A server without an address, half a login, an address without its port."""
    with pytest.raises(msgspec.ValidationError) as refused:
        msgspec.toml.decode(f'title = "a"\n{toml}', type=Ledger)
    assert words in str(refused.value)


@pytest.mark.parametrize(("tls", "port"), [("starttls", 587), ("implicit", 465), ("none", 25)])
def test_a_mail_server_has_the_port_of_its_tls(tls: str, port: int) -> None:
    """Unless another one is given."""
    text = f'host = "smtp.b.cn"\nfrom = "a@b.cn"\ntls = "{tls}"\n'
    assert msgspec.toml.decode(text, type=MailServer).port_used == port
    assert msgspec.toml.decode(f"{text}port = 2525", type=MailServer).port_used == 2525
