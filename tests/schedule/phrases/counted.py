"""Periods, and what waits for an event or a festival; each phrase with its reading and its rule."""

from tests.schedule.phrases.readings import Reading, ambiguous, fixed, milestones, triggered

COUNTED: list[tuple[str, Reading, str]] = [
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
]
