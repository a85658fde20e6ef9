"""The past over HTTP: pages as of a moment, comparisons, and answers that a client already has."""

import asyncio
from typing import Any

import msgspec
import pytest

from events.schema import TaskClosed
from services.status.past.comparison import KINDS
from tests.bench.past import run
from tests.examples import EXAMPLES, TASK, assigned, reported
from tests.status.status_client import PLENTY, STILL, History, StatusService, batch, problem

CLOSING = msgspec.structs.replace(
    EXAMPLES["duban.task.closed.v1"], id="closed-t-0001", subject="t-0001", data=TaskClosed("implemented")
)

NOTHING = dict.fromkeys([*KINDS, "absent"], 0)


async def test_pages_of_a_past_board(service: StatusService, history: History) -> None:
    """Filters, order, cursor, total and members work on a past board as on the present one."""
    await history.append(*batch(range(6)), *batch(range(4), 1), *batch(range(4), 2))
    async with service.running(STILL) as client:
        query: dict[str, Any] = {"as_of": 10, "state": "in-progress", "sort": "-position", "limit": 3}
        answer = await client.get("tasks", **query, fields="task,percent,position")
        assert answer.headers["duban-position"] == "10"
        page = answer.json()
        assert page["items"] == [
            {"task": f"t-000{number}", "percent": 51, "position": 7 + number} for number in (3, 2, 1)
        ]
        assert page["total"] == 4
        rest = (await client.get("tasks", **query, cursor=page["next"])).json()
        assert [row["task"] for row in rest["items"]] == ["t-0000"]
        assert rest["next"] is None


async def test_a_comparison_names_what_changed(service: StatusService, history: History) -> None:
    """Each row has its changes and the values before; counts are of all, and `changed` chooses among the rows."""
    await history.append(*batch(range(2)))
    await history.append(*batch(range(1), 1), assigned("t-0002", deadline=PLENTY), CLOSING)
    async with service.running(STILL) as client:
        answer = await client.get("tasks", as_of=5, compare=2, sort="task")
        assert answer.headers["duban-position"] == "5"
        page = answer.json()
        assert [row["changes"]["kinds"] for row in page["items"]] == [
            ["light", "percent"],
            ["closed", "light"],
            ["new"],
        ]
        before = [row["changes"]["before"] for row in page["items"]]
        assert before[2] is None
        assert (before[0]["percent"], before[1]["state"], before[1]["light"]) == (None, "assigned", "yellow")
        assert before[0]["units"] == [part["unit"] for part in page["items"][0]["units"]]
        assert page["counts"] == NOTHING | {"percent": 1, "closed": 1, "light": 2, "new": 1}
        assert (page["total"], page["compared_position"]) == (3, 2)
        few = (await client.get("tasks", as_of=5, compare=2, changed="new,percent", fields="task")).json()
        assert [row["task"] for row in few["items"]] == ["t-0000", "t-0002"]
        assert [list(row) for row in few["items"]] == [["task", "changes"]] * 2
        assert (few["total"], few["counts"]) == (2, page["counts"])


async def test_a_comparison_with_a_later_board(service: StatusService, history: History) -> None:
    """Tasks that only the other board has are counted as absent, and listed on demand as they were there."""
    await history.append(*batch(range(3)))
    async with service.running(STILL) as client:
        page = (await client.get("tasks", as_of=1, compare=3)).json()
        assert [row["task"] for row in page["items"]] == ["t-0000"]
        assert page["counts"] == NOTHING | {"absent": 2}
        absent = (await client.get("tasks", as_of=1, compare=3, changed="absent", limit=1)).json()
        assert [(row["task"], row["changes"]) for row in absent["items"]] == [
            ("t-0001", {"kinds": ["absent"], "before": None})
        ]
        assert (absent["total"], absent["next"] is None) == (2, False)


async def test_a_comparison_before_the_first_event(service: StatusService, history: History) -> None:
    """Compared with the time before the first event, every task is new."""
    await history.append(*batch(range(3)))
    async with service.running(STILL) as client:
        page = (await client.get("tasks", as_of=2, compare=0)).json()
        assert page["counts"] == NOTHING | {"new": 2}
        assert (await client.get("tasks", as_of=0, compare=2)).json()["counts"] == NOTHING | {"absent": 2}


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("compare=yesterday", "compare 'yesterday' is not a position, or an instant like"),
        ("as_of=x&compare=1", "as_of 'x' is not a position, or an instant like"),
        ("changed=new", "changed needs compare"),
        ("compare=1&changed=colour", "changed 'colour' is neither 'absent' nor a list with commas of new, closed"),
        ("compare=1&changed=", "changed '' is neither"),
        ("compare=1&changed=absent,new", "changed 'absent,new' is neither"),
        ("compare=1&cursor=x", "cursor 'x' is not one that a page gave"),
    ],
)
async def test_a_comparison_that_cannot_be_read(
    service: StatusService, history: History, query: str, detail: str
) -> None:
    """400 tells what is wrong and which values would be right."""
    await history.append(*batch(range(1)))
    async with service.running(STILL) as client:
        assert problem(await client.http.get(f"tasks?{query}"), 400).startswith(detail)


@pytest.mark.parametrize(
    "path", ["tasks?as_of=3", "tasks?as_of=3&compare=2", f"tasks/{TASK}?as_of=3", f"tasks/{TASK}/events?as_of=3"]
)
async def test_a_past_answer_stays_the_same(service: StatusService, history: History, path: str) -> None:
    """A past answer keeps its entity tag while the log grows, and in another process: 304 to a client that has it."""
    events = [*EXAMPLES.values()]
    await history.append(*events[:5], recorded=None)
    async with service.running(STILL) as client:
        known = await client.http.get(path)
        await history.append(*events[5:], recorded=None)
        await client.until(len(events))
        tag = {"If-None-Match": known.headers["etag"]}
        again = await client.http.get(path, headers=tag)
        assert (again.status_code, again.content) == (304, b"")
        assert (await client.http.get(path)).content == known.content
        assert (await client.http.get(path.replace("=3", "=4"), headers=tag)).status_code == 200
    async with service.running(STILL) as client:
        assert (await client.http.get(path, headers=tag)).status_code == 304


async def test_a_moment_that_is_just_recorded(service: StatusService, history: History) -> None:
    """An event is in the answer for its position as soon as it is recorded."""
    async with service.running(STILL) as client:
        for number in range(1, 15):
            event = assigned() if number == 1 else reported(number=number)
            position = await history.append(event)
            assert (await client.get(f"tasks/{TASK}", as_of=position)).json()["position"] == number
            assert (await client.get(f"tasks/{TASK}", as_of=position + 1_000)).headers["duban-position"] == str(number)


async def test_boards_are_asked_at_once(service: StatusService, history: History) -> None:
    """Concurrent questions about many positions get their own answers while events are folded."""
    await history.append(*batch(range(20)))
    async with service.running(STILL) as client:

        async def ask(position: int) -> None:
            page = (await client.get("tasks", as_of=position, sort="task")).json()
            assert [row["task"] for row in page["items"]] == [f"t-{number:04}" for number in range(min(20, position))]

        async with asyncio.TaskGroup() as group:
            for position in range(40):
                group.create_task(ask(position))
            await history.append(*batch(range(20), 1))


async def test_the_bench_measures(server_url: str, redis: Any) -> None:
    """The bench of the past runs on a small log, and its records are as small as they are meant to be."""
    figures = await run(server_url, tasks=60, each=9, runs=2)
    assert figures.events == 600
    assert figures.saved_bytes < 150
    assert 0 < figures.facts <= 1
    assert all(0 < median <= slowest for median, slowest in figures.latencies.values())
