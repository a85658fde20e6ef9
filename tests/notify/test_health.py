"""Channels that fail for days: reported through another one, paused, and recovered by order."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from events.alert_rule import AlertRule
from events.alerting import AlertRules
from events.channel import Channel
from events.ledger import Ledger
from services.notify.channel_care import trouble
from services.notify.channels.result import Result
from services.notify.health import PAUSE_SECONDS, REPORT_SECONDS, Health, after, reported, resumed, unreported
from services.notify.orders import Resend
from services.notify.warnings import channel_warnings
from tests.examples import assigned
from tests.notify.endpoint import SECRET, Endpoint
from tests.notify.post import START, Post, happen

CLOSED = "http://127.0.0.1:9/hook"
NOW = 1_700_000_000.0
FAILED = Result("again", "ConnectError")
FINE = Result("accepted", "204")


def webhook(url: str) -> Channel:
    return Channel(webhook=url, secret=SECRET)


def test_a_channel_fails_from_its_first_failure_after_a_success() -> None:
    """A success ends it; what is uncertain, or came too soon, is none of either."""
    failing = after(Health("c", "webhook a.cn"), FAILED, NOW)
    assert (failing.since, failing.error) == (NOW, "ConnectError")
    assert after(failing, FAILED, NOW + 60).since == NOW
    assert after(failing, FINE, NOW + 60) == Health("c", "webhook a.cn")
    for other in (Result("uncertain", "…"), Result("again", "too fast", rest=60.0)):
        assert after(failing, other, NOW + 60) == failing
    mixed = Result("again", "", recipients=(("a@b.cn", "accepted", ""), ("b@b.cn", "again", "")))
    assert not after(failing, mixed, NOW + 60).since


def test_a_channel_is_reported_once_after_a_day_and_paused_after_five() -> None:
    """Until an operator resumes it, a success does not: nothing is sent on it."""
    health = after(Health("c", "webhook a.cn"), FAILED, NOW)
    assert not unreported(health, NOW + REPORT_SECONDS - 1)
    assert unreported(health, NOW + REPORT_SECONDS)
    assert not unreported(reported(health, NOW + REPORT_SECONDS), NOW + 2 * REPORT_SECONDS)
    assert not after(health, FAILED, NOW + PAUSE_SECONDS - 1).paused
    paused = after(health, FAILED, NOW + PAUSE_SECONDS)
    assert paused.paused
    assert after(paused, FINE, NOW + PAUSE_SECONDS).paused
    assert not resumed(paused).paused


async def failing_for_days(redis: Any, endpoint: Endpoint) -> Post:
    """Return an instance whose channel for 市残联 has failed for five days; the supervisor has another one."""
    post = Post(redis, {"市残联": (webhook(CLOSED),), "督查室": (webhook(CLOSED), webhook(endpoint.url))})
    post.clock.instant = START + timedelta(hours=1)
    await happen(redis, assigned("t-1"))
    await post.turns()
    for day in range(1, 7):
        post.real += 86_400.0
        post.clock.instant += timedelta(days=1)
        post.sender._looked = 0.0
        await happen(redis, assigned(f"t-{day + 1}"), at=post.clock.instant - timedelta(hours=1))
        await post.turns(8)
    return post


async def test_the_supervisor_is_alerted_through_another_channel(redis: Any, endpoint: Endpoint) -> None:
    """After a day, and again when it is paused; on record, in /alerts and in the warnings."""
    post = await failing_for_days(redis, endpoint)
    assert [(one.state, one.channel) for one in await post.record("channel")] == [
        ("failing", "webhook 127.0.0.1"),
        ("paused", "webhook 127.0.0.1"),
    ]
    alerts = [alert for payload in endpoint.payloads for alert in payload["data"]["alerts"]]
    assert [alert["on"] for alert in alerts] == ["trouble", "trouble"]
    assert await post.states(on="trouble") == [("督查室", "sent"), ("督查室", "sent")]
    assert "paused" in {state for _, state in await post.states(recipient="市残联")}
    warnings = channel_warnings("zhanjiang", post.ledger, post.sender.health)
    assert any("is paused" in warning and "recover" in warning for warning in warnings)
    assert not any("127.0.0.1" in warning for warning in warnings)


async def test_a_channel_that_the_file_no_longer_has_raises_no_alarm(redis: Any, endpoint: Endpoint) -> None:
    """Neither in the warnings nor as an alert after a day; its deliveries end as failed."""
    before = Post(redis, {"市残联": (webhook(CLOSED),), "督查室": (webhook(endpoint.url),)})
    before.clock.instant = START + timedelta(hours=1)
    await happen(redis, assigned("t-1"))
    await before.turns()
    await before.sender.stop()
    after = Post(redis, {"*": (webhook(endpoint.url),)})
    after.clock.instant = before.clock.instant + timedelta(days=2)
    after.real = before.real + 2 * REPORT_SECONDS
    await after.alerts.projection.load()
    await after.turns(8)
    assert await after.states(recipient="市残联") == [("市残联", "failed")]
    assert await after.record("channel") == []
    assert await after.states(on="trouble") == []
    assert after.sender.health == []


def test_a_channel_that_fails_alerts_whom_the_rules_name() -> None:
    """Each recipient once, however many rules name it; without a rule on trouble, nobody."""
    health = after(Health("c", "webhook a.cn"), FAILED, NOW)
    rules = (
        AlertRule("trouble", ("leader",), name="运维"),
        AlertRule("trouble", ("supervisor", "leader")),
        AlertRule("assigned", ("units",)),
    )
    ledger = Ledger("湛江市", alerts=AlertRules("督查室", leader="市政府办", rules=rules))
    found = trouble(ledger, health, START, step=2)
    assert [(one.recipient, one.rule, one.step, one.title) for one in found] == [
        ("市政府办", "运维", 2, "webhook a.cn"),
        ("督查室", "trouble", 2, "webhook a.cn"),
    ]
    assert {(one.on, one.waits, one.detail, one.task, one.due) for one in found} == {
        ("trouble", False, "ConnectError", "", None)
    }
    assert len({one.id for one in (*found, *trouble(ledger, health, START, step=1))}) == 4
    assert trouble(Ledger("湛江市", alerts=AlertRules("督查室", rules=rules[2:])), health, START, step=1) == []
    assert [one.recipient for one in trouble(Ledger("湛江市"), health, START, step=1)] == ["督查室"]


async def test_a_paused_channel_stays_so_after_a_restart_and_is_recovered_by_order(
    redis: Any, endpoint: Endpoint
) -> None:
    """Nothing is sent meanwhile; then what it missed is, under the same ids, and on record."""
    before = await failing_for_days(redis, endpoint)
    await before.sender.stop()
    post = Post(redis, {"市残联": (webhook(CLOSED),), "督查室": (webhook(endpoint.url),)})
    post.real, post.clock.instant = before.real, before.clock.instant + timedelta(days=1)
    await post.alerts.projection.load()
    await happen(redis, assigned("t-9"), at=post.clock.instant - timedelta(hours=1))
    await post.turns()
    assert (await post.states(recipient="市残联"))[0] == ("市残联", "paused")
    assert await post.attempts() == []
    (key,) = [one.channel for one in post.sender.health if one.paused]
    missed = [digest.id for digest in await post.outbox.failed()]
    await post.outbox.order(msgspec.json.encode(Resend(tuple(missed), "office@here", key)))
    tried = len(await post.record("attempt"))
    post.sender._looked = 0.0
    await post.turns(12)
    assert [(one.state, one.by) for one in await post.record("channel")][-1] == ("resumed", "office@here")
    assert {one.digest for one in await post.record("resent")} == set(missed)
    assert len(await post.record("attempt")) == tried + len(missed)
    assert not [one for one in post.sender.health if one.paused]


async def test_an_order_is_carried_out_once(redis: Any, endpoint: Endpoint) -> None:
    """What was refused for good is sent again under the same id, whoever reads the order after a restart."""
    endpoint.answers = iter([(410, {})])
    channels = {"*": (webhook(endpoint.url),)}
    post = Post(redis, channels)
    post.clock.instant = START + timedelta(hours=1)
    await happen(redis, assigned("t-1"))
    await post.turns()
    assert await post.states() == [("市残联", "failed")]
    await post.outbox.order(msgspec.json.encode(Resend(((await post.digest()).id,), "office@here")))
    await post.sender.stop()
    other = Post(redis, channels)
    other.clock.instant = post.clock.instant
    await other.turns()
    assert await other.states() == [("市残联", "sent")]
    assert len(endpoint.ids) == 2
    assert len(set(endpoint.ids)) == 1
    other.sender._looked = 0.0
    await other.turns()
    await other.sender.stop()
    await Post(redis, channels).turns()
    assert len(endpoint.ids) == 2
    assert [one.by for one in await other.record("resent")] == ["office@here"]
    assert await other.outbox.failed() == []


@pytest.mark.parametrize("answered", [True, False])
async def test_an_order_whose_save_fails_is_carried_out(redis: Any, endpoint: Endpoint, *, answered: bool) -> None:
    """Whether or not the server had saved it before the connection broke: it is sent again, once and on record."""
    endpoint.answers = iter([(410, {})])
    post = Post(redis, {"*": (webhook(endpoint.url),)})
    post.clock.instant = START + timedelta(hours=1)
    await happen(redis, assigned("t-1"))
    await post.turns()
    await post.outbox.order(msgspec.json.encode(Resend(((await post.digest()).id,), "office@here")))
    keep, broken = post.outbox.keep, iter(range(1))

    async def breaking(packed: bytes) -> bool:
        if next(broken, None) is None:
            return await keep(packed)
        if answered:
            await keep(packed)
        raise ConnectionError("the connection breaks")

    post.outbox.keep = breaking  # type: ignore[method-assign]  # a connection that breaks as the order is saved
    post.sender._looked = 0.0
    with pytest.raises(ConnectionError):
        await post.turns()
    post.sender._looked = 0.0
    await post.turns()
    assert await post.states() == [("市残联", "sent")]
    assert len(endpoint.ids) == 2
    assert [one.by for one in await post.record("resent")] == ["office@here"]


@pytest.mark.parametrize(
    ("channels", "warned"),
    [
        ({}, "zhanjiang: 督查室、市民政局、市教育局 have no channel"),
        ({"督查室": (webhook(CLOSED),), "市民政局": (webhook(CLOSED),)}, "zhanjiang: 市教育局 has no channel"),
        ({"*": (webhook(CLOSED),)}, None),
    ],
)
def test_recipients_without_a_channel_are_named(channels: dict[str, tuple[Channel, ...]], warned: str | None) -> None:
    """In readiness, and by it in doctor and after an import."""
    ledger = Ledger("湛江市", units=("市民政局", "市教育局"), alerts=AlertRules("督查室", channels=channels))
    found = channel_warnings("zhanjiang", ledger, [])
    assert found == [] if warned is None else len(found) == 1 and found[0].startswith(warned)
