"""What notify sends of the life of the seed, on a real server to a real receiver: what `simulate` prints, once each."""

import random
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest
from msgspec.structs import replace

from events.channel import Channel
from events.log import Log
from services.notify import sender as sending
from services.notify.simulation import AlertVerdict
from tests.events.appending import append
from tests.notify.endpoint import SECRET, Endpoint
from tests.notify.life import DAYS
from tests.notify.post import NAME, Post
from tests.notify.seed_life import END, LEDGER, START, Outages, entries, log, stored
from tests.notify.test_seed_life import OUTAGES, simulated

WAIT = LEDGER.alerts.wait
"""After an outage, what is recorded late may begin a digest to which the plan adds it: it then closes so much later."""


class Delivering:
    """Notify with its sender, whose clock goes from instant to instant; what is recorded by then is in the log."""

    def __init__(self, redis: Any, endpoint: Endpoint, outages: Outages) -> None:
        channels = {"*": (Channel(webhook=endpoint.url, secret=SECRET),)}
        self.ledger = replace(LEDGER, alerts=replace(LEDGER.alerts, channels=channels, allow_private=True))
        self.redis = redis
        self.events = list(zip(log(outages), entries(stored(outages)), strict=True))
        self.outages = outages
        self.written = 0
        self.post = Post(redis, channels, ledger=self.ledger, days=DAYS)

    async def restart(self, now: datetime) -> None:
        """End the instance, and start another one at an instant."""
        await self.post.sender.stop()
        self.post = Post(self.redis, {}, ledger=self.ledger, days=DAYS)
        self.post.clock.instant = now
        await self.post.alerts.load(now)

    async def go_on(self, now: datetime) -> None:
        """Let the clock go on to an instant, and notify do what is due."""
        until = self.written
        while until < len(self.events) and self.events[until][0].event.at <= now:
            until += 1
        if until > self.written:
            await append(Log(self.redis, NAME), self.written, [entry for _, entry in self.events[self.written : until]])
            self.written = until
        self.post.clock.instant = now
        await self.post.alerts.projection.catch_up()
        await self.post.alerts.elapse(now)
        await self.post.turns(6)

    def instants(self, verdicts: Sequence[AlertVerdict]) -> list[datetime]:
        """Return the instants at which something is recorded, arises or closes, while the services are up."""
        found = {entry.event.at for entry, _ in self.events}
        found |= {verdict.at for verdict in verdicts} | {verdict.alert.at for verdict in verdicts}
        for _, end in self.outages:
            found |= {end, end + WAIT}
        up = [at for at in found if START <= at <= END and not any(start <= at < end for start, end in self.outages)]
        return sorted(up)


@pytest.mark.parametrize("outages", OUTAGES, ids=["always up", "with outages"])
@pytest.mark.long(60)
async def test_notify_sends_what_is_simulated(
    redis: Any, endpoint: Endpoint, outages: Outages, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each alert is delivered once, at the instant of the plan, or dropped for its reason; notify ends at times."""
    monkeypatch.setattr(sending, "TURN_SECONDS", 0.001)
    chance = random.Random(2021)
    verdicts = [verdict for verdict in simulated(outages) if verdict.reason != "waits"]
    live = Delivering(redis, endpoint, outages)
    await live.post.alerts.load(START)
    before = START
    for now in live.instants(verdicts):
        if any(before < end <= now for _, end in outages) or (not outages and chance.random() < 0.02):
            await live.restart(now if outages else before)
        await live.go_on(now)
        before = now
    received = Counter(alert["id"] for payload in endpoint.payloads for alert in payload["data"]["alerts"])
    assert max(received.values()) == 1
    sent = {verdict.alert.id: verdict.at for verdict in verdicts if verdict.reason is None}
    delivered = {alert: one.at for one in await live.post.record("attempt") for alert in one.alerts}
    assert received.keys() == sent.keys()
    late = {id: at for id, at in delivered.items() if at != sent[id]}
    assert late.keys() <= {id for id, at in sent.items() if at in {end for _, end in outages}}
    assert all(at - sent[id] == WAIT for id, at in late.items())
    dropped = {one.alert: one.reason for one in await live.post.record("dropped")}
    assert dropped == {verdict.alert.id: verdict.reason for verdict in verdicts if verdict.reason is not None}
