"""Words without a date: what goes on, what waits, nothing; each phrase with its reading and its rule."""

from tests.schedule.phrases.readings import ONGOING, UNSPECIFIED, Reading, triggered

WORDED: list[tuple[str, Reading, str]] = [
    # without end, or waiting
    ("自2018年1月1日起实施", ONGOING, "since"),
    ("经常性工作", ONGOING, "ongoing"),
    ("尽快", ONGOING, "ongoing"),
    ("根据工作需要，持续推进", ONGOING, "ongoing"),
    ("省实施方案出台后3个月内", triggered("省实施方案出台后3个月内"), "period-after-event"),
    ("与省同步", triggered("与省同步"), "in-time"),
    ("待定", triggered("待定"), "in-time"),
    # waiting for others
    ("按照国家、省统一部署", triggered("按照国家、省统一部署"), "condition"),
    ("根据上级要求", triggered("根据上级要求"), "condition"),
    ("视工作进展情况", triggered("视工作进展情况"), "condition"),
    ("根据省工作安排适时推进", triggered("根据省工作安排"), "condition"),
    ("按时间节点推进", triggered("按时间节点"), "condition"),
    ("与省级同步推进", triggered("与省级同步"), "in-time"),
    ("按合同约定", triggered("按合同约定"), "condition"),
    ("待定", triggered("待定"), "in-time"),
    ("按年度计划推进", triggered("按年度计划"), "condition"),
    # without end
    ("长期任务", ONGOING, "ongoing"),
    ("常年", ONGOING, "ongoing"),
    ("全年推进", ONGOING, "ongoing"),
    ("贯穿全年", ONGOING, "ongoing"),
    ("立行立改，长期坚持", ONGOING, "ongoing"),
    ("即知即改", ONGOING, "ongoing"),
    ("边督边改", ONGOING, "ongoing"),
    ("动态更新", ONGOING, "ongoing"),
    ("按序时进度推进", ONGOING, "ongoing"),
    ("自印发之日起施行", ONGOING, "since"),
    ("从2018年开始", ONGOING, "since"),
    # nothing
    ("/", UNSPECIFIED, "nothing"),
    ("无", UNSPECIFIED, "nothing"),
    ("无明确时限", UNSPECIFIED, "nothing"),
    # after a festival
    ("重大活动期间", triggered("重大活动期间"), "event"),
    ("在规定时限内办结", triggered("在规定时限内"), "event"),
    ("春节后启动", triggered("春节后"), "event"),
    ("2018年国庆假期后完成", triggered("2018年国庆假期后"), "event"),
    ("9月开学后一个月内", triggered("9月开学后1个月内"), "period-after-event"),
]
