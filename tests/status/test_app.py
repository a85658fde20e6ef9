"""Status over real HTTP: rows, histories, the past, and the feed of changes."""

import asyncio
from typing import Any

import httpx
import msgspec
import pytest

from events.deadline import Fixed, Ongoing
from events.envelope import Event
from events.keys import key
from services.common.clock import sleep
from services.common.settings import Settings
from services.status.app import build
from services.status.store import CHANGES_KEPT
from tests.examples import EXAMPLES, TASK, assigned, reported
from tests.servers import Server
from tests.status.status_client import LEDGER, PATIENCE, History, StatusClient, StatusService, applied
from tests.status.tracked_tasks import COUNTIES, after_each_example, at

CHANGES = key(LEDGER, "status", "changes")

STILL = "2019-04-01T09:00:00+08:00"
"""A clock at the instant at which `store` records, so that time changes nothing."""

PLENTY = Fixed("2020年底前", at("2021-01-01"))
"""A due instant that the clock above does not come near."""


def batch(numbers: range, round: int = 0) -> list[Event]:
    """Return one event for each task: its assignment in round 0, a report in each later one."""
    if round == 0:
        return [assigned(f"t-{number:04}", deadline=PLENTY) for number in numbers]
    return [reported(f"t-{number:04}", round, percent=50 + round) for number in numbers]


async def machine_feed(redis: Any) -> list[tuple[str, Any]]:
    """Return the stream of changes: ids and rows."""
    return [(id.decode(), msgspec.json.decode(fields[b"e"])) for id, fields in await redis.xrange(CHANGES)]


def problem(answer: httpx.Response, status: int) -> str:
    """Return the detail of an answer that must be an RFC 9457 problem."""
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert (body["status"], body["type"]) == (status, "about:blank")
    assert body["title"]
    detail: str = body["detail"]
    return detail


async def test_rows_are_a_fold_of_the_log(service: StatusService, history: History) -> None:
    """/tasks is the rows that the log folds into, with the position they reflect as a header."""
    await history.append_examples()
    async with service.running(STILL) as client:
        answer = await client.get("tasks")
        assert answer.headers["duban-position"] == "16"
        assert answer.headers["content-type"] == "application/json"
        assert answer.content == b'{"items":[%b],"next":null}' % msgspec.json.encode(after_each_example()[-1].row)


async def test_an_empty_ledger_is_served(service: StatusService) -> None:
    """Before any event there are no rows, at position 0."""
    async with service.running() as client:
        answer = await client.get("tasks")
        assert (answer.json(), answer.headers["duban-position"]) == ({"items": [], "next": None}, "0")
        assert (await client.get("overview")).json()["tasks"] == 0


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ({}, ["t-0000", "t-0001", "t-0002", "t-0003"]),
        ({"unit": "徐闻县"}, ["t-0003"]),
        ({"unit": "各县（市、区）政府"}, []),
        ({"lead": "市教育局"}, ["t-0002"]),
        ({"lead": "湛江市教育局"}, ["t-0002"]),
        ({"light": "blue"}, ["t-0003"]),
        ({"light": "green"}, ["t-0001"]),
        ({"state": "in-progress"}, ["t-0001"]),
        ({"due_before": "2019-01-01T00:00:01+08:00"}, ["t-0002", "t-0003"]),
        ({"due_before": "2019-01-01T00:00:00+08:00"}, []),
        ({"q": "0001"}, ["t-0001"]),
        ({"sort": "-position"}, ["t-0003", "t-0001", "t-0002", "t-0000"]),
        ({"sort": "due", "limit": 1}, ["t-0002"]),
    ],
    ids=str,
)
async def test_a_query_chooses_rows(
    service: StatusService, history: History, query: dict[str, Any], wanted: list[str]
) -> None:
    """/tasks takes every filter and order of the contract."""
    await history.append(*batch(range(2)), assigned("t-0002", lead="市教育局"))
    await history.append(assigned("t-0003", others=COUNTIES), *batch(range(1, 2), 1))
    closing = msgspec.structs.replace(EXAMPLES["duban.task.closed.v1"], subject="t-0003")
    await history.append(closing)
    async with service.running(STILL) as client:
        items = (await client.get("tasks", **query)).json()["items"]
        assert [row["task"] for row in items] == wanted


async def test_an_unescaped_plus_is_understood(service: StatusService, history: History) -> None:
    """People write +08:00 into a query as it is; a server reads the + as a space, and it is meant all the same."""
    await history.append_examples()
    async with service.running(STILL) as client:
        for what in ("due_before", "as_of"):
            answer = await client.http.get(f"tasks?{what}=2019-12-01T00:00:00+08:00")
            assert len(answer.json()["items"]) == 1


async def test_pages_follow_one_another(service: StatusService, history: History) -> None:
    """Following `next` gives every row once, in order; the last page has none."""
    await history.append(*batch(range(25)))
    async with service.running(STILL) as client:
        pages: list[list[str]] = []
        query: dict[str, str] = {}
        while not pages or query["cursor"] is not None:
            answer = await client.get("tasks", limit=10, sort="-due", **query)
            assert answer.headers["duban-position"] == "25"
            pages.append([row["task"] for row in answer.json()["items"]])
            query["cursor"] = answer.json()["next"]
        assert [len(page) for page in pages] == [10, 10, 5]
        assert sorted(task for page in pages for task in page) == [f"t-{number:04}" for number in range(25)]


async def test_one_row(service: StatusService, history: History) -> None:
    """/tasks/{id} is the row itself."""
    await history.append_examples()
    async with service.running(STILL) as client:
        answer = await client.get(f"tasks/{TASK}")
        assert answer.headers["duban-position"] == "16"
        assert answer.content == msgspec.json.encode(after_each_example()[-1].row)


async def test_a_history_is_the_stored_bytes(service: StatusService, history: History) -> None:
    """/tasks/{id}/events has the task's events oldest first, byte for byte, each with its position as last member."""
    await history.append(*batch(range(2)))
    await history.append_examples()
    await history.append(*batch(range(2), 1))
    async with service.running() as client:
        answer = await client.get(f"tasks/{TASK}/events")
        stored = await history.log.read(2, 16)
        items = [b'%b,"position":%d}' % (raw[:-1], position) for position, raw in stored]
        assert answer.content == b'{"items":[%b],"next":null}' % b",".join(items)
        assert answer.headers["duban-position"] == "20"
        assert [item["position"] for item in answer.json()["items"]] == list(range(3, 19))
        other = (await client.get("tasks/t-0001/events")).json()["items"]
        assert [item["position"] for item in other] == [2, 20]


async def test_a_history_has_what_its_row_shows(service: StatusService, history: History) -> None:
    """A task's history goes as far as the position that is named, with events that came while it was served too."""
    await history.append(assigned(TASK, deadline=PLENTY))
    async with service.running(STILL) as client:
        for number in range(1, 40):
            await history.append(reported(number=number))
            answer = await client.get(f"tasks/{TASK}/events")
            positions = [item["position"] for item in answer.json()["items"]]
            assert positions == list(range(1, int(answer.headers["duban-position"]) + 1))


async def test_the_overview_has_the_ledgers_figures(service: StatusService, history: History) -> None:
    """/overview counts tasks by light and state, and names ledger, position and instant."""
    await history.append_examples()
    await history.append(*batch(range(3)), *batch(range(1), 1))
    async with service.running(STILL) as client:
        answer = await client.get("overview")
        figures = answer.json()
        assert figures.pop("at").startswith("2019-04-01T09:00:0")
        assert figures == {
            "title": "湛江市残疾人工作重点任务",
            "tasks": 4,
            "lights": {"red": 1, "yellow": 2, "green": 1, "blue": 0},
            "states": {"assigned": 2, "in-progress": 2, "submitted": 0, "returned": 0, "closed": 0},
            "overdue": 1,
            "units": 12,
            "obligations": 15,
            "position": 20,
        }
        assert answer.headers["duban-position"] == "20"


async def test_any_past_position_can_be_read(service: StatusService, history: History) -> None:
    """`as_of=N` gives the rows as they stood after N, lights of that instant included; the tail for what lies ahead."""
    await history.append_examples()
    async with service.running() as client:
        for position, task in enumerate(after_each_example(), 1):
            answer = await client.get(f"tasks/{TASK}", as_of=position)
            assert answer.headers["duban-position"] == str(position)
            assert answer.content == msgspec.json.encode(task.row)
        assert await client.rows(as_of=0) == (0, {})
        beyond = await client.get(f"tasks/{TASK}", as_of=10**17)
        assert (beyond.headers["duban-position"], beyond.json()["position"]) == ("16", 16)
        states = [(await client.get("overview", as_of=position)).json()["states"] for position in (11, 12, 14)]
        assert [next(state for state in state_of if state_of[state]) for state_of in states] == [
            "in-progress",
            "submitted",
            "closed",
        ]


@pytest.mark.parametrize(
    ("instant", "position", "light", "reason"),
    [
        ("2017-08-01T01:00:00Z", 1, "green", "on-track"),
        ("2018-12-01T23:59:59+08:00", 8, "yellow", "behind"),
        ("2018-12-02T00:00:00+08:00", 9, "yellow", "due-soon"),
        ("2018-12-31T23:59:59+08:00", 9, "yellow", "due-soon"),
        ("2019-01-01T00:00:00+08:00", 10, "red", "overdue"),
        ("2019-02-28T00:00:00+08:00", 14, "blue", "closed"),
        ("2030-01-01T00:00:00+08:00", 16, "red", "overdue"),
    ],
)
async def test_any_past_instant_can_be_read(
    service: StatusService, history: History, instant: str, position: int, light: str, reason: str
) -> None:
    """An instant gives the events recorded by then, and the lights of that very instant."""
    await history.append_examples()
    async with service.running() as client:
        reached, rows = await client.rows(as_of=instant)
        row = rows[TASK]
        assert (reached, row["position"], row["light"], row["light_reason"]) == (position, position, light, reason)
        items = (await client.get(f"tasks/{TASK}/events", as_of=instant)).json()["items"]
        assert [item["position"] for item in items] == list(range(1, position + 1))


@pytest.mark.parametrize("path", ["tasks/none", "tasks/none/events", f"tasks/{TASK}?as_of=0"])
async def test_a_task_that_is_not_there_is_a_problem(service: StatusService, history: History, path: str) -> None:
    """404 names task and position, as problem+json and with the position's header."""
    await history.append_examples()
    async with service.running() as client:
        answer = await client.http.get(path)
        position = "0" if "as_of" in path else "16"
        assert problem(answer, 404).endswith(f"is assigned at position {position}")
        assert answer.headers["duban-position"] == position


@pytest.mark.parametrize("path", ["tasks", f"tasks/{TASK}", f"tasks/{TASK}/events", "overview", "changes"])
async def test_another_ledger_is_a_problem(service: StatusService, path: str) -> None:
    """404 names the ledger that is not served here."""
    async with service.running() as client:
        assert "'elsewhere'" in problem(await client.get(f"../elsewhere/{path}"), 404)
        assert problem(await client.get("../../nowhere"), 404)


@pytest.mark.parametrize(
    "query",
    [
        "as_of=yesterday",
        "as_of=2018-12-01",
        "as_of=2018-12-01T00:00:00",
        "as_of=-1",
        "as_of=1.5",
        "as_of=",
        "as_of=%D9%A1",
        f"as_of={'9' * 5_000}",
        "due_before=soon",
        "due_before=2018-12-01",
        "limit=0",
        "limit=1001",
        "limit=many",
        "light=pink",
        "state=lost",
        "sort=size",
        "cursor=x",
    ],
    ids=lambda query: query[:40],
)
async def test_a_query_that_cannot_be_read_is_a_problem(service: StatusService, query: str) -> None:
    """400 and problem+json for every parameter that does not follow the contract, also where there is no row yet."""
    async with service.running() as client:
        assert problem(await client.http.get(f"tasks?{query}"), 400)


@pytest.mark.parametrize("path", ["tasks", f"tasks/{TASK}", f"tasks/{TASK}/events", "overview"])
async def test_every_answer_names_its_position(service: StatusService, history: History, path: str) -> None:
    """Duban-Position is on every answer, of the present and of the past."""
    await history.append_examples()
    async with service.running() as client:
        assert (await client.get(path)).headers["duban-position"] == "16"
        assert (await client.get(path, as_of=7)).headers["duban-position"] == "7"
        async with client.following() as follower:
            assert follower.answer.headers["duban-position"] == "16"


async def test_changes_come_as_they_happen(service: StatusService, history: History, redis: Any) -> None:
    """/changes has each new row as an event of its position; machines read the same from the stream."""
    async with service.running(STILL) as client, client.following() as follower:
        assert follower.answer.headers["content-type"].startswith("text/event-stream")
        assert follower.answer.headers["cache-control"] == "no-store"
        for event in (assigned(deadline=PLENTY), reported()):
            position = await history.append(event)
            told = await follower.next()
            row = (await client.get(f"tasks/{TASK}")).json()
            assert (told.id, told.event, told.json()) == (position, "task", row)
            assert row["position"] == position
        assert await follower.silent()
        assert await machine_feed(redis) == [(f"{told.id}-0", told.json()) for told in follower.received]


async def test_a_batch_tells_the_last_row_of_each_task(service: StatusService, history: History) -> None:
    """Events that are folded together produce each task's newest row once, in the order of positions."""
    await history.append(*batch(range(3)), *batch(range(2), 1), *batch(range(1), 2))
    async with service.running(STILL) as client, client.following(after=0) as follower:
        told = await follower.until(6)
        assert [(one.id, one.json()["task"], one.json()["percent"]) for one in told] == [
            (3, "t-0002", None),
            (5, "t-0001", 51),
            (6, "t-0000", 52),
        ]


@pytest.mark.parametrize("form", ["after", "last"])
async def test_a_client_resumes_from_where_it_was(service: StatusService, history: History, form: str) -> None:
    """A client that was away gets what it missed, by `after=` or by the Last-Event-ID a browser sends."""
    async with service.running(STILL) as client:
        async with client.following(after=0) as follower:
            for number in range(3):
                await history.append(*batch(range(number, number + 1)))
            assert [told.id for told in await follower.until(3)] == [1, 2, 3]
        for number in range(3, 6):
            await client.until(await history.append(*batch(range(number, number + 1))))
        place: dict[str, Any] = {"after": 3} if form == "after" else {"last": "3"}
        async with client.following(**place) as follower:
            assert [told.id for told in await follower.until(6)] == [4, 5, 6]
            assert await follower.silent()


async def test_the_last_event_id_is_newer_than_the_address(service: StatusService, history: History) -> None:
    """A browser repeats its first address: its Last-Event-ID takes precedence; an invalid one is ignored."""
    async with service.running(STILL) as client:
        for number in range(4):
            await client.until(await history.append(*batch(range(number, number + 1))))
        for last, told in (("3", [4]), ("", [1, 2, 3, 4]), ("x", [1, 2, 3, 4]), ("9" * 5_000, [1, 2, 3, 4])):
            async with client.following(after=0, last=last) as follower:
                assert [one.id for one in await follower.until(4)] == told


async def test_a_last_event_id_that_says_nothing_asks_for_a_snapshot(service: StatusService, history: History) -> None:
    """Going on from now would miss what was in between; an id of the machines' feed is understood."""
    async with service.running(STILL) as client:
        for number in range(3):
            await client.until(await history.append(*batch(range(number, number + 1))))
        for last, told in (("x", ("reset", 3)), ("-1", ("reset", 3)), ("2-0", ("task", 3))):
            async with client.following(last=last) as follower:
                first = await follower.next()
                assert (first.event, first.id) == told


async def test_a_bad_place_is_a_problem(service: StatusService) -> None:
    """400 where `after` is no position."""
    async with service.running() as client:
        for after in ("-1", "x"):
            assert problem(await client.http.get(f"changes?after={after}"), 400)


async def test_a_client_ahead_of_the_log_is_reset(service: StatusService, history: History) -> None:
    """A client whose id is ahead of the log followed another log: it is reset to a new snapshot."""
    await history.append(*batch(range(2)))
    async with service.running(STILL) as client, client.following(after=9) as follower:
        told = await follower.next()
        assert (told.id, told.event, told.json()) == (2, "reset", {"position": 2})
        await history.append(*batch(range(2, 3)))
        assert (await follower.next()).id == 3


async def test_a_snapshot_and_its_changes_are_the_board(service: StatusService, history: History) -> None:
    """A client that takes a snapshot at N and follows from N on misses and repeats no change."""
    rounds = 30

    async def write() -> None:
        for round in range(1, rounds):
            await history.append(*batch(range(10), round))
            await sleep(0.01)

    async def read(client: StatusClient, delay: float) -> dict[str, Any]:
        await sleep(delay)
        position, rows = await client.rows()
        async with client.following(after=position) as follower:
            told = await follower.until(rounds * 10) if position < rounds * 10 else []
        ids = [one.id for one in told]
        assert all(id > position for id in ids)
        assert ids == sorted(set(ids))
        return applied(rows, told)

    async with service.running(STILL) as client:
        await history.append(*batch(range(10)))
        readers = [asyncio.create_task(read(client, number * 0.02)) for number in range(12)]
        await write()
        _, rows = await client.rows()
        await client.until(rounds * 10)
        _, rows = await client.rows()
        for found in await asyncio.gather(*readers):
            assert found == rows


async def test_a_restart_in_between_is_not_noticed(service: StatusService, history: History) -> None:
    """A client resumes over a restart of status and ends with the rows of /tasks, whatever came while it was down."""
    await history.append(*batch(range(20)))
    async with service.running(STILL) as client:
        position, rows = await client.rows()
        async with client.following(after=position) as follower:
            for round in (1, 2):
                await history.append(*batch(range(0, 20, round), round))
            rows = applied(rows, await follower.until(history.tail))
            last = follower.received[-1].id
    await history.append(*batch(range(5), 3), *batch(range(20, 25)))
    async with service.running(STILL) as client:
        async with client.following(last=str(last)) as follower:
            missed = await follower.until(history.tail)
            assert sorted(one.json()["task"] for one in missed) == [
                f"t-{number:04}" for number in (*range(5), *range(20, 25))
            ]
            await history.append(*batch(range(3), 4))
            await follower.until(history.tail)
            rows = applied(rows, follower.received)
        assert await client.rows() == (history.tail, rows)


async def test_other_rules_are_told_as_changes(service: StatusService, history: History, redis: Any) -> None:
    """After a restart with other rules, a client that resumes gets the rows that differ, and no other.

    The machines' feed has them too, as changes that no event made.
    """
    await history.append(assigned("t-1", others=("各县（市、区）政府",), deadline=PLENTY))
    await history.append(assigned("t-2", deadline=PLENTY))
    async with service.running(STILL) as client:
        position, rows = await client.rows()
    file = service.ledgers / f"{LEDGER}.toml"
    file.write_text(file.read_text(encoding="utf-8").replace('"赤坎区", ', ""), encoding="utf-8")
    async with service.running(STILL) as client, client.following(after=position) as follower:
        told = await follower.next()
        assert (told.id, told.json()["task"], len(told.json()["units"])) == (2, "t-1", len(COUNTIES))
        assert await client.rows() == (position, applied(rows, [told]))
        assert await follower.silent()
    assert (await machine_feed(redis))[2:] == [("2-1", told.json())]


async def test_a_client_too_far_behind_is_reset(service: StatusService, history: History) -> None:
    """A client behind the kept changes is reset to a new snapshot, also after a restart; others resume."""
    tasks = range(1_000)
    async with service.running(STILL) as client:
        for round in range(CHANGES_KEPT // len(tasks) + 1):
            await history.append(*batch(tasks, round))
            await client.until(history.tail)  # or a task's changes would be sent as one
        tail = history.tail
        async with client.following(after=tail - 1) as follower:
            await follower.until(tail)
        for after, behind in ((0, True), (tail - CHANGES_KEPT - 1, True), (tail - CHANGES_KEPT + 1, False)):
            async with client.following(after=after) as follower:
                told = await follower.next()
                assert (told.event, told.id) == (("reset", tail) if behind else ("task", after + 1))
    async with service.running(STILL) as client, client.following(last="5") as follower:
        assert (await follower.next()).event == "reset"
        position, rows = await client.rows()
        assert (position, len(rows)) == (tail, 1_000)
        await history.append(*batch(range(1), 12))
        assert [(told.id, told.json()["percent"]) for told in await follower.until(tail + 1)] == [(tail + 1, 62)]


async def test_lights_that_time_changes_reach_clients(service: StatusService, history: History, redis: Any) -> None:
    """Time alone turns a light; the row comes over the feed at the position it reflects, and nothing else changes."""
    due = Fixed("2018年12月15日前", at("2018-12-15"))
    await history.append(assigned(deadline=due), reported(percent=100), recorded="2018-11-01T00:00:00Z")
    await history.append(assigned("t-2", deadline=Ongoing("长期")), recorded="2018-11-01T00:00:00Z")
    async with service.running("2018-11-10T00:00:00+08:00@864000") as client:
        async with client.following(after=0) as follower:
            turns = []
            while ("red", "overdue") not in turns:
                told = await follower.next()
                if told.json()["task"] == TASK:
                    turns.append((told.json()["light"], told.json()["light_reason"]))
                    assert (told.event, told.id, told.json()["position"]) == ("task", 2 if len(turns) == 1 else 3, 2)
            assert turns == [("green", "on-track"), ("yellow", "due-soon"), ("red", "overdue")]
        _, rows = await client.rows()
        assert rows[TASK] == told.json()
        assert rows[TASK]["overdue_since"] is None, "the clock's event says since when"
        ids = [id for id, row in await machine_feed(redis) if row["task"] == TASK]
        assert ids[0] == "2-0"
        assert all(id.startswith("3-") and id != "3-0" for id in ids[1:])


async def test_a_new_log_feed_numbers_what_time_changed_from_one(
    service: StatusService, history: History, redis: Any
) -> None:
    """Number 0 is an event's: what time changes has a higher one, also where the event's change is no longer kept."""
    await history.append(assigned(deadline=PLENTY), reported(percent=100))
    async with service.running(STILL) as client:
        await client.until(2)
    await redis.delete(CHANGES)
    async with service.running("2030-01-01T00:00:00+08:00") as client, client.following(after=2) as follower:
        told = await follower.next()
        assert (told.id, told.json()["light"]) == (2, "red")
    assert [id for id, _ in await machine_feed(redis)] == ["2-1"]


async def test_two_instances_serve_the_same(service: StatusService, history: History, redis: Any) -> None:
    """Two instances have equal rows, send their clients the same changes, and announce each change once."""
    async with service.running(STILL) as one, service.running(STILL) as two:
        async with one.following(after=0) as first, two.following(after=0) as second:
            for round in range(20):
                await history.append(*batch(range(5), round))
                await sleep(0.01)
            assert await first.until(100) == await second.until(100)
        await one.until(100)
        await two.until(100)
        assert await one.rows() == await two.rows()
    ids = [id for id, _ in await machine_feed(redis)]
    assert len(ids) == len(set(ids))


async def test_status_outlives_its_server(service: StatusService, history: History, server: Server) -> None:
    """Where the server is killed and comes back, rows and followers go on as if nothing had been."""
    await history.append(*batch(range(3)))
    async with service.running(STILL) as client, client.following(after=0) as follower:
        await follower.until(3)
        server.kill()
        assert (await client.get("tasks")).headers["duban-position"] == "3"
        server.start()
        await history.append(*batch(range(3), 1))
        told = await follower.until(6)
        assert [one.id for one in told] == [4, 5, 6]
        assert (await client.rows())[1] == applied({}, follower.received)


async def test_the_service_tells_how_it_is(service: StatusService) -> None:
    """/health/live answers as soon as the process runs; /health/ready once the rows of every ledger are there."""
    async with service.running() as client:
        for path, status in (("live", "live"), ("ready", "ready")):
            answer = await client.get(f"../../health/{path}")
            assert (answer.status_code, answer.json()) == (200, {"status": status})


async def test_a_service_that_has_not_started_is_not_ready(service: StatusService) -> None:
    """503 with Retry-After until the rows are loaded; the process lives all the same."""
    app: Any = build(Settings(redis_url=service.url, ledgers=service.ledgers))
    transport = httpx.ASGITransport(app)  # which starts nothing
    async with httpx.AsyncClient(transport=transport, base_url="http://status", timeout=PATIENCE) as client:
        assert (await client.get("/health/live")).status_code == 200
        answer = await client.get("/health/ready")
        assert problem(answer, 503)
        assert answer.headers["retry-after"] == "1"


async def test_the_interface_describes_itself(service: StatusService) -> None:
    """/v1/openapi.json names every address and, for /tasks, every parameter of the contract."""
    async with service.running() as client:
        document = (await client.get("../openapi.json")).json()
    assert document["openapi"].startswith("3.")
    paths = document["paths"]
    served = ["tasks", "tasks/{task}", "tasks/{task}/events", "overview", "changes"]
    assert {f"/v1/{{ledger}}/{path}" for path in served} <= set(paths)
    parameters = {one["name"] for one in paths["/v1/{ledger}/tasks"]["get"]["parameters"]}
    assert parameters == {
        "ledger",
        *("unit", "lead", "light", "state", "due_before", "q", "sort", "limit", "cursor", "as_of"),
    }
    assert {one["name"] for one in paths["/v1/{ledger}/changes"]["get"]["parameters"]} == {"ledger", "after"}


async def test_rows_survive_a_restart_without_folding_anew(
    service: StatusService, history: History, redis: Any
) -> None:
    """A restart loads the saved rows and announces no change twice."""
    await history.append_examples()
    async with service.running(STILL) as client:
        before = (await client.get("tasks")).content
        feed = await machine_feed(redis)
    async with service.running(STILL) as client:
        assert (await client.get("tasks")).content == before
        assert await machine_feed(redis) == feed
