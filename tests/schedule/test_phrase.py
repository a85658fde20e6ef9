import json
import re
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.deadline import Deadline, Milestones, Recurring, next_due
from services.schedule import phrase as phrases_read
from services.schedule.explain import explain
from services.schedule.phrase import Phrase, find_phrase, read_phrase
from services.schedule.text import UnreadableError
from tests.schedule.phrases.contract import CONTRACT
from tests.schedule.phrases.counted import COUNTED
from tests.schedule.phrases.dates import DATES
from tests.schedule.phrases.goals import GOALS
from tests.schedule.phrases.marked import MARKED
from tests.schedule.phrases.published import LINES, PUBLISHED
from tests.schedule.phrases.ranges import RANGES
from tests.schedule.phrases.readings import Reading, fixed, midnight
from tests.schedule.phrases.recurring import RECURRING
from tests.schedule.phrases.stepped import STEPPED
from tests.schedule.phrases.unreadable import UNREADABLE
from tests.schedule.phrases.worded import WORDED

CHINA = ZoneInfo("Asia/Shanghai")

ISSUED = date(2017, 8, 1)

FESTIVALS = {"2018年春节": date(2018, 2, 16), "2017年国庆节": date(2017, 10, 1), "2018年国庆节": date(2018, 10, 1)}

READABLE = CONTRACT + DATES + RANGES + RECURRING + COUNTED + WORDED + STEPPED + GOALS + PUBLISHED
READABLE += [(text, reading, rule) for text, reading, rule, _ in MARKED]

DECODER: msgspec.json.Decoder[Deadline] = msgspec.json.Decoder(Deadline)


def read(text: str, issued: date = ISSUED) -> Phrase:
    return read_phrase(text, issued, CHINA)


def stored(deadline: Deadline) -> dict[str, object]:
    reading: dict[str, object] = json.loads(msgspec.json.encode(deadline))
    return reading


def find(text: str) -> Phrase | None:
    return find_phrase(text, ISSUED, CHINA, FESTIVALS)


def without_texts(phrase: Phrase) -> dict[str, object]:
    """Return the rule, kind and instants of a reading."""
    reading = stored(phrase.deadline)
    reading = {name: value for name, value in reading.items() if name not in ("text", "trigger", "milestones")}
    if isinstance(phrase.deadline, Milestones):
        reading["steps"] = [(step.due, step.percent) for step in phrase.deadline.milestones]
    return reading | {"rule": phrase.rule}


def when(phrase: Phrase) -> dict[str, object]:
    """Return the rule, kind and instants of a reading, without the parts of the work."""
    reading = without_texts(phrase)
    if isinstance(phrase.deadline, Milestones):
        reading["steps"] = [step.due for step in phrase.deadline.milestones]
    return reading


def shown(value: object) -> str:
    return value if isinstance(value, str) else ""


@pytest.mark.parametrize(("text", "expected", "rule"), READABLE + LINES, ids=shown)
def test_readings(text: str, expected: Reading, rule: str) -> None:
    """Each wording has the kind and the instants that a careful official would give it, by a rule with a name."""
    phrase = read(text)
    assert stored(phrase.deadline) == {"text": text, **expected}
    assert phrase.rule == rule


def test_every_rule_is_listed() -> None:
    """The grammar lists its rules at its head, all of which read something, and no others."""
    grammar = Path(phrases_read.__file__).with_name("phrase.lark").read_text(encoding="utf-8")
    head = grammar[grammar.index("//   a span’s end") : grammar.index("// A phrase is")]
    listed = {name for line in head.splitlines() for name in re.findall(r"[a-z]+(?:-[a-z]+)*", line[20:])}
    assert listed == {rule for _, _, rule in READABLE}


@pytest.mark.parametrize(("text", "wrong"), UNREADABLE, ids=[ascii(text)[:40] for text, _ in UNREADABLE])
def test_unreadable(text: str, wrong: str) -> None:
    """A phrase that is not understood in full is refused, with the phrase and what is wrong."""
    with pytest.raises(UnreadableError) as raised:
        read(text)
    message = str(raised.value)
    assert text in message
    assert wrong in message.replace(text, "", 1)


@pytest.mark.parametrize(
    ("text", "issued", "due"),
    [
        ("15个工作日内", date(2017, 9, 25), "2017-10-21"),  # eight days of National Day, Saturday 30 September worked
        ("15个工作日内", date(2018, 2, 9), "2018-03-08"),  # seven days of Spring Festival, two weekend days worked
        ("1日内", date(2018, 3, 1), "2018-03-03"),  # the day after is day 1 (Civil Code, art. 201)
        ("30日内", date(2018, 3, 2), "2018-04-03"),  # 1 April is a Sunday: Monday is the last day (art. 203)
        ("10日内", date(2017, 9, 22), "2017-10-10"),  # 2 October is a holiday: 9 October is the last day
        ("8日内", date(2017, 9, 22), "2017-10-01"),  # Saturday 30 September is worked: it is the last day
        ("1个月内", date(2018, 3, 15), "2018-04-17"),  # 15 April is a Sunday; months move, too
        ("1个月内", date(2017, 10, 31), "2017-12-01"),  # where there is no 31st, the month’s last day (art. 202)
        ("1个月内", date(2020, 1, 31), "2020-03-03"),  # 29 February 2020 is a Saturday
        ("1年内", date(2016, 2, 29), "2017-03-01"),
        ("半个月内", date(2018, 3, 5), "2018-03-21"),
        ("30日内", date(2050, 3, 11), "2050-04-12"),  # no calendar yet: Sunday 10 April moves by weekends alone
    ],
)
def test_periods_follow_the_civil_code_and_the_state_calendar(text: str, issued: date, due: str) -> None:
    """A period’s first day does not count, its last does, and a last day of rest moves to the next working day."""
    assert stored(read(text, issued).deadline)["due"] == midnight(due)


def test_fixed_dates_do_not_move() -> None:
    """Article 203 is about periods: a date on a Sunday stays what it is."""
    assert stored(read("2018年9月30日（含）前").deadline)["due"] == midnight("2018-10-01")
    assert date(2018, 9, 30).isoweekday() == 7


def test_working_days_not_published_yet() -> None:
    """Where the State Council has not published the year yet, working days are refused and not guessed."""
    with pytest.raises(UnreadableError, match="working days of 2098 are not published yet"):
        read("15个工作日内", date(2098, 6, 1))


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("春节前", "2018-02-16"),
        ("2018年春节前完成", "2018-02-16"),
        ("国庆前", "2017-10-01"),
        ("国庆节假期前", "2017-10-01"),
        ("明年国庆节前", "2018-10-01"),
    ],
)
def test_festivals_that_the_configuration_names(text: str, day: str) -> None:
    """Before a festival is before its day begins: of the year that is named, or the first after the day of issue."""
    phrase = read_phrase(text, ISSUED, CHINA, FESTIVALS)
    assert (stored(phrase.deadline), phrase.rule) == ({"text": text, **fixed(day)}, "festival")


def test_a_festival_that_is_not_configured_waits() -> None:
    """A festival of another year is not the one that is configured."""
    assert stored(read_phrase("2019年春节前", ISSUED, CHINA, FESTIVALS).deadline)["kind"] == "triggered"


def test_zone() -> None:
    """Instants are of the ledger’s zone."""
    assert (
        msgspec.to_builtins(read_phrase("2018年底前", ISSUED, ZoneInfo("Asia/Urumqi")).deadline)["due"][-6:] == "+06:00"
    )


@pytest.mark.parametrize(
    ("text", "doubts"),
    [
        ("2018年12月前完成", ("ambiguous",)),
        ("2018年12月底前完成改造1000户", ("number-passed-over",)),
        ("利用三年时间，持续推进", ("number-passed-over",)),
        ("集中半年时间整治，年底前完成", ("number-passed-over",)),
        ("2018年底前完成，方案出台后3个月内公示", ("number-passed-over", "condition-passed-over")),
        ("每季度末报送，方案印发后完成", ("condition-passed-over",)),
        ("每年底前总结，春节前慰问", ("condition-passed-over",)),
        ("方案出台后制定，春节前完成", ("condition-passed-over",)),
        ("持续推进，方案出台后完成", ("condition-passed-over",)),
        ("方案出台后1个月内制定，项目批准后3个月内完成", ("number-passed-over", "condition-passed-over")),
        ("按省要求适时制定，持续推进", ()),
        ("2018年12月底前完成", ()),
        *((text, doubts) for text, _, _, doubts in MARKED),
    ],
)
def test_doubts(text: str, doubts: tuple[str, ...]) -> None:
    """What a reading leaves out or decides is marked for a person to look at."""
    assert read(text).doubts == doubts


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2018年6月底前形成可复制的经验", "2018年6月底前"),
        ("推进市民服务中心建设，2018年底前投入使用", "2018年底前"),
        ("于2018年1月23日前将贯彻落实方案意见报市政府政务督查室", "于2018年1月23日前"),
        ("力争 2018年底前 全面完成危房改造", "力争 2018年底前"),
        ("建立信息报送制度，每季度末报送进展情况", "每季度末"),
        ("请各责任单位于每季度末月20日前将完成情况书面报送", "于每季度末月20日前"),
        ("自印发之日起30日内制定实施细则", "自印发之日起30日内"),
        ("市民政局（2018年6月底前）", "2018年6月底前"),
        ("到2020年底前建成10个", "到2020年底前"),
        ("到2025年，森林覆盖率比2020年提高2个百分点", "到2025年"),
        ("推进国土绿化，力争到2025年，森林覆盖率达到60%", "力争到2025年"),
        ("在2018年春节前发放到位", "在2018年春节前"),
        ("2018年6月底前完成方案，2018年底前完成建设；市民政局牵头", "2018年6月底前完成方案，2018年底前完成建设"),
    ],
)
def test_limits_in_running_text(text: str, found: str) -> None:
    """A limit beyond doubt is found amid other words, and reads as it does alone."""
    phrase = find(text)
    assert phrase is not None
    assert phrase.deadline.text == found
    assert phrase == read_phrase(found, ISSUED, CHINA, FESTIVALS)


@pytest.mark.parametrize(
    "text",
    [
        "制定2018年度计划",
        "2018年新建社区康园中心10个",
        "落实“十三五”规划纲要",
        "“十三五”期间我市经济社会发展",
        "贯彻《残疾人事业发展规划（2016—2020年）》",
        "落实《关于2018年底前完成改造的通知》",
        "2017年底全市人口达到800万",
        "截至2017年底，完成70%",
        "完成2000年底前建成的老旧小区改造",
        "将审批时间压缩到15个工作日内",
        "细则印发之日起30日内报备",
        "每年新增1000个床位",
        "2018年底前完成一期，2018年6月底前完成二期",
        "在2019年春节前发放到位",
        "对2017年底前未完成整改的企业依法处罚",
        "2018年7月15日前办理的，享受补贴",
        "落实每月5日前报送制度",
        "",
    ],
)
def test_what_is_no_limit_in_running_text(text: str) -> None:
    """A time that only names something, is over, or contradicts another is no limit."""
    assert find(text) is None


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("2018年12月底前", "最迟在2018年12月31日24时前完成（自2019年1月1日0时起即为逾期）。"),
        ("9月30日下午5点半前", "最迟在2017年9月30日17时30分前完成（自2017年9月30日17时30分起即为逾期）。"),
        (
            "2018年12月前",
            (
                "有两种理解：从严为2018年11月30日24时前完成，从宽为2018年12月31日24时前完成；"
                "按从严的时间提醒，按从宽的时间认定逾期（自2019年1月1日0时起即为逾期）。"
            ),
        ),
        ("每季度末", "每季度完成一次，首次最迟在2017年9月30日24时前，此后每季度同期；逐次认定逾期。"),
        (
            "6月底前完成30%，12月底前完成。",
            (
                "分2步完成，逐步认定逾期：第1步（6月底前完成30%）最迟在2017年6月30日24时前；"
                "第2步（12月底前完成）最迟在2017年12月31日24时前。"
            ),
        ),
        ("按省的要求及时制定", "何时完成取决于“按省的要求”，时间明确之前不认定逾期。"),
        ("持续实施", "长期推进，没有截止时间，不认定逾期。"),
        ("—", "没有规定完成时间，不认定逾期。"),
    ],
)
def test_explained(text: str, sentence: str) -> None:
    """Each kind of reading is one sentence, with midnight as documents write it."""
    assert explain(read(text), CHINA) == sentence


def test_explained_without_a_calendar() -> None:
    """The sentence says where the end of a period rests on weekends alone."""
    assert "仅按周末顺延" in explain(read("30日内", date(2050, 3, 11)), CHINA)
    assert "仅按周末顺延" not in explain(read("2050年底前", date(2050, 3, 11)), CHINA)


FRAGMENTS = st.sampled_from(
    [
        *"0123456789年月日前后内底末起至—、，；（）。每半上中下旬个的时待按①",
        *(
            "2018",
            "12月",
            "季度",
            "工作日",
            "完成",
            "持续",
            "含当日",
            "要求",
            "十三五",
            "二十",
            "结束后",
            "10日内",
            "次年",
        ),
        *("印发", "之日起", "春节", "50%", "过半", "17:00", "《", "》", "期间", "首月"),
        *(text for text, _, _ in READABLE),
    ]
)
PHRASES = st.text() | st.lists(FRAGMENTS, max_size=8).map("".join)
DAYS = st.dates() | st.dates(date(2004, 1, 1), date(2030, 1, 1))


def attempt(text: str, issued: date) -> Phrase | UnreadableError:
    try:
        return read(text, issued)
    except UnreadableError as error:
        return error


@given(PHRASES, DAYS)
def test_total(text: str, issued: date) -> None:
    """Any text is a deadline that keeps it, that an event can hold and that can be explained, or an UnreadableError."""
    outcome = attempt(text, issued)
    if isinstance(outcome, UnreadableError):
        assert text in str(outcome)
        return
    encoded = msgspec.json.encode(outcome.deadline)
    assert outcome.deadline.text == text
    assert msgspec.json.encode(DECODER.decode(encoded)) == encoded
    assert explain(outcome, CHINA).endswith("。")
    due = next_due(outcome.deadline)
    assert due is None or due.reminds <= due.passes
    if isinstance(outcome.deadline, Recurring):
        assert outcome.deadline.first.date() > issued


@given(PHRASES, DAYS)
def test_what_is_found_reads_the_same(text: str, issued: date) -> None:
    """Any text has a limit or none; one that is found is a stretch of the text and reads as it does alone."""
    phrase = find_phrase(text, issued, CHINA)
    if phrase is not None:
        assert phrase.deadline.text in text
        assert phrase == read(phrase.deadline.text, issued)


QUANTITIES = (
    "完成改造1000户",
    "投资2.35亿元左右",
    "新增床位5000张以上",
    "审批时间压缩至3个工作日内",
    "比2020年提高2.5个百分点",
    "召开“三年活动”对接会",
    "编制《2021—2035年总体规划》",
    "覆盖率达到95%",
    "PM2.5浓度控制在35微克/立方米以下",
    "改造2000年底前建成的小区30个",
)

ENDS = re.compile("长期坚持$|(?:持续|全年.*)推进$|工作日$|年中$")

PLAIN = [text for text, _, rule in READABLE if rule != "nothing" and not text.isdigit() and not ENDS.search(text)]
"""What ends with a verb or a bare period would have the quantity for its object, or say what is counted."""


@given(st.sampled_from(PLAIN), st.sampled_from(QUANTITIES), st.sampled_from(["{1}，{0}", "{0}，{1}", "{0}{1}"]))
def test_a_quantity_changes_no_reading(text: str, quantity: str, template: str) -> None:
    """What is to be reached, said before the time or after it, leaves its reading as it is."""
    cell = template.format(text.rstrip("。；;"), quantity)
    assert when(read(cell)) == when(read(text))


DIGITS = str.maketrans("0123456789", "０１２３４５６７８９")
NUMERALS = ["", *"一二三四五六七八九十", "十一", "十二"]


@pytest.mark.parametrize(("text", "expected", "rule"), READABLE, ids=shown)
def test_spellings_change_nothing(text: str, expected: Reading, rule: str) -> None:
    """Widths, spaces, dashes, quotation marks, punctuation and Chinese numerals do not change a reading."""
    plain = without_texts(read(text))
    spellings = [
        text.translate(DIGITS),
        *(space.join(text) for space in (" ", "　", "\n", "\u200b")),
        text.replace("，", ",").replace("；", ";").replace("（", "(").replace("）", ")").replace("：", ":"),
        *(re.sub("[—–](?=[0-9次])", dash, text) for dash in ("-", "－", "–", "~", "至")),
        text.translate({ord(mark): None for mark in "“”"}),
        re.sub("(?<![0-9.一/-])([1-9]|1[0-2])(?=月(?![0-9])|个月|季度)", lambda match: NUMERALS[int(match[1])], text),
        re.sub(
            "(?<![0-9])2(01[0-9])年(?=[0-9底])",
            lambda match: (
                "二" + match[1].translate(dict(zip(range(48, 58), "〇一二三四五六七八九", strict=True))) + "年"
            ),
            text,
        ),
    ]
    for spelling in spellings:
        assert without_texts(read(spelling)) == plain, spelling


YEAR_ENDS = ["{0.year}年底前", "{0.year}年年底前完成", "{0.year}年内", "到{0.year}年", "力争{0.year}年末前建成"]
MONTH_ENDS = [
    "{0.year}年{0.month}月底前",
    "{0.year}年{0.month}月",
    "{0.year}.{0.month}",
    "完成时限：{0.year}年{0.month}月底",
]
DAY_ENDS = [
    "{0.year}年{0.month}月{0.day}日",
    "{0:%Y-%m-%d}",
    "{0:%Y/%m/%d}前（含当日）",
    "不晚于{0.year}年{0.month}月{0.day}日",
]


@given(st.dates(date(1990, 1, 1), date(2199, 12, 1)), DAYS, st.sampled_from(YEAR_ENDS + MONTH_ENDS + DAY_ENDS))
def test_a_date_reads_back(day: date, issued: date, template: str) -> None:
    """A phrase made from a date by any template is due with the first instant after it."""
    due = stored(read(template.format(day), issued).deadline)["due"]
    assert isinstance(due, str)
    last = date.fromisoformat(due[:10]) - timedelta(days=1)
    assert last.year == day.year
    if template not in YEAR_ENDS:
        assert last.month == day.month
    if template in DAY_ENDS:
        assert last == day
    elif template in MONTH_ENDS:
        assert (last + timedelta(days=1)).day == 1
    else:
        assert (last.month, last.day) == (12, 31)
