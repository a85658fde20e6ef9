"""Robots of DingTalk (钉钉): https://open.dingtalk.com/document/orgapp/custom-robots-send-group-messages."""

from urllib.parse import quote_plus

import msgspec

from services.notify.channels.content import Content
from services.notify.channels.limit import Limit
from services.notify.channels.markdown import markdown
from services.notify.channels.robot import Codes, Vendor, signature

LIMIT = Limit(20, 60.0, 20_000)
"""20 messages a minute for each robot, by the page above; more, and it accepts none for ten minutes.

A larger body is refused as 460101 “message too long, exceed 20000 bytes”.
"""

CODES = Codes(
    fast=frozenset({130101, 410100, 90018}),
    never=frozenset({40035, 43004, 400105, 430101, 430102, 430103, 430104, 460101}),
    misconfigured=frozenset({88, 300001, 300005, 310000, 400013, 400101, 400102, 400106}),
)
"""The error codes of the page above.

Too fast: 130101 (more than 20 a minute), 410100 and 90018 (throttled). Never: what is wrong with the message (40035,
43004, 400105), what its checks of content refuse (430101 to 430104), and its size (460101). Misconfigured: 310000 (none
of the robot's keywords, a wrong signature or time, an address that is not allowed), a token that does not exist (88,
300001, 300005, 400101), a robot that was disabled or removed (400102, 400106), a dissolved group (400013). -1 (busy),
90030 (the day's quota) and all others are tried again.
"""


def _signed(url: str, body: bytes, secret: str, now: float) -> tuple[str, bytes]:
    """Sign the URL: https://open.dingtalk.com/document/robots/customize-robot-security-settings."""
    timestamp = round(now * 1_000)
    sign = quote_plus(signature(secret, f"{timestamp}\n{secret}"))
    return f"{url}{'&' if '?' in url else '?'}timestamp={timestamp}&sign={sign}", body


def _body(page: Content) -> bytes:
    text = markdown(page, "  \n")
    return msgspec.json.encode({"msgtype": "markdown", "markdown": {"title": page.heading, "text": text}})


DINGTALK = Vendor("dingtalk", "https://oapi.dingtalk.com", "/robot/send?access_token=", LIMIT, CODES, _body, _signed)
