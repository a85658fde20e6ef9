"""Apprise: each attempt in a process that is ended at its limit, with checked addresses and no redirects."""

import asyncio
import logging
import os
import signal
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import msgspec
import psutil
import pytest

from events.channel import Channel
from services.common.clock import monotonic
from services.notify.channels.apprise_job import SENDING, AppriseJob
from services.notify.channels.apprise_process import send
from services.notify.channels.apprise_way import MODULE
from services.notify.channels.fault import fault
from services.notify.channels.network import Network
from services.notify.channels.way import Way, way_of
from tests.notify.channels.letters import ITEM, letter, numbered
from tests.notify.channels.receiver import Receiver, answers, drips, network_to, receiving
from tests.notify.endpoint import SECRET

OK = answers(200, b'{"id":1}', "Content-Type: application/json")


def gotify(receiver: Receiver, network: Network) -> Way:
    """Return a way to a receiver that Apprise takes for a Gotify server."""
    return way_of(Channel(apprise=f"gotify://127.0.0.1:{receiver.port}/secrettoken"), network)


def attempts() -> list[psutil.Process]:
    """Return the processes of attempts that this one has started."""
    return [one for one in psutil.Process().children(recursive=True) if "apprise_process" in " ".join(one.cmdline())]


async def test_a_message_is_handed_over_and_not_taken_for_delivered() -> None:
    """The heading and the items arrive as plain text; the record names the scheme only."""
    async with receiving(OK) as receiver, network_to(receiver, attempt=20) as network:
        way = gotify(receiver, network)
        result = await way.send(way.parts(letter())[0])
    assert result.outcome == "handed-over"
    message = msgspec.json.decode(receiver.requests[0].body)
    assert message["title"] == "【督办】市民政局有 1 项提醒"
    assert message["message"] == "\n".join((ITEM.title, *ITEM.lines, f"任务详情：{ITEM.link}"))
    assert "secrettoken" not in way.shown + way.key + result.detail
    assert attempts() == []


async def test_why_it_failed_is_in_the_detail() -> None:
    """Apprise reports the reason in its log only."""
    async with receiving(answers(500)) as receiver, network_to(receiver, attempt=20) as network:
        way = gotify(receiver, network)
        result = await way.send(way.parts(letter())[0])
    assert result.outcome == "again"
    assert "500" in result.detail


@pytest.mark.parametrize("before", range(240, 300, 3))
async def test_no_part_of_a_secret_is_kept(before: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its warnings are cut to their length after what may be a secret was taken out of them."""
    url = "gotify://127.0.0.1:9/S3cret-t0ken"

    def notify(*_args: object, **_given: object) -> bool:
        logging.getLogger("apprise").warning("%s %s", "x" * before, url)
        return False

    monkeypatch.setattr("apprise.Apprise.notify", notify)
    monkeypatch.setattr("requests.Session.get_redirect_target", None)
    monkeypatch.setattr(logging.getLogger("apprise"), "handlers", [])
    monkeypatch.setattr("sys.addaudithook", lambda _hook: None)
    report = send(AppriseJob(url, "a", "b", (), allow_private=False, seconds=1))
    assert "S3c" not in report.detail


async def test_a_receiver_that_drips_is_cut_off_and_stops_nobody() -> None:
    """The process is gone at its limit; another channel is served meanwhile; the message may have been shown."""
    async with receiving(drips) as slow, receiving(OK) as quick, network_to(slow, quick, attempt=6) as network:
        hanging, other = gotify(slow, network), gotify(quick, network)
        began = monotonic()
        cut = asyncio.create_task(hanging.send(hanging.parts(letter())[0]))
        while not slow.requests:  # noqa: ASYNC110 - a receiver notes what has come
            await asyncio.sleep(0.05)
        second = await hanging.send(hanging.parts(letter())[0])
        assert (second.outcome, second.detail) == ("again", "the last attempt on this channel has not ended")
        assert (await other.send(other.parts(letter())[0])).outcome == "handed-over"
        assert not cut.done()
        result = await cut
        assert 5.9 < monotonic() - began < 9
        assert len(slow.requests) == 1
    assert (result.outcome, result.detail) == ("uncertain", "no answer within 6 s")
    assert attempts() == []


async def test_an_attempt_that_is_cancelled_leaves_no_process() -> None:
    """A service that stops ends what it has begun."""
    async with receiving(drips) as receiver, network_to(receiver, attempt=20) as network:
        way = gotify(receiver, network)
        sending = asyncio.create_task(way.send(way.parts(letter())[0]))
        while not receiver.requests:  # noqa: ASYNC110 - a receiver notes what has come
            await asyncio.sleep(0.05)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
    assert attempts() == []


async def test_an_attempt_outlives_its_service_by_seconds_only() -> None:
    """A service that dies cannot kill it: it ends by itself."""
    async with receiving(drips) as receiver:
        url = f"gotify://127.0.0.1:{receiver.port}/token"
        job = AppriseJob(url, "a", "b", (f"127.0.0.1:{receiver.port}",), allow_private=False, seconds=5)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", *MODULE), stdin=PIPE, stdout=PIPE, env={"PYTHONPATH": os.pathsep.join(sys.path)}
        )
        written, _ = await process.communicate(msgspec.json.encode(job))
    assert (process.returncode, written) == (-signal.SIGALRM, SENDING)


async def test_a_redirect_is_not_followed() -> None:
    """A 307 to another local port: it gets nothing."""
    async with (
        receiving(OK) as target,
        receiving(answers(307, b"", f"Location: {target.url}/")) as receiver,
        network_to(receiver, target, attempt=20) as network,
    ):
        way = gotify(receiver, network)
        result = await way.send(way.parts(letter())[0])
    assert result.outcome == "again"
    assert len(receiver.requests) == 1
    assert target.requests == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_addresses_are_checked_in_its_process(host: str) -> None:
    """A channel to loopback gets nothing unless the file allows it, by address or by name."""
    async with receiving(OK) as receiver:
        channel = Channel(apprise=f"gotify://{host}:{receiver.port}/token")
        async with network_to(attempt=20) as network:
            way = way_of(channel, network)
            result = await way.send(way.parts(letter())[0])
            assert result.outcome == "misconfigured"
            assert f'[alerts] allow = ["127.0.0.1:{receiver.port}"]' in result.detail.replace("[::1]", "127.0.0.1")
            assert receiver.requests == []
        async with network_to(receiver, attempt=20) as network:
            way = way_of(channel, network)
            assert (await way.send(way.parts(letter())[0])).outcome == "handed-over"


async def test_proxies_and_netrc_are_ignored(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The process gets no more of the environment than it needs."""
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login a password b\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    async with receiving(OK) as proxy, receiving(OK) as receiver:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        async with network_to(receiver, proxy, attempt=20) as network:
            way = gotify(receiver, network)
            assert (await way.send(way.parts(letter())[0])).outcome == "handed-over"
    assert proxy.requests == []
    assert "authorization" not in receiver.requests[0].headers


async def test_a_plugin_that_stays_on_the_machine_is_refused() -> None:
    """Sockets of this machine and programs are no channel."""
    async with network_to(attempt=20) as network:
        way = way_of(Channel(apprise="syslog://"), network)
        result = await way.send(way.parts(letter())[0])
    assert result.outcome == "misconfigured"
    assert result.detail == "the plugin writes to this machine's log, which no channel may"


async def test_a_long_letter_is_split() -> None:
    """The parts are those of the smallest of the common services."""
    async with network_to() as network:
        way = way_of(Channel(apprise="gotify://example.cn/token"), network)
    assert max(len(part.body) for part in way.parts(letter(*numbered(20)))) <= 2_000


@pytest.mark.parametrize(
    ("channel", "wrong"),
    [
        (Channel(apprise="nothing-we-know"), "apprise nothing-we-know: Apprise does not understand this URL"),
        (Channel(apprise="tgram://123456789:abcdefg_hijklmnop/12315544"), None),
        (
            Channel(
                apprise="https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa"
            ),
            'use {wecom = "KEY or URL"}',
        ),
        (Channel(webhook="https://example.org/x", secret="whsec_%%%"), "the Base64 of at least 24 bytes"),
        (
            Channel(webhook="https://example.org/x", secrets=(SECRET, "whsec_c2hvcnQ=")),
            "the Base64 of at least 24 bytes",
        ),
        (Channel(webhook="https://example.org/x", secret=SECRET), None),
        (Channel(wecom="robot-key"), None),
        (Channel(mail=("a@b.cn",)), None),
    ],
)
def test_a_channel_that_cannot_work_is_found_before_anything_is_sent(channel: Channel, wrong: str | None) -> None:
    """A service's own URL that Apprise would take for a robot is refused as the robot's scheme is."""
    found = fault(channel)
    assert found is None if wrong is None else wrong in (found or "")
