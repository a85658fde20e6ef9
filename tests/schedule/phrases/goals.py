"""Dates among words about the work; each phrase with its reading and its rule."""

from tests.schedule.phrases.readings import Reading, ambiguous, fixed, milestones, recurring

GOALS: list[tuple[str, Reading, str]] = [
    # words around a date
    ("力争于2018年底前全面完成", fixed("2019-01-01"), "year-end"),
    ("按照省统一部署，2018年底前完成", fixed("2019-01-01"), "year-end"),
    ("持续推进，2020年12月底前完成", fixed("2021-01-01"), "month-end"),
    ("2018年至少建立1个社区康园中心", fixed("2019-01-01"), "year-end"),
    # what the work has brought about by a date, unlike what is called by one
    ("2018年6月底前形成可复制的经验", fixed("2018-07-01"), "month-end"),
    (
        "12月底前取得明显的成效，2018年底前全面推广",
        milestones(("12月底前取得明显的成效", "2018-01-01"), ("2018年底前全面推广", "2019-01-01")),
        "steps",
    ),
    ("2016年底前形成的经验做法，2018年6月底前推广", fixed("2018-07-01"), "month-end"),
    # words around
    ("完成时限：2018年12月底前", fixed("2019-01-01"), "month-end"),
    ("原则上2018年底前完成", fixed("2019-01-01"), "year-end"),
    ("确保2018年6月底前投入使用", fixed("2018-07-01"), "month-end"),
    ("近期（2018年底前）", fixed("2019-01-01"), "year-end"),
    ("全市12月完成", fixed("2018-01-01"), "month-end"),
    ("2018年12月底前完成2018年度任务", fixed("2019-01-01"), "month-end"),
    ("2018年底前制定三年行动计划", fixed("2019-01-01"), "year-end"),
    ("2018年底前编制完成“十四五”规划", fixed("2019-01-01"), "year-end"),
    ("任务一、2018年6月底前完成", fixed("2018-07-01"), "month-end"),
    ("2018", fixed("2019-01-01"), "year-end"),
    ("2018年Ⅱ季度", fixed("2018-07-01"), "quarter-end"),
    ("2018年上、下半年各一次", milestones(("2018年上", "2018-07-01"), ("下半年各一次", "2019-01-01")), "steps"),
    ("每月月底前", recurring("month", "2017-09-01"), "every-month"),
    ("2018年6月30日及以前", fixed("2018-07-01"), "day-end"),
    ("2018年6月30日前（包括6月30日）", fixed("2018-07-01"), "day-end"),
    ("限3日内", fixed("2017-08-05"), "days"),
    (
        "启动阶段：8月底前；实施阶段：9月—11月；总结阶段（12月）",
        milestones(
            ("启动阶段：8月底前", "2017-09-01"),
            ("实施阶段：9月—11月", "2017-12-01"),
            ("总结阶段（12月）", "2018-01-01"),
        ),
        "steps",
    ),
    (
        "分两年实施：2018年完成40%，2019年完成100%",
        milestones(("分两年实施：2018年完成40%", "2019-01-01", 40), ("2019年完成100%", "2020-01-01", 100)),
        "steps",
    ),
    ("2018.3-12", fixed("2019-01-01"), "range-end"),
    ("2018/3—12月", fixed("2019-01-01"), "range-end"),
    ("四季度工作打算9月25日前报送", ambiguous("2017-09-25", "2017-09-26"), "before-day"),
    ("9月20日前报送前三季度工作总结", ambiguous("2017-09-20", "2017-09-21"), "before-day"),
    ("前三季度完成投资80%", fixed("2017-10-01"), "quarter-end"),
    ("9月底前报送半年计划完成情况", fixed("2017-10-01"), "month-end"),
    ("开展为期半年的整治，2018年底前结束", fixed("2019-01-01"), "year-end"),
    ("2018年8月底（开学前）", fixed("2018-09-01"), "month-end"),
]
