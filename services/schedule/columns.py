"""What a column holds, by its heading, in the words that offices use."""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal, TypeAlias

from msgspec import Struct

from events.schema import Role
from services.schedule.text import normalise

Kind: TypeAlias = Literal[
    "number", "item", "task", "figure", "units", "leader", "deadline", "period", "deliverable", "remark"
]
"""What a column holds; an `item` (项目) is a number or a task, as its cells show, a `period` (一季度) a step.

A `figure` (村名, 改造户数) says for whom or how much, in a table that has no column of tasks.
"""

_LONGEST = 40
"""Characters of a heading."""

_AND = "及其 及 和 与 或 、 / · , - 的"

_NOT_DUE = "启动 开始 实际 目前 当前 情况"
"""What makes a time none by which a task is to be done."""

_CORES: set[str] = set()
"""The core words of all headings."""


def _words(core: str, others: str, *, never: str = "") -> re.Pattern[str]:
    """Return a pattern for texts of these words, a core word among them; possessive, so that matching is fast."""
    _CORES.update(core.split())
    words = sorted({*core.split(), *others.split(), *_AND.split()}, key=len, reverse=True)
    unless = f"(?!.*(?:{'|'.join(never.split())}))" if never else ""
    return re.compile(f"(?=.*(?:{'|'.join(core.split())})){unless}(?:{'|'.join(words)})++")


_KINDS: tuple[tuple[re.Pattern[str], Kind], ...] = (
    (re.compile(r"(?:(?:任务|项目|工作)?(?:序号|编号)|序|项次|号|no\.?|#)", re.IGNORECASE), "number"),
    (re.compile(r"备注(?:说明|栏)?|附注|注|说明"), "remark"),
    (
        _words(
            "单位 部门 机构 科室 处室 股室 站所 站办 办所 站室 主体 地区 县区 区县 市县 "
            "分工 牵头 主办 协办 配合 承办 参与 参加 责任者",
            "任务 工作 职责 重点 第一 主要 主 主管 省 市 县 区 州 省级 市级 县级 区级 州级 市直 属地 具体 "
            "所有 其他 主责 协同 "
            "协作 协助 支持 建设 业主 管护 责任 承担 实施 落实 执行 办理 整改 负责 会办 成员 乡镇 镇街 名称 "
            "及时限 及完成时限 及时间 及完成时间 及期限 及责任人 及负责人 和责任人 、责任人",
        ),
        "units",
    ),
    (re.compile("(?:责任|实施|承办)(?:公司|企业)|(?:包[联保挂]|帮扶|结对)单位"), "units"),
    (re.compile("[一-鿿]{2,4}领导|分管[一-鿿]{1,3}[长总]|包[一-鿿]{1,2}干部"), "leader"),
    (
        _words(
            "领导 责任人 负责人 联系人 牵头人 领办人 领衔人 帮办人 包保人 经办人 人员 "
            "市长 县长 区长 河长 湖长 林长 书记",
            "改革 项目 工作 任务 问题 事项 承办 包联 分管 主管 责任 牵头 挂点 挂钩 包抓 包保 包联 包案 联系 督办 整改 "
            "省 市 县 区 州 盟 旗 师 师市 团 镇 乡 村 省级 市级 县级 区级 州级 团场 管委会 开发区 校 院 局 厅 委 处级 "
            "科级 公司 集团 党委 党组 班子 成员 街道 部门 单位 负责 主要 第一 具体 直接 办理 副 姓名 同志 电话",
        ),
        "leader",
    ),
    (
        _words(
            "时间 时限 期限 限期 年限 进度 节点 日期",
            "工作 任务 计划 完成 办结 办理 安排 要求 目标 推进 实施 落实 "
            "整改 最终 最迟 预计 预期 拟 截止 起止 年度 阶段 阶段性 序时 建设 建成 竣工 完工 投用 结束 责任 表",
            never=_NOT_DUE,
        ),
        "deadline",
    ),
    (
        _words("成果 交付物 产出", "预期 工作 主要 目标 完成 提交 阶段 阶段性 标志性 具体 形式 要求 清单 名称 成效"),
        "deliverable",
    ),
    (
        _words(
            "任务 内容 措施 举措 事项 要点 项目 问题 类别 分类 领域 方面 板块 阶段 步骤 目标 要求 指标 工作 实事 工程",
            "反馈 重点 难点 重难点 重建 整治 帮扶 治理 测评 解决 主要 具体 名称 分解 分工 清单 年度 "
            "督办 督查 整改 改革 建设 政策 落实 推进 实施 民生 一级 二级 三级 大类 主题 子 细化 "
            "办理 交办 决策 部署 议定 决定 会议 政府报告 责任 贯彻 方案 创新 市 县 区 省 所属 重大 专项 计划",
        ),
        "task",
    ),
    (
        re.compile(
            "(?:三年|攻坚|专项){1,2}行动|细化分工|[一-鿿]{2}类别"
            "|(?!其中|投资|资金|税收|产值|招商|考核|验收|监督|检查|抽查|执法|服务)[一-鿿]{2}(?:任务|事项|举措)"
        ),
        "task",
    ),
)
_ANY = re.compile(
    "|".join([*"序号次注#", "no", "说明", "行动", "公司", "企业", "分管", "干部", *_CORES]), re.IGNORECASE
)
"""What every heading has one of, so that most cells are quickly told from headings."""

LEAD = re.compile("牵头|主办|主责|第一责任")
COOPERATING = re.compile("配合|协办|协同|协作|协助|参加|参与|会办")
_FINENESS = (
    (re.compile("具体要求"), 3),
    (re.compile("内容|措施|举措"), 3),
    (re.compile("类别|分类|大类|领域"), 1),
    (re.compile("年度任务"), 0),
    (re.compile("目标任务|任务要求"), 2),
    (re.compile("目标|要求|指标"), 0),
    (re.compile("措施|举措|内容|具体|事项(?!目)|要点|细化|子|二级|三级"), 3),
    (re.compile("类别|分类|领域|方面|板块|阶段|步骤|专项行动|大类|主题|一级|项目|重点|(?:工程|实事)名称"), 1),
    (re.compile(""), 2),
)
_BRACKETED = re.compile(r"[(\[【〔][^()\[\]【】〔〕]*[)\]】〕]")
_YEARS = re.compile(r"[0-9]{4}年?(?:-[0-9]{4})?年?度?|:")

_YEAR = re.compile(r"(?<![0-9])(20[0-9]{2})(?![0-9])")


class Heading(Struct, frozen=True):
    """What a heading says: the column’s kind, for units the role, for tasks how fine they are (0: their aims)."""

    kind: Kind
    role: Role | None = None
    fineness: int = 0


@lru_cache(maxsize=10_000)
def read_heading(text: str) -> Heading | None:
    """Return what a heading says; None for a text that is none, or that says nothing about tasks."""
    if len(text) > _LONGEST:
        return None
    if not _ANY.search("".join(unicodedata.normalize("NFKC", text).split())):
        return None
    plain = _YEARS.sub("", _BRACKETED.sub("", normalise(text)))
    if plain == "项目":
        return Heading("item", fineness=1)
    kind = next((kind for pattern, kind in _KINDS if pattern.fullmatch(plain)), None)
    if kind is None:
        return None
    lead, cooperating = LEAD.search(plain), COOPERATING.search(plain)
    if kind == "units" and bool(lead) != bool(cooperating):
        return Heading(kind, "lead" if lead else "cooperating")
    if kind == "task":
        return Heading(kind, fineness=next(fineness for pattern, fineness in _FINENESS if pattern.search(plain)))
    return Heading(kind)


_ADDS = re.compile(r"\s*(?:20[0-9]{2}年?度?|[省市县区镇乡州]级?|其中|小计|合计|名称|内容|[0-9]{1,2})?\s*")
"""What a lower heading may add to one above it."""

_PERIOD = re.compile(
    r"(?:(?:20[0-9]{2}年?)?(?:第?[1-4一二三四]季度?|[上下]半年|(?:1[0-2]|[1-9]|[一二三四五六七八九十]{1,2})月份?)|20[0-9]{2}年度?)(?:年?[底末]前?)?"
)
_AIMS = re.compile(r"(?:的?(?:工作|主要|阶段)?(?:目标|任务|计划|安排|进度|节点|举措|措施|要求))*$")
"""What a heading may add to its period (2024年度目标)."""

_NO_PLAN = re.compile("情况|实际|进展|投资|资金|预算|完成数|增长|产值|指标值|得分|评分|占比|成效")
"""Words above a period by which its cells are no plan: what was done, or how much money."""


def period_of(words: Sequence[str]) -> str | None:
    """Return the period that the lowest of stacked headings names, if something is to be done in it."""
    lowest = "".join(_BRACKETED.sub("", words[-1]).split()) if words else ""
    period = _AIMS.sub("", lowest, count=1) if len(lowest) <= _LONGEST else ""
    return period if _PERIOD.fullmatch(normalise(period)) and not any(map(_NO_PLAN.search, words)) else None


def read_headings(words: Sequence[str]) -> Heading | None:
    """Return what headings above each other say, the lowest before those above it, which it may make more exact.

    Those above decide where the lowest adds only a year or a level; where it says what is not known (普法对象 below
    措施清单), nobody knows.
    """
    if period_of(words):
        return Heading("period")
    together = "".join(words)
    if len(words) > 1 and read_heading(words[-1]) is None and not _ADDS.fullmatch(words[-1]):
        return read_heading(together)
    for text in (*reversed(words), together):
        says = read_heading(text)
        if says is not None and not (says.kind == "deadline" and any(word in together for word in _NOT_DUE.split())):
            return says
    return None


def year_of(words: str) -> int | None:
    """Return the one year that the words of a heading name, or None."""
    years = set(_YEAR.findall(normalise(words)))
    return int(years.pop()) if len(years) == 1 else None


def is_heading(text: str) -> bool:
    """Return whether a text is the heading of a column that is read."""
    return read_heading(text) is not None
