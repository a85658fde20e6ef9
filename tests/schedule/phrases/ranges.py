"""Ranges of dates; each phrase with its reading and its rule."""

from tests.schedule.phrases.readings import Reading, fixed, milestones

RANGES: list[tuple[str, Reading, str]] = [
    # ranges
    ("2018年1月至6月", fixed("2018-07-01"), "range-end"),
    ("2018年7月1～15日", fixed("2018-07-16"), "range-end"),
    ("一至三季度", fixed("2017-10-01"), "range-end"),
    ("2017年10月—次年3月", fixed("2018-04-01"), "range-end"),
    ("即日起至2018年底", fixed("2019-01-01"), "year-end"),
    ("“十三五”期间", fixed("2021-01-01"), "plan-end"),
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
    # labels of a beginning and an end
    (
        "启动时间：2018年3月；完成时间：2018年12月",
        milestones(("启动时间：2018年3月", "2018-04-01"), ("完成时间：2018年12月", "2019-01-01")),
        "steps",
    ),
    ("起止时间：2018年3月至12月", fixed("2019-01-01"), "range-end"),
    ("10月上旬至中旬", fixed("2017-10-21"), "range-end"),
    ("自印发之日起至2018年12月底，分四个阶段进行", fixed("2019-01-01"), "month-end"),
    ("到2022年和2030年，达标", milestones(("到2022年", "2023-01-01"), ("2030年，达标", "2031-01-01")), "steps"),
    ("2018年10月1至10月31日", fixed("2018-11-01"), "range-end"),
    ("公示期为5个工作日（9月12日至9月16日）", fixed("2017-09-17"), "range-end"),
    ("整治时间：2018年3月10日至9月10日", fixed("2018-09-11"), "range-end"),
    ("征求意见时间为2018年3月12日至4月11日", fixed("2018-04-12"), "range-end"),
    ("建设工期：2018年3月至12月", fixed("2019-01-01"), "range-end"),
    ("专项行动自2018年7月至12月，为期6个月", fixed("2019-01-01"), "range-end"),
]
