"""The sender: collects alerts in digests and delivers digests, one instance per ledger at a time.

The start of a delivery is kept before it is sent, its result afterwards. If the sender dies in between, the next one
sends a webhook again with the same webhook-id, by which the receiver recognises a repeat. On other channels a repeat
would be read as a new message, so the delivery ends as `uncertain`, among the dead letters.
"""

import asyncio
import contextlib
import random
from collections.abc import Sequence

import httpx
import msgspec
import structlog
from msgspec.structs import replace
from redis.exceptions import RedisError

from events.channel import Channel
from events.ledger import Ledger
from events.working_days import WorkingDays
from services.common.clock import Clock, real_time
from services.notify.alerts import Alert
from services.notify.channels import Message, Result, fingerprint, send, shown
from services.notify.deliveries import Attempt, Delivery, Digest, attempted, backoff, interrupted, message
from services.notify.gathering import gather, group_of
from services.notify.store import DeadLetter, Outbox

TURN_SECONDS = 0.2
"""The longest time between two turns: the delay that it adds to an alert."""

log = structlog.get_logger()


class Sender:
    """Delivers one ledger's alerts."""

    def __init__(
        self, outbox: Outbox, name: str, ledger: Ledger, clock: Clock, http: httpx.AsyncClient, days: WorkingDays
    ) -> None:
        self._outbox = outbox
        self._name = name
        self._ledger = ledger
        self._clock = clock
        self._http = http
        self._days = days
        self._digests: dict[str, Digest] = {}
        self._open: dict[str, Digest] = {}
        self._unkept: dict[str, Digest] = {}
        self._dead: list[DeadLetter] = []
        self._busy: dict[str, asyncio.Task[None]] = {}
        self._known = False
        self._unsure = False
        self._ended = asyncio.Event()
        self._writing = asyncio.Lock()

    async def turn(self) -> None:
        """Wait briefly, or until a delivery ends; then plan and start deliveries if this instance has the lease."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._ended.wait(), TURN_SECONDS)
        self._ended.clear()
        held = await self._outbox.hold()
        if held is None:
            return
        self._known = self._known and held
        if not self._known:
            await self._take_over()
            self._known = True
        await self._keep()
        await self._plan()
        self._close()
        await self._keep()
        await self._start()

    def reload(self) -> None:
        """Reload the digests before the next turn: a failover may have taken some of them back."""
        self._known = False

    async def stop(self) -> None:
        """Wait for the deliveries under way, keep their results, and release the lease."""
        await asyncio.gather(*self._busy.values(), return_exceptions=True)
        await self._keep()
        await self._outbox.release()

    async def _take_over(self) -> None:
        """Load the digests that another instance, or an earlier run of this one, left."""
        for task in self._busy.values():
            task.cancel()
        self._busy.clear()
        self._unkept.clear()
        self._dead.clear()
        self._digests = {digest.id: digest for digest in await self._outbox.pending()}
        self._open = {digest.group: digest for digest in self._digests.values() if digest.deliveries is None}
        for digest in list(self._digests.values()):
            for delivery in digest.deliveries or ():
                if delivery.state == "sending":
                    channel = self._channel(digest, delivery)
                    repeatable = channel is not None and channel.webhook is not None
                    self._note(digest.id, interrupted(delivery, self._clock.now(), repeatable=repeatable))

    async def _plan(self) -> None:
        """Add new alerts to digests."""
        if self._unsure:  # whether the last plan was kept
            kept = [digest for digest in await self._outbox.pending() if digest.deliveries is None]
            self._digests |= {digest.id: digest for digest in kept}
            self._open |= {digest.group: digest for digest in kept}
        self._unsure = True
        while alerts := await self._outbox.unplanned():
            touched: dict[str, Digest] = {}
            pending = dict(self._open)
            pairs: list[tuple[str, str]] = []
            for _, alert in alerts:
                group = group_of(self._ledger, alert)
                digest = gather(pending.get(group), alert, self._ledger, self._days)
                pending[group] = touched[digest.id] = digest
                pairs.append((alert.id, digest.id))
            async with self._writing:
                await self._written(list(touched.values()), pairs, planned=alerts[-1][0])
            self._digests |= touched
            self._open = pending
        self._unsure = False

    def _close(self) -> None:
        """Close the digests whose window is over: each gets a delivery for every channel of its recipient."""
        now = self._clock.now()
        for digest in [one for one in self._digests.values() if one.deliveries is None and one.closes <= now]:
            channels = self._ledger.alerts.channels_of(digest.recipient)
            deliveries = tuple(Delivery(fingerprint(channel), shown(channel)) for channel in channels)
            self._set(replace(digest, deliveries=deliveries))
            if self._open.get(digest.group) is digest:
                del self._open[digest.group]

    async def _start(self) -> None:
        """Start the deliveries that are due, one per channel at once, after their start is kept."""
        now = real_time()
        started: list[tuple[str, Delivery]] = []
        chosen: set[str] = set()
        for digest in list(self._digests.values()):
            for delivery in digest.deliveries or ():
                free = delivery.channel not in self._busy and delivery.channel not in chosen
                if delivery.state == "waiting" and delivery.next <= now and free:
                    chosen.add(delivery.channel)
                    sending = replace(delivery, state="sending")
                    self._note(digest.id, sending)
                    started.append((digest.id, sending))
        try:
            await self._keep()
        except Exception:
            for id, delivery in started:
                self._note(id, replace(delivery, state="waiting"))
            raise
        for id, delivery in started:
            self._busy[delivery.channel] = asyncio.create_task(self._deliver(self._digests[id], delivery))

    async def _deliver(self, digest: Digest, delivery: Delivery) -> None:
        """Attempt a delivery and note its result."""
        try:
            alerts = await self._outbox.alerts(digest.alerts)
        except (RedisError, OSError) as error:  # nothing was attempted yet
            log.warning("not sent yet", ledger=self._name, digest=digest.id, error=f"{type(error).__name__}: {error}")
            self._note(digest.id, replace(delivery, state="waiting", next=real_time() + TURN_SECONDS))
            self._ended_on(delivery)
            return
        try:
            result = await self._try(digest, delivery, alerts)
        except Exception as error:  # noqa: BLE001 - any error of a channel is the result of the attempt, which is recorded
            result = Result(sent=False, detail=f"{type(error).__name__}: {error}")
        attempt = Attempt(self._clock.now(), "sent" if result.sent else "failed", result.detail)
        wait = max(result.after, backoff(len(delivery.attempts) + 1, random.random()))  # noqa: S311 - jitter between retries
        self._note(digest.id, attempted(delivery, attempt, final=result.final, retry_at=real_time() + wait))
        if not result.sent:
            log.warning("not delivered", ledger=self._name, digest=digest.id, way=delivery.shown, error=result.detail)
        self._ended_on(delivery)

    def _ended_on(self, delivery: Delivery) -> None:
        """Free the channel for its next delivery."""
        del self._busy[delivery.channel]
        self._ended.set()

    async def _try(self, digest: Digest, delivery: Delivery, alerts: Sequence[Alert]) -> Result:
        channel = self._channel(digest, delivery)
        if channel is None:
            return Result(sent=False, detail="the ledger's configuration no longer has this channel", final=True)
        return await send(self._http, channel, self._message(digest, alerts))

    def _note(self, id: str, delivery: Delivery) -> None:
        digest = self._digests[id]
        deliveries = tuple(delivery if one.channel == delivery.channel else one for one in digest.deliveries or ())
        if delivery.state in {"failed", "uncertain"}:
            self._dead.append(DeadLetter(id, digest.recipient, delivery))
        self._set(replace(digest, deliveries=deliveries))

    def _set(self, digest: Digest) -> None:
        self._digests[digest.id] = self._unkept[digest.id] = digest

    async def _keep(self) -> None:
        """Write the changed digests; those that cannot be written now stay changed."""
        async with self._writing:
            changed, dead = dict(self._unkept), list(self._dead)
            if not changed:
                return
            await self._written(list(changed.values()), dead=dead)
            for id, digest in changed.items():
                if self._unkept.get(id) is digest:
                    del self._unkept[id]
                    if digest.done:
                        del self._digests[id]
            del self._dead[: len(dead)]

    async def _written(
        self,
        digests: Sequence[Digest],
        pairs: Sequence[tuple[str, str]] = (),
        dead: Sequence[DeadLetter] = (),
        planned: str = "",
    ) -> None:
        if not await self._outbox.keep(digests, pairs, dead, planned):
            raise RuntimeError("the lease has expired: nothing is written until it is acquired again")

    def _channel(self, digest: Digest, delivery: Delivery) -> Channel | None:
        channels = self._ledger.alerts.channels_of(digest.recipient)
        return next((channel for channel in channels if fingerprint(channel) == delivery.channel), None)

    def _message(self, digest: Digest, alerts: Sequence[Alert]) -> Message:
        title, text = message(self._ledger, digest, alerts)
        data = {"ledger": self._name, "recipient": digest.recipient, "title": title, "text": text, "alerts": alerts}
        payload = {"type": "duban.alerts.v1", "timestamp": alerts[-1].at, "data": data}
        return Message(f"{self._name}-{digest.id}", title, text, msgspec.json.encode(payload))
