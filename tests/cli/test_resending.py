"""What `duban notify retry` and `recover` order, and what they tell."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from events.channel import Channel
from services.cli.resending import recovered, retried
from services.common.settings import SettingsError
from services.notify.channels.result import Result
from services.notify.health import PAUSE_SECONDS
from tests.examples import assigned
from tests.notify.endpoint import SECRET, Endpoint
from tests.notify.post import START, Post, happen

HOUR = timedelta(hours=1)

FAILED = Result("again", "ConnectError")

DONE = "notify carries it out within a second or two, on record"


@pytest_asyncio.fixture
async def post(redis: Any) -> AsyncIterator[Post]:
    """Return an instance whose webhook refused the digest of 市残联 for good, and accepted that of 市民政局."""
    async with Endpoint().listening() as endpoint:
        endpoint.answers = iter([(410, {})])
        post = Post(redis, {"*": (Channel(webhook=endpoint.url, secret=SECRET),)})
        async with post.network:
            post.clock.instant = START + HOUR
            await happen(redis, assigned("t-1"))
            await post.turns()
            await happen(redis, assigned("t-2", lead="市民政局"), at=START + HOUR)
            post.clock.instant += HOUR
            await post.turns()
            assert sorted(await post.states()) == [("市残联", "failed"), ("市民政局", "sent")]
            yield post


async def carried_out(post: Post) -> list[tuple[str, str]]:
    post.sender._looked = 0.0
    await post.turns()
    return sorted(await post.states())


async def channel_of(post: Post) -> str:
    return (await post.digest()).deliveries[0].channel  # type: ignore[index]  # it has closed


@pytest.mark.parametrize("named", ["nothing", "the alert", "the channel"])
async def test_dead_letters_are_sent_again(post: Post, named: str) -> None:
    """All of them, or those of an alert or a channel."""
    channel, alert = await channel_of(post), (await post.digest("市残联")).alerts[0]
    what = {"nothing": None, "the alert": alert, "the channel": channel}[named]
    told = "1 delivery will be sent again; " + DONE
    assert await retried(post.outbox, what, "office@here") == (
        f"{channel} is used again; {told}" if named == "the channel" else told
    )
    assert await carried_out(post) == [("市残联", "sent"), ("市民政局", "sent")]
    assert await retried(post.outbox, None, "office@here") == "nothing is in the dead letters"


async def test_what_is_not_in_the_dead_letters_is_named(post: Post) -> None:
    """Others are there: it does not say that nothing is."""
    (sent,) = (await post.digest("市民政局")).alerts
    assert await retried(post.outbox, sent, "office@here") == f"nothing of {sent} is in the dead letters"
    assert await post.outbox.orders() == []


async def test_a_channel_that_missed_nothing_is_used_again(post: Post) -> None:
    """The order stands, so it says more than that nothing is sent."""
    channel = await channel_of(post)
    told = await recovered(post.outbox, channel, START + timedelta(days=1), "office@here")
    since = "nothing since 2019-01-01T16:00+0000 is in the dead letters"
    assert told == f"{channel} is used again; {since}; {DONE}"
    assert len(await post.outbox.orders()) == 1


async def test_what_waits_for_a_paused_channel_is_not_sent_again_unless_the_channel_is_named(post: Post) -> None:
    """It says so, and how to name it; no order makes it wait and end again."""
    channel = await channel_of(post)
    (health,) = post.sender.health
    post.sender._care.attempted(channel, health.shown, FAILED, post.real)
    post.sender._care.attempted(channel, health.shown, FAILED, post.real + PAUSE_SECONDS)
    assert await carried_out(post) == [("市残联", "failed"), ("市民政局", "sent"), ("督查室", "paused")]
    told = await retried(post.outbox, None, "office@here")
    assert told == f"2 deliveries will not be sent again, as the channel is paused; name it to use it: {channel}"
    assert await post.outbox.orders() == []
    assert DONE in await retried(post.outbox, channel, "office@here")
    assert {state for _, state in await carried_out(post)} == {"sent"}


async def test_a_name_of_nothing_is_refused(post: Post) -> None:
    """With what it could have been."""
    with pytest.raises(SettingsError, match="'x' is no alert, digest or channel here; channels that were used: "):
        await retried(post.outbox, "x", "office@here")
    with pytest.raises(SettingsError, match="'x' is no channel here; channels that were used: "):
        await recovered(post.outbox, "x", START, "office@here")
