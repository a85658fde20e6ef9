"""Columns whose headings are not quite those that offices use: found by a word in them and by what they hold."""

import re
from collections.abc import Sequence

import msgspec

from services.schedule.column import Cells, Column
from services.schedule.columns import COOPERATING, LEAD, Heading
from services.schedule.content import holds_times, holds_units, mean_length
from services.schedule.labels import KINDS

_UNITS = re.compile(rf"{KINDS}|责任方")
_NO_UNITS = re.compile(
    "填[报表写]|制表|报送|联系|对象|地[域址点]|范围|层级|督[办导查]|监督|考核|验收|审[核批]|受益|服务|设计|施工|监理|名称(?!及)|数|是否|问题"
)
_INNER = re.compile("科室|股室|处室")
_TIMES = (
    re.compile("(?:完成|办结|销号|截止|决策|办理|结束|报送).*(?:时间|时限|期限|日期)"),
    re.compile("时限|期限|节点|进度"),
    re.compile("时间|日期|起止"),
    re.compile("频次|频率"),
)
_NO_TIME = re.compile("启动|开始|开工|实际|目前|当前|情况|更新|成立|填[报表]|印发|依据|公示|立项|受理|比例")
_TASKS = tuple(map(re.compile, ("名称", "任务", "事项", "项目", "内容|措施|举措", "工作|问题")))
_NO_TASK = re.compile(
    "依据|程序|方式|是否|类型|类别|对象|编号|情况|进[展度]|成效|比例|电话|金额|投资|来源|目标|标准|基数|频次|数量|地[点址域]|单位|部门|时间|日期|备注|载体|要求"
)
_LONGEST_TIME = 20
"""Characters that the cells of a column have on average at most that is one of deadlines by its cells alone."""

_SHORTEST_TASK = 4
"""Characters that the texts of tasks have on average at least."""


def complete(columns: Sequence[Column], body: Sequence[Cells]) -> list[Column]:
    """Return columns in which those that are missing are found, if they can be: units, deadlines, tasks.

    What such a heading says holds only where the cells below it do so, too; a column by its cells alone, or the longest
    one as that of tasks, is a guess.
    """
    found = list(columns)
    units = [column for column in found if column.says and column.says.kind == "units"]
    nobody_leads = all(column.says and column.says.role == "cooperating" for column in units)
    if nobody_leads or all(_INNER.search(column.words) for column in units):
        _say_units(found, body, alone=not units)
    kinds = _kinds(found)
    if not kinds & {"deadline", "period"}:
        _say_deadline(found, body)
    if not kinds & {"task", "item"} and _kinds(found) & {"units", "deadline"}:
        _say_task(found, body)
    return found


def _kinds(columns: Sequence[Column]) -> set[str]:
    return {column.says.kind for column in columns if column.says}


def _unknown(columns: Sequence[Column]) -> list[int]:
    return [at for at, column in enumerate(columns) if column.says is None and column.words]


def _say_units(columns: list[Column], body: Sequence[Cells], *, alone: bool) -> None:
    unknown = [at for at in _unknown(columns) if not _NO_UNITS.search(columns[at].words)]
    named = [at for at in unknown if _UNITS.search(columns[at].words) and holds_units(columns[at].below(body))]
    for at in named:
        words = columns[at].words
        lead, cooperating = LEAD.search(words), COOPERATING.search(words) or "联合" in words
        role = None if bool(lead) == bool(cooperating) else "lead" if lead else "cooperating"
        columns[at] = msgspec.structs.replace(columns[at], says=Heading("units", role))  # type: ignore[arg-type]
    if alone and not named:
        for at in [at for at in unknown if holds_units(columns[at].below(body))][:1]:
            columns[at] = msgspec.structs.replace(columns[at], says=Heading("units"), guessed=True)


def _say_deadline(columns: list[Column], body: Sequence[Cells]) -> None:
    unknown = [at for at in _unknown(columns) if not _NO_TIME.search(columns[at].words)]
    for pattern in _TIMES:
        for at in unknown:
            if pattern.search(columns[at].words) and holds_times(columns[at].below(body)):
                columns[at] = msgspec.structs.replace(columns[at], says=Heading("deadline"))
                return
    short = [at for at in unknown if mean_length(columns[at].below(body)) <= _LONGEST_TIME]
    held = [at for at in short if not _NO_TASK.search(columns[at].words) and holds_times(columns[at].below(body))]
    if len(held) == 1:
        columns[held[0]] = msgspec.structs.replace(columns[held[0]], says=Heading("deadline"), guessed=True)


def _say_task(columns: list[Column], body: Sequence[Cells]) -> None:
    unknown = [at for at in _unknown(columns) if not _NO_TASK.search(columns[at].words)]
    for pattern in _TASKS:
        for at in unknown:
            if pattern.search(columns[at].words) and mean_length(columns[at].below(body)) >= _SHORTEST_TASK:
                columns[at] = msgspec.structs.replace(columns[at], says=Heading("task", fineness=2))
                return
    lengths = {at: mean_length(columns[at].below(body)) for at in unknown}
    longest = max(lengths, key=lambda at: lengths[at], default=None)
    if longest is not None and lengths[longest] >= _SHORTEST_TASK:
        columns[longest] = msgspec.structs.replace(columns[longest], says=Heading("task"), guessed=True)
