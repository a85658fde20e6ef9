"""What is due again and again; each phrase with its reading and its rule."""

from tests.schedule.phrases.readings import ONGOING, Reading, milestones, recurring

RECURRING: list[tuple[str, Reading, str]] = [
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
    # the whole year through
    ("全年常态化推进", ONGOING, "ongoing"),
    ("每年开展事前事中事后监管", recurring("year", "2018-01-01"), "every-year"),
    # after a period’s end
    ("每季度结束后次月10日前报送", recurring("quarter", "2017-10-11"), "every-quarter"),
    ("每月终了后次月5日前", recurring("month", "2017-08-06"), "every-month"),
]
