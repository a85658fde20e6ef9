"""Four publishers of real processes: two over HTTP, two at the inbox; each sends an event until it has its answer."""

import itertools
from collections.abc import Iterator
from typing import Any

import httpx
import msgspec
from redis.exceptions import RedisError

from events.deadline import Ongoing
from events.envelope import Event, encode
from events.keys import key
from services.common.clock import sleep
from services.common.connection import connect
from tests.deployment import LEDGER
from tests.examples import assigned, reported
from tests.faults.publishers import Acknowledged, Added
from tests.faults.real.site import Site

TASKS = 12

PAUSE_SECONDS = 0.03
"""Between two requests of a publisher: so many events as can be looked through after each round."""

AGAIN_SECONDS = 0.1

ANSWER_SECONDS = 15.0
"""After which a client takes an answer for lost."""


def orders() -> Iterator[Event]:
    """Return what assigns the tasks; they have no due instant."""
    for number in range(TASKS):
        yield assigned(f"t-{number}", source="office", deadline=Ongoing("持续实施"))


def reports(name: str) -> Iterator[Event]:
    """Return reports on the tasks, without end."""
    for number in itertools.count(1):
        yield reported(f"t-{number % TASKS}", number, percent=number % 100, source=f"units/{name}")


class Posting:
    """Posts so many events at once."""

    def __init__(self, site: Site, source: str, events: Iterator[Event], count: int) -> None:
        self.acknowledged: list[Acknowledged] = []
        self.wrong: list[str] = []
        self.going = True
        self._site = site
        self._source = source
        self._events = events
        self._count = count

    async def run(self) -> None:
        """Publish until there are no more events, or `going` is cleared; requests in progress get their answers."""
        while self.going and (batch := list(itertools.islice(self._events, self._count))):
            raws = [encode(event) for event in batch]
            for raw, outcome in zip(raws, await self._post(b"\n".join(raws)), strict=True):
                if outcome["outcome"] == "refused":
                    self.wrong.append(f"{outcome}")
                else:
                    self.acknowledged.append(Acknowledged(outcome["source"], outcome["id"], raw, outcome["position"]))
            await sleep(PAUSE_SECONDS)

    async def _post(self, body: bytes) -> list[dict[str, Any]]:
        headers = {
            "Authorization": f"Bearer {self._site.token(self._source)}",
            "Content-Type": "application/x-ndjson",
        }
        while True:
            try:
                async with httpx.AsyncClient(timeout=ANSWER_SECONDS) as http:
                    answer = await http.post(self._site.address("ingest", "events"), content=body, headers=headers)
            except httpx.TransportError:
                await sleep(AGAIN_SECONDS)
                continue
            if answer.status_code == httpx.codes.OK:
                return [msgspec.json.decode(line) for line in answer.content.splitlines()]
            if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                self.wrong.append(f"answered {answer.status_code}: {answer.text[:200]}")
            await sleep(AGAIN_SECONDS)


class Adding:
    """Adds events to the inbox of `units`."""

    def __init__(self, site: Site, name: str) -> None:
        self.added: list[Added] = []
        self.going = True
        self._site = site
        self._name = name

    async def run(self) -> None:
        """Publish until there are no more events, or `going` is cleared."""
        redis = connect(self._site.url)
        try:
            for event in reports(self._name):
                if not self.going:
                    return
                raw = encode(event)
                while True:
                    try:
                        entry = await redis.xadd(key(LEDGER, "inbox", "units"), {"e": raw})
                        break
                    except (RedisError, OSError):
                        await sleep(AGAIN_SECONDS)
                self.added.append(Added(event.source, entry.decode(), raw))
                await sleep(PAUSE_SECONDS)
        finally:
            await redis.aclose()
