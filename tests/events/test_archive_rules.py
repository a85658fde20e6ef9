"""`[archive]` in a ledger's file."""

import msgspec
import pytest

from events.ledger import Ledger
from events.seal.keys import MOST_NAME_BYTES


def archive(text: str) -> Ledger:
    return msgspec.toml.decode(f'title = "t"\n[archive]\n{text}\n', type=Ledger)


def test_an_archive_is_closed_and_of_no_domain_unless_the_file_says_otherwise() -> None:
    """Both are the office's to decide."""
    assert (archive("").archive.public, archive("").archive.domain) == (False, None)
    longest = ".".join(["a" * 59] * 3)
    for domain in ("audit.example.cn", "xn--fiqs8s.cn", "a.b", longest):
        assert archive(f'public = true\ndomain = "{domain}"').archive.domain == domain
        assert len(f"{domain}/{'l' * 64}/record") <= MOST_NAME_BYTES


@pytest.mark.parametrize(
    "domain",
    [
        "",
        "localhost",
        "Audit.example.cn",
        "https://audit.example.cn",
        "audit.example.cn/duban",
        "audit.example.cn:443",
        "-a.cn",
        "a..cn",
        "审计.cn",
        "a.cn\\n",
        "duban.invalid",
        "1234.duban.invalid",
        ".".join(["a" * 60] * 3),
    ],
)
def test_a_domain_that_is_none_is_refused(domain: str) -> None:
    """The message has an example; nobody takes the name of a deployment without a domain."""
    with pytest.raises(msgspec.ValidationError, match=r"audit\.example\.cn"):
        archive(f'domain = "{domain}"')
