"""Events that a test submits while pages are open."""

from itertools import count

import httpx
from msgspec.structs import replace

from events.envelope import Event, encode
from events.schema import EventData
from tests.browser.history import END, START
from tests.deployment import Deployment
from tests.examples import assigned

BATCH = 500
"""Events in a request."""

COUNTIES = (
    "赤坎区",
    "霞山区",
    "坡头区",
    "麻章区",
    "廉江市",
    "雷州市",
    "吴川市",
    "遂溪县",
    "徐闻县",
    "市教育局",
    "市财政局",
    "市文联",
)
"""The cooperating units of each task: with its lead unit thirteen, as in the table of 2017."""

_numbers = count(1)


async def submit(deployment: Deployment, task: str, data: EventData, source: str = "units") -> int:
    """Submit an event, which must be accepted, and return its position; `time` is that of the ledger's clock."""
    event = Event(f"browser-{next(_numbers)}", source, task, END, data)
    async with httpx.AsyncClient(timeout=30) as http:
        headers = deployment.headers(source, "application/cloudevents+json")
        answer = await http.post(deployment.address("ingest", "events"), content=encode(event), headers=headers)
    assert answer.status_code == 201, answer.text
    position: int = answer.json()["position"]
    return position


async def assign(deployment: Deployment, tasks: int) -> None:
    """Assign so many tasks of thirteen units, t-00001 and so on, row by row."""
    events = [_assigned(number) for number in range(1, tasks + 1)]
    headers = deployment.headers("office")
    async with httpx.AsyncClient(timeout=60) as http:
        for start in range(0, tasks, BATCH):
            body = b"\n".join(map(encode, events[start : start + BATCH]))
            answer = await http.post(deployment.address("ingest", "events"), content=body, headers=headers)
            assert answer.raise_for_status().text.count('"accepted"') == len(events[start : start + BATCH])


def _assigned(number: int) -> Event:
    event = assigned(f"t-{number:05}", others=COUNTIES)
    title = f"第{number}项：完善社区康园网络建设，为残疾人提供社区职业康复、文体康乐和庇护性就业场所。"
    data = replace(event.data, title=title, row=number)
    return replace(event, id=f"assigned-{number}", time=START, data=data)
