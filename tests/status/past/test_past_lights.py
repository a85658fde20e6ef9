"""Past lights follow from the rules that were in force: those on record at the position."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from events.entries import Entry, Recorded, digest
from events.envelope import encode
from events.keys import key
from events.ledger import Ledger, LightRules
from events.log import Log
from events.recorded_rules import DamagedRulesError, RulesOnRecord
from events.rules_text import RulesText
from events.schema import TaskUrged
from services.status.past.board import OtherRules, PastBoard
from services.status.past.compared import changed_filter
from services.status.past.timeline import Moment
from services.status.store import Board
from services.status.views import TaskQuery, select
from tests.examples import assigned, reported, store
from tests.status.past.histories import fresh, histories, recorded_at, timeline_of
from tests.status.status_client import LEDGER, StatusService, problem
from tests.status.tracked_tasks import LEAD, at
from tests.status.tracked_tasks import LEDGER as PRESENT

rule_sets = st.builds(LightRules, st.integers(0, 60), st.floats(0, 1) | st.just(0.7), st.integers(0, 120))

STRICT = LightRules(yellow_days=350, behind=1.0, silent_days=7)

LENIENT = LightRules(yellow_days=0, behind=0.0, silent_days=1_000)


@settings(max_examples=200, deadline=None)
@given(log=histories(), rules=rule_sets, data=st.data())
def test_a_board_by_other_rules(log: list[Recorded], rules: LightRules, data: st.DataObject) -> None:
    """A timeline that was made with other rules gives the lights, and the reasons, that a fold gives by these."""
    timeline, position = timeline_of(log), data.draw(st.integers(1, len(log)))
    instant = recorded_at(log[position - 1]) + data.draw(st.sampled_from([0, 1, 20, 90, 700])) * timedelta(days=1)
    board = PastBoard(timeline.views, Moment(position, instant), OtherRules(PRESENT.lights, rules))
    expected = fresh(log, position, instant, rules)
    found = {task.task: (task.light, task.light_reason) for task in board.listed(PRESENT.zone)}
    assert found == {name: (row.light, row.light_reason) for name, row in expected.items()}


async def written(redis: Any, log: Sequence[Recorded], ledger: Ledger | None, tail: int) -> None:
    """Append events that were decided by the rules of a ledger; those of None are older than the record."""
    entries = []
    for entry in log:
        instant = recorded_at(entry).isoformat()
        entries.append(Entry("office", entry.event.id, digest(encode(entry.event)), store(entry.event, instant)))
    to, rules = Log(redis, LEDGER), None
    if ledger is not None:
        rules = RulesOnRecord(redis, LEDGER, RulesText.of(ledger, "1"))
        await rules.load()
    await to.append(to.pack(tail, entries, rules=rules))


def log_of(days: Sequence[str]) -> list[Recorded]:
    """Return a log of two tasks: assigned on the first two days, then a report or an urging on each."""
    events = [assigned("t-1"), assigned("t-2")]
    for number, _ in enumerate(days[2:]):
        one = reported("t-1", number, percent=10 * number)
        events.append(one if number % 2 else replace(one, id=f"u-{number}", data=TaskUrged((LEAD,), "…")))
    return [
        Recorded(position, replace(event, source="office", time=at(day), recorded=at(day)))
        for position, (event, day) in enumerate(zip(events, days, strict=True), 1)
    ]


DAYS = ("2017-08-01", "2017-08-02", "2017-09-01", "2018-01-15", "2018-03-01", "2018-06-01", "2018-09-01", "2018-11-01")

LATER = timedelta(hours=3)
"""After an event, before the next one."""

IN_FORCE = [(0, None), (2, STRICT), (5, LENIENT)]
"""The rules on record from the event after a position on, None where none are; none of them are the present ones."""


async def test_each_day_is_shown_by_its_own_rules(redis: Any) -> None:
    """Pages, rows, figures, comparisons have the lights of then, at positions and instants; live rows those of now."""
    log = log_of(DAYS)
    for (after, lights), (until, _) in zip(IN_FORCE, [*IN_FORCE[1:], (len(log), None)], strict=True):
        ledger = replace(PRESENT, lights=lights) if lights is not None else None
        await written(redis, log[after:until], ledger, after)
    board = Board(redis, LEDGER, PRESENT)
    await board.load(at("2018-11-02"))
    await board.projection.catch_up()

    def expected(position: int, instant: datetime) -> dict[str, Any]:
        lights = [lights for after, lights in IN_FORCE if after < position][-1] or PRESENT.lights
        return fresh(log, position, instant, lights)

    shown = set()
    for entry in log:
        instant = recorded_at(entry)
        for moment, rows in (
            (entry.position, expected(entry.position, instant)),
            (instant + LATER, expected(entry.position, instant + LATER)),
        ):
            page = await board.past.page(moment, TaskQuery())
            assert page.items == select(rows.values(), TaskQuery()).items
            assert await board.past.row(moment, "t-1") == rows.get("t-1")
            figures = await board.past.figures(await board.past.board(moment))
            lamps = figures.overview("", instant, entry.position).lights
            assert sum(lamps.values()) == len(rows)
            for lamp, number in lamps.items():
                assert number == sum(row.light == lamp for row in rows.values())
                found = await board.past.page(moment, TaskQuery(light=lamp))
                assert [row.task for row in found.items] == [row.task for row in page.items if row.light == lamp]
            shown |= {row.light_reason for row in rows.values()}
    assert shown == {"on-track", "due-soon", "behind"}

    now = Moment(len(log), at("2018-11-02"), live=True)
    live, before = fresh(log, len(log), now.instant), expected(5, recorded_at(log[4]))
    compared = await board.past.compared(now, 5, TaskQuery(sort="task"), changed_filter(None))
    assert [(row.task, row.light) for row in compared.items] == [(name, live[name].light) for name in sorted(live)]
    assert [row.changes.before and row.changes.before.light for row in compared.items] == [
        before[name].light for name in sorted(live)
    ]
    assert compared.counts["light"] == sum(live[name].light != before[name].light for name in live)


async def test_damaged_rules_are_not_replaced(redis: Any) -> None:
    """Where the text of the rules in force is altered or missing, days by it are an error; others are shown."""
    log = log_of(DAYS)
    await written(redis, log[:2], None, 0)
    await written(redis, log[2:], replace(PRESENT, lights=STRICT), 2)
    board = Board(redis, LEDGER, PRESENT)
    await board.load(at("2018-11-02"))
    await board.projection.catch_up()
    texts = key(LEDGER, "rules", "texts")
    ((sha256, text),) = (await redis.hgetall(texts)).items()
    for damage in (text.replace(b'"yellow_days":350', b'"yellow_days":0'), None):
        await (redis.hset(texts, sha256, damage) if damage is not None else redis.hdel(texts, sha256))
        with pytest.raises(DamagedRulesError, match="in force from position 3 on, are missing or altered"):
            await board.past.page(3, TaskQuery())
        assert (await board.past.page(2, TaskQuery())).total == 2
    await redis.hset(texts, sha256, text)
    assert (await board.past.page(3, TaskQuery())).total == 2


async def test_the_rules_of_then_over_http(redis: Any, service: StatusService) -> None:
    """List, row and figures of a past position have the lights of then; if the text of the rules is lost, 503."""
    log = log_of(DAYS)
    await written(redis, log[:6], replace(PRESENT, lights=LENIENT), 0)
    await written(redis, log[6:], replace(PRESENT, lights=STRICT), 6)
    async with service.running("2018-12-01T00:00:00+08:00") as client:
        for position, lamp in ((6, "green"), (8, "yellow")):
            found = await client.get("tasks", as_of=position, light=lamp)
            assert [row["task"] for row in found.json()["items"]] == ["t-1", "t-2"]
            assert (await client.get("tasks/t-1", as_of=position)).json()["light"] == lamp
            assert (await client.get("overview", as_of=position)).json()["lights"][lamp] == 2
        compared = (await client.get("tasks", as_of=8, compare=6)).json()
        assert compared["counts"]["light"] == 2
        await redis.delete(key(LEDGER, "rules", "texts"))
    async with service.running("2018-12-01T00:00:00+08:00") as client:
        lost = await client.get("tasks", as_of=6)
        assert "are missing or altered" in problem(lost, 503)
        assert "retry-after" in lost.headers
        assert (await client.get("tasks")).status_code == 200
