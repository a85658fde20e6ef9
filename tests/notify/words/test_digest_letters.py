"""The letters of a digest: what a sender adds to its alerts."""

from typing import Any

from events.working_days import LIBRARY
from services.notify.ack_links import AckLinks
from services.notify.closing import Closer
from services.notify.deliveries import Digest
from services.notify.environment import Environment
from services.notify.ways import Ways
from tests.fixed_clock import FixedClock
from tests.notify.words.facts import LEDGER, NOW, overdue

URL = "https://duban.example.cn"


def test_an_escalation_carries_the_link_that_acknowledges_it() -> None:
    """So does a passing; the letter's id is that of the digest."""
    none: Any = None
    links = AckLinks("zhanjiang", b"s" * 32, URL)
    ways = Ways(LEDGER, none)
    given = Environment("zhanjiang", LEDGER, FixedClock(NOW), ways, LIBRARY, URL, links)
    digest = Digest("d-1", "督查室", NOW, ("1", "2"))
    letters = Closer(none, given, none).letters(digest, [overdue("open", "1", step=1), overdue(id="2")], {"zh"})
    assert letters["zh"].id == "zhanjiang-d-1"
    acks = {item.title.partition("：")[0]: item.ack for item in letters["zh"].items}
    assert acks == {"逾期未销号，第1次提级报告": links.link("1", NOW), "已逾期7天": links.link("2", NOW)}
