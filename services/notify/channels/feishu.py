"""Robots of Feishu (飞书): https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot.

Messages are posts: their paragraphs are lists of texts and links, so no text can be markup.
"""

from typing import Any

import msgspec

from services.notify.channels.content import Content
from services.notify.channels.limit import Limit
from services.notify.channels.robot import Codes, Vendor, signature
from services.notify.words.plain import links
from services.notify.words.shown import WORDS

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


def _signed(url: str, body: bytes, secret: str, now: float) -> tuple[str, bytes]:
    """Sign the body: the key is the text that DingTalk would sign, and nothing is signed by it."""
    timestamp = str(int(now))
    sign = {"timestamp": timestamp, "sign": signature(f"{timestamp}\n{secret}", "")}
    return url, msgspec.json.encode(sign)[:-1] + b"," + body[1:]


def _body(page: Content) -> bytes:
    rows: list[list[dict[str, Any]]] = []
    for item in page.items:
        rows.append([{"tag": "text", "text": item.title, "style": ["bold"]}])
        rows += [[{"tag": "text", "text": line}] for line in item.lines]
        rows += [[{"tag": "a", "text": said, "href": address}] for said, address in links(item, page.language)]
        rows.append([{"tag": "text", "text": ""}])
    if page.rest:
        said = WORDS[page.language].rest(page.rest)
        rows.append([{"tag": "text", "text": said}, {"tag": "a", "text": page.more, "href": page.more}])
    language = "zh_cn" if page.language == "zh" else "en_us"
    content = {
        "post": {language: {"title": page.heading, "content": rows or [[{"tag": "text", "text": page.heading}]]}}
    }
    return msgspec.json.encode({"msg_type": "post", "content": content})


FEISHU = Vendor(
    "feishu",
    "https://open.feishu.cn",
    "/open-apis/bot/v2/hook/",
    LIMIT,
    CODES,
    _body,
    _signed,
    reserve=len(_signed("", b"{}", "", 10**9)[1]),
)
