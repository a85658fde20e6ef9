"""The feed of a unit's tasks, and of one task, as its clients meet it."""

from typing import Any

import msgspec

from events.envelope import Event
from events.schema import TaskReassigned, Unit
from tests.examples import EXAMPLES, assigned, reported
from tests.status.status_client import PLENTY, STILL, Follower, History, StatusClient, StatusService
from tests.status.tracked_tasks import HELPER, LEAD

HOUSING, ALIAS = "市住房城乡建设局", "市住建局"


def reassigned(task: str, lead: str, *others: str) -> Event:
    example = EXAMPLES["duban.task.reassigned.v1"]
    units = (Unit(lead, "lead"), *(Unit(name) for name in others))
    data = TaskReassigned(lead=lead, units=units, reason="职责调整")
    return msgspec.structs.replace(example, id=f"reassigned-{task}-{lead}-{len(others)}", subject=task, data=data)


def given(task: str, *units: str) -> Event:
    return assigned(task, lead=units[0], others=units[1:], deadline=PLENTY)


def kept(rows: dict[str, Any], follower: Follower) -> dict[str, Any]:
    """Return the rows that a client with a filter has, after all that it received."""
    for happening in follower.received:
        told = happening.json()
        if happening.event == "gone":
            rows.pop(told["task"], None)
        else:
            rows[told["task"]] = told
    return rows


async def told(follower: Follower) -> tuple[int, str, str]:
    happening = await follower.next()
    return happening.id, happening.event, happening.json()["task"]


async def started(client: StatusClient, unit: str) -> tuple[int, dict[str, Any]]:
    return await client.rows(unit=unit)


async def test_a_unit_hears_of_its_own_tasks_only(service: StatusService, history: History) -> None:
    """Whether it leads or helps, by any of its names; the changes of other units' tasks do not come."""
    async with service.running(STILL) as client:
        for name in (HOUSING, ALIAS, f" {ALIAS}\u3000"):
            start = history.tail
            task = f"t-{start}"
            async with client.following(after=start, unit=name) as follower:
                await history.append(given(f"other-{start}", LEAD), given(task, LEAD, HOUSING))
                await history.append(reported(f"other-{start}"), reported(task))
                while follower.received[-1:] == [] or follower.received[-1].id < history.tail:
                    assert (await told(follower))[1:] == ("task", task)
                assert await follower.silent()


async def test_a_task_that_a_unit_leaves_is_gone_once(service: StatusService, history: History) -> None:
    """A row without the unit is sent once as `gone`, and comes back when the unit does."""
    await history.append(given("t-1", LEAD, HOUSING), given("t-2", LEAD))
    async with service.running(STILL) as client:
        position, rows = await started(client, HOUSING)
        assert (position, list(rows)) == (2, ["t-1"])
        async with client.following(after=position, unit=HOUSING) as follower:
            await history.append(reassigned("t-1", LEAD, HELPER))
            happening = await follower.next()
            assert (happening.id, happening.event, happening.json()) == (3, "gone", {"task": "t-1", "position": 3})
            await history.append(reported("t-1"), reassigned("t-2", HELPER))
            assert await follower.silent()
            await history.append(reassigned("t-1", HOUSING))
            assert await told(follower) == (6, "task", "t-1")
            assert kept(rows, follower) == (await started(client, HOUSING))[1]


async def test_a_task_that_was_left_meanwhile_is_gone(service: StatusService, history: History) -> None:
    """A client that was away learns it when it resumes, also over a restart, and whatever changed since."""
    await history.append(given("t-1", LEAD, HOUSING), given("t-2", HOUSING), given("t-3", LEAD, HOUSING))
    async with service.running(STILL) as client:
        position, rows = await started(client, HOUSING)
        await history.append(reassigned("t-1", LEAD), reported("t-1"))
        await client.until(history.tail)
        async with client.following(last=str(position), unit=HOUSING) as follower:
            assert await told(follower) == (5, "gone", "t-1")
            assert await follower.silent()
            rows = kept(rows, follower)
    await history.append(reassigned("t-2", LEAD))
    async with service.running(STILL) as client:
        await history.append(reported("t-2"), reassigned("t-3", LEAD), reassigned("t-3", LEAD, HOUSING))
        await client.until(history.tail)
        async with client.following(last="5", unit=HOUSING) as follower:
            happenings = await follower.until(history.tail)
            assert {happening.event for happening in happenings} == {"gone", "task"}
            assert await follower.silent()
            assert kept(rows, follower) == (await started(client, HOUSING))[1]
            assert list(rows) == ["t-3"]


async def test_one_task_is_followed_alone(service: StatusService, history: History) -> None:
    """`task=` has the changes of that task, `unit=` beside it while it is the unit's; it need not exist yet."""
    async with (
        service.running(STILL) as client,
        client.following(after=0, task=" t-1 ") as one,
        client.following(after=0, task="t-1", unit=HOUSING) as both,
    ):
        await history.append(given("t-1", HOUSING), given("t-2", HOUSING))
        assert await told(one) == await told(both) == (1, "task", "t-1")
        await history.append(reassigned("t-1", LEAD))
        assert await told(one) == (3, "task", "t-1")
        assert await told(both) == (3, "gone", "t-1")
        await history.append(reported("t-1"), reported("t-2", unit=HOUSING))
        assert await told(one) == (4, "task", "t-1")
        assert await one.silent()
        assert await both.silent()


async def test_a_stream_begins_with_the_time_to_reconnect(service: StatusService) -> None:
    """`retry:` comes first, before any change; the answer is neither stored nor changed nor held back on its way."""
    async with service.running(STILL) as client, client.http.stream("GET", "changes") as answer:
        first = await anext(answer.aiter_raw())
        assert first == b"retry: 2000\n\n"
        assert answer.headers["cache-control"] == "no-store, no-transform"
        assert answer.headers["x-accel-buffering"] == "no"
