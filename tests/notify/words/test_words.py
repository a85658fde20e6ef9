"""The words of each trigger, in Chinese and in English."""

from typing import Any, get_args

import pytest

from events.alert_rule import Trigger
from services.notify.words.language import Words
from services.notify.words.shown import WORDS, shown
from tests.notify.words.facts import DUE, LEDGER, TITLE, alert

SHORT = "全市至少建立两个规模化残疾人集中就业基地"

CASES: list[tuple[Trigger, dict[str, Any], str, str, str, str]] = [  # facts; word and line in Chinese, in English
    (
        "assigned",
        {"deadline": "2018年12月底前完成"},
        "新交办任务",
        "时限要求：2018年12月底前完成",
        "New task",
        "Deadline: 2018年12月底前完成",
    ),
    (
        "neared",
        {"due": DUE, "days": 7},
        "还有7天到期",
        "应于2018年12月31日前（含当日）办结。",
        "Due in 7 days",
        "by 31 December 2018",
    ),
    (
        "neared",
        {"due": DUE, "days": 1},
        "今日到期",
        "应于2018年12月31日前（含当日）办结。",
        "Due today",
        "by 31 December 2018",
    ),
    ("passed", {"due": DUE, "days": 0}, "逾期", "办结，至今未销号。", "Overdue", "it is not closed"),
    (
        "passed",
        {"due": DUE, "days": 1},
        "已逾期1天",
        "2018年12月31日前（含当日）",
        "Overdue by 1 day",
        "31 December 2018",
    ),
    (
        "open",
        {"due": DUE, "days": 30, "step": 2},
        "逾期未销号，第2次提级报告",
        "已逾期30天",
        "Still open, escalation 2",
        "30 days ago",
    ),
    (
        "submitted",
        {"unit": "市残联", "detail": "已建成"},
        "报送办结，待核查",
        "市残联报送办结：已建成",
        "Submitted as complete",
        "Submitted by 市残联\nSummary: 已建成",
    ),
    (
        "returned",
        {"detail": "材料不全"},
        "退回，待整改",
        "退回原因：材料不全",
        "Completion returned",
        "Reason: 材料不全",
    ),
    (
        "requested",
        {"unit": "市残联", "detail": "审批未完", "proposed": DUE},
        "申请延期，待批复",
        "市残联申请延期至2018年12月31日。\n申请理由：审批未完",
        "Extension requested",
        "Requested by 市残联, until 31 December 2018 (inclusive)\nReason: 审批未完",
    ),
    (
        "granted",
        {"due": DUE},
        "准予延期",
        "延期后应于2018年12月31日前（含当日）办结。",
        "Extension granted",
        "by 31 December 2018",
    ),
    (
        "refused",
        {"due": DUE, "detail": "不充分"},
        "不予延期",
        "不予延期的理由：不充分\n仍应于2018年12月31日前",
        "Extension refused",
        "Reason: 不充分",
    ),
    ("urged", {"detail": "请于周五前报送"}, "催办", "催办要求：请于周五前报送", "Urged", "Message: 请于周五前报送"),
    ("reassigned", {"detail": "机构改革"}, "责任单位调整", "调整原因：机构改革", "Units changed", "Reason: 机构改革"),
    ("silent", {"days": 95}, "长期未反馈进展", "已95天未反馈进展", "No report for long", "No report for 95 days"),
    (
        "trouble",
        {"task": "", "lead": "", "title": "webhook a.cn", "step": 1, "detail": "503"},
        "通知渠道连续1日发送失败",
        "具体情况：503",
        "Channel failing for a day",
        "Error: 503",
    ),
    (
        "trouble",
        {"task": "", "lead": "", "title": "webhook a.cn", "step": 2},
        "通知渠道已暂停",
        "现已暂停使用",
        "Channel paused",
        "until an operator resumes it",
    ),
    ("weekly", {"task": "", "lead": "", "title": ""}, "每周汇总", "", "Weekly summary", ""),
]


@pytest.mark.parametrize(("on", "facts", "word", "line", "english_word", "english_line"), CASES)
def test_each_trigger_has_words(
    on: Trigger, facts: dict[str, Any], word: str, line: str, english_word: str, english_line: str
) -> None:
    """The title has what it is about and the task's title, or the ledger's; the text has the facts."""
    about = {"trouble": "webhook a.cn", "weekly": LEDGER.title}.get(on, SHORT)
    chinese, english = (shown(LEDGER, alert(on, **facts), language) for language in ("zh", "en"))
    assert (chinese.title, english.title) == (f"{word}：{about}", f"{english_word}: {about}")
    assert line in chinese.text
    assert english_line in english.text
    assert not chinese.text or chinese.text.startswith(facts.get("title", TITLE) or "")


@pytest.mark.parametrize("words", WORDS.values())
def test_no_trigger_is_without_words(words: Words) -> None:
    """A trigger that is added to the rules needs a title and lines in each language."""
    assert set(get_args(Trigger)) <= set(words.titles)
    assert set(get_args(Trigger)) <= set(words.texts) <= set(words.titles)


def test_an_alert_keeps_its_facts_next_to_its_words() -> None:
    """The task's own title, however long, and the last day in time."""
    long = "加强" * 200
    one = shown(LEDGER, alert("passed", due=DUE, title=long))
    assert (one.task_title, str(one.due_day), len(one.title)) == (long, "2018-12-31", len("逾期：") + 24)
    assert one.text.splitlines()[0].endswith("…")
