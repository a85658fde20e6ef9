"""Rows are found in whichever spelling they are asked for, and are folded from whichever form the log has."""

import json
import unicodedata
from base64 import b64encode
from typing import Any

from events.entries import Entry, digest
from events.envelope import encode, read
from tests.events.appending import append
from tests.examples import RECORDED, assigned, reported, seal
from tests.status.status_client import History, StatusClient, StatusService

STILL = "2019-04-01T09:00:00+08:00"

DECOMPOSED = unicodedata.normalize("NFD", "café")

UNIT = "Café 办"


async def tasks(client: StatusClient, **query: Any) -> list[str]:
    """Return the tasks that a query finds."""
    _, rows = await client.rows(**query)
    return list(rows)


async def test_rows_are_found_in_either_normal_form(service: StatusService, history: History) -> None:
    """A path, and each filter, names a task and a unit whatever form it comes in, and whatever form the log has."""
    other = unicodedata.normalize("NFD", UNIT)
    await history.append(assigned(DECOMPOSED, lead=f"{other} "))
    await history.append(reported("café", unit=UNIT))
    async with service.running(STILL) as client:
        for form in ("café", DECOMPOSED, " café\u3000"):
            row = (await client.get(f"tasks/{form}")).json()
            assert (row["task"], row["lead"], row["state"]) == ("café", UNIT, "in-progress")
            items = (await client.get(f"tasks/{form}/events")).json()["items"]
            assert [item["position"] for item in items] == [1, 2]
            assert items[0]["subject"] == DECOMPOSED  # the bytes are the source's
        for name in (UNIT, other, f" {UNIT} "):
            assert await tasks(client, unit=name) == ["café"]
            assert await tasks(client, lead=name) == ["café"]
        assert await tasks(client, lead=" 湛江市民政局 ") == []
        assert await tasks(client, q="café") == await tasks(client, q=DECOMPOSED) == ["café"]


async def test_data_in_base64_are_folded(service: StatusService, history: History) -> None:
    """A report whose data came in Base64 counts like any other, and stands in the history as it came."""
    await history.append(assigned())
    event = json.loads(encode(reported(percent=40)))
    event["data_base64"] = b64encode(json.dumps(event.pop("data")).encode()).decode()
    raw = json.dumps(event).encode()
    stored = seal(raw, RECORDED, "units")
    one = read(stored)
    await append(history.log, 1, [Entry(one.source, one.id, digest(raw), stored)])
    async with service.running(STILL) as client:
        row = (await client.get(f"tasks/{one.subject}")).json()
        assert (row["percent"], row["state"], row["position"]) == (40, "in-progress", 2)
        items = (await client.get(f"tasks/{one.subject}/events")).json()["items"]
        assert items[1]["data_base64"] == event["data_base64"]
