"""The words of alerts in Chinese, as an office writes them. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from services.notify.week import SummaryTask, WeeklySummary
from services.notify.words.language import LetterCounts, Line, Words


class ChineseWords(Words):
    """The words of a 督办 notice."""

    tag: str = "【督办】"
    colon: str = "："
    task: str = "任务编号"
    acknowledge: str = "收到后请确认"
    look: str = "任务详情"
    automatic: str = "本邮件由系统自动发送，请勿直接回复。"
    lists: tuple[str, str] = ("逾期任务：", "近期到期任务：")

    lead: str = "牵头单位：{lead}"
    titles: Mapping[str, Line] = {
        "assigned": "新交办任务",
        "neared": "还有{days}到期",
        "neared-today": "今日到期",
        "passed": ("已逾期{days}", "逾期"),
        "open": "逾期未销号，第{step}次提级报告",
        "submitted": "报送办结，待核查",
        "returned": "退回，待整改",
        "requested": "申请延期，待批复",
        "granted": "准予延期",
        "refused": "不予延期",
        "urged": "催办",
        "reassigned": "责任单位调整",
        "silent": "长期未反馈进展",
        "weekly": "每周汇总",
        "trouble": "通知渠道连续1日发送失败",
        "trouble-paused": "通知渠道已暂停",
    }
    texts: Mapping[str, Sequence[Line]] = {
        "assigned": (("时限要求：{deadline}", "时限要求：未写明"), "请尽快签收，抓紧办理，及时反馈进展。"),
        "neared": ("应于{by}办结。请对照时限抓紧落实；确需延期的，请在到期前提出申请。",),
        "passed": ("应于{by}办结，至今未销号。请牵头单位查明原因，倒排工期，尽快办结并报送办结材料。",),
        "open": ("应于{by}办结，已逾期{days}，至今未销号。", "请督促牵头单位说明原因，明确办结时间。"),
        "submitted": (
            ("{unit}报送办结：{detail}", "{unit}报送办结。"),
            "请予核查：符合要求的予以销号，不符合要求的退回。",
        ),
        "returned": ("退回原因：{detail}", "请按要求整改后重新报送。"),
        "requested": (
            ("{unit}申请延期至{proposed}。", "{unit}申请延期。"),
            "申请理由：{detail}",
            "请在到期前批复。",
        ),
        "granted": (("延期后应于{by}办结。", "办结时限已相应调整。"),),
        "refused": ("不予延期的理由：{detail}", ("仍应于{by}办结。", "原时限不变。")),
        "urged": ("催办要求：{detail}", ("应于{by}办结。", "请抓紧办理，及时反馈进展。")),
        "reassigned": ("调整原因：{detail}", "请相关单位做好交接，按调整后的分工办理。"),
        "silent": (("已{days}未反馈进展，请及时报送进展情况。", "请及时报送进展情况。"),),
        "weekly": (),
        "trouble": ("具体情况：{detail}", "系统仍在重试。请检查该渠道的配置和网络。"),
        "trouble-paused": ("具体情况：{detail}", "连续5日发送失败，现已暂停使用；修复后由管理员恢复。"),
    }

    def days(self, number: int) -> str:
        return f"{number}天"

    def by(self, day: date) -> str:
        return f"{self.proposed(day)}前（含当日）"

    def proposed(self, day: date) -> str:
        return f"{day:%Y年%-m月%-d日}"

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
