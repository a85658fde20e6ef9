"""Phrases of deadlines as tables say them, issued on 1 August 2017: what each means, and the rule that reads it."""

Reading = dict[str, object]


def midnight(day: str) -> str:
    return f"{day}T00:00:00+08:00"


def fixed(day: str) -> Reading:
    return {"kind": "fixed", "due": midnight(day)}


def ambiguous(strict: str, loose: str) -> Reading:
    return {"kind": "ambiguous", "strict": midnight(strict), "loose": midnight(loose)}


def recurring(every: str, first: str) -> Reading:
    return {"kind": "recurring", "every": every, "first": midnight(first)}


def triggered(trigger: str) -> Reading:
    return {"kind": "triggered", "trigger": trigger}


def milestones(*steps: tuple[str, str] | tuple[str, str, float]) -> Reading:
    return {
        "kind": "milestones",
        "milestones": [
            {"text": text, "due": midnight(day)} | ({"percent": percent[0]} if percent else {})
            for text, day, *percent in steps
        ],
    }


ONGOING: Reading = {"kind": "ongoing"}

UNSPECIFIED: Reading = {"kind": "unspecified"}

CONTRACT: list[tuple[str, Reading, str]] = [
    ("持续实施", ONGOING, "ongoing"),
    ("持续推进", ONGOING, "ongoing"),
    ("常态化", ONGOING, "ongoing"),
    ("长期坚持", ONGOING, "ongoing"),
    ("长期", ONGOING, "ongoing"),
    ("2017年12月底前完成", fixed("2018-01-01"), "month-end"),
    ("2018年12月底前", fixed("2019-01-01"), "month-end"),
    ("2017年12月底前出台具体政策措施", fixed("2018-01-01"), "month-end"),
    ("2018年全市残疾人危房改造全面完成", fixed("2019-01-01"), "year-end"),
    ("2018年底前", fixed("2019-01-01"), "year-end"),
    ("2018年年底前", fixed("2019-01-01"), "year-end"),
    ("2018年12月前完成", ambiguous("2018-12-01", "2019-01-01"), "before-month"),
    ("2019年6月底前", fixed("2019-07-01"), "month-end"),
    ("6月底完成", fixed("2017-07-01"), "month-end"),
    ("2020年2月底前", fixed("2020-03-01"), "month-end"),
    ("年底前", fixed("2018-01-01"), "year-end"),
    ("年内", fixed("2018-01-01"), "year-end"),
    ("2018年上半年", fixed("2018-07-01"), "half-year-end"),
    ("2018年第三季度", fixed("2018-10-01"), "quarter-end"),
    ("2018年三季度末前", fixed("2018-10-01"), "quarter-end"),
    ("三季度末前", fixed("2017-10-01"), "quarter-end"),
    ("10月中旬", fixed("2017-10-21"), "ten-days-end"),
    ("9月30日前（含当日）", fixed("2017-10-01"), "day-end"),
    ("2016—2020年", fixed("2021-01-01"), "range-end"),
    ("2016-2020年", fixed("2021-01-01"), "range-end"),
    ("2016–2020年", fixed("2021-01-01"), "range-end"),
    ("2016至2020年", fixed("2021-01-01"), "range-end"),
    ("每年12月底前", recurring("year", "2018-01-01"), "every-year"),
    ("每季度末", recurring("quarter", "2017-10-01"), "every-quarter"),
    ("即日起", ONGOING, "ongoing"),
    ("立即", ONGOING, "ongoing"),
    ("15个工作日内", fixed("2017-08-23"), "working-days"),
    ("按省的要求及时制定", triggered("按省的要求"), "condition"),
    ("适时", triggered("适时"), "in-time"),
    ("条件成熟时", triggered("条件成熟时"), "in-time"),
    (
        "6月底前启动，2019年12月底前完成",
        milestones(("6月底前启动", "2017-07-01"), ("2019年12月底前完成", "2020-01-01")),
        "steps",
    ),
    ("二〇一八年十二月底前", fixed("2019-01-01"), "month-end"),
    ("２０１８年１２月底前", fixed("2019-01-01"), "month-end"),
    ("2018 年　12 月 底前", fixed("2019-01-01"), "month-end"),
    ("", UNSPECIFIED, "nothing"),
    ("—", UNSPECIFIED, "nothing"),
]

WIDER: list[tuple[str, Reading, str]] = [
    # a month, a quarter, ten days, a day
    ("2018年12月", fixed("2019-01-01"), "month-end"),
    ("2018年12月份底以前", fixed("2019-01-01"), "month-end"),
    ("二○一八年三月三十一日前（含当日）", fixed("2018-04-01"), "day-end"),
    ("2018年一季度", fixed("2018-04-01"), "quarter-end"),
    ("2018年前三季度", fixed("2018-10-01"), "quarter-end"),
    ("下半年", fixed("2018-01-01"), "half-year-end"),
    ("10月下旬", fixed("2017-11-01"), "ten-days-end"),
    ("2018.12.31前", ambiguous("2018-12-31", "2019-01-01"), "before-day"),
    ("2018-12-31", fixed("2019-01-01"), "day-end"),
    ("2018年12月31日止", fixed("2019-01-01"), "day-end"),
    ("9月30日24时前", fixed("2017-10-01"), "hour"),
    ("9月30日下午5点前", {"kind": "fixed", "due": "2017-09-30T17:00:00+08:00"}, "hour"),
    ("⽉底前", fixed("2017-09-01"), "month-end"),  # the radical U+2F49, as PDF files hold it
    # before a span begins, or before it ends
    ("9月30日前", ambiguous("2017-09-30", "2017-10-01"), "before-day"),
    ("9月30日前（不含当日）", fixed("2017-09-30"), "excluded"),
    ("2018年6月30日前（含6月30日）", fixed("2018-07-01"), "day-end"),
    ("2018年之前", ambiguous("2018-01-01", "2019-01-01"), "before-year"),
    ("10月上旬前", ambiguous("2017-10-01", "2017-10-11"), "before-ten-days"),
    # relative to the day of issue
    ("今年底", fixed("2018-01-01"), "year-end"),
    ("明年6月底前", fixed("2018-07-01"), "month-end"),
    ("本月底前", fixed("2017-09-01"), "month-end"),
    ("当月内", fixed("2017-09-01"), "month-end"),
    ("下月15日前（含）", fixed("2017-09-16"), "day-end"),
    ("本季度末", fixed("2017-10-01"), "quarter-end"),
    ("全年", fixed("2018-01-01"), "year-end"),
    ("自印发之日起三十日内", fixed("2017-09-01"), "days"),
    ("3个月内", fixed("2017-11-02"), "months"),
    ("半年内", fixed("2018-02-02"), "months"),
    ("两年内完成", fixed("2019-08-02"), "years"),
    ("一周以内", fixed("2017-08-09"), "weeks"),
    # ranges
    ("2018年1月至6月", fixed("2018-07-01"), "range-end"),
    ("2018年7月1～15日", fixed("2018-07-16"), "range-end"),
    ("一至三季度", fixed("2017-10-01"), "range-end"),
    ("2017年10月—次年3月", fixed("2018-04-01"), "range-end"),
    ("即日起至2018年底", fixed("2019-01-01"), "year-end"),
    ("“十三五”期间", fixed("2021-01-01"), "plan-end"),
    # words around a date
    ("力争于2018年底前全面完成", fixed("2019-01-01"), "year-end"),
    ("按照省统一部署，2018年底前完成", fixed("2019-01-01"), "year-end"),
    ("持续推进，2020年12月底前完成", fixed("2021-01-01"), "month-end"),
    ("2018年至少建立1个社区康园中心", fixed("2019-01-01"), "year-end"),
    # again and again
    ("每年", recurring("year", "2018-01-01"), "every-year"),
    ("每半年", recurring("half-year", "2018-01-01"), "every-half-year"),
    ("每月底前报送", recurring("month", "2017-09-01"), "every-month"),
    ("每月5日前", recurring("month", "2017-08-06"), "every-month"),
    ("每月30日前将当月进展情况报市经委", recurring("month", "2017-08-31"), "every-month"),
    ("每月31日前", recurring("month", "2017-09-01"), "every-month"),
    ("每季度首月10日前（含当日）", recurring("quarter", "2017-10-11"), "every-quarter"),
    ("每季度结束后10日内", recurring("quarter", "2017-10-11"), "every-quarter"),
    ("每年6月、12月底前", recurring("half-year", "2018-01-01"), "every-half-year"),
    ("2019年起，每年6月底前", recurring("year", "2019-07-01"), "every-year"),
    ("分年度", recurring("year", "2018-01-01"), "every-year"),
    ("按季度推进", recurring("quarter", "2017-10-01"), "every-quarter"),
    # without end, or waiting
    ("自2018年1月1日起实施", ONGOING, "since"),
    ("经常性工作", ONGOING, "ongoing"),
    ("尽快", ONGOING, "ongoing"),
    ("根据工作需要，持续推进", ONGOING, "ongoing"),
    ("省实施方案出台后3个月内", triggered("省实施方案出台后3个月内"), "period-after-event"),
    ("与省同步", triggered("与省同步"), "in-time"),
    ("待定", triggered("待定"), "in-time"),
    # steps
    (
        "2018年6月底前出台方案，12月底前完成；长期坚持。",
        milestones(("2018年6月底前出台方案", "2018-07-01"), ("12月底前完成", "2019-01-01")),
        "steps",
    ),
    ("2018年底前完成并长期坚持", milestones(("2018年底前完成", "2019-01-01")), "steps"),
    (
        "2018年底前完成60%，2019年底前完成100%",
        milestones(("2018年底前完成60%", "2019-01-01", 60), ("2019年底前完成100%", "2020-01-01", 100)),
        "steps",
    ),
    (
        "（一）2018年6月前启动；（二）2018年底前完成",
        milestones(("（一）2018年6月前启动", "2018-07-01"), ("（二）2018年底前完成", "2019-01-01")),
        "steps",
    ),
    (
        "2017—2018年每年12月底前",
        milestones(("2017年12月底前", "2018-01-01"), ("2018年12月底前", "2019-01-01")),
        "series",
    ),
    ("2018年3、9月", milestones(("2018年3", "2018-04-01"), ("9月", "2018-10-01")), "steps"),
    ("2018年底前建成一个，2018年底前投入使用", fixed("2019-01-01"), "year-end"),
]

FURTHER: list[tuple[str, Reading, str]] = [
    # years, plans and what is near
    ("2018年末", fixed("2019-01-01"), "year-end"),
    ("2018年内", fixed("2019-01-01"), "year-end"),
    ("2018年度内", fixed("2019-01-01"), "year-end"),
    ("2018年年内", fixed("2019-01-01"), "year-end"),
    ("2018年全年", fixed("2019-01-01"), "year-end"),
    ("到2020年", fixed("2021-01-01"), "year-end"),
    ("2020年前", ambiguous("2020-01-01", "2021-01-01"), "before-year"),
    ("今年", fixed("2018-01-01"), "year-end"),
    ("明年底前", fixed("2019-01-01"), "year-end"),
    ("后年", fixed("2020-01-01"), "year-end"),
    ("次年", fixed("2019-01-01"), "year-end"),
    ("本年度", fixed("2018-01-01"), "year-end"),
    ("年度内", fixed("2018-01-01"), "year-end"),
    ("年末", fixed("2018-01-01"), "year-end"),
    ("下一年度", fixed("2019-01-01"), "year-end"),
    # the next or that one, after one that is named
    (
        "2018年5月底前完成，下月10日前报送",
        milestones(("2018年5月底前完成", "2018-06-01"), ("下月10日前报送", "2018-06-11")),
        "steps",
    ),
    (
        "12月底前完成，下月10日前报送",
        milestones(("12月底前完成", "2018-01-01"), ("下月10日前报送", "2018-01-11")),
        "steps",
    ),
    (
        "2018年4月启动，当季度末完成",
        milestones(("2018年4月启动", "2018-05-01"), ("当季度末完成", "2018-07-01")),
        "steps",
    ),
    (
        "四季度完成，下季度评估",
        milestones(("四季度完成", "2018-01-01"), ("下季度评估", "2018-04-01")),
        "steps",
    ),
    ("2018年完成，下年度评估", milestones(("2018年完成", "2019-01-01"), ("下年度评估", "2020-01-01")), "steps"),
    ("2018年10月启动，当月完成", fixed("2018-11-01"), "month-end"),
    # what the work has brought about by a date, unlike what is called by one
    ("2018年6月底前形成可复制的经验", fixed("2018-07-01"), "month-end"),
    (
        "12月底前取得明显的成效，2018年底前全面推广",
        milestones(("12月底前取得明显的成效", "2018-01-01"), ("2018年底前全面推广", "2019-01-01")),
        "steps",
    ),
    ("2016年底前形成的经验做法，2018年6月底前推广", fixed("2018-07-01"), "month-end"),
    # a period that is the limit, before words that could be a plan's name
    ("两年内完成改造任务", fixed("2019-08-02"), "years"),
    (
        "3年内全面提升能力，2020年底前建成",
        milestones(("3年内全面提升能力", "2020-08-04"), ("2020年底前建成", "2021-01-01")),
        "steps",
    ),
    ("“十四五”末", fixed("2026-01-01"), "plan-end"),
    ("“十三五”时期末", fixed("2021-01-01"), "plan-end"),
    ("“十四五”规划期内", fixed("2026-01-01"), "plan-end"),
    ("“十四五”前", ambiguous("2021-01-01", "2026-01-01"), "before-plan"),
    ("2035年", fixed("2036-01-01"), "year-end"),
    # months, quarters, ten days
    ("2018年6月", fixed("2018-07-01"), "month-end"),
    ("6月份", fixed("2017-07-01"), "month-end"),
    ("6月中旬前", ambiguous("2017-06-11", "2017-06-21"), "before-ten-days"),
    ("2017年十一月底", fixed("2017-12-01"), "month-end"),
    ("下月底", fixed("2017-10-01"), "month-end"),
    ("下一个月底", fixed("2017-10-01"), "month-end"),
    ("下一季度末", fixed("2018-01-01"), "quarter-end"),
    ("2018年第二季度前", ambiguous("2018-04-01", "2018-07-01"), "before-quarter"),
    ("2018年上半年前", ambiguous("2018-01-01", "2018-07-01"), "before-half-year"),
    ("1季度前", ambiguous("2017-01-01", "2017-04-01"), "before-quarter"),
    ("2018年一、二季度", milestones(("2018年一", "2018-04-01"), ("二季度", "2018-07-01")), "steps"),
    ("上半年完成", fixed("2017-07-01"), "half-year-end"),
    # days and hours
    ("12月31日17:00前", {"kind": "fixed", "due": "2017-12-31T17:00:00+08:00"}, "hour"),
    ("12月31日下午5时前", {"kind": "fixed", "due": "2017-12-31T17:00:00+08:00"}, "hour"),
    ("12月31日24时前", fixed("2018-01-01"), "hour"),
    ("6月30日18时前", {"kind": "fixed", "due": "2017-06-30T18:00:00+08:00"}, "hour"),
    ("2018年6月30日(含)前", fixed("2018-07-01"), "day-end"),
    ("2018年12月前（含12月）", fixed("2019-01-01"), "month-end"),
    ("截至2018年12月31日", fixed("2019-01-01"), "day-end"),
    ("不晚于2018年6月30日", fixed("2018-07-01"), "day-end"),
    ("2018/12/31", fixed("2019-01-01"), "day-end"),
    ("原则上不超过2018年12月31日", fixed("2019-01-01"), "day-end"),
    ("2018年元月底前", fixed("2018-02-01"), "month-end"),
    # ranges
    ("2018年10月至2019年3月", fixed("2019-04-01"), "range-end"),
    ("2018年1-12月", fixed("2019-01-01"), "range-end"),
    ("2018.1-2018.12", fixed("2019-01-01"), "range-end"),
    ("2018—2019年度", fixed("2020-01-01"), "range-end"),
    ("2018年下半年-2019年上半年", fixed("2019-07-01"), "range-end"),
    ("2018年5月上旬至6月下旬", fixed("2018-07-01"), "range-end"),
    ("6月1日—30日", fixed("2017-07-01"), "range-end"),
    ("3—6月", fixed("2017-07-01"), "range-end"),
    ("2018-2020", fixed("2021-01-01"), "range-end"),
    # again and again
    ("每年底", recurring("year", "2018-01-01"), "every-year"),
    ("每年终", recurring("year", "2018-01-01"), "every-year"),
    ("每年12月20日前", recurring("year", "2017-12-21"), "every-year"),
    ("每年4—10月", recurring("year", "2017-11-01"), "every-year"),
    ("每年第一季度", recurring("year", "2018-04-01"), "every-year"),
    ("每年6月和12月", recurring("half-year", "2018-01-01"), "every-half-year"),
    ("每年6月底、12月底前", recurring("half-year", "2018-01-01"), "every-half-year"),
    ("每半年报送一次", recurring("half-year", "2018-01-01"), "every-half-year"),
    ("半年一次", recurring("half-year", "2018-01-01"), "every-half-year"),
    ("每季度末月25日前", recurring("quarter", "2017-09-26"), "every-quarter"),
    ("每季度最后一个月25日前报送", recurring("quarter", "2017-09-26"), "every-quarter"),
    ("每季度第1个月10日前报送上季度工作进展", recurring("quarter", "2017-10-11"), "every-quarter"),
    ("每季度首月中旬前", recurring("quarter", "2017-10-21"), "every-quarter"),
    ("季度终了后15日内", recurring("quarter", "2017-10-16"), "every-quarter"),
    ("一季度一调度", recurring("quarter", "2017-10-01"), "every-quarter"),
    ("一月一调度", recurring("month", "2017-09-01"), "every-month"),
    ("每月5日前报送上月进展情况", recurring("month", "2017-08-06"), "every-month"),
    ("每月上旬", recurring("month", "2017-08-11"), "every-month"),
    ("逐月", recurring("month", "2017-09-01"), "every-month"),
    ("2018年起每年12月底前", recurring("year", "2019-01-01"), "every-year"),
    ("2018年6月起每月底前", recurring("month", "2018-07-01"), "every-month"),
    (
        "“十四五”期间每年12月底前",
        milestones(
            ("2021年12月底前", "2022-01-01"),
            ("2022年12月底前", "2023-01-01"),
            ("2023年12月底前", "2024-01-01"),
            ("2024年12月底前", "2025-01-01"),
            ("2025年12月底前", "2026-01-01"),
        ),
        "series",
    ),
    (
        "2018年每季度末",
        milestones(
            ("2018年1季度末", "2018-04-01"),
            ("2018年2季度末", "2018-07-01"),
            ("2018年3季度末", "2018-10-01"),
            ("2018年4季度末", "2019-01-01"),
        ),
        "series",
    ),
    (
        "2018—2020年，每年建设10个",
        milestones(("2018年", "2019-01-01"), ("2019年", "2020-01-01"), ("2020年", "2021-01-01")),
        "series",
    ),
    # counted from the issue of the document (Civil Code, articles 200 to 203)
    ("收到通知后15日内", fixed("2017-08-17"), "days"),
    ("收到通知后，15日内", fixed("2017-08-17"), "days"),
    ("印发之日起30日内", fixed("2017-09-01"), "days"),
    ("印发之日起的30日内", fixed("2017-09-01"), "days"),
    ("自本通知印发之日起20个工作日内", fixed("2017-08-30"), "working-days"),
    ("自本方案印发之日起3个月内", fixed("2017-11-02"), "months"),
    ("自即日起3个月内", fixed("2017-11-02"), "months"),
    ("各地自印发之日起30日内", fixed("2017-09-01"), "days"),
    ("自2018年1月1日起6个月内", fixed("2018-07-03"), "months"),
    ("三年内", fixed("2020-08-04"), "years"),
    ("半个月内", fixed("2017-08-17"), "days"),
    ("十个工作日", fixed("2017-08-16"), "working-days"),
    (
        "1个月内制定方案，6个月内完成整改",
        milestones(("1个月内制定方案", "2017-09-02"), ("6个月内完成整改", "2018-02-02")),
        "steps",
    ),
    ("自收文之日起7个工作日内", fixed("2017-08-11"), "working-days"),
    ("自任务下达之日起1个月内", fixed("2017-09-02"), "months"),
    # waiting for an event, also where a period is counted from it
    ("方案出台后2个月内", triggered("方案出台后2个月内"), "period-after-event"),
    ("国家政策出台后，3个月内完成", triggered("国家政策出台后,3个月内"), "period-after-event"),
    ("项目批复后半年内", triggered("项目批复后半年内"), "period-after-event"),
    ("签订协议之日起10日内", triggered("签订协议之日起10日内"), "period-after-event"),
    ("《条例》修订后6个月内", triggered("《条例》修订后6个月内"), "period-after-event"),
    ("法律修订后", triggered("法律修订后"), "event"),
    ("待省文件出台后制定", triggered("待省文件出台后"), "event"),
    ("待上级明确后", triggered("待上级明确后"), "event"),
    ("机构改革完成后", triggered("机构改革完成后"), "event"),
    ("项目投产前完成", triggered("项目投产前"), "event"),
    # festivals and seasons
    ("春节前", triggered("春节前"), "festival"),
    ("2018年春节前", triggered("2018年春节前"), "festival"),
    ("元旦、春节前", triggered("元旦、春节前"), "festival"),
    ("中秋节前", triggered("中秋节前"), "festival"),
    ("全国两会前完成", triggered("全国两会前"), "festival"),
    ("2018年汛期前", triggered("2018年汛期前"), "festival"),
    ("2018年开学前", triggered("2018年开学前"), "festival"),
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
    # steps
    (
        "6月底前完成过半，年底前全部完成",
        milestones(("6月底前完成过半", "2017-07-01", 50), ("年底前全部完成", "2018-01-01")),
        "steps",
    ),
    (
        "2018年6月底前完成50%以上，2018年年底前100%完成",
        milestones(("2018年6月底前完成50%以上", "2018-07-01", 50), ("2018年年底前100%完成", "2019-01-01", 100)),
        "steps",
    ),
    (
        "一季度完成20%，二季度完成50%，三季度完成80%，四季度全面完成",
        milestones(
            ("一季度完成20%", "2017-04-01", 20),
            ("二季度完成50%", "2017-07-01", 50),
            ("三季度完成80%", "2017-10-01", 80),
            ("四季度全面完成", "2018-01-01"),
        ),
        "steps",
    ),
    (
        "2018年增长5%，2019年增长10%",
        milestones(("2018年增长5%", "2019-01-01"), ("2019年增长10%", "2020-01-01")),
        "steps",
    ),
    (
        "第一阶段（2018年6月底前）完成摸底，第二阶段（2018年12月底前）全面完成",
        milestones(
            ("第一阶段（2018年6月底前）完成摸底", "2018-07-01"), ("第二阶段（2018年12月底前）全面完成", "2019-01-01")
        ),
        "steps",
    ),
    (
        "分两步：2018年底前完成方案，2019年底前完成建设",
        milestones(("分两步：2018年底前完成方案", "2019-01-01"), ("2019年底前完成建设", "2020-01-01")),
        "steps",
    ),
    (
        "2018年底前取得阶段性成果，2020年底前基本完成",
        milestones(("2018年底前取得阶段性成果", "2019-01-01"), ("2020年底前基本完成", "2021-01-01")),
        "steps",
    ),
    ("2018年4月底前印发方案，之后持续推进", milestones(("2018年4月底前印发方案", "2018-05-01")), "steps"),
    (
        "按省统一部署，2018年6月底前启动，12月底前完成",
        milestones(("2018年6月底前启动", "2018-07-01"), ("12月底前完成", "2019-01-01")),
        "steps",
    ),
    (
        "1、2018年6月底前完成；2、2018年12月底前完成",
        milestones(("1、2018年6月底前完成", "2018-07-01"), ("2、2018年12月底前完成", "2019-01-01")),
        "steps",
    ),
    (
        "1.6月底前完成方案；2.12月底前建成",
        milestones(("1.6月底前完成方案", "2017-07-01"), ("2.12月底前建成", "2018-01-01")),
        "steps",
    ),
    (
        "①2018年6月底前启动②2018年底前完成",
        milestones(("①2018年6月底前启动", "2018-07-01"), ("②2018年底前完成", "2019-01-01")),
        "steps",
    ),
    (
        "一是2018年6月底前启动；二是2018年底前完成",
        milestones(("一是2018年6月底前启动", "2018-07-01"), ("二是2018年底前完成", "2019-01-01")),
        "steps",
    ),
    (
        "2018年、2019年、2020年",
        milestones(("2018年", "2019-01-01"), ("2019年", "2020-01-01"), ("2020年", "2021-01-01")),
        "steps",
    ),
    ("上半年、下半年各一次", milestones(("上半年", "2017-07-01"), ("下半年各一次", "2018-01-01")), "steps"),
    ("按月调度，年底前完成", fixed("2018-01-01"), "year-end"),
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
    # labels of a beginning and an end
    (
        "启动时间：2018年3月；完成时间：2018年12月",
        milestones(("启动时间：2018年3月", "2018-04-01"), ("完成时间：2018年12月", "2019-01-01")),
        "steps",
    ),
    ("起止时间：2018年3月至12月", fixed("2019-01-01"), "range-end"),
    # the day of the week, and noon
    ("2018年12月10日（星期一）前", ambiguous("2018-12-10", "2018-12-11"), "before-day"),
    ("12月10日（周日）17:00前", {"kind": "fixed", "due": "2017-12-10T17:00:00+08:00"}, "hour"),
    ("12月10日晚12点前", fixed("2017-12-11"), "hour"),
    ("12月10日中午12点前", {"kind": "fixed", "due": "2017-12-10T12:00:00+08:00"}, "hour"),
    # the whole year through
    ("全年常态化推进", ONGOING, "ongoing"),
    ("每年开展事前事中事后监管", recurring("year", "2018-01-01"), "every-year"),
    # nothing
    ("/", UNSPECIFIED, "nothing"),
    ("无", UNSPECIFIED, "nothing"),
    ("无明确时限", UNSPECIFIED, "nothing"),
]

# Wordings of published tables, with d0’s years for theirs.
PUBLISHED: list[tuple[str, Reading, str]] = [
    # 大竹县, 2016年民生实事目标任务分解表
    ("12月底前", fixed("2018-01-01"), "month-end"),
    ("9月投入使用", fixed("2017-10-01"), "month-end"),
    ("5月底前动工", fixed("2017-06-01"), "month-end"),
    ("于每季度末月20日前将完成情况书面报县政府督查室", recurring("quarter", "2017-09-21"), "every-quarter"),
    # 郑州市, 2012年十大实事任务分解表
    (
        "6月底前基本完成基建任务；12月底前全部落实，实现招生。",
        milestones(("6月底前基本完成基建任务", "2017-07-01"), ("12月底前全部落实，实现招生", "2018-01-01")),
        "steps",
    ),
    (
        "6月底前，争取在市区开工10所、六县（市）开工4所；12月底前全部开工。",
        milestones(
            ("6月底前，争取在市区开工10所、六县（市）开工4所", "2017-07-01"), ("12月底前全部开工", "2018-01-01")
        ),
        "steps",
    ),
    # 厦门市, 厦府办〔2019〕10号; 楚雄州, 环境保护督察整改措施清单
    ("时限要求：持续推进", ONGOING, "ongoing"),
    ("立行立改，长期坚持", ONGOING, "ongoing"),
    # 许昌市, 2011年重点工程
    (
        "2017年12月20日前项目整体完工，12月30日前试运行",
        milestones(("2017年12月20日前项目整体完工", "2017-12-21"), ("12月30日前试运行", "2017-12-31")),
        "steps",
    ),
    ("规划馆、博物馆布展，10月20日前完成。", ambiguous("2017-10-20", "2017-10-21"), "before-day"),
    ("9月中旬完成", fixed("2017-09-21"), "ten-days-end"),
    (
        "9月上旬开始，12月30日前完工",
        milestones(("9月上旬开始", "2017-09-11"), ("12月30日前完工", "2017-12-31")),
        "steps",
    ),
    (
        "2017年底主体施工，2018年4月30日前封顶",
        milestones(("2017年底主体施工", "2018-01-01"), ("2018年4月30日前封顶", "2018-05-01")),
        "steps",
    ),
    (
        "8月底前上市规委会评审，通过后，9月底前施工图设计、审核",
        milestones(("8月底前上市规委会评审", "2017-09-01"), ("9月底前施工图设计、审核", "2017-10-01")),
        "steps",
    ),
    (
        "10月底前完成并开工建设，2017年年底进行主体工程施工",
        milestones(("10月底前完成并开工建设", "2017-11-01"), ("2017年年底进行主体工程施工", "2018-01-01")),
        "steps",
    ),
    # 市民休闲广场工程实施方案, 2021年
    (
        "4月底完成附属工程建设，11月底前整个工程完工，并一次性通过验收。12月份投入使用。",
        milestones(
            ("4月底完成附属工程建设", "2017-05-01"),
            ("11月底前整个工程完工，并一次性通过验收", "2017-12-01"),
            ("12月份投入使用", "2018-01-01"),
        ),
        "steps",
    ),
    ("4月至5月完成附属工程护岸建设", fixed("2017-06-01"), "range-end"),
    (
        "8月份完成主体工程的70%；10月份全面完工",
        milestones(("8月份完成主体工程的70%", "2017-09-01", 70), ("10月份全面完工", "2017-11-01")),
        "steps",
    ),
    # 兴义市, 2013年重大工程; 昆明市官渡区, 2016年稳增长措施
    ("12月底以前，要开工建设", fixed("2018-01-01"), "month-end"),
    ("5月底前实现我区中介超市上线运行", fixed("2017-06-01"), "month-end"),
    # 湖南省环境保护督察整改; 新余市, 2023年政务公开工作要点; 巴中市, 2017年民生实事公示
    ("2024年8月前完成", ambiguous("2024-08-01", "2024-09-01"), "before-month"),
    ("到2023年底，政务公开平台更加完善", fixed("2024-01-01"), "year-end"),
    ("在7日之内以书面形式反映", fixed("2017-08-09"), "days"),
]

# What spaces and lines say: a line with a date of its own is a step, any other only wraps; midnight is no hour.
LINES: list[tuple[str, Reading, str]] = [
    ("2018-06-30 00:00:00", fixed("2018-07-01"), "day-end"),
    (
        "2018年6月底前出台方案\n2018年12月底前完成",
        milestones(("2018年6月底前出台方案", "2018-07-01"), ("2018年12月底前完成", "2019-01-01")),
        "steps",
    ),
    (
        "1.2018年6月底前启动\n2.2018年底前完成",
        milestones(("1.2018年6月底前启动", "2018-07-01"), ("2.2018年底前完成", "2019-01-01")),
        "steps",
    ),
    (
        "第一阶段\n6月底前\n第二阶段\n12月底前",
        milestones(("第一阶段\n6月底前", "2017-07-01"), ("第二阶段\n12月底前", "2018-01-01")),
        "steps",
    ),
    ("2018年\n12月\n底前", fixed("2019-01-01"), "month-end"),
    ("2018年1\n2月底前", fixed("2019-01-01"), "month-end"),
    ("2018年6月底前完成\n2018年度任务", fixed("2018-07-01"), "month-end"),
    ("2018年3月—\n12月", fixed("2019-01-01"), "range-end"),
]

UNREADABLE = [
    ("2018年2月30日前", "2018年2月30日 is not in the calendar"),
    ("2018年13月底前", "not in the calendar"),
    ("9月31日前", "2017年9月31日"),
    ("2018年第5季度", "no quarter 5"),
    ("2018年12月左右", "左右"),
    ("2018年6月初", "初"),
    ("2018年中", "中"),
    ("2018年12月后", "后"),
    ("12月底前完成2018年任务", "2018年"),
    ("18年12月底前", "18年"),
    ("12018年底前", "2018"),
    ("15日前", "of which month"),
    ("11月—3月", "ends before it begins"),
    ("2018年底前启动，2018年6月底前完成", "one after another"),
    ("每季度末报送，2018年底前完成", "more than one task"),
    ("每周", "每周"),
    ("每两个月", "每2"),
    ("每年2月28日前", "does not recur"),
    ("每年1月、3月", "does not recur"),
    ("2010—2015年每年6月底前", "after the day of issue"),
    ("0个工作日内", "0"),
    ("3000个工作日内", "3000"),
    ("24小时内", "24小时"),
    ("9月30日25时前", "25:00"),
    ("3000年底前", "3001"),
    ("加快推进", "neither a date"),
    ("底前完成", "底"),
    ("按时完成", "neither a date"),
    ("长期规划编制", "neither a date"),
    ("\ud800", "UTF-8"),
    ("长" * 2_001, "2,001 characters"),
    ("下周五前", "下周"),
    ("年中", "年中"),
    ("6月30日下班前", "下班前"),
    ("下午5时前", "5时"),
    ("上旬", "上旬"),
    ("一个半月内", "半月"),
    ("2018年6月底前启动2018年底前完成", "2018年"),
    ("每季度结束后5个工作日内", "5"),
    ("每月10日、20日前", "20日"),
    ("每季度报送一次工作进展情况，每半年报送一次阶段性工作总结", "more than one task"),
    ("2018年三国文化周活动期间投入使用", "期间"),
    ("方案出台后制定细则，3个月内完成", "from when"),
    ("集中3年内完成", "from when"),
    ("每件7日内办结", "from when"),
    ("2018年底前完成（其中A项6月底前完成）", "6月"),
    ("2018年、2019年分别完成50%、100%", "分别"),
    ("2018年底前完成120%，2019年底前全部完成", "more than the whole"),
    ("2018年6月30日不含当日", "breaks off"),
    ("之前", "no event"),
    ("已完成", "neither a date"),
    ("2016年已完成", "was done"),
    ("已于2017年6月完成", "was done"),
    ("2018-3.12", "cannot be read"),
    ("约2018年6月底", "约"),
    ("分三年完成", "neither a date"),
    ("不早于2018年6月", "不早于"),
    ("腊月底前", "腊月"),
    ("双月底前", "双月"),
    ("2018年底前完成，每年更新", "more than one task"),
    ("每年汛前", "what “前” means"),
    ("每季度会议召开后报送", "what “后” means"),
]
