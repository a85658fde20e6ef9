import json
from datetime import date
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.deadline import Deadline, Recurring, next_due
from services.ingest.schedule.phrase import read_deadline
from services.ingest.schedule.text import UnreadableError

CHINA = ZoneInfo("Asia/Shanghai")

ISSUED = date(2017, 8, 1)

DECODER: msgspec.json.Decoder[Deadline] = msgspec.json.Decoder(Deadline)


def read(text: str, issued: date = ISSUED) -> Deadline:
    return read_deadline(text, issued, CHINA)


def midnight(day: str) -> str:
    return f"{day}T00:00:00+08:00"


def fixed(day: str) -> dict[str, object]:
    return {"kind": "fixed", "due": midnight(day)}


def ambiguous(strict: str, loose: str) -> dict[str, object]:
    return {"kind": "ambiguous", "strict": midnight(strict), "loose": midnight(loose)}


def recurring(every: str, first: str) -> dict[str, object]:
    return {"kind": "recurring", "every": every, "first": midnight(first)}


def triggered(trigger: str) -> dict[str, object]:
    return {"kind": "triggered", "trigger": trigger}


def milestones(*steps: tuple[str, str] | tuple[str, str, float]) -> dict[str, object]:
    return {
        "kind": "milestones",
        "milestones": [
            {"text": text, "due": midnight(day)} | ({"percent": percent[0]} if percent else {})
            for text, day, *percent in steps
        ],
    }


ONGOING: dict[str, object] = {"kind": "ongoing"}

UNSPECIFIED: dict[str, object] = {"kind": "unspecified"}

CONTRACT = [
    ("持续实施", ONGOING),
    ("持续推进", ONGOING),
    ("常态化", ONGOING),
    ("长期坚持", ONGOING),
    ("长期", ONGOING),
    ("2017年12月底前完成", fixed("2018-01-01")),
    ("2018年12月底前", fixed("2019-01-01")),
    ("2017年12月底前出台具体政策措施", fixed("2018-01-01")),
    ("2018年全市残疾人危房改造全面完成", fixed("2019-01-01")),
    ("2018年底前", fixed("2019-01-01")),
    ("2018年年底前", fixed("2019-01-01")),
    ("2018年12月前完成", ambiguous("2018-12-01", "2019-01-01")),
    ("2019年6月底前", fixed("2019-07-01")),
    ("6月底完成", fixed("2017-07-01")),
    ("2020年2月底前", fixed("2020-03-01")),
    ("年底前", fixed("2018-01-01")),
    ("年内", fixed("2018-01-01")),
    ("2018年上半年", fixed("2018-07-01")),
    ("2018年第三季度", fixed("2018-10-01")),
    ("2018年三季度末前", fixed("2018-10-01")),
    ("三季度末前", fixed("2017-10-01")),
    ("10月中旬", fixed("2017-10-21")),
    ("9月30日前（含当日）", fixed("2017-10-01")),
    ("2016—2020年", fixed("2021-01-01")),
    ("2016-2020年", fixed("2021-01-01")),
    ("2016–2020年", fixed("2021-01-01")),
    ("2016至2020年", fixed("2021-01-01")),
    ("每年12月底前", recurring("year", "2018-01-01")),
    ("每季度末", recurring("quarter", "2017-10-01")),
    ("即日起", ONGOING),
    ("立即", ONGOING),
    ("15个工作日内", fixed("2017-08-23")),
    ("按省的要求及时制定", triggered("按省的要求")),
    ("适时", triggered("适时")),
    ("条件成熟时", triggered("条件成熟时")),
    (
        "6月底前启动，2019年12月底前完成",
        milestones(("6月底前启动", "2017-07-01"), ("2019年12月底前完成", "2020-01-01")),
    ),
    ("二〇一八年十二月底前", fixed("2019-01-01")),
    ("２０１８年１２月底前", fixed("2019-01-01")),
    ("2018 年　12 月 底前", fixed("2019-01-01")),
    ("", UNSPECIFIED),
    ("—", UNSPECIFIED),
]

WIDER = [
    # a month, a quarter, ten days, a day
    ("2018年12月", fixed("2019-01-01")),
    ("2018年12月份底以前", fixed("2019-01-01")),
    ("二○一八年三月三十一日前（含当日）", fixed("2018-04-01")),
    ("2018年一季度", fixed("2018-04-01")),
    ("2018年前三季度", fixed("2018-10-01")),
    ("下半年", fixed("2018-01-01")),
    ("10月下旬", fixed("2017-11-01")),
    ("2018.12.31前", ambiguous("2018-12-31", "2019-01-01")),
    ("2018-12-31", fixed("2019-01-01")),
    ("2018年12月31日止", fixed("2019-01-01")),
    ("9月30日24时前", fixed("2017-10-01")),
    ("9月30日下午5点前", {"kind": "fixed", "due": "2017-09-30T17:00:00+08:00"}),
    ("⽉底前", fixed("2017-09-01")),  # the radical U+2F49, as PDF files hold it
    # before a span begins, or before it ends
    ("9月30日前", ambiguous("2017-09-30", "2017-10-01")),
    ("9月30日前（不含当日）", fixed("2017-09-30")),
    ("2018年6月30日前（含6月30日）", fixed("2018-07-01")),
    ("2018年之前", ambiguous("2018-01-01", "2019-01-01")),
    ("10月上旬前", ambiguous("2017-10-01", "2017-10-11")),
    # relative to the day of issue
    ("今年底", fixed("2018-01-01")),
    ("明年6月底前", fixed("2018-07-01")),
    ("本月底前", fixed("2017-09-01")),
    ("当月内", fixed("2017-09-01")),
    ("下月15日前（含）", fixed("2017-09-16")),
    ("本季度末", fixed("2017-10-01")),
    ("全年", fixed("2018-01-01")),
    ("自印发之日起三十日内", fixed("2017-09-01")),
    ("3个月内", fixed("2017-11-02")),
    ("半年内", fixed("2018-02-02")),
    ("两年内完成", fixed("2019-08-02")),
    ("一周以内", fixed("2017-08-09")),
    # ranges
    ("2018年1月至6月", fixed("2018-07-01")),
    ("2018年7月1～15日", fixed("2018-07-16")),
    ("一至三季度", fixed("2017-10-01")),
    ("2017年10月—次年3月", fixed("2018-04-01")),
    ("即日起至2018年底", fixed("2019-01-01")),
    ("“十三五”期间", fixed("2021-01-01")),
    # words around a date
    ("力争于2018年底前全面完成", fixed("2019-01-01")),
    ("按照省统一部署，2018年底前完成", fixed("2019-01-01")),
    ("持续推进，2020年12月底前完成", fixed("2021-01-01")),
    ("2018年至少建立1个社区康园中心", fixed("2019-01-01")),
    # again and again
    ("每年", recurring("year", "2018-01-01")),
    ("每半年", recurring("half-year", "2018-01-01")),
    ("每月底前报送", recurring("month", "2017-09-01")),
    ("每月5日前", recurring("month", "2017-08-06")),
    ("每季度首月10日前（含当日）", recurring("quarter", "2017-10-11")),
    ("每季度结束后10日内", recurring("quarter", "2017-10-11")),
    ("每年6月、12月底前", recurring("half-year", "2018-01-01")),
    ("2019年起，每年6月底前", recurring("year", "2019-07-01")),
    ("分年度", recurring("year", "2018-01-01")),
    ("按季度推进", recurring("quarter", "2017-10-01")),
    # without end, or waiting
    ("自2018年1月1日起实施", ONGOING),
    ("经常性工作", ONGOING),
    ("尽快", ONGOING),
    ("根据工作需要，持续推进", ONGOING),
    ("省实施方案出台后3个月内", triggered("省实施方案出台后")),
    ("与省同步", triggered("与省同步")),
    ("待定", triggered("待定")),
    # steps
    (
        "2018年6月底前出台方案，12月底前完成；长期坚持。",
        milestones(("2018年6月底前出台方案", "2018-07-01"), ("12月底前完成", "2019-01-01")),
    ),
    ("2018年底前完成并长期坚持", milestones(("2018年底前完成", "2019-01-01"))),
    (
        "2018年底前完成60%，2019年底前完成100%",
        milestones(("2018年底前完成60%", "2019-01-01", 60), ("2019年底前完成100%", "2020-01-01", 100)),
    ),
    (
        "（一）2018年6月前启动；（二）2018年底前完成",
        milestones(("（一）2018年6月前启动", "2018-07-01"), ("（二）2018年底前完成", "2019-01-01")),
    ),
    (
        "2017—2018年每年12月底前",
        milestones(("2017年12月底前", "2018-01-01"), ("2018年12月底前", "2019-01-01")),
    ),
    ("2018年3、9月", milestones(("2018年3", "2018-04-01"), ("9月", "2018-10-01"))),
    ("2018年底前建成一个，2018年底前投入使用", fixed("2019-01-01")),
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
    ("2018年春节前", "春节"),
    ("2018年开学前", "开学"),
    ("12月底前完成2018年任务", "2018年"),
    ("18年12月底前", "18年"),
    ("12018年底前", "2018"),
    ("15日前", "of which month"),
    ("11月—3月", "ends before it begins"),
    ("2018年底前启动，2018年6月底前完成", "one after another"),
    ("每季度末报送，2018年底前完成", "more than one task"),
    ("每周", "每周"),
    ("每两个月", "每2"),
    ("每月31日前", "not in the calendar"),
    ("每年2月28日前", "does not recur"),
    ("每年1月、3月", "does not recur"),
    ("2010—2015年每年6月底前", "after the day of issue"),
    ("0个工作日内", "0"),
    ("3000个工作日内", "3000"),
    ("24小时内", "24小时"),
    ("半个月内", "半个月"),
    ("9月30日25时前", "25:00"),
    ("3000年底前", "3001"),
    ("加快推进", "neither a date"),
    ("底前完成", "neither a date"),
    ("按时完成", "neither a date"),
    ("长期规划编制", "neither a date"),
    ("\ud800", "UTF-8"),
    ("长" * 2_001, "2,001 characters"),
]


@pytest.mark.parametrize(("text", "expected"), CONTRACT, ids=lambda value: value if isinstance(value, str) else "")
def test_contract(text: str, expected: dict[str, object]) -> None:
    """Every phrase of the contract’s table reads as the table says, and keeps its text."""
    assert json.loads(msgspec.json.encode(read(text))) == {"text": text, **expected}


@pytest.mark.parametrize(("text", "expected"), WIDER, ids=lambda value: value if isinstance(value, str) else "")
def test_wider_wordings(text: str, expected: dict[str, object]) -> None:
    """The wordings of other official tables are of the same kinds."""
    assert json.loads(msgspec.json.encode(read(text))) == {"text": text, **expected}


@pytest.mark.parametrize(("text", "wrong"), UNREADABLE, ids=[ascii(text)[:40] for text, _ in UNREADABLE])
def test_unreadable(text: str, wrong: str) -> None:
    """A phrase that is not understood in full is refused, with the phrase and what is wrong."""
    with pytest.raises(UnreadableError) as raised:
        read(text)
    message = str(raised.value)
    assert text in message
    assert wrong in message.replace(text, "", 1)


@pytest.mark.parametrize(
    ("issued", "due"),
    [
        (date(2017, 9, 25), "2017-10-21"),  # eight days of National Day, Saturday 30 September worked
        (date(2018, 2, 9), "2018-03-08"),  # seven days of Spring Festival, Sunday 11 and Saturday 24 February worked
    ],
)
def test_working_days_follow_the_state_calendar(issued: date, due: str) -> None:
    """Holidays do not count, weekends worked in exchange do."""
    assert json.loads(msgspec.json.encode(read("15个工作日内", issued)))["due"] == midnight(due)


def test_working_days_not_published_yet() -> None:
    """Where the State Council has not published the year yet, the phrase is refused and not guessed."""
    with pytest.raises(UnreadableError, match="working days of 2098 are not published yet"):
        read("15个工作日内", date(2098, 6, 1))


def test_months_end_on_the_last_day_where_there_is_no_such_day() -> None:
    """A month from 31 January ends with the last day of February."""
    assert json.loads(msgspec.json.encode(read("1个月内", date(2020, 1, 31))))["due"] == midnight("2020-03-01")


def test_zone() -> None:
    """Instants are of the ledger’s zone."""
    assert msgspec.to_builtins(read_deadline("2018年底前", ISSUED, ZoneInfo("Asia/Urumqi")))["due"][-6:] == "+06:00"


FRAGMENTS = st.sampled_from(
    [
        *"0123456789年月日前后内底末起至—、，；（）。每半上中下旬个 ",
        *(
            "2018",
            "12月",
            "季度",
            "工作日",
            "完成",
            "持续",
            "含当日",
            "按",
            "要求",
            "十三五",
            "二十",
            "结束后",
            "10日内",
            "次年",
        ),
        *(text for text, _ in CONTRACT),
    ]
)
PHRASES = st.text() | st.lists(FRAGMENTS, max_size=8).map("".join)
DAYS = st.dates() | st.dates(date(2004, 1, 1), date(2030, 1, 1))


def attempt(text: str, issued: date) -> Deadline | UnreadableError:
    try:
        return read(text, issued)
    except UnreadableError as error:
        return error


@given(PHRASES, DAYS)
def test_total(text: str, issued: date) -> None:
    """Any text is a deadline that keeps it and that an event can hold, or an UnreadableError with the text."""
    outcome = attempt(text, issued)
    if isinstance(outcome, UnreadableError):
        assert text in str(outcome)
    else:
        stored = msgspec.json.encode(outcome)
        assert outcome.text == text
        assert msgspec.json.encode(DECODER.decode(stored)) == stored


@given(PHRASES, DAYS)
def test_due_is_sane(text: str, issued: date) -> None:
    """What reminds does not come after what passes, and a recurrence begins after the day of issue."""
    outcome = attempt(text, issued)
    if isinstance(outcome, UnreadableError):
        return
    due = next_due(outcome)
    assert due is None or due.reminds <= due.passes
    if isinstance(outcome, Recurring):
        assert outcome.first.date() > issued


@given(st.sampled_from([text for text, _ in CONTRACT + WIDER]), st.sampled_from([" ", "　", "\n", "\u200b"]))
def test_spaces_change_nothing(text: str, space: str) -> None:
    """Spaces between the characters, as justified cells have them, do not change the reading."""
    plain, spaced = (msgspec.to_builtins(read(phrase)) for phrase in (text, space.join(text)))
    for reading in (plain, spaced):
        reading.pop("text")
        for step in reading.get("milestones", ()):
            step.pop("text")
    assert spaced == plain
