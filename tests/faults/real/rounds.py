"""A round of faults on real processes: they come by seed while everybody works; then everything is compared."""

import asyncio
import json
import random
import traceback
from collections.abc import Sequence
from typing import NamedTuple

from events.entries import Stored
from events.envelope import read
from events.log import Log
from services.common.clock import sleep
from services.common.connection import connect
from tests.deployment import LEDGER, reading
from tests.faults.invariants import misplaced, unanswered
from tests.faults.points import Points
from tests.faults.publishers import Acknowledged, Added
from tests.faults.real.kinds import FAULTS
from tests.faults.real.publishers import Adding, Posting, orders, reports
from tests.faults.real.site import Site
from tests.integration.dashboard import Dashboard, rows
from tests.integration.waiting import settled

ROUND = 50
"""Points of one round, on a directory of its own."""

PAUSE_SECONDS = (0.05, 0.6)
"""Between two faults: shorter than a process takes to start, so that they come together, too."""

FEED_SECONDS = 60.0
"""How long feed clients may take to have the rows once all is at rest."""


class Round(NamedTuple):
    """What a round came to."""

    points: Points
    wrong: list[str]
    acknowledged: int


async def play(site: Site, seed: int, count: int = ROUND) -> Round:
    """Run one round; that the deployment does not come back by itself is a finding, too."""
    points: Points = Points()
    try:
        return await _play(site, random.Random(seed), points, count)
    except TimeoutError as error:
        where = " < ".join(f"{frame.name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)[::-1])
        return Round(points, [f"it did not come back: {error} ({where})"], 0)


async def _play(site: Site, draws: random.Random, points: Points, count: int) -> Round:
    weights = {name: weight for name, (_, weight) in FAULTS.items() if not site.kinds or name in site.kinds}
    async with site.running():
        office = Posting(site, "office", orders(), 4)
        await office.run()
        posting = [Posting(site, "units", reports(f"http-{number}"), number) for number in (1, 5)]
        adding = [Adding(site, f"inbox-{number}") for number in range(2)]
        feeds = [Dashboard(site) for _ in range(2)]
        following = [asyncio.create_task(feed.follow()) for feed in feeds]
        working = [asyncio.create_task(one.run()) for one in posting] + [
            asyncio.create_task(one.run()) for one in adding
        ]
        try:
            while points.total() < count:
                await sleep(draws.uniform(*PAUSE_SECONDS))
                name = draws.choices(list(weights), list(weights.values()))[0]
                component = await FAULTS[name][0](site, draws)
                if component is not None:
                    points[component, "", name] += 1
            await site.ready()
            for publisher in posting:
                publisher.going = False
            for one in adding:
                one.going = False
            await asyncio.gather(*working)
            await settled(site)
            acknowledged = [told for each in (office, *posting) for told in each.acknowledged]
            added = [told for each in adding for told in each.added]
            wrong = [told for each in (office, *posting) for told in each.wrong]
            wrong += await _broken(site, acknowledged, added)
            wrong += await _feeds(site, feeds)
            wrong += site.faults_told()
            wrong += [f"a feed client ended: {task.exception()}" for task in following if task.done()]
        finally:
            for task in (*working, *following):
                task.cancel()
            await asyncio.gather(*working, *following, return_exceptions=True)
    return Round(points, wrong, len({(one.source, one.id) for one in acknowledged}) + len(added))


async def _broken(site: Site, acknowledged: Sequence[Acknowledged], added: Sequence[Added]) -> list[str]:
    redis = connect(site.url)
    try:
        log = Log(redis, LEDGER)
        entries: list[Stored] = []
        while batch := await log.read(entries[-1].position if entries else 0):
            entries += batch
        events = {position: read(raw) for position, raw in entries}
        wrong = [] if list(events) == list(range(1, len(events) + 1)) else ["positions are not dense"]
        if len({(event.source, event.id) for event in events.values()}) != len(events):
            wrong.append("an event is in the log more than once")
        wrong += misplaced(dict(entries), events, acknowledged)
        wrong += await unanswered(redis, events, added)
    finally:
        await redis.aclose()
    verified = await asyncio.to_thread(site.command, "audit", "verify", "--json")
    if verified.returncode not in {0, 1}:
        return [*wrong, f"audit verify ended with {verified.returncode}: {verified.stderr[-300:]}"]
    return wrong + [f"verify: {one}" for one in json.loads(verified.stdout)["findings"]]


async def _feeds(site: Site, feeds: Sequence[Dashboard]) -> list[str]:
    """Wait until the feed clients have the rows."""
    async with reading(site) as http:
        try:
            async with asyncio.timeout(FEED_SECONDS):
                while (there := (await rows(http, site))[1]) != feeds[0].rows or there != feeds[1].rows:
                    await sleep(0.2)
        except TimeoutError:
            _, there = await rows(http, site)
            differing = [[name for name in there if feed.rows.get(name) != there[name]] for feed in feeds]
            return [f"feed clients differ from the snapshot in {differing}"]
    return []
