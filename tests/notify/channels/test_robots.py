"""Robots of WeCom, DingTalk and Feishu: what they are sent, and what their answers mean."""

import base64
import hashlib
import hmac
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from events.channel import Channel
from services.notify.channels.result import Outcome
from services.notify.channels.way import Way, way_of
from tests.notify.channels.dates import REAL
from tests.notify.channels.letters import ITEM, letter
from tests.notify.channels.receiver import Play, answers, drips, hangs, network_to, receiving, resets, writes

KEY = "693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa"

WECOM: Callable[[str], Channel] = lambda base: Channel(wecom=KEY, base=base)  # noqa: E731
DINGTALK: Callable[[str], Channel] = lambda base: Channel(dingtalk=KEY, base=base, secret="SECabc")  # noqa: E731
FEISHU: Callable[[str], Channel] = lambda base: Channel(feishu=KEY, base=base, secret="abc")  # noqa: E731


def says(
    code: int, words: str = "", status: int = 200, *headers: str, names: tuple[str, str] = ("errcode", "errmsg")
) -> Play:
    """Answer as a robot: a status, and a code of its own in the body."""
    return answers(status, msgspec.json.encode(dict(zip(names, (code, words), strict=True))), *headers)


@pytest.mark.parametrize(
    ("channel", "code", "words", "outcome", "rest"),
    [
        (WECOM, 0, "ok", "accepted", 0),
        (WECOM, -1, "system busy", "again", 0),
        (WECOM, 45009, "api freq out of limit", "again", 60),
        (WECOM, 45033, "api concurrent out of limit", "again", 60),
        (WECOM, 40058, "markdown.content exceed max length 4096", "never", 0),
        (WECOM, 93000, "invalid webhook url", "misconfigured", 0),
        (WECOM, 60020, "not allow to access from your ip", "misconfigured", 0),
        (WECOM, 99999, "of tomorrow", "again", 0),
        (DINGTALK, 0, "ok", "accepted", 0),
        (DINGTALK, -1, "系统繁忙", "again", 0),
        (DINGTALK, 130101, "send too fast, exceed 20 times per minute", "again", 60),
        (DINGTALK, 410100, "发送速度太快而限流", "again", 60),
        (DINGTALK, 460101, "message too long, exceed 20000 bytes", "never", 0),
        (DINGTALK, 430104, "含有不合适的内容", "never", 0),
        (DINGTALK, 310000, "关键词不匹配", "misconfigured", 0),
        (DINGTALK, 310000, "sign not match", "misconfigured", 0),
        (DINGTALK, 400102, "机器人已停用", "misconfigured", 0),
        (FEISHU, 0, "success", "accepted", 0),
        (FEISHU, 11232, "frequency limited", "again", 60),
        (FEISHU, 9499, "Bad Request", "never", 0),
        (FEISHU, 19021, "sign match fail or timestamp is not within one hour", "misconfigured", 0),
        (FEISHU, 19022, "Ip Not Allowed", "misconfigured", 0),
        (FEISHU, 19024, "Key Words Not Found", "misconfigured", 0),
    ],
)
async def test_the_code_in_a_200_decides(
    channel: Callable[[str], Channel], code: int, words: str, outcome: Outcome, rest: float
) -> None:
    """Only 0 is accepted; the code and the message are in the detail; a robot that was too fast rests a minute."""
    names = ("code", "msg") if channel is FEISHU else ("errcode", "errmsg")
    async with receiving(says(code, words, names=names)) as receiver, network_to(receiver) as network:
        way = way_of(channel(receiver.url), network)
        result = await way.send(way.parts(letter())[0])
    assert (result.outcome, result.rest) == (outcome, rest)
    assert result.detail == f"200 Status, code {code}: {words}"
    assert KEY not in way.shown + way.key + result.detail


@pytest.mark.parametrize(
    ("play", "outcome", "after", "rest"),
    [
        (answers(200, b"<html>a captive portal</html>"), "again", 0, 0),
        (answers(200, b'{"errcode":"0"}'), "again", 0, 0),
        (answers(200, b"[0]"), "again", 0, 0),
        (answers(500), "again", 0, 0),
        (answers(404), "again", 0, 0),
        (answers(302, b"", "Location: http://127.0.0.1:9/"), "again", 0, 0),
        (answers(307, b"", "Location: http://127.0.0.1:9/"), "again", 0, 0),
        (answers(429, b"", "Retry-After: 7"), "again", 7, 60),
        (answers(503, b"", "Retry-After: Tue, 14 Nov 2023 22:14:00 GMT"), "again", 40, 0),
        (says(0, "ok", 500), "again", 0, 0),
        (resets, "uncertain", 0, 0),
        (hangs, "uncertain", 0, 0),
        (drips, "uncertain", 0, 0),
        (writes(b"HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\n{"), "uncertain", 0, 0),
        (writes(b"not HTTP at all\r\n\r\n"), "uncertain", 0, 0),
    ],
)
async def test_other_answers_are_no_acceptance(play: Play, outcome: Outcome, after: float, rest: float) -> None:
    """What is no robot's answer is tried again; a lost answer leaves the message uncertain, as it may be shown."""
    async with receiving(play) as receiver, network_to(receiver, attempt=0.5) as network:
        way = way_of(WECOM(receiver.url), network)
        result = await way.send(way.parts(letter())[0])
    assert (result.outcome, result.after, result.rest) == (outcome, after, rest)
    assert len(receiver.requests) == 1


async def test_a_robot_that_cannot_be_reached_is_tried_again() -> None:
    """Nothing was handed over, so a repeat shows nothing twice."""
    async with receiving(hangs) as receiver, network_to(receiver) as network:
        way = way_of(WECOM(receiver.url), network)
        await receiver.close()
        result = await way.send(way.parts(letter())[0])
    assert result.outcome == "again"
    assert result.detail.startswith("ConnectError")


async def test_wecom_is_sent_markdown() -> None:
    """The robot's key is in the URL; titles are bold, texts are no markup, and the task's page is a link."""
    async with receiving(says(0)) as receiver, network_to(receiver) as network:
        way = way_of(WECOM(receiver.url), network)
        await way.send(way.parts(letter())[0])
    (request,) = receiver.requests
    assert request.line == f"POST /cgi-bin/webhook/send?key={KEY} HTTP/1.1"
    assert request.headers["accept-encoding"] == "identity"
    content = msgspec.json.decode(request.body)["markdown"]["content"]
    assert content.splitlines() == [
        "**【督办】市民政局有 1 项提醒**",
        "",
        "**逾期：zj-2017-01 落实＜三无＞人员补贴**",
        "牵头单位：市民政局",
        "应于2018年3月31日前（含当日）办结，至今未销号",
        f"[任务详情]({ITEM.link})",
    ]


async def test_dingtalk_is_signed_in_the_url() -> None:
    """The signature is over the time in milliseconds and the secret, by the secret."""
    async with receiving(says(0)) as receiver, network_to(receiver) as network:
        way = way_of(DINGTALK(receiver.url), network)
        await way.send(way.parts(letter())[0])
    (request,) = receiver.requests
    query = parse_qs(urlsplit(request.line.split()[1]).query)
    timestamp = str(round(REAL * 1_000))
    digest = hmac.new(b"SECabc", f"{timestamp}\nSECabc".encode(), hashlib.sha256).digest()
    assert query == {"access_token": [KEY], "timestamp": [timestamp], "sign": [base64.b64encode(digest).decode()]}
    message = msgspec.json.decode(request.body)["markdown"]
    assert message["title"] == "【督办】市民政局有 1 项提醒"
    assert "落实＜三无＞人员补贴**  \n牵头单位：市民政局  \n" in message["text"]


async def test_feishu_is_signed_in_the_body() -> None:
    """The signature's key is the time and the secret, over nothing; texts stand in the post as they are."""
    async with receiving(says(0, names=("code", "msg"))) as receiver, network_to(receiver) as network:
        way = way_of(FEISHU(receiver.url), network)
        await way.send(way.parts(letter())[0])
    (request,) = receiver.requests
    assert request.line == f"POST /open-apis/bot/v2/hook/{KEY} HTTP/1.1"
    message = msgspec.json.decode(request.body)
    digest = hmac.new(f"{REAL:.0f}\nabc".encode(), b"", hashlib.sha256).digest()
    assert (message["timestamp"], message["sign"]) == (f"{REAL:.0f}", base64.b64encode(digest).decode())
    post = message["content"]["post"]["zh_cn"]
    assert post["title"] == "【督办】市民政局有 1 项提醒"
    assert post["content"][0] == [{"tag": "text", "text": "逾期：zj-2017-01 落实<三无>人员补贴", "style": ["bold"]}]
    assert post["content"][3] == [{"tag": "a", "text": "任务详情", "href": ITEM.link}]


async def test_a_whole_url_may_be_given() -> None:
    """A robot's URL as its page shows it works as its key does, and is the same receiver."""
    async with receiving(says(0)) as receiver, network_to(receiver) as network:
        whole = way_of(Channel(wecom=f"{receiver.url}/cgi-bin/webhook/send?key={KEY}"), network)
        assert (await whole.send(whole.parts(letter())[0])).outcome == "accepted"
        assert whole.key == way_of(WECOM(receiver.url), network).key


async def test_a_robot_has_one_key_whatever_signs() -> None:
    """Limits are counted by the key: neither the secret nor the language changes it, another robot does."""
    async with network_to() as network:
        key = way_of(Channel(dingtalk=KEY), network).key
        assert key == way_of(Channel(dingtalk=KEY, secret="SECx", language="en"), network).key
        assert key != way_of(Channel(dingtalk="another-robot"), network).key
        assert key != way_of(Channel(feishu=KEY), network).key


@pytest.mark.parametrize("make", [WECOM, DINGTALK, FEISHU])
async def test_vendors_limits(make: Callable[[str], Channel]) -> None:
    """The vendors' own figures, which each module cites."""
    async with network_to() as network:
        way: Way = way_of(make("https://robots.example.cn"), network)
    assert (way.limit.messages, way.limit.seconds, way.limit.bytes) == {
        "wecom": (20, 60, 4_096),
        "dingtalk": (20, 60, 20_000),
        "feishu": (5, 3, 20_000),
    }[way.kind]
    assert not way.repeatable
