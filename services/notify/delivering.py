"""Delivering: parts are sent on their channels, each channel at its own pace.

The start of an attempt is saved before it is made, its result afterwards. If the sender ends in between, the next one
sends again where the receiver recognises a repeat by its id. Elsewhere a repeat would be read as another message: the
part ends as `uncertain`, among the dead letters.
"""

import asyncio
import random
from collections import deque
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import structlog
from msgspec.structs import replace
from redis.exceptions import RedisError

from events.text import Language
from services.notify.book import Book
from services.notify.buckets import Buckets
from services.notify.channel_care import ChannelCare
from services.notify.channels.part import Part
from services.notify.channels.result import Result
from services.notify.channels.way import Way
from services.notify.closing import Closer
from services.notify.deliveries import PartDelivery, with_delivery, with_part
from services.notify.environment import Environment
from services.notify.lanes import Lane, Slot
from services.notify.letter import Letter
from services.notify.retries import attempted, interrupted
from services.notify.ways import most_in_flight

log = structlog.get_logger()

STOP_SECONDS = 6.0
"""For which a sender that stops waits for the attempts under way: shorter than a supervisor waits for the process."""


AWAY_SECONDS = 1.0
"""Before a channel's limit is asked for again that could not be read."""


class Place(NamedTuple):
    """A part to send on a channel."""

    channel: str
    slot: Slot


class Start(NamedTuple):
    """An attempt that is about to begin: the part's place, the channel, and what is sent to whom."""

    slot: Slot
    way: Way
    part: Part
    only: tuple[str, ...]
    name: str


class Deliverer:
    """Delivers one ledger's digests; `ended` is set when an attempt has ended."""

    def __init__(self, book: Book, given: Environment, buckets: Buckets, closer: Closer, care: ChannelCare) -> None:
        self.ended = asyncio.Event()
        self._book = book
        self._given = given
        self._buckets = buckets
        self._closer = closer
        self._care = care
        self._lanes: dict[str, Lane] = {}
        self._running: set[asyncio.Task[None]] = set()

    def cancel(self) -> None:
        """End the attempts under way without their results: another instance may have taken over."""
        for task in self._running:
            task.cancel()
        self._running.clear()

    def take_over(self) -> None:
        """Continue with what the book has loaded: attempts under way when the last sender ended are interrupted."""
        self._lanes.clear()
        for digest in list(self._book.digests.values()):
            for delivery in digest.deliveries or ():
                self._interrupt(digest.id, delivery.channel)
            self.add(digest.id)

    def add(self, id: str) -> None:
        """Queue the next part of each of a digest's deliveries; those on a paused channel end."""
        digest = self._book.digests[id]
        for delivery in digest.deliveries or ():
            self._queue(id, delivery.channel)

    async def start(self) -> None:
        """Begin the attempts that are due, as many as each channel allows, after their start is saved."""
        chosen = await asyncio.gather(*(self._of_lane(channel, lane) for channel, lane in self._lanes.items()))
        places = deque(place for found in chosen for place in found)
        if not places:
            return
        starts: list[Start] = []
        try:
            letters = await self._letters(places)
            while places:
                if (start := self._begun(*places[0], letters)) is not None:
                    starts.append(start)
                places.popleft()
            if starts:
                await self._book.save()
        except BaseException:
            for channel, slot in (*((start.way.key, start.slot) for start in starts), *places):
                self._take_back(channel, slot)
            raise
        for start in starts:
            task = asyncio.create_task(self._deliver(start))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def stop(self) -> None:
        """Wait for the attempts under way, but not for those that hang."""
        if self._running:
            await asyncio.wait(self._running, timeout=STOP_SECONDS)
        self.cancel()

    async def _of_lane(self, channel: str, lane: Lane) -> list[Place]:
        """Return the parts to send now on one channel, each with a place in the channel's limit."""
        places: list[Place] = []
        way = self._given.ways.by_key.get(channel)
        while (slot := lane.take(self._given.real())) is not None:
            part = self._part(channel, slot)
            if part is None or part.state != "waiting" or part.next > self._given.real():
                continue  # it was settled meanwhile, or is queued once more for later
            lane.busy += 1
            wait = await self._wait(way, slot, part)
            if wait > 0:
                lane.until = self._given.real() + wait
                self._take_back(channel, slot)
                break
            places.append(Place(channel, slot))
        return places

    async def _wait(self, way: Way | None, slot: Slot, part: PartDelivery) -> float:
        """Take a place in a channel's limit; return 0, or the seconds to wait before asking again."""
        if way is None or not way.limit.messages:
            return 0.0
        try:
            return await self._buckets.take(way.key, way.limit, self._message(slot, part))
        except (RedisError, OSError) as error:
            log.warning("a channel's limit cannot be read", channel=way.shown, error=f"{type(error).__name__}: {error}")
            return AWAY_SECONDS

    async def _letters(self, places: Iterable[Place]) -> dict[str, dict[Language, Letter]]:
        """Return the letters of digests in the languages of their channels; what is not kept is composed now."""
        wanted: dict[str, set[Language]] = {}
        for channel, slot in places:
            language = self._given.ways.languages.get(channel)  # None: the channel was removed from the configuration
            wanted.setdefault(slot.digest, set()).update([language] if language is not None else [])
        found = await self._book.outbox.letters(sorted(wanted))
        for id, languages in wanted.items():
            missing = languages - found.get(id, {}).keys()
            if missing and (digest := self._book.digests.get(id)) is not None:
                facts = await self._book.outbox.alerts(digest.sent_alerts)
                found[id] = found.get(id, {}) | self._closer.letters(digest, list(facts.values()), missing)
        return found

    def _begun(self, channel: str, slot: Slot, letters: Mapping[str, Mapping[Language, Letter]]) -> Start | None:
        """Mark a part as being sent; None where it cannot be, which ends it, or was settled meanwhile."""
        found, part = self._book.find(slot.digest, channel), self._part(channel, slot)
        if found is None or part is None or part.state != "waiting":
            self._lanes[channel].busy -= 1
            return None
        digest, delivery = found
        way = self._given.ways.by_key.get(channel)
        if way is None:
            self._end(channel, slot, Result("never", "the ledger's configuration no longer has this channel"))
            return None
        parts = way.parts(letters[digest.id][self._given.ways.languages[channel]])
        if len(parts) != len(delivery.parts):
            if slot.part or any(one.state != "waiting" for one in delivery.parts):
                self._end(channel, slot, Result("never", "the message has another number of parts than it had"))
                return None
            delivery = replace(delivery, parts=(part, *[PartDelivery()] * (len(parts) - 1)))
        begun = with_part(delivery, slot.part, replace(part, state="sending"))
        self._book.set(with_delivery(digest, begun))
        return Start(slot, way, parts[slot.part], part.open, self._message(slot, part))

    async def _deliver(self, start: Start) -> None:
        """Make an attempt and take its result."""
        slot, way = start.slot, start.way
        try:
            result = await way.send(start.part, start.only)
        except Exception as error:  # noqa: BLE001 - any error of a channel is the result of the attempt, which is recorded
            result = Result("again" if way.repeatable else "uncertain", f"{type(error).__name__}: {error}")
        if way.limit.messages or result.rest:
            try:
                await self._buckets.ended(way.key, way.limit, start.name, result.rest)
            except (RedisError, OSError) as error:
                log.warning("the end of a message is not counted", channel=way.shown, error=f"{error}")
        if result.rest:
            self._lanes[way.key].until = self._given.real() + result.rest
        self._end(way.key, slot, result)

    def _end(self, channel: str, slot: Slot, result: Result) -> None:
        """Take the result of an attempt: the part's state, the record, the channel's health, and what comes next."""
        book = self._book
        found = book.find(slot.digest, channel)
        assert found is not None
        digest, delivery = found
        now = self._given.real()
        part = attempted(
            delivery.parts[slot.part],
            result,
            book.clock.now(),
            now=now,
            chance=random.random(),  # noqa: S311 - jitter between retries
        )
        if part.state not in {"sent", "handed-over"}:
            log.warning(
                "not delivered", ledger=self._given.name, digest=digest.id, channel=delivery.shown, error=result.detail
            )
        book.record_attempt(digest, with_part(delivery, slot.part, part), slot.part)
        book.set_part(digest, delivery, slot.part, part)
        self._lanes[channel].busy -= 1
        if channel in self._given.ways.by_key:
            self._care.attempted(channel, delivery.shown, result, now)
        self._queue(digest.id, channel)
        self.ended.set()

    def _queue(self, id: str, channel: str) -> None:
        """Queue the next part of a digest for a channel, if it waits; on a paused channel it ends."""
        if self._care.is_paused(channel):
            self._care.end_paused(id, channel)
            return
        found = self._book.find(id, channel)
        index = found[1].current if found is not None else None
        if found is None or index is None or found[1].parts[index].state != "waiting":
            return
        digest, delivery = found
        lane = self._lanes.setdefault(channel, Lane(most_in_flight(self._given.ways.by_key.get(channel))))
        lane.add(Slot(digest.closes.timestamp(), digest.id, index), delivery.parts[index].next)

    def _interrupt(self, id: str, channel: str) -> None:
        """End the attempts of a delivery that were under way when the last sender ended."""
        way, now = self._given.ways.by_key.get(channel), self._book.clock.now()
        repeatable = way is not None and way.repeatable
        self._book.change_parts(
            self._book.digests[id],
            channel,
            lambda part: interrupted(part, now, repeatable=repeatable) if part.state == "sending" else part,
            self._book.record_attempt,
        )

    def _take_back(self, channel: str, slot: Slot) -> None:
        """Let a part wait again whose attempt did not begin."""
        lane = self._lanes[channel]
        lane.busy -= 1
        found, part = self._book.find(slot.digest, channel), self._part(channel, slot)
        if found is None or part is None or part.state not in {"sending", "waiting"}:
            return
        if part.state == "sending":
            digest, delivery = found
            self._book.set(with_delivery(digest, with_part(delivery, slot.part, replace(part, state="waiting"))))
        lane.put_back(slot)

    def _part(self, channel: str, slot: Slot) -> PartDelivery | None:
        found = self._book.find(slot.digest, channel)
        return found[1].parts[slot.part] if found is not None else None

    def _message(self, slot: Slot, part: PartDelivery) -> str:
        """Return the name of an attempt, the same in each instance."""
        return f"{self._given.name}:{slot.digest}:{slot.part}:{len(part.attempts)}"
