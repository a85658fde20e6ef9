"""The text of a ledger's rules: it has what decides and alerts, and nothing that is secret."""

import msgspec
import pytest
from msgspec.structs import replace

from events.ledger import Ledger
from events.rules_text import RulesText, read_ledger, sha256_of, without_secrets
from services.common.settings import load_ledger, shipped

CHANNELS = """
title = "a"
units = ["市残联"]
[alerts.mail]
host = "smtp.b.cn"
from = "duban@b.cn"
user = "u"
password = "S3CRET"
[alerts.people]
"李四" = [{ mail = ["S3CRET@b.cn", "S3CRET2@b.cn"] }]
[alerts.channels]
"市残联" = [
  { wecom = "S3CRET-7xxx", base = "https://wecom.b.cn" },
  { wecom = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=S3CRET" },
  { dingtalk = "S3CRET-7xxx", secret = "SECS3CRET" },
  { feishu = "S3CRET-7xxx", secret = "S3CRET", language = "en" },
  { webhook = "https://b.cn/S3CRET", secret = "whsec_S3CRET" },
  { webhook = "https://b.cn/", secrets = ["whsec_S3CRET1", "whsec_S3CRET2"] },
  { apprise = "tgram://S3CRET/b" },
]
"""


def read(text: str) -> Ledger:
    return msgspec.toml.decode(text, type=Ledger)


def test_no_secret_goes_on_record() -> None:
    """Keys, passwords and addresses are withheld; which kinds of channel a recipient has stays."""
    ledger = read(CHANNELS)
    rules = RulesText.of(ledger, "1")
    assert b"S3CRET" not in rules.text
    kept = read_ledger(rules.text)
    for before, after in ((ledger.alerts.channels, kept.alerts.channels), (ledger.alerts.people, kept.alerts.people)):
        assert {name: [(one.kind, one.language) for one in channels] for name, channels in before.items()} == {
            name: [(one.kind, one.language) for one in channels] for name, channels in after.items()
        }


@pytest.mark.parametrize("name", ["zhanjiang.toml"])
def test_a_text_reads_back_as_the_ledger_that_decides(name: str) -> None:
    """And is named by its hash; the same ledger always has the same text."""
    ledger = load_ledger(shipped(name))
    rules = RulesText.of(ledger, "1")
    assert read_ledger(rules.text) == without_secrets(ledger)
    assert RulesText.of(read_ledger(rules.text), "1") == rules
    assert rules.sha256 == sha256_of(rules.text)


def test_another_secret_is_no_other_rule_and_another_unit_is_one() -> None:
    """Keys are rotated without a trace; whatever decides leaves one."""
    one, rotated = read(CHANNELS), read(CHANNELS.replace("S3CRET", "R0TATED"))
    assert RulesText.of(one, "1") == RulesText.of(rotated, "1")
    for other in (
        replace(one, units=("市残联", "市民政局")),
        replace(one, remind_days=(7,)),
        replace(one, alerts=replace(one.alerts, supervisor="督查室二")),
        replace(one, alerts=replace(one.alerts, channels={})),
    ):
        assert RulesText.of(other, "1").sha256 != RulesText.of(one, "1").sha256
