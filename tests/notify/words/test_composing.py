"""Letters: which alerts come first, subjects, links, and the JSON for webhooks."""

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from events.alert_rule import AlertRule
from events.alerting import AlertRules
from events.ledger import Ledger
from events.text import Language
from events.working_days import LIBRARY, WorkingDays
from services.notify.letter import Letter
from services.notify.week import SummaryTask, WeeklySummary
from services.notify.words.composing import compose
from tests.notify.words.facts import DUE, LEDGER, NOW, alert, overdue

URL = "https://duban.example.cn"

SMALLEST = 2_048
"""Bytes of the smallest message that any channel has: a text of WeCom's robots."""


def letter(*alerts: Any, recipient: str = "督查室", language: Language = "zh", **more: Any) -> Letter:
    """Return the letter of alerts, as of now."""
    given = {"public_url": URL, "now": NOW, **more}
    return compose(LEDGER, "zhanjiang", recipient, alerts, language=language, **given)


def test_what_is_overdue_comes_first_then_what_is_due_soon() -> None:
    """Within these, the earliest due first; anything else in the order in which it arose."""
    late, later = overdue(id="1", days=3), overdue("open", id="2", days=9, step=1)
    soon = alert("neared", "3", due=NOW + timedelta(days=3), days=3)
    urged = alert("urged", "4", due=DUE, detail="速办")
    new, old = alert("assigned", "5"), alert("submitted", "6", at=NOW - timedelta(hours=1))
    sent = letter(new, soon, old, late, urged, later)
    words = [item.title.split("：")[0] for item in sent.items]
    assert words == ["逾期未销号，第1次提级报告", "催办", "已逾期3天", "还有3天到期", "报送办结，待核查", "新交办任务"]
    assert [item.urgent for item in sent.items] == [True] * 3 + [False] * 3
    assert sent.subject == "【督办】督查室：逾期3项，临近时限1项，其他事项2项"


def test_a_digest_of_one_is_a_message_of_its_own() -> None:
    """Its subject has what it is about, in the language asked for."""
    assert letter(overdue()).subject == "【督办】已逾期7天：全市至少建立两个规模化残疾人集中就业基地"
    assert (
        letter(overdue(), language="en").subject
        == "[Duban] Overdue by 7 days: 全市至少建立两个规模化残疾人集中就业基地"
    )
    several = letter(overdue(), alert("assigned"), language="en")
    assert several.subject == "[Duban] 督查室: 1 overdue, 1 other"


def test_an_item_leads_to_its_task_and_the_letter_to_the_recipients_page() -> None:
    """Percent-encoded; no link without a public address, and none to the page of what is no unit."""
    sent = letter(overdue(task="湛/1 号"), recipient="市残联")
    assert sent.items[0].link == f"{URL}/zhanjiang/tasks/%E6%B9%9B%2F1%20%E5%8F%B7"
    assert sent.more == f"{URL}/zhanjiang/units/%E5%B8%82%E6%AE%8B%E8%81%94"
    assert letter(overdue()).more == f"{URL}/zhanjiang/"
    nowhere = letter(overdue(), public_url=None)
    assert (nowhere.items[0].link, nowhere.more) == ("", "")


def test_an_escalation_has_the_address_of_its_form() -> None:
    """By the alert's id; other items have none."""
    sent = letter(overdue("open", "1", step=1), overdue(id="2"), acks={"1": f"{URL}/ack/1"})
    assert [item.ack for item in sent.items] == [f"{URL}/ack/1", ""]


def test_a_weekly_summary_has_figures_and_lists() -> None:
    """Of a longer list, how many more there are."""
    late = tuple(SummaryTask(f"t-{n}", f"任务{n}", "市残联", DUE, 7) for n in range(6))
    summary = WeeklySummary(20, late, (SummaryTask("t", "落实补贴", "市民政局", DUE, 3),), 30, 2, 1, 3)
    weekly = alert("weekly", task="", title="", lead="", week=summary)
    lines = letter(weekly).items[0].lines
    assert lines[:4] == (
        "未销号任务20项，其中逾期6项，30天内到期1项。",
        "近7日新交办1项，销号3项。",
        "已报送办结、待核查2项。",
        "逾期任务：",
    )
    assert lines[4] == "1．任务0（市残联牵头，已逾期7天）"
    assert lines[8:] == ("其余2项见督办台账。", "近期到期任务：", "1．落实补贴（市民政局牵头，还有3天到期）")


def test_an_alert_that_was_timed_by_weekends_alone_states_it() -> None:
    """Held until a working time, or a step counted in working days; where the year has no calendar."""
    steps = (AlertRule("open", ("supervisor",), after="5wd", step=1), AlertRule("open", ("supervisor",), after="20d"))
    rules = AlertRules(rules=(*steps[:1], replace(steps[1], name="other")), quiet_hours="18:00-08:00")
    ledger, future = replace(LEDGER, alerts=rules), NOW.replace(year=2099)
    held = alert("assigned", at=future - timedelta(days=2))
    step = overdue("open", at=future, days=7, step=1, waits=False, due=future - timedelta(days=7))

    def notes(one: Any, ledger: Ledger = ledger, days: WorkingDays = LIBRARY) -> bool:
        sent = compose(ledger, "l", "督查室", [one], language="zh", public_url=None, now=future, days=days)
        return "（2099年放假安排尚未载入，按周一至周五计算工作日。）" in sent.items[0].lines

    assert notes(held)
    assert notes(step)
    assert not notes(held, days=WorkingDays(frozenset({2099})))
    assert not notes(step, days=WorkingDays(frozenset({2098, 2099})))
    assert not notes(held, LEDGER)
    assert not notes(alert("assigned", at=future))
    assert not notes(replace(step, rule="other"))


def test_the_payload_of_a_webhook_keeps_its_members() -> None:
    """`duban.alerts.v1`: what receivers have relied on, and the facts next to it."""
    sent = letter(overdue(id="1", causes=(7,)), alert("assigned", "2"))
    payload = json.loads(sent.payload)
    data = payload["data"]
    assert (payload["type"], payload["timestamp"]) == ("duban.alerts.v1", "2019-01-08T00:30:00Z")
    assert (data["ledger"], data["recipient"], data["title"]) == ("zhanjiang", "督查室", sent.subject)
    assert data["text"].startswith("已逾期7天：")
    first = data["alerts"][0]
    assert {"id", "at", "on", "task", "recipient", "title", "text", "causes"} <= first.keys()
    assert (first["id"], first["causes"], first["days"], first["due_day"]) == ("1", [7], 7, "2019-01-01")


@given(
    title=st.text(min_size=1, max_size=300), detail=st.text(max_size=400), lead=st.text(min_size=1, max_size=200),
    on=st.sampled_from(["urged", "returned", "submitted", "requested", "refused", "assigned", "passed"]),
    language=st.sampled_from(["zh", "en"]),
)  # fmt: skip
def test_any_item_is_lines_that_fit_the_smallest_message(
    title: str, detail: str, lead: str, on: Any, language: Language
) -> None:
    """No line has a break or a hidden character in it, and an item with its link fits any channel whole."""
    facts: dict[str, Any] = {
        "title": title,
        "detail": detail,
        "lead": lead,
        "unit": lead,
        "deadline": detail,
        "due": DUE,
        "days": 7,
    }
    (item,) = letter(alert(on, **facts), language=language).items
    for line in (item.title, *item.lines):
        assert line == " ".join(line.split())
        assert len(line.splitlines()) == 1
    assert len("\n".join((item.title, *item.lines, item.link)).encode()) <= SMALLEST


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_letter_states_its_language(language: Language) -> None:
    """For the words that channels add, such as how many more there are."""
    assert letter(overdue(), language=language).language == language
