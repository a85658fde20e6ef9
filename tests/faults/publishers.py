"""Publishers that never give up: each sends its events in order, again and again, until each has its outcome."""

import asyncio
import itertools
from collections.abc import Iterator
from typing import NamedTuple

from redis.exceptions import RedisError

from events.deadline import Fixed
from events.envelope import Event, encode
from events.keys import key
from services.common.clock import sleep
from services.ingest.draft import submission
from services.ingest.request import UnavailableError
from tests.examples import LEAD, assigned, reported
from tests.faults.connection import faulty
from tests.faults.world import NAME, START, World

TASKS = 6

AT_ONCE = 4
"""Events of one request: few, so that there are many batches."""

ANSWER_SECONDS = 2.0
"""After which a client takes an answer for lost."""

PAUSE_SECONDS = 0.005


class Acknowledged(NamedTuple):
    """An event that a publisher sent, and the position that it received."""

    source: str
    id: str
    raw: bytes
    position: int


class Added(NamedTuple):
    """An event that a publisher added to an inbox, and the id of its entry."""

    source: str
    entry: str
    raw: bytes


def orders() -> list[Event]:
    """Return the assignments, whose due instants pass while the run goes on, some of them one after another."""
    due = START.replace(year=2019, month=1, day=1, hour=0, minute=0)
    dues = [due.replace(hour=hour) for hour in range(TASKS)]
    return [
        assigned(f"t-{number}", source="office", deadline=Fixed("限期完成", due=due), others=("市民政局",))
        for number, due in enumerate(dues)
    ]


def reports(name: str) -> Iterator[Event]:
    """Return reports on the tasks, without end."""
    for number in itertools.count(1):
        yield reported(f"t-{number % TASKS}", number, unit=LEAD, percent=number % 100, source=f"units/{name}")


class Direct:
    """Submits events as the HTTP endpoint does, a few at once, and repeats some that were acknowledged."""

    def __init__(self, world: World, source: str, events: Iterator[Event], count: int) -> None:
        self.acknowledged: list[Acknowledged] = []
        self._world = world
        self._source = source
        self._events = events
        self._count = count
        self._draws = world.faults.draws(f"publisher of {source}")

    async def run(self) -> None:
        sent = 0
        while sent < self._count:
            batch = list(itertools.islice(self._events, min(AT_ONCE, self._count - sent)))
            if not batch:
                return
            await self._deliver([encode(event) for event in batch])
            if sent % 3 == 0:  # as by a sender that has lost the answer
                await self._deliver([encode(event) for event in batch])
            sent += len(batch)

    async def _deliver(self, raws: list[bytes]) -> None:
        """Send until there are outcomes; the running service is looked up for each attempt."""
        while True:
            living = [writer for process, writer in self._world.writers.values() if not process.dead]
            if living:
                try:
                    async with asyncio.timeout(ANSWER_SECONDS):
                        writer = self._draws.choice(living)
                        outcomes = await writer.submit([submission(raw, self._source) for raw in raws])
                    break
                except (UnavailableError, TimeoutError):
                    pass
            await sleep(PAUSE_SECONDS)
        for raw, outcome in zip(raws, outcomes, strict=True):
            if outcome.position is None:
                self._world.wrong.append(f"a publisher was told {outcome}")
            else:
                self.acknowledged.append(Acknowledged(outcome.source or "", outcome.id or "", raw, outcome.position))


class Inboxed:
    """Adds events to an inbox, over connections that fail; what the server took and did not answer is added again."""

    def __init__(self, world: World, name: str, count: int) -> None:
        self.added: list[Added] = []
        self._world = world
        self._name = name
        self._count = count

    async def run(self) -> None:
        redis = faulty(self._world.url, "publisher", self._world.faults)
        try:
            for event in itertools.islice(reports(self._name), self._count):
                raw = encode(event)
                while True:
                    try:
                        entry = await redis.xadd(key(NAME, "inbox", "units"), {"e": raw})
                        break
                    except (RedisError, OSError):
                        await sleep(PAUSE_SECONDS)
                self.added.append(Added(event.source, entry.decode(), raw))
                await sleep(PAUSE_SECONDS)
        finally:
            await redis.aclose()
