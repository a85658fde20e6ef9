"""The words of the form that acknowledges an alert: Chinese and English. Pure."""

from collections.abc import Mapping
from datetime import date

from events.text import Language

WORDS: Mapping[str, tuple[str, str]] = {
    "title": ("确认提醒", "Acknowledge an alert"),
    "alert": ("提醒", "Alert"),
    "task": ("工作任务", "Task"),
    "lead": ("牵头单位", "Lead unit"),
    "due": ("办结时限", "Due"),
    "due-by": ("{0}前（含当日）", "{0}, that day included"),
    "note": (
        "确认后，到所选日期为止不再提级提醒；届时仍未收到进展反馈的，继续提级。",
        "Nobody further is alerted until the chosen day; if nothing is reported by then, the escalation goes on.",
    ),
    "by": ("姓名", "Your name"),
    "word": ("办理说明", "What is being done"),
    "word-hint": ("如：已联系，周五前报", "such as: contacted, report by Friday"),
    "until": ("暂不提级至", "No escalation until"),
    "days-3": ("三天", "three days"),
    "days-7": ("一周", "one week"),
    "days-14": ("两周", "two weeks"),
    "choice": ("{0}（至{1}，含当日）", "{0} ({1}, that day included)"),
    "submit": ("确认", "Acknowledge"),
    "other": ("English", "中文"),
    "wrong": ("以下内容需要更正：", "Please correct the following:"),
    "by-missing": ("请填写姓名", "Please enter your name"),
    "by-long": ("姓名不超过 50 个字", "The name has at most 50 characters"),
    "word-missing": ("请填写办理说明", "Please say what is being done"),
    "word-long": ("办理说明不超过 200 个字", "At most 200 characters"),
    "until-missing": ("请选择日期", "Please choose a day"),
    "earlier": ("已有确认：{0}，“{1}”，至{2}", "Acknowledged before: {0}, “{1}”, until {2}"),
    "done": ("已确认", "Acknowledged"),
    "done-text": (
        "{0}：{1}。至{2}（含当日）不再提级提醒，已记入办理过程。",
        "{0}: {1}. Nobody further is alerted until {2}, that day included. This is on record.",
    ),
    "gone": ("链接无效", "This link is not valid"),
    "gone-text": (
        "请核对链接是否完整，或登录台账页面确认。",
        "Check that the whole link was copied, or acknowledge on the page after signing in.",
    ),
    "ended": ("链接已失效", "This link has ended"),
    "ended-text": (
        "任务已销号，或链接已超过14天。需要确认的，请登录台账页面办理。",
        "The task is closed, or the link is older than 14 days. Sign in to the page to acknowledge.",
    ),
    "away": ("暂时无法记录", "This cannot be recorded now"),
    "away-text": ("请稍后重新提交；重复提交只记录一次。", "Please submit again later; the same is recorded once."),
    "refused": ("未能记录，请更正后重新提交。", "Not recorded; please correct it and submit again."),
    "form": ("提交的内容不完整", "The form did not arrive as a whole"),
}


def text(tongue: Language, name: str, *values: str) -> str:
    """Return a text, with values in place of {0}, {1} …; it is not escaped."""
    return WORDS[name][tongue == "en"].format(*values)


def spelled(day: date, language: Language) -> str:
    """Return a day in words."""
    return f"{day:%Y年%-m月%-d日}" if language == "zh" else f"{day:%-d %B %Y}"
