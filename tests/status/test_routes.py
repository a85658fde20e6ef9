"""Status over HTTP: rows, queries, pages, histories and the past."""

from typing import Any

import msgspec
import pytest

from tests.examples import EXAMPLES, TASK, assigned, reported
from tests.status.status_client import PLENTY, STILL, History, StatusService, batch, problem
from tests.status.tracked_tasks import COUNTIES, after_each_example


async def test_rows_are_a_fold_of_the_log(service: StatusService, history: History) -> None:
    """/tasks is the rows that the log folds into, with the position they reflect as a header."""
    await history.append_examples()
    async with service.running(STILL) as client:
        answer = await client.get("tasks")
        assert answer.headers["duban-position"] == "16"
        assert answer.headers["content-type"] == "application/json"
        assert answer.content == b'{"items":[%b],"next":null,"total":1}' % msgspec.json.encode(
            after_each_example()[-2].row
        )


async def test_an_empty_ledger_is_served(service: StatusService) -> None:
    """Before any event there are no rows, at position 0."""
    async with service.running() as client:
        answer = await client.get("tasks")
        assert (answer.json(), answer.headers["duban-position"]) == ({"items": [], "next": None, "total": 0}, "0")
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
        ({"due_after": "2018-12-31T23:59:59+08:00"}, ["t-0000", "t-0001", "t-0002", "t-0003"]),
        ({"due_after": "2019-01-01T00:00:00+08:00"}, ["t-0000", "t-0001"]),
        ({"section": "一、就业"}, []),
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
        assert answer.content == msgspec.json.encode(after_each_example()[-2].row)


async def test_a_history_is_the_stored_bytes(service: StatusService, history: History) -> None:
    """/tasks/{id}/events has the task's events oldest first, byte for byte, each with its position as last member."""
    await history.append(*batch(range(2)))
    await history.append_examples()
    await history.append(*batch(range(2), 1))
    async with service.running() as client:
        answer = await client.get(f"tasks/{TASK}/events")
        stored = await history.log.read(2, 16)
        items = [b'%b,"position":%d}' % (raw[:-1], position) for position, raw in stored]
        assert answer.content == b'{"items":[%b],"next":null,"total":16}' % b",".join(items)
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
        assert figures["at"].startswith("2019-04-01T09:00:0")
        assert figures["at"].endswith("+08:00")
        expected = {
            "title": "湛江市残疾人工作重点任务",
            "zone": "Asia/Shanghai",
            "tasks": 4,
            "lights": {"red": 1, "yellow": 2, "green": 1, "blue": 0},
            "states": {"assigned": 2, "in-progress": 2, "submitted": 0, "returned": 0, "closed": 0},
            "overdue": 1,
            "units": 12,
            "obligations": 15,
            "position": 20,
        }
        assert {name: figures[name] for name in expected} == expected
        assert answer.headers["duban-position"] == "20"


async def test_any_past_position_can_be_read(service: StatusService, history: History) -> None:
    """`as_of=N` gives the rows as they stood after N, lights of that instant included; the tail for what lies ahead."""
    await history.append_examples()
    async with service.running() as client:
        for position, task in enumerate(after_each_example()[:-1], 1):
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
        "due_after=soon",
        "fields=",
        "fields=task,colour",
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
