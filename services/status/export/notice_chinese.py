"""The sentences of a notice in Chinese, as an office writes them. Pure."""

from collections.abc import Sequence

from services.status.export.numerals import numeral
from services.status.figures.board import Overview
from services.status.figures.counts import Section
from services.status.figures.week import Week
from services.status.row import Reason

SHORT_TITLE = 7
"""The longest ledger title with which the notice's title fits on one line; a longer one gets a line break after it."""


class Chinese:
    """The words of a 督查通报."""

    address: str = "各有关单位："
    overall: str = "总体情况"
    ranking: str = "牵头单位完成情况"
    overdue: str = "逾期未办结任务"
    behind: str = "落后序时进度和长期未反馈进展任务"
    coming: str = "近期到期任务"
    demands: str = "工作要求"
    columns: Sequence[str] = ("名次", "单位", "牵头", "应结", "按时", "按时率（%）", "平均逾期（天）", "逾期（含配合）")
    demand_late: str = "请逾期任务的牵头单位查明原因，倒排工期，尽快办结并报送办结材料。"
    demand_slow: str = "请落后序时进度、长期未反馈进展任务的牵头单位加快推进，及时、如实反馈进展。"
    demand_soon: str = (
        "请近期到期任务的牵头单位会同配合单位对照时限抓紧落实，确保按时办结；确需延期的，须在到期前申请。"
    )

    def title(self, ledger: str) -> str:
        line = "\n" if len(ledger) > SHORT_TITLE else ""
        return f"关于{ledger}{line}进展情况的督查通报"

    def draft(self, day: str) -> str:
        return f"（代拟稿，数据截至{day}）"

    def numbered(self, number: int, heading: str) -> str:
        return f"{numeral(number)}、{heading}"

    def standing(self, ledger: str, day: str, overview: Overview) -> str:
        lights, states = overview.lights, overview.states
        other = lights["yellow"] - overview.due_soon
        parts = ((overview.due_soon, "临近时限"), (other, "落后序时进度或长期未反馈进展"))
        reasons = "，".join(f"{name}{number}项" for number, name in parts if number)
        warned = f"预警{lights['yellow']}项（{reasons}）" if reasons else "无预警任务"
        waiting = f"，另有{states['submitted']}项已报办结、待核查销号" if states["submitted"] else ""
        return (
            f"截至{day}，{ledger}台账共有工作任务{overview.tasks}项，涉及责任单位{overview.units}个。"
            f"其中，已销号{overview.closed}项，正常推进{lights['green']}项，{warned}，逾期{overview.overdue}项{waiting}。"
            "现将有关情况通报如下。"
        )

    def week(self, week: Week) -> str:
        parts = (
            (week.new, f"新交办任务{week.new}项"),
            (week.closed, f"销号{week.closed}项"),
            (week.newly_overdue, f"新增逾期{week.newly_overdue}项"),
            (week.reported, f"{week.reported}项任务有新的反馈"),
            (week.returned, f"退回{week.returned}项"),
            (week.extended, f"批准延期{week.extended}项"),
        )
        said = "，".join(text for number, text in parts if number)
        return f"近7日，{said}。" if said else "近7日，台账没有变化。"

    def sections(self, sections: Sequence[Section]) -> str:
        parts = [
            f"“{one.section or '其他'}”{one.tasks}项（已销号{one.lights['blue']}项、逾期{one.lights['red']}项）"
            for one in sections
        ]
        return f"分板块看，{'；'.join(parts)}。"

    def rate(self, units: int, counted: int, on_time: int) -> str:
        if not counted:
            return f"{units}个单位承担牵头任务，尚无已到期或已销号的任务。"
        rate = f"{100 * on_time / counted:.1f}%"
        return (
            f"{units}个单位承担牵头任务，其中已销号或已到期的{counted}项次，按时办结{on_time}项次，按时率{rate}。"
            "各单位情况如下（按按时率排名，尚无应结任务的列后）。"
        )

    def count_overdue(self, number: int) -> str:
        return f"逾期未办结任务共{number}项，按牵头单位列明如下。" if number else "没有逾期未办结的任务。"

    def unit(self, number: int, name: str, tasks: int) -> str:
        return f"（{numeral(number)}）{name}（{tasks}项）"

    def late(self, number: int, title: str, due: str, days: int, percent: str | None) -> str:
        return f"{number}．{title}。时限{due}，已逾期{days}天，{_progress(percent)}。"

    def count_behind(self, behind: int, silent: int) -> str:
        if not behind and not silent:
            return "没有落后序时进度或长期未反馈进展的任务。"
        return f"落后序时进度的任务{behind}项，长期未反馈进展的任务{silent}项。"

    def slow(self, number: int, title: str, lead: str, percent: str | None, reason: Reason) -> str:
        if reason == "behind":
            state = f"{_progress(percent)}，落后序时进度"
        else:
            state = "长期未反馈进展" if percent is None else f"{_progress(percent)}，此后长期未反馈进展"
        return f"{number}．{title}（{lead}牵头）。{state}。"

    def count_coming(self, number: int, days: int) -> str:
        return f"未来{days}天内到期的任务共{number}项。" if number else f"未来{days}天内没有到期的任务。"

    def next(self, number: int, title: str, lead: str, due: str, percent: str | None) -> str:
        return f"{number}．{title}（{lead}牵头）。时限{due}，{_progress(percent)}。"

    def more(self, number: int) -> str:
        return f"其余{number}项见督查台账。"


def _progress(percent: str | None) -> str:
    return f"进展{percent}" if percent is not None else "尚未反馈进展"
