"""Webhooks: signed deliveries, and receivers that answer in every way."""

import asyncio
import gzip
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from events.channel import Channel
from services.common.clock import monotonic, real_time
from services.common.sizes import MIB
from services.notify.channels.part import Part
from services.notify.channels.result import Outcome
from services.notify.channels.way import way_of
from tests.notify.channels.certificate import own_certificate
from tests.notify.channels.letters import letter
from tests.notify.channels.receiver import (
    Play,
    Receiver,
    Request,
    answers,
    drips,
    hangs,
    network_to,
    receiving,
    resets,
    writes,
)
from tests.notify.endpoint import SECRET

NEW = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"


def channel(receiver: Receiver, *secrets: str) -> Channel:
    """Return the channel of a receiver."""
    return Channel(webhook=f"{receiver.url}/hook", secrets=secrets or (SECRET,))


@pytest.mark.parametrize(
    ("play", "outcome", "after"),
    [
        (answers(200), "accepted", 0),
        (answers(202), "accepted", 0),
        (answers(204), "accepted", 0),
        (answers(302, b"", "Location: http://127.0.0.1:9/"), "again", 0),
        (answers(307, b"", "Location: http://127.0.0.1:9/"), "again", 0),
        (answers(400), "again", 0),
        (answers(401), "again", 0),
        (answers(404), "again", 0),
        (answers(410), "never", 0),
        (answers(429, b"", "Retry-After: 7"), "again", 7),
        (answers(429, b"", "Retry-After: Tue, 14 Nov 2023 22:14:00 GMT"), "again", 40),
        (answers(500), "again", 0),
        (answers(503, b"", "Retry-After: 999999"), "again", 86_400),
        (answers(503, b"", "Retry-After: soon"), "again", 0),
        (drips, "accepted", 0),
        (writes(b"HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\n{"), "accepted", 0),
        (hangs, "again", 0),
        (resets, "again", 0),
        (writes(b"HTTP/1.1 2"), "again", 0),
        (writes(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n" * 1_000_000), "again", 0),
    ],
)
async def test_the_status_decides(play: Play, outcome: Outcome, after: float) -> None:
    """Any 2xx is accepted, 410 ends at once, all else is tried again; a redirect is not followed."""
    async with receiving(play) as receiver, network_to(receiver, attempt=2.5) as network:
        way = way_of(channel(receiver), network)
        result = await way.send(way.parts(letter())[0])
    assert (result.outcome, result.after) == (outcome, after)
    assert len(receiver.requests) == 1


async def test_a_404_once_is_delivered_at_the_second_attempt_under_the_same_id() -> None:
    """A receiver that is being set up answers 404 for a while."""
    async with receiving(answers(404), answers(200)) as receiver, network_to(receiver) as network:
        way = way_of(channel(receiver), network)
        (part,) = way.parts(letter())
        assert [(await way.send(part)).outcome for _ in range(2)] == ["again", "accepted"]
    assert [request.headers["webhook-id"] for request in receiver.requests] == ["zhanjiang-0a1b2c"] * 2
    assert way.repeatable


async def test_no_attempt_is_wanted_before_the_date_of_retry_after() -> None:
    """A date 40 s ahead by the real clock, whatever the ledger's clock says."""
    now = real_time()
    date = format_datetime(datetime.fromtimestamp(now, UTC) + timedelta(seconds=40), usegmt=True)
    play = answers(503, b"", f"Retry-After: {date}")
    async with receiving(play) as receiver, network_to(receiver, at=now) as network:
        way = way_of(channel(receiver), network)
        result = await way.send(way.parts(letter())[0])
    assert 39 <= result.after <= 40


async def test_a_body_of_1500_megabytes_costs_no_memory() -> None:
    """The status decides: at most 4 kB are read, and the connection is closed."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1500000000\r\n\r\n"
    async with receiving(writes(head, *[bytes(MIB)] * 1_500)) as receiver, network_to(receiver) as network:
        way = way_of(channel(receiver), network)
        before = psutil.Process().memory_info().rss
        began = monotonic()
        result = await way.send(way.parts(letter())[0])
        assert monotonic() - began < 2
        grown = psutil.Process().memory_info().rss - before
    assert result.outcome == "accepted"
    assert grown < 8 * MIB


@pytest.mark.parametrize("status", [200, 500])
async def test_a_gzip_bomb_is_not_unpacked(status: int) -> None:
    """583 KB that would unpack to 600 MB: it was not asked for, and is not read."""
    bomb = gzip.compress(bytes(60 * MIB))
    play = answers(status, bomb, "Content-Encoding: gzip")
    async with receiving(play) as receiver, network_to(receiver) as network:
        way = way_of(channel(receiver), network)
        before = psutil.Process().memory_info().rss
        result = await way.send(way.parts(letter())[0])
        grown = psutil.Process().memory_info().rss - before
    assert result.outcome == ("accepted" if status == 200 else "again")
    assert grown < 8 * MIB
    assert receiver.requests[0].headers["accept-encoding"] == "identity"


async def test_a_closed_port_is_tried_again() -> None:
    """A receiver that is away is no final answer."""
    async with receiving(answers(200)) as receiver, network_to(receiver) as network:
        way = way_of(channel(receiver), network)
        await receiver.close()
        result = await way.send(way.parts(letter())[0])
    assert result.outcome == "again"
    assert result.detail.startswith("ConnectError")


async def test_a_certificate_that_is_not_trusted_is_tried_again(tmp_path: Path) -> None:
    """A certificate is renewed sooner or later; nothing is sent until then."""
    async with receiving(answers(200), tls=own_certificate(tmp_path)) as receiver, network_to(receiver) as network:
        way = way_of(channel(receiver), network)
        result = await way.send(way.parts(letter())[0])
    assert result.outcome == "again"
    assert "certificate" in result.detail
    assert receiver.requests == []


async def delivered(receiver: Receiver, *secrets: str) -> Request:
    """Return the request of a delivery at the real instant."""
    async with network_to(receiver, at=real_time()) as network:
        way = way_of(channel(receiver, *secrets), network)
        await way.send(way.parts(letter())[0])
    return receiver.requests[-1]


async def test_every_delivery_is_verified_and_altered_replayed_and_late_ones_are_not() -> None:
    """PyPI's standardwebhooks is the receiver's side."""
    async with receiving(answers(200)) as receiver:
        body, headers = (await delivered(receiver))[2], receiver.requests[-1].headers
    assert Webhook(SECRET).verify(body, headers) == {"type": "duban.alerts.v1"}
    refused: list[tuple[bytes, dict[str, Any]]] = [
        (body.replace(b"v1", b"v2"), headers),
        (body, {**headers, "webhook-id": "another"}),
        (body, {**headers, "webhook-timestamp": str(int(real_time()) + 1)}),
        (body, {**headers, "webhook-signature": "v1,AAAA"}),
    ]
    async with receiving(answers(200)) as receiver:
        async with network_to(receiver, at=real_time() - 600) as network:
            way = way_of(channel(receiver), network)
            await way.send(way.parts(letter())[0])
        refused.append((receiver.requests[0].body, receiver.requests[0].headers))
    for altered, claimed in refused:
        with pytest.raises(WebhookVerificationError):
            Webhook(SECRET).verify(altered, claimed)


async def test_secrets_rotate() -> None:
    """While both are given, receivers with either secret verify; the key of the channel stays the same."""
    async with receiving(answers(200)) as receiver:
        both = await delivered(receiver, NEW, SECRET)
        for secret in (NEW, SECRET):
            assert Webhook(secret).verify(both.body, both.headers)
        async with network_to(receiver) as network:
            keys = {way_of(channel(receiver, *secrets), network).key for secrets in ((SECRET,), (NEW, SECRET), (NEW,))}
    assert len(keys) == 1


async def test_a_webhook_is_shown_without_its_secrets() -> None:
    """Records outlive secrets: neither what a URL holds nor what signs gets into them."""
    async with network_to() as network:
        way = way_of(Channel(webhook="https://user:pass@example.org/token-in-path", secret=SECRET), network)
        other = way_of(Channel(webhook="https://example.org/token-in-path", secret=SECRET), network)
    assert way.shown == "webhook example.org"
    assert way.key != other.key


async def test_a_payload_is_one_part() -> None:
    """JSON for a machine is not split; its id is the letter's."""
    async with network_to() as network:
        way = way_of(Channel(webhook="https://example.org/", secret=SECRET), network)
        assert way.parts(letter()) == [Part("zhanjiang-0a1b2c", 1, 1, b'{"type":"duban.alerts.v1"}', 1)]


async def test_a_receiver_that_echoes_the_request_reveals_nothing() -> None:
    """Error pages show the address that was asked for; what it holds may be a secret."""
    page = b"<p>Cannot POST /hooks/T0KEN-in-path?key=secret-key</p>"
    async with receiving(answers(404, page)) as receiver, network_to(receiver) as network:
        url = f"{receiver.url}/hooks/T0KEN-in-path?key=secret-key"
        for way in (way_of(Channel(webhook=url, secret=SECRET), network), way_of(Channel(wecom=url), network)):
            result = await way.send(way.parts(letter())[0])
            assert "Cannot POST /hooks/…?key=…" in result.detail


@pytest.mark.parametrize("before", range(240, 300, 3))
async def test_no_part_of_a_secret_is_kept(before: int) -> None:
    """Words are cut to their length after what may be a secret was taken out of them, wherever it stands."""
    page = b"x" * before + b"/hooks/T0KEN-in-path?key=secret-key"
    robot = msgspec.json.encode({"errcode": 1, "errmsg": page.decode()})
    async with receiving(answers(404, page), answers(404, page), answers(200, robot)) as receiver:
        url = f"{receiver.url}/hooks/T0KEN-in-path?key=secret-key"
        channels = (Channel(webhook=url, secret=SECRET), Channel(wecom=url), Channel(wecom=url))
        async with network_to(receiver) as network:
            for way in (way_of(channel, network) for channel in channels):
                detail = (await way.send(way.parts(letter())[0])).detail
                assert "T0K" not in detail
                assert "secret" not in detail
                assert len(detail) <= 300


async def test_the_words_of_a_refusal_are_kept_in_any_language() -> None:
    """A receiver's reason is in Chinese as often as not; what cannot be read or seen in it harms nothing."""
    body = "签名\u200b不正确\n".encode() + b"\xff"
    async with receiving(answers(400, body)) as receiver, network_to(receiver) as network:
        way = way_of(channel(receiver), network)
        assert (await way.send(way.parts(letter())[0])).detail == "400 Status: 签名 不正确 �"


async def test_a_certificate_that_is_trusted_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An office's own authority is trusted by SSL_CERT_FILE; a connection is used again."""
    tls = own_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "own.pem"))
    async with receiving(answers(200), tls=tls) as receiver, network_to(receiver) as network:
        way = way_of(channel(receiver), network)
        assert [(await way.send(way.parts(letter())[0])).outcome for _ in range(3)] == ["accepted"] * 3
        assert receiver.connections == 1


async def test_receivers_do_not_wait_for_each_other() -> None:
    """A hundred messages under way to one that never answers leave the others as quick as before."""
    async with receiving(hangs) as hanging, receiving(answers(200)) as other, network_to(hanging, other) as network:
        slow, quick = way_of(channel(hanging), network), way_of(channel(other), network)
        waiting = [asyncio.create_task(slow.send(slow.parts(letter())[0])) for _ in range(100)]
        while len(hanging.requests) < 100:  # noqa: ASYNC110 - a receiver notes what has come
            await asyncio.sleep(0.01)
        assert (await quick.send(quick.parts(letter())[0])).outcome == "accepted"
        assert not any(task.done() for task in waiting)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
