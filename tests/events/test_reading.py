"""The `[reading]` of a ledger's file: who may read, and which other sites' pages may with a token."""

import msgspec
import pytest

from events.ledger import Ledger
from events.reading import check_origin
from services.common.settings import shipped
from services.status.store import rules as row_rules

GOOD = (
    "https://board.example.cn",
    "http://10.0.0.5:3000",
    "http://[2001:db8::1]:8080",
    "http://localhost:3000",
    "https://xn--fiqs8s.cn",
)

WRONG = {
    "*": "stands for any page",
    "null": "stands for any page",
    "board.example.cn": "is not a scheme",
    "ftp://board.example.cn": "is not a scheme",
    "https://board.example.cn/": "is not a scheme",
    "https://board.example.cn/page": "is not a scheme",
    "https://Board.example.cn": "lower-case",
    "https://*.example.cn": "is not a scheme",
    "https://user@example.cn": "is not a scheme",
    "https://看板.cn": "xn--",
    "https://board.example.cn:443": "left out: https://board.example.cn;",
    "http://board.example.cn:80": "left out: http://board.example.cn;",
    "http://board.example.cn:99999": "a port above 65535",
    "http://-board.cn": "no name or address: -board.cn",
    "http://board..cn": "no name or address",
    "http://[2001:db8:0::1]": "no name or address",
    "http://[::1::1]": "no name or address",
    "https://board.example.cn\n": "is not a scheme",
}


def test_reads_are_closed_and_no_origin_may_read_unless_the_file_opens_them() -> None:
    """By default neither the public nor any other site's page reads a ledger."""
    ledger = msgspec.toml.decode('title = "a"', type=Ledger)
    assert (ledger.reading.public, ledger.reading.origins) == (False, ())
    opened = msgspec.toml.decode(
        f'title = "a"\n[reading]\npublic = true\norigins = {list(GOOD)}'.replace("'", '"'), type=Ledger
    )
    assert (opened.reading.public, opened.reading.origins) == (True, GOOD)


@pytest.mark.parametrize("origin", GOOD)
def test_an_origin_is_as_browsers_send_it(origin: str) -> None:
    """It is compared as text with what a request has in `Origin`."""
    assert check_origin(origin) == origin


@pytest.mark.parametrize("origin", WRONG)
def test_an_origin_that_no_browser_sends_is_refused(origin: str) -> None:
    """The message has the text, what is wrong with it and an origin as it should be, and names the member."""
    toml = f'title = "a"\n[reading]\norigins = [{msgspec.json.encode(origin).decode()}]'
    with pytest.raises(msgspec.ValidationError) as raised:
        msgspec.toml.decode(toml, type=Ledger)
    said = str(raised.value)
    assert WRONG[origin] in said
    assert repr(origin) in said
    assert "$.reading" in said


@pytest.mark.parametrize("toml", ["public = 1", 'origins = "https://a.cn"', "open = true"])
def test_what_the_member_cannot_say_is_refused(toml: str) -> None:
    """Other types and other names."""
    with pytest.raises(msgspec.ValidationError, match=r"\$\.reading|open"):
        msgspec.toml.decode(f'title = "a"\n[reading]\n{toml}', type=Ledger)


def test_who_may_read_is_no_part_of_the_rules() -> None:
    """Opening the reads folds nothing again."""
    text = shipped("zhanjiang.toml").read_text(encoding="utf-8")
    closed = msgspec.toml.decode(text, type=Ledger)
    opened = msgspec.toml.decode(text + '\n[reading]\npublic = true\norigins = ["https://a.cn"]', type=Ledger)
    assert closed.reading != opened.reading
    assert row_rules(closed).version == row_rules(opened).version
