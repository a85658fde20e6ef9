"""Robots of Feishu (飞书): https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot.

Messages are posts: their paragraphs are lists of texts and links, so no text can be markup.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from events.channel import Channel
from services.notify.channels.content import Content
from services.notify.channels.key import key_of
from services.notify.channels.limit import Limit
from services.notify.channels.network import Network
from services.notify.channels.part import Part
from services.notify.channels.result import Result
from services.notify.channels.robot import Codes, post, signature
from services.notify.channels.splitting import split
from services.notify.letter import Letter
from services.notify.words.plain import links
from services.notify.words.shown import WORDS

BASE = "https://open.feishu.cn"

LIMIT = Limit(5, 3.0, 20_000)
"""100 messages a minute and 5 a second for each robot, and a body of at most 20 kB, by the page above."""

CODES = Codes(
    fast=frozenset({11232, 99991400}),
    never=frozenset({9499, 19002, 11246}),
    misconfigured=frozenset({19001, 19007, 19021, 19022, 19024}),
)
"""The error codes of the page above.

Too fast: 11232, and 99991400 (https://open.feishu.cn/document/server-docs/api-call-guide/frequency-control). Never:
what is wrong with the message (9499, 19002, 11246). Misconfigured: a token that does not exist (19001), a robot that is
not enabled (19007), a wrong signature or time (19021), an address that is not allowed (19022), none of the robot's
keywords (19024). All others are tried again.
"""


class FeishuRobot:
    """One robot, in one group; its secret signs each request."""

    kind = "feishu"
    limit = LIMIT
    repeatable = False

    def __init__(self, channel: Channel, network: Network) -> None:
        target = channel.feishu or ""
        base = (channel.base or BASE).rstrip("/")
        self._url = target if "://" in target else f"{base}/open-apis/bot/v2/hook/{target}"
        self._secret = channel.secret
        self._network = network
        self.key = key_of(self.kind, self._url)
        self.shown = f"feishu {self.key[:6]}"

    def parts(self, letter: Letter) -> list[Part]:
        return split(letter, self.limit.bytes - len(signed(b"{}", "", 10**9)), _body)

    async def send(self, part: Part, _only: Sequence[str] = ()) -> Result:
        body = part.body if self._secret is None else signed(part.body, self._secret, int(self._network.now()))
        return await post(self._network, self._url, body, CODES)


def signed(body: bytes, secret: str, timestamp: int) -> bytes:
    """Return a body with its signature: the key is the text that DingTalk would sign, and nothing is signed by it."""
    sign = {"timestamp": str(timestamp), "sign": signature(f"{timestamp}\n{secret}", "")}
    return msgspec.json.encode(sign)[:-1] + b"," + body[1:]


def _body(page: Content) -> bytes:
    rows: list[list[dict[str, Any]]] = []
    for item in page.items:
        rows.append([{"tag": "text", "text": item.title, "style": ["bold"]}])
        rows += [[{"tag": "text", "text": line}] for line in item.lines]
        rows += [[{"tag": "a", "text": said, "href": address}] for said, address in links(item, page.language)]
        rows.append([{"tag": "text", "text": ""}])
    if page.rest:
        said = WORDS[page.language].rest(page.rest, page.more).removesuffix(page.more)
        rows.append([{"tag": "text", "text": said}, {"tag": "a", "text": page.more, "href": page.more}])
    language = "zh_cn" if page.language == "zh" else "en_us"
    content = {
        "post": {language: {"title": page.heading, "content": rows or [[{"tag": "text", "text": page.heading}]]}}
    }
    return msgspec.json.encode({"msg_type": "post", "content": content})
