"""Where messages may go: addresses are checked when they are connected to, whatever name led to them."""

from typing import Any

import pytest

from events.alerting import AlertRules
from events.channel import Channel
from services.notify.channels import transport
from services.notify.channels.network import Network, Times
from services.notify.channels.reach import Reach, kind_of
from services.notify.channels.retry_after import retry_after
from services.notify.channels.way import way_of
from tests.fixed_clock import FixedClock
from tests.notify.channels.dates import NOW
from tests.notify.channels.letters import letter
from tests.notify.channels.receiver import answers, receiving
from tests.notify.endpoint import SECRET


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("127.0.0.1", "a loopback address"),
        ("127.255.0.9", "a loopback address"),
        ("::1", "a loopback address"),
        ("10.1.2.3", "a private address"),
        ("172.16.0.1", "a private address"),
        ("192.168.1.1", "a private address"),
        ("169.254.169.254", "a link-local address"),
        ("fe80::1%eth0", "a link-local address"),
        ("fd00::5", "a unique-local address"),
        ("100.64.0.1", "an address shared behind a carrier's NAT"),
        ("224.0.0.1", "a multicast address"),
        ("ff02::1", "a multicast address"),
        ("0.0.0.0", "the unspecified address"),
        ("::", "the unspecified address"),
        ("::ffff:127.0.0.1", "a loopback address"),
        ("::ffff:10.0.0.1", "a private address"),
        ("::127.0.0.1", "a loopback address"),
        ("2002:7f00:1::", "a loopback address"),
        ("64:ff9b::a00:1", "a private address"),
        ("240.0.0.1", "a private address"),
        ("255.255.255.255", "a private address"),
        ("203.119.26.1", None),
        ("2400:3200::1", None),
        ("::ffff:203.119.26.1", None),
    ],
)
def test_addresses_that_are_not_public_are_refused(address: str, kind: str | None) -> None:
    """Also where an IPv6 address stands for an IPv4 one."""
    assert kind_of(address) == kind
    assert (Reach().refusal("hooks.example.cn", address, 443) is None) == (kind is None)
    assert Reach(allow_private=True).refusal("hooks.example.cn", address, 443) is None


def test_a_refusal_says_what_to_set() -> None:
    """The host and port as `allow` has them; either the name or the address may be allowed."""
    assert Reach().refusal("hooks.example.cn", "10.1.2.3", 8080) == (
        "hooks.example.cn is at 10.1.2.3, a private address:"
        ' [alerts] allow = ["hooks.example.cn:8080"] in the ledger\'s file would allow it'
    )
    assert '"[fd00::5]:443"' in (Reach().refusal("fd00::5", "fd00::5", 443) or "")
    for entry in ("hooks.example.cn:8080", "HOOKS.example.cn:8080", "10.1.2.3:8080"):
        assert Reach([entry]).refusal("hooks.example.cn", "10.1.2.3", 8080) is None
    assert Reach(["hooks.example.cn:8081"]).refusal("hooks.example.cn", "10.1.2.3", 8080) is not None


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "127.1", "[::ffff:127.0.0.1]"])
async def test_nothing_is_sent_to_loopback_unless_it_is_allowed(host: str) -> None:
    """However the address is written; the result names the setting."""
    async with receiving(answers(200)) as receiver:
        channel = Channel(webhook=f"http://{host}:{receiver.port}/", secret=SECRET)
        async with Network(AlertRules(), FixedClock(NOW)) as network:
            way = way_of(channel, network)
            result = await way.send(way.parts(letter())[0])
    assert result.outcome == "misconfigured"
    assert "[alerts] allow = [" in result.detail
    assert receiver.requests == []


@pytest.mark.parametrize(
    "rules", [{"allow": ("localhost:{}",)}, {"allow": ("127.0.0.1:{}", "[::1]:{}")}, {"allow_private": True}]
)
async def test_what_the_file_allows_is_reached(rules: dict[str, Any]) -> None:
    """By name, by address, or all."""
    async with receiving(answers(200)) as receiver:
        allow = tuple(entry.format(receiver.port) for entry in rules.get("allow", ()))
        allowed = AlertRules(allow=allow, allow_private=rules.get("allow_private", False))
        async with Network(allowed, FixedClock(NOW)) as network:
            way = way_of(Channel(webhook=f"http://localhost:{receiver.port}/", secret=SECRET), network)
            assert (await way.send(way.parts(letter())[0])).outcome == "accepted"


async def test_the_address_that_was_checked_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name is resolved once for each connection: one that changes its address gains nothing."""
    found = ["203.119.26.1", "127.0.0.1"]
    asked: list[str] = []

    def resolve(host: str, _port: int) -> list[str]:
        asked.append(host)
        return [found[min(len(asked), len(found)) - 1]]

    async with receiving(answers(200)) as receiver:
        monkeypatch.setattr(transport, "_resolve", resolve)
        async with Network(AlertRules(), FixedClock(NOW), Times(attempt=0.3)) as network:
            way = way_of(Channel(webhook=f"http://rebinds.example.cn:{receiver.port}/", secret=SECRET), network)
            outcomes = [(await way.send(way.parts(letter())[0])).outcome for _ in range(2)]
    assert outcomes == ["again", "misconfigured"]
    assert asked == ["rebinds.example.cn"] * 2
    assert receiver.requests == []


async def test_proxies_of_the_environment_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy would connect to any address without a check."""
    async with receiving(answers(200)) as proxy, receiving(answers(200)) as receiver:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        allowed = AlertRules(allow=(f"127.0.0.1:{receiver.port}",))
        async with Network(allowed, FixedClock(NOW)) as network:
            way = way_of(Channel(webhook=f"{receiver.url}/", secret=SECRET), network)
            assert (await way.send(way.parts(letter())[0])).outcome == "accepted"
    assert proxy.requests == []


async def test_a_name_that_does_not_exist_is_tried_again() -> None:
    """Name servers fail, too."""
    async with Network(AlertRules(), FixedClock(NOW), Times(attempt=5.0)) as network:
        way = way_of(Channel(webhook="http://receiver.invalid/", secret=SECRET), network)
        assert (await way.send(way.parts(letter())[0])).outcome == "again"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120),
        (" 0 ", 0),
        ("Tue, 14 Nov 2023 22:14:00 GMT", 40),
        ("Tuesday, 14-Nov-23 22:14:00 GMT", 40),
        ("Tue Nov 14 22:14:00 2023", 40),
        ("Tue, 14 Nov 2023 22:13:00 GMT", 0),
        ("Tue, 14 Nov 2034 22:14:00 GMT", 86_400),
        ("99999999999999999999", 86_400),
        ("-5", 0),
        ("1.5", 0),
        ("soon", 0),
        ("", 0),
        (None, 0),
    ],
)
def test_retry_after_is_seconds_or_a_date(text: str | None, seconds: float) -> None:
    """RFC 9110, 10.2.3, with its three forms of a date (5.6.7); at most a day, and 0 for what is neither."""
    assert retry_after(text, 1_700_000_000.0) == seconds
