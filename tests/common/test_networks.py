"""Which address a request came from."""

import pytest

from services.common.networks import Networks, origin, site

TRUSTED = Networks("10.0.0.0/8, 2001:db8:1::/48")


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("192.0.2.1", ["203.0.113.9"], "192.0.2.1"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["203.0.113.9"], "203.0.113.9"),
        ("::ffff:10.0.0.1", ["203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", ["1.1.1.1, 203.0.113.9, 10.0.0.2"], "203.0.113.9"),
        ("10.0.0.1", ["1.1.1.1", "203.0.113.9", "10.0.0.2"], "203.0.113.9"),
        ("10.0.0.1", ["203.0.113.9:4711"], "203.0.113.9"),
        ("10.0.0.1", ["[2001:db8:2::7]:4711"], "2001:db8:2::7"),
        ("2001:db8:1::1", ["2001:db8:2::7"], "2001:db8:2::7"),
        ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        ("10.0.0.1", ["203.0.113.9, unknown"], "10.0.0.1"),
        ("10.0.0.1", ["203.0.113.9,"], "10.0.0.1"),
        ("::ffff:192.0.2.1", [], "192.0.2.1"),
    ],
)
def test_the_right_most_untrusted_address_counts(peer: str, forwarded: list[str], address: str) -> None:
    """What stands left of it, or of what is no address, anyone can have sent."""
    headers = [(b"x-forwarded-for", value.encode()) for value in forwarded]
    assert origin(peer, headers, TRUSTED).address == address


@pytest.mark.parametrize(
    ("peer", "proto", "scheme"),
    [
        ("10.0.0.1", "https", "https"),
        ("10.0.0.1", "HTTP", "http"),
        ("10.0.0.1", "http, https", "https"),
        ("10.0.0.1", "gopher", None),
        ("192.0.2.1", "https", None),
    ],
)
def test_a_scheme_is_believed_of_trusted_proxies(peer: str, proto: str, scheme: str | None) -> None:
    """The nearest proxy's, and only one that HTTP has."""
    assert origin(peer, [(b"x-forwarded-proto", proto.encode())], TRUSTED).scheme == scheme


def test_an_ipv6_address_counts_as_its_site() -> None:
    """Its host may take any address there; others are themselves."""
    assert site("2001:db8:2:3::7") == site("2001:db8:2:3:ffff::1") == "2001:db8:2:3::/64"
    assert (site("::ffff:192.0.2.1"), site("192.0.2.1"), site("")) == ("192.0.2.1", "192.0.2.1", "")
