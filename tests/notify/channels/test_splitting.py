"""Letters as messages: any letter fits each channel's limit, nothing is cut inside an item, and no item is lost."""

import re
from collections.abc import Callable, Sequence
from email import message_from_bytes
from email.policy import default
from html.parser import HTMLParser
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from events.alerting import AlertRules
from events.channel import Channel
from events.mail_server import MailServer
from services.notify.channels.content import cut
from services.notify.channels.markdown import literal
from services.notify.channels.network import Network
from services.notify.channels.splitting import PARTS_MOST
from services.notify.channels.way import Way, way_of
from services.notify.letter import Item, Letter
from tests.fixed_clock import FixedClock
from tests.notify.channels.dates import NOW
from tests.notify.channels.letters import ITEM, MORE, TITLE, letter, numbered

CHANNELS = [
    Channel(wecom="robot-key"),
    Channel(dingtalk="robot-token", secret="SECx"),
    Channel(feishu="robot-token", secret="x"),
    Channel(mail=("good@b.cn", "bad@b.cn")),
    Channel(apprise="gotify://example.cn/token"),
]


@pytest.fixture(scope="module", params=CHANNELS, ids=lambda channel: channel.kind)
def way(request: pytest.FixtureRequest) -> Way:
    """Return a way of each kind that splits."""
    rules = AlertRules(mail=MailServer("smtp.b.cn", "duban@b.cn"))
    return way_of(request.param, Network(rules, FixedClock(NOW)))


class Text(HTMLParser):
    """The text of a page, a line for each paragraph and line break."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self._body = False

    def handle_starttag(self, tag: str, _attrs: list[tuple[str, str | None]]) -> None:
        self._body = self._body or tag == "body"
        self.text += "\n" if tag == "br" else ""

    def handle_endtag(self, tag: str) -> None:
        self.text += {"p": "\n\n", "h2": "\n"}.get(tag, "")

    def handle_data(self, data: str) -> None:
        self.text += data.strip("\r\n") if self._body else ""


def texts(kind: str, body: bytes) -> list[str]:
    """Return the texts that a message shows: a mail has two."""
    if kind == "mail":
        message = message_from_bytes(body, policy=default)
        text, page = (part.get_content() for part in message.iter_parts())
        shown = Text()
        shown.feed(page)
        return [f"{message['Subject']}\n{one.strip()}" for one in (text, shown.text)]
    return ["\n".join(_strings(msgspec.json.decode(body)))]


def _strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for one in inner for text in _strings(one)]


def written(kind: str) -> Callable[[str], str]:
    """Return how a channel writes a line of text."""
    return literal if kind in {"wecom", "dingtalk"} else str


titles = st.text(max_size=200) | st.sampled_from(
    [TITLE, "**加粗** [链接](https://x.cn) `代码`", "👩‍👩‍👧‍👦" * 60, "一" * 5_000]
)
items = st.builds(
    Item,
    titles,
    st.lists(titles, max_size=6).map(tuple),
    st.sampled_from(["", "https://board.example.cn/zhanjiang/tasks/任务-1", "ftp://x", "https://x.cn/" + "长" * 300]),
    st.booleans(),
)


@given(chosen=st.lists(items, max_size=12), copies=st.integers(1, 6), more=st.sampled_from(["", MORE]))
def test_any_letter_fits_and_its_counts_are_right(way: Way, chosen: list[Item], copies: int, more: str) -> None:
    """Every message is within the limit in bytes; its items and those that are left make up the whole."""
    sent = Letter("zhanjiang-0a1b2c", TITLE, tuple(chosen) * copies, more, b"{}")
    parts = way.parts(sent)
    assert all(len(part.body) <= way.limit.bytes for part in parts)
    assert [part.number for part in parts] == list(range(1, len(parts) + 1))
    assert {part.of for part in parts} == {len(parts)}
    assert len({part.id for part in parts}) == len(parts)
    left = [int(found) for text in texts(way.kind, parts[-1].body) for found in re.findall(r"另有(\d+)项，见", text)]
    assert sum(part.items for part in parts) + (left[-1] if left else 0) == len(sent.items)
    assert more or not left
    assert len(parts) <= PARTS_MOST or not more
    assert way.parts(sent) == parts


def test_a_letter_is_cut_between_items_and_numbered(way: Way) -> None:
    """Each item stands whole in one message, with its link; the urgent come first; nothing is shown twice."""
    sent = letter(*numbered(60), more="")
    parts = way.parts(sent)
    urgent = [item for item in sent.items if item.urgent]
    ordered = [*urgent, *(item for item in sent.items if not item.urgent)]
    if way.limit.bytes < 20_000:
        assert len(parts) > 1
    at = 0
    for part in parts:
        for text in texts(way.kind, part.body):
            assert (f"（{part.number}/{part.of}）" in text) == (part.of > 1)
            _assert_items(text, ordered[at : at + part.items], written(way.kind))
            assert not any(item.link in text for item in ordered[at + part.items :])
        at += part.items
    assert at == len(ordered)


def _assert_items(text: str, shown: Sequence[Item], form: Callable[[str], str]) -> None:
    assert [text.index(item.link) for item in shown] == sorted(text.index(item.link) for item in shown)
    for item in shown:
        assert all(form(line) in text for line in (item.title, *item.lines))


def test_the_rest_is_named_with_where_to_read_it(way: Way) -> None:
    """More than some messages fill a screen and a robot's minute: the last says how many items are left, and where."""
    parts = way.parts(letter(*numbered(900)))
    assert len(parts) == PARTS_MOST
    shown = sum(part.items for part in parts)
    for text in texts(way.kind, parts[-1].body):
        assert f"另有{900 - shown}项，见" in text
        assert MORE in text
    english = way.parts(replace(letter(*numbered(900)), language="en"))
    assert " more: " in texts(way.kind, english[-1].body)[0]
    assert f" ({PARTS_MOST}/{PARTS_MOST})" in texts(way.kind, english[-1].body)[0]


def test_an_item_larger_than_a_message_is_shortened_fairly(way: Way) -> None:
    """Its lines are cut to one length and marked; short lines and the link stay whole."""
    long = Item("题" * 40_000, ("牵头单位：市民政局", "一" * 40_000, "二" * 40_000), ITEM.link)
    (part,) = way.parts(letter(long))
    assert way.limit.bytes * 0.9 < len(part.body) <= way.limit.bytes
    for text in texts(way.kind, part.body):
        kept = [len(found) for character in "题一二" for found in re.findall(f"({character}+)…", text)]
        assert len(set(kept)) == 1
        assert "牵头单位：市民政局" in text
        assert ITEM.link in text


@pytest.mark.parametrize(
    ("text", "most", "kept"),
    [
        ("落实补贴", 4, "落实补贴"),
        ("落实补贴", 3, "落实…"),
        ("e\u0301e\u0301", 2, "…"),
        ("👩‍👩‍👧‍👦和", 4, "…"),
        ("🇨🇳🇨🇳", 2, "…"),
        ("见 https://x.cn/abc 的附件", 12, "见…"),
        ("见 https://x.cn/abc 的附件", 20, "见 https://x.cn/abc…"),
    ],
)
def test_text_is_cut_between_characters_and_outside_of_links(text: str, most: int, kept: str) -> None:
    """A character as a reader sees it, and a link, are whole or left out."""
    assert cut(text, most) == kept


def test_texts_are_never_markup() -> None:
    """What robots would read as markdown is shown by its full-width form."""
    assert literal("落实<三无>人员[补贴](x)_*`~|\\@#") == "落实＜三无＞人员［补贴］(x)＿＊｀～｜＼＠＃"
    assert [literal(line) for line in ("- 一", "+ 二", "= 三", "1. 四", "12) 五")] == [
        "－ 一",
        "＋ 二",
        "＝ 三",
        "1． 四",
        "12） 五",
    ]


@given(text=st.text())
def test_no_text_keeps_a_character_of_markup(text: str) -> None:
    """Whatever a title is: nothing that begins or ends bold, a link, code, a quote, a heading, HTML or a mention."""
    line = literal(text)
    assert not set("\\`*_#<>[]~|@&") & set(line)
    assert len(line) == len(text)


def test_eight_alerts_of_one_window_are_several_messages_of_wecom() -> None:
    """Eight alerts of more than 2,048 bytes: cut between alerts, each message within 4,096 bytes, none lost."""
    way = way_of(CHANNELS[0], Network(AlertRules(), FixedClock(NOW)))
    parts = way.parts(letter(*numbered(8, 6)))
    assert [(part.number, part.of) for part in parts] == [(number, len(parts)) for number in range(1, len(parts) + 1)]
    assert len(parts) > 1
    assert sum(part.items for part in parts) == 8
    assert max(len(part.body) for part in parts) <= 4_096
