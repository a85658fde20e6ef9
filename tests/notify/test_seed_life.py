"""The alerts of the table of 2017 from 2017 to 2021: files that people read, and the same however notify ran."""

import random
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from events.alert_rule import AlertRule
from events.keys import key
from events.log import Log
from services.cli.alert_plan import plan_lines, plan_rows, plan_total
from services.notify.alerts import Alert
from services.notify.simulation import AlertVerdict, Simulation
from services.notify.store import Alerts
from tests.events.appending import append
from tests.notify.life import DAYS
from tests.notify.seed_life import END, LEDGER, START, Outages, entries, log, stored

NAME = "zhanjiang"

FILES = Path(__file__).parents[1] / "fixtures" / "alerts"

WIDTH = 100

DOWN: Outages = (
    (datetime.fromisoformat("2018-02-10T00:00:00+08:00"), datetime.fromisoformat("2018-03-27T09:00:00+08:00")),
    (datetime.fromisoformat("2018-12-20T00:00:00+08:00"), datetime.fromisoformat("2019-01-20T09:00:00+08:00")),
)
"""Weeks in which ingest and notify are down: before one due, and over the end of a year."""

OUTAGES: list[Outages] = [(), DOWN]


def golden(outages: Outages) -> Path:
    return FILES / ("life-with-outages.txt" if outages else "life.txt")


def simulated(outages: Outages) -> list[AlertVerdict]:
    """Return what becomes of the alerts where ingest and notify are down at times."""
    return list(Simulation(LEDGER, DAYS, outages).run(log(outages), END))


def printed(verdicts: Iterable[AlertVerdict]) -> str:
    """Return what `duban notify simulate` prints."""
    rows = plan_rows(LEDGER, verdicts, START.date(), END.date())
    return "\n".join([*plan_lines(rows, WIDTH), plan_total(rows, compare=False), ""])


class Live:
    """Notify on a real server: the log grows as the ledger's clock goes on, and the fold announces alerts."""

    def __init__(self, redis: Any, outages: Outages) -> None:
        self.redis = redis
        self.events = list(zip(log(outages), entries(stored(outages)), strict=True))
        self.notify = self.started()
        self.written = 0

    def started(self) -> Alerts:
        """Return another instance of notify."""
        return Alerts(self.redis, NAME, LEDGER, DAYS)

    async def go_on(self, now: datetime, *instances: Alerts) -> None:
        """Let the clock go on to an instant: what is recorded by then is in the log, and notify looks at both."""
        until = self.written
        while until < len(self.events) and (self.events[until][0].event.recorded or START) <= now:
            until += 1
        if until > self.written:
            await append(Log(self.redis, NAME), self.written, [entry for _, entry in self.events[self.written : until]])
            self.written = until
        for notify in instances or (self.notify,):
            await notify.projection.catch_up()
            await notify.elapse(now)

    async def alerts(self) -> list[Alert]:
        """Return all announced alerts."""
        raws = await self.redis.xrange(self.notify.projection.feed)
        return [msgspec.json.decode(fields[b"e"], type=Alert) for _, fields in raws]


def ids(alerts: Iterable[Alert]) -> dict[str, tuple[str, datetime]]:
    """Return the recipient and instant of each alert, by its id."""
    return {alert.id: (alert.recipient, alert.at) for alert in alerts}


def expected(outages: Outages) -> dict[str, tuple[str, datetime]]:
    return ids(verdict.alert for verdict in simulated(outages))


@pytest.mark.parametrize("outages", OUTAGES, ids=["always up", "with outages"])
def test_the_alerts_of_the_seed_are_those_of_the_file(outages: Outages) -> None:
    """By recipient and day, in words: what is sent, why, and what is not."""
    assert printed(simulated(outages)) == golden(outages).read_text(encoding="utf-8")


@pytest.mark.parametrize("outages", OUTAGES, ids=["always up", "with outages"])
async def test_notify_raises_the_alerts_that_are_simulated(redis: Any, outages: Outages) -> None:
    """The clock goes on three days at a time, and stands while the services are down; each alert arises once."""
    live = Live(redis, outages)
    await live.notify.load(START)
    now = START
    while now < END:
        now = min(END, now + timedelta(days=3))
        if not any(start <= now < end for start, end in outages):
            await live.go_on(now)
    alerts = await live.alerts()
    assert max(Counter(alert.id for alert in alerts).values()) == 1
    assert ids(alerts) == expected(outages)


async def test_restarts_and_a_second_instance_change_nothing(redis: Any) -> None:
    """Instances end and start at random moments, two at a time look at the log and the clock."""
    chance = random.Random(2017)
    live = Live(redis, ())
    now, instances = START, [live.notify, live.started()]
    for one in instances:
        await one.load(now)
    while now < END:
        now = min(END, now + timedelta(hours=chance.randint(1, 24 * 14)))
        if chance.random() < 0.2:
            instances[chance.randrange(2)] = fresh = live.started()
            await fresh.load(now)
        await live.go_on(now, *chance.sample(instances, k=chance.choice([1, 2])))
    await live.go_on(END, *instances)
    alerts = await live.alerts()
    assert max(Counter(alert.id for alert in alerts).values()) == 1
    assert ids(alerts) == expected(())


async def test_a_rebuild_announces_nothing_and_time_goes_on_from_there(redis: Any) -> None:
    """Half of the life, a rebuild, another half: the same alerts, and the same rows."""
    live = Live(redis, ())
    await live.notify.load(START)
    half = START + (END - START) / 2
    await live.go_on(half)
    before = await live.alerts()
    assert await live.notify.projection.rebuild() == {}
    await live.go_on(half)
    assert len(await live.alerts()) == len(before)
    await live.go_on(END)
    assert ids(await live.alerts()) == expected(())


async def test_new_rules_say_nothing_of_the_past(redis: Any) -> None:
    """What they would have given rise to before they were in force is not announced; what comes after is."""
    live = Live(redis, ())
    await live.notify.load(START)
    half = START + (END - START) / 2
    await live.go_on(half)
    before = await live.alerts()
    rules = (*LEDGER.alerts.rules, AlertRule("silent", ("supervisor",), name="early", after="30d"))
    ledger = replace(LEDGER, alerts=replace(LEDGER.alerts, rules=rules))
    live.notify = Alerts(redis, NAME, ledger, DAYS)
    await live.notify.load(half)
    await live.go_on(half)
    assert len(await live.alerts()) == len(before)
    await live.go_on(END)
    early = [alert for alert in await live.alerts() if alert.rule == "early"]
    assert early
    assert min(alert.at for alert in early) > half


async def test_a_version_that_considered_no_time_begins_now(redis: Any) -> None:
    """Rows without the instant considered are those of an earlier version: nothing arises of the time before."""
    live = Live(redis, ())
    half = START + (END - START) / 2
    await live.go_on(half)
    before = await live.alerts()
    await redis.hdel(key(NAME, "notify", "checkpoint"), "considered")
    live.notify = live.started()
    await live.notify.load(half)
    await live.go_on(half + timedelta(hours=1))
    assert len(await live.alerts()) == len(before)
