"""Changes of a row in Chinese, as the board's columns name them. Pure."""

from datetime import datetime
from typing import Any

from services.cli.asking.changes import MemberChange
from services.cli.board import LIGHTS, STATES
from services.status.export.words import word

MEMBERS = {
    "light": "灯",
    "state": "状态",
    "percent": "进展",
    "lead": "牵头单位",
    "title": "工作任务",
    "section": "板块",
    "deadline": "时间进度",
    "due": "到期时刻",
    "overdue_since": "逾期起算",
    "closed_at": "销号时间",
    "outcome": "办结结果",
    "extensions": "延期次数",
    "returns": "退回次数",
    "signed_at": "签收时间",
    "role": "职责",
    "plan": "计划",
    "row": "序号",
    "lead_inferred": "牵头单位系推定",
    "opened_at": "交办时间",
    "units": "责任单位",
}
"""The members of a row, and of a unit's part in it, that are told."""


OUTCOMES = {
    "accepted": "已送达",
    "handed-over": "已交付渠道，是否送达未知",
    "again": "未被接收，将重试",
    "never": "被拒收",
    "misconfigured": "渠道设置有误",
    "uncertain": "结果不确定，可能已送达",
    "interrupted": "中断",
}
"""What became of an attempt to deliver."""

INSTANTS = frozenset({"due", "overdue_since", "opened_at", "closed_at", "signed_at"})

ROLES = {"lead": "牵头", "cooperating": "配合"}


def sentence(change: MemberChange) -> str:
    """Return a change as words: what was there, and what is."""
    if not change.member:
        return f"{change.unit}：{'新增为责任单位' if change.before is None else '不再是责任单位'}"
    name = " ".join(filter(None, (change.unit, MEMBERS[change.member])))
    return f"{name}：{_word(change.member, change.before)} → {_word(change.member, change.after)}"


def _word(member: str, value: Any) -> str:
    if value is None:
        return "无"
    if member == "light":
        return LIGHTS[value][0]
    if member == "state":
        return STATES[value]
    if member == "outcome":
        return word(f"outcome.{value}", "zh")
    if member == "role":
        return ROLES[value]
    if member == "percent":
        return f"{value:g}%"
    if member in INSTANTS:
        return f"{datetime.fromisoformat(value):%Y-%m-%d %H:%M}"
    if isinstance(value, dict):
        return str(value.get("text") or "—")
    if isinstance(value, bool):
        return "是" if value else "否"
    return str(value)
