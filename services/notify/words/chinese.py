"""The words of alerts in Chinese, as an office writes them. Pure."""

from collections.abc import Iterator
from datetime import date
from typing import assert_never

from services.notify.alerts import Alert
from services.notify.week import SummaryTask, WeeklySummary
from services.notify.words.language import LetterCounts, LineFacts


class ChineseWords:
    """The words of a 督办 notice."""

    tag: str = "【督办】"
    colon: str = "："
    task: str = "任务编号"
    acknowledge: str = "收到后请确认"
    look: str = "任务详情"
    automatic: str = "本邮件由系统自动发送，请勿直接回复。"
    lists: tuple[str, str] = ("逾期任务：", "近期到期任务：")

    def word(self, alert: Alert) -> str:
        days = alert.days or 0
        match alert.on:
            case "assigned":
                return "新交办任务"
            case "neared":
                return "今日到期" if days <= 1 else f"还有{days}天到期"  # the last day counts
            case "passed":
                return f"已逾期{days}天" if days > 0 else "逾期"
            case "open":
                return f"逾期未销号，第{max(1, alert.step)}次提级报告"
            case "submitted":
                return "报送办结，待核查"
            case "returned":
                return "退回，待整改"
            case "requested":
                return "申请延期，待批复"
            case "granted":
                return "准予延期"
            case "refused":
                return "不予延期"
            case "urged":
                return "催办"
            case "reassigned":
                return "责任单位调整"
            case "silent":
                return "长期未反馈进展"
            case "weekly":
                return "每周汇总"
            case "trouble":
                return "通知渠道已暂停" if alert.step > 1 else "通知渠道连续1日发送失败"
            case _:
                assert_never(alert.on)

    def lines(self, alert: Alert, facts: LineFacts) -> Iterator[str]:
        if alert.lead:
            yield f"牵头单位：{alert.lead}"
        yield from self._said(alert, facts)
        by = _by(facts.due)
        days = alert.days or 0
        match alert.on:
            case "assigned":
                yield f"时限要求：{alert.deadline or '未写明'}"
                yield "请尽快签收，抓紧办理，及时反馈进展。"
            case "neared":
                yield f"应于{by}办结。请对照时限抓紧落实；确需延期的，请在到期前提出申请。"
            case "passed":
                yield f"应于{by}办结，至今未销号。请牵头单位查明原因，倒排工期，尽快办结并报送办结材料。"
            case "open":
                yield f"应于{by}办结，已逾期{days}天，至今未销号。"
                yield "请督促牵头单位说明原因，明确办结时间。"
            case "submitted":
                yield "请予核查：符合要求的予以销号，不符合要求的退回。"
            case "returned":
                yield "请按要求整改后重新报送。"
            case "requested":
                yield "请在到期前批复。"
            case "granted":
                yield f"延期后应于{by}办结。" if by else "办结时限已相应调整。"
            case "refused":
                yield f"仍应于{by}办结。" if by else "原时限不变。"
            case "urged":
                yield f"应于{by}办结。" if by else "请抓紧办理，及时反馈进展。"
            case "reassigned":
                yield "请相关单位做好交接，按调整后的分工办理。"
            case "silent":
                yield f"已{days}天未反馈进展，请及时报送进展情况。" if days else "请及时报送进展情况。"
            case "trouble":
                paused = "连续5日发送失败，现已暂停使用；修复后由管理员恢复。"
                yield paused if alert.step > 1 else "系统仍在重试。请检查该渠道的配置和网络。"
            case "weekly":
                pass
            case _:
                assert_never(alert.on)

    def counts(self, recipient: str, counts: LetterCounts) -> str:
        parts = ((counts.overdue, "逾期"), (counts.soon, "临近时限"), (counts.other, "其他事项"))
        return f"{recipient}：{'，'.join(f'{name}{number}项' for number, name in parts if number)}"

    def figures(self, summary: WeeklySummary) -> Iterator[str]:
        late, soon = len(summary.overdue), len(summary.soon)
        yield f"未销号任务{summary.open}项，其中逾期{late}项，{summary.soon_days}天内到期{soon}项。"
        parts = (
            (summary.opened, f"新交办{summary.opened}项"),
            (summary.closed, f"销号{summary.closed}项"),
        )
        if said := "，".join(text for number, text in parts if number):
            yield f"近7日{said}。"
        if summary.waiting:
            yield f"已报送办结、待核查{summary.waiting}项。"

    def late(self, number: int, task: SummaryTask, title: str) -> str:
        return f"{number}．{title}（{task.lead}牵头，{f'已逾期{task.days}天' if task.days > 0 else '今日起逾期'}）"

    def coming(self, number: int, task: SummaryTask, title: str) -> str:
        return f"{number}．{title}（{task.lead}牵头，{f'还有{task.days}天到期' if task.days > 1 else '今日到期'}）"

    def unlisted(self, number: int) -> str:
        return f"其余{number}项见督办台账。"

    def guessed(self, year: int) -> str:
        return f"（{year}年放假安排尚未载入，按周一至周五计算工作日。）"

    def rest(self, number: int) -> str:
        return f"另有{number}项，见"

    def _said(self, alert: Alert, facts: LineFacts) -> Iterator[str]:
        """Yield who did what, and the reason or message that came with it."""
        unit, detail = alert.unit, facts.detail
        match alert.on:
            case "submitted":
                yield f"{unit}报送办结：{detail}" if detail else f"{unit}报送办结。"
            case "requested":
                yield f"{unit}申请延期至{facts.proposed:%Y年%-m月%-d日}。" if facts.proposed else f"{unit}申请延期。"
            case _:
                pass
        label = {
            "returned": "退回原因",
            "requested": "申请理由",
            "refused": "不予延期的理由",
            "urged": "催办要求",
            "reassigned": "调整原因",
            "trouble": "具体情况",
        }.get(alert.on, "")
        if detail and label:
            yield f"{label}：{detail}"


def _by(day: date | None) -> str:
    return f"{day:%Y年%-m月%-d日}前（含当日）" if day is not None else ""
