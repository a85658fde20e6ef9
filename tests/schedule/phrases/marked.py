"""Phrases whose reading a person has to look at, each with its reading, its rule and the doubts."""

from services.schedule.doubt import Doubt
from tests.schedule.phrases.readings import (
    ONGOING,
    UNSPECIFIED,
    Reading,
    ambiguous,
    fixed,
    milestones,
    recurring,
    triggered,
)

MARKED: list[tuple[str, Reading, str, tuple[Doubt, ...]]] = [
    # roughly
    ("2018年12月左右", fixed("2019-01-01"), "month-end", ("about",)),
    ("10月1日前后", fixed("2017-10-02"), "day-end", ("about",)),
    ("9月30日下班前", fixed("2017-10-01"), "day-end", ("about",)),
    ("2018年6月初", fixed("2018-06-11"), "ten-days-end", ("about",)),
    ("2018年6月中完成", fixed("2018-06-21"), "ten-days-end", ("about",)),
    ("2018年中", fixed("2018-07-01"), "half-year-end", ("about",)),
    ("明年年中前", ambiguous("2018-01-01", "2018-07-01"), "before-half-year", ("ambiguous", "about")),
    # an interval that no recurrence has
    ("每周", ONGOING, "other-interval", ("other-interval",)),
    ("每周五前报送", ONGOING, "other-interval", ("other-interval",)),
    ("每两个月", ONGOING, "other-interval", ("other-interval",)),
    ("每3—5年修订", ONGOING, "other-interval", ("other-interval",)),
    ("每日上午10时前报送", ONGOING, "other-interval", ("other-interval",)),
    ("逢双月底前报送", ONGOING, "other-interval", ("other-interval",)),
    ("每学期开学前", ONGOING, "other-interval", ("other-interval",)),
    ("隔周调度", ONGOING, "other-interval", ("other-interval",)),
    # more than one time
    ("每季度末报送，2018年底前完成", fixed("2019-01-01"), "year-end", ("other-time-passed-over",)),
    ("2018年底前完成，每年更新", fixed("2019-01-01"), "year-end", ("other-time-passed-over",)),
    (
        "每季度报送一次工作进展情况，每半年报送一次阶段性工作总结",
        recurring("quarter", "2017-10-01"),
        "every-quarter",
        ("number-passed-over", "other-time-passed-over"),
    ),
    ("每月调度，每周通报", recurring("month", "2017-09-01"), "every-month", ("other-time-passed-over",)),
    ("春节前启动，2018年底前完成", fixed("2019-01-01"), "year-end", ("condition-passed-over",)),
    # a period of which the start is not named
    (
        "方案出台后制定细则，3个月内完成",
        triggered("方案出台后制定细则，3个月内"),
        "period-after-event",
        ("start-unclear",),
    ),
    ("集中3年内完成", triggered("集中3年内"), "period-after-event", ("start-unclear",)),
    ("每件7日内办结", triggered("每件7日内"), "period-after-event", ("start-unclear",)),
    ("合同签订一个月内缴清", triggered("合同签订一个月内"), "period-after-event", ("start-unclear",)),
    (
        "新装设备3天内校核，存量设备2018年底前校核",
        fixed("2019-01-01"),
        "year-end",
        ("number-passed-over", "start-unclear"),
    ),
    # a goal without a time
    ("地区生产总值增长6.2%左右", UNSPECIFIED, "nothing", ("number-passed-over", "no-time")),
    ("审批时限压缩至3个工作日内", UNSPECIFIED, "nothing", ("number-passed-over", "no-time")),
    (
        "用3年左右时间完成整治",
        triggered("用3年左右时间"),
        "period-after-event",
        ("number-passed-over", "start-unclear"),
    ),
    (
        "经过5年的持续努力，全面达标",
        triggered("经过5年的持续努力"),
        "period-after-event",
        ("number-passed-over", "start-unclear"),
    ),
    (
        "一周内未更新的，限期3个工作日内整改",
        triggered("限期3个工作日内"),
        "period-after-event",
        ("number-passed-over", "start-unclear"),
    ),
    (
        "随报随办，2个工作日内办结",
        triggered("2个工作日内"),
        "period-after-event",
        ("start-unclear",),
    ),
    # a clause whose time cannot be read, before a limit
    (
        "不早于2018年6月启动，2018年底前完成",
        fixed("2019-01-01"),
        "year-end",
        ("number-passed-over", "other-time-passed-over"),
    ),
    ("腊月调度，2018年底前完成", fixed("2019-01-01"), "year-end", ("other-time-passed-over",)),
    # dates in another order
    (
        "甲项2018年底前完成，乙项2018年6月底前完成",
        milestones(("乙项2018年6月底前完成", "2018-07-01"), ("甲项2018年底前完成", "2019-01-01")),
        "steps",
        ("out-of-order",),
    ),
    (
        "2018年底前完成（其中一期6月底前完成）",
        milestones(("（其中一期6月底前完成）", "2018-07-01"), ("2018年底前完成", "2019-01-01")),
        "steps",
        ("out-of-order",),
    ),
    # a year that says when the clauses after it are
    ("2018年推进20个项目，确保9月底前开工", fixed("2018-10-01"), "month-end", ("number-passed-over",)),
    (
        "2018年完成一期，6月底前完成招标",
        milestones(("6月底前完成招标", "2018-07-01"), ("2018年完成一期", "2019-01-01")),
        "steps",
        (),
    ),
]
