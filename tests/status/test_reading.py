"""Status over HTTP: members of rows, sections, totals, and answers that a client already has."""

import asyncio
from typing import Any

import httpx
import msgspec
import pytest

from events.entries import Entry, digest
from events.envelope import encode
from services.common.clock import sleep
from services.status.row import TaskRow
from tests.examples import EXAMPLES, RECORDED, TASK, assigned, reported
from tests.patience import PATIENCE
from tests.status.status_client import PLENTY, STILL, History, StatusClient, StatusService, batch, problem

MEMBERS = TaskRow.__struct_fields__

READS = ["tasks", "tasks?light=green&limit=2", f"tasks/{TASK}", f"tasks/{TASK}/events"]
"""Reads of the examples' task and of what lies around it."""


async def again(client: StatusClient, path: str, known: httpx.Response, tag: str = "TAG") -> httpx.Response:
    """Ask once more as a client that has an answer; `tag` is how it writes the tag."""
    return await client.http.get(path, headers={"If-None-Match": tag.replace("TAG", known.headers["etag"])})


async def test_fields_choose_the_members_of_each_row(service: StatusService, history: History) -> None:
    """`fields` leaves the members that it names, in a row's order; page, total and cursor stay as they are."""
    await history.append(*batch(range(5)))
    async with service.running(STILL) as client:
        whole = (await client.get("tasks", limit=2)).json()
        some = (await client.get("tasks", limit=2, fields="light,task,units")).json()
        assert [list(row) for row in some["items"]] == [["task", "units", "light"]] * 2
        assert some["items"] == [{name: row[name] for name in ("task", "units", "light")} for row in whole["items"]]
        assert (some["next"], some["total"]) == (whole["next"], whole["total"])
        every = (await client.get("tasks", limit=2, fields=",".join(MEMBERS))).content
        assert every == (await client.get("tasks", limit=2)).content


@pytest.mark.parametrize("fields", ["colour", "task,colour", "", "task,", "Task", "task, light"])
async def test_a_member_that_rows_do_not_have_is_a_problem(service: StatusService, fields: str) -> None:
    """400 names what is unknown, and all members that a row has."""
    async with service.running(STILL) as client:
        detail = problem(await client.get("tasks", fields=fields), 400)
        unknown = next(name for name in fields.split(",") if name not in MEMBERS)
        assert detail == f"fields has {unknown!r}; a row has: {', '.join(MEMBERS)}"


async def test_a_total_counts_every_page(service: StatusService, history: History) -> None:
    """`total` is the number of matching rows, on every page, whatever the limit; a history counts its events."""
    await history.append(*batch(range(7)), *batch(range(3), 1))
    async with service.running(STILL) as client:
        first = (await client.get("tasks", limit=2, state="in-progress")).json()
        last = (await client.get("tasks", limit=2, state="in-progress", cursor=first["next"])).json()
        assert (first["total"], last["total"], last["next"]) == (3, 3, None)
        assert (await client.get("tasks", limit=2, as_of=5)).json()["total"] == 5
        assert (await client.get("tasks/t-0001/events")).json()["total"] == 2


async def test_a_section_is_the_extension_attribute(service: StatusService, history: History) -> None:
    """A row's section is the attribute `section` of its assignment, in NFC and trimmed; any other type is none."""
    sections = ["一、就业", " 一、就业 ", "Cafe\u0301", "", "  "]
    for number, section in enumerate(sections):
        await append_with(history, assigned(f"t-{number}", deadline=PLENTY), section=section)
    await append_with(history, assigned("t-5", deadline=PLENTY))
    await append_with(history, reported("t-5", 1), section="二、康复")
    async with service.running(STILL) as client:
        _, rows = await client.rows()
        assert [rows[f"t-{number}"]["section"] for number in range(6)] == [
            *("一、就业", "一、就业", "Café"),
            *(None, None, None),
        ]
        for asked, wanted in (("一、就业", 2), (" 一、就业", 2), ("Cafe\u0301", 1), ("二、康复", 0)):
            assert (await client.get("tasks", section=asked)).json()["total"] == wanted


async def append_with(history: History, event: Any, **extensions: str) -> None:
    """Append an event with further CloudEvents attributes."""
    raw = encode(event, **extensions)
    stored = raw[:-1] + f',"recordedtime":"{RECORDED}","authid":"office"}}'.encode()
    await history.append_entries([Entry(event.source, event.id, digest(raw), stored)])


@pytest.mark.parametrize("path", READS)
async def test_a_client_that_has_the_answer_gets_none(service: StatusService, history: History, path: str) -> None:
    """304 without a body, with position and tag, while the answer is the same; an event of any task gives another."""
    await history.append_examples()
    await history.append(*batch(range(3)))
    async with service.running(STILL) as client:
        first = await client.http.get(path)
        for tag in ("TAG", 'W/TAG, "other"', '"other",TAG', "*"):
            same = await again(client, path, first, tag)
            assert (same.status_code, same.content) == (304, b"")
            assert same.headers["etag"] == first.headers["etag"]
            assert same.headers["duban-position"] == first.headers["duban-position"]
        other = await again(client, path, first, '"other"')
        assert (other.status_code, other.content) == (200, first.content)
        position = await history.append(msgspec.structs.replace(EXAMPLES["duban.task.urged.v1"], id="urged-again"))
        await client.until(position)
        new = await again(client, path, first)
        assert new.status_code == 200
        assert new.headers["etag"] != first.headers["etag"]


async def test_answers_to_different_questions_have_different_tags(service: StatusService, history: History) -> None:
    """Path, query and `as_of` are part of what a tag stands for."""
    await history.append_examples()
    async with service.running(STILL) as client:
        paths = [*READS, "tasks?limit=2&light=green", "tasks?as_of=3", "tasks?as_of=4", f"tasks/{TASK}?as_of=4"]
        tags = [(await client.http.get(path)).headers["etag"] for path in paths]
        assert len(set(tags)) == len(paths)


async def test_the_past_keeps_its_tag(service: StatusService, history: History) -> None:
    """An answer about a past position stays the same while the ledger goes on, also after a restart."""
    await history.append_examples()
    path = "tasks?as_of=7"
    async with service.running(STILL) as client:
        first = await client.http.get(path)
        await client.until(await history.append(*batch(range(2))))
        assert (await again(client, path, first)).status_code == 304
    async with service.running(STILL) as client:
        assert (await again(client, path, first)).status_code == 304
        assert (await client.http.get(path)).content == first.content


async def test_lights_that_time_changes_change_the_tag(service: StatusService, history: History) -> None:
    """A client does not keep a light that time has changed at the same position."""
    await history.append(assigned(TASK), recorded=None)
    async with service.running("2018-12-31T00:00:00+08:00@36000") as client:
        path = f"tasks/{TASK}"
        known = await client.http.get(path)
        async with asyncio.timeout(PATIENCE):
            while (shown := await again(client, path, known)).status_code == 304:
                await sleep(0.01)
        assert shown.json()["light"] != known.json()["light"]
        assert shown.headers["duban-position"] == known.headers["duban-position"] == "1"
