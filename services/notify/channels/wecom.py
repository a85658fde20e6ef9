"""Robots of WeCom (企业微信): https://developer.work.weixin.qq.com/document/path/91770."""

import msgspec

from services.notify.channels.content import Content
from services.notify.channels.limit import Limit
from services.notify.channels.markdown import markdown
from services.notify.channels.robot import Codes, Vendor

LIMIT = Limit(20, 60.0, 4_096)
"""20 messages a minute for each robot; markdown of at most 4,096 bytes of UTF-8 (text: 2,048), by the page above.

The limit is that of the text; here the whole body keeps to it, which is some 60 bytes stricter.
"""

CODES = Codes(
    fast=frozenset({45009, 45033}),
    never=frozenset({40008, 40033, 40035, 40058, 44004, 45002, 45008, 47001}),
    misconfigured=frozenset({40001, 40014, 41001, 42001, 48002, 60020, 93000, 93004, 93008, 93015}),
)
"""https://developer.work.weixin.qq.com/document/path/90455.

Too fast: 45009 over the limit of calls, 45033 too many at once. Never: the message's type, characters, parameters or
size. Misconfigured: the robot's key (93000), a robot that was removed or disabled, an address that is not allowed
(60020). -1 (busy), 6000 (a conflict) and all others are tried again.
"""


def _body(page: Content) -> bytes:
    return msgspec.json.encode({"msgtype": "markdown", "markdown": {"content": markdown(page, "\n")}})


WECOM = Vendor("wecom", "https://qyapi.weixin.qq.com", "/cgi-bin/webhook/send?key=", LIMIT, CODES, _body)
