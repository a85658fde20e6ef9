"""A new version of a type, rehearsed: `duban.progress.reported` once said its progress in words, as .v1.

Its second version is the shape that folds know. The third, where a test has one, is a step further. What a developer
does to make a version stands in ARCHITECTURE.md; this is the same, for the length of a test.
"""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import msgspec
import pytest
from jsonschema import Draft202012Validator
from msgspec import Meta

from events.contract import schema_of
from events.envelope import InvalidEvent, encode, parse, read, submitted
from events.log import Log
from events.schema import DECODERS, TYPES, FromReporter, ProgressReported, Summary, UnitName
from events.upcast import following
from services.common.settings import shipped
from tests.events.rehearsing import rehearsing
from tests.examples import RECORDED, TASK, assigned, reported, seal
from tests.fixed_clock import FixedClock
from tests.ingest.running_writer import NAME, START, short, working
from tests.status.status_client import StatusService

V1, V2, V3 = (f"duban.progress.reported.v{number}" for number in (1, 2, 3))


class ReportInWords(FromReporter, frozen=True):
    """The first version: how much is done, in words."""

    unit: UnitName
    said: Summary
    done: Annotated[str, Meta(pattern="^[0-9]{1,3}%$", description="Such as 40%.", examples=["40%"])] | None = None


def counted(data: ReportInWords) -> ProgressReported:
    """Return the first version's data in the form of the second."""
    return ProgressReported(data.unit, data.said, int(data.done.removesuffix("%")) if data.done is not None else None)


@pytest.fixture(autouse=True)
def versions() -> Iterator[None]:
    """Speak both versions."""
    with rehearsing({V1: ReportInWords, V2: ProgressReported}, {V1: counted}):
        yield


def old(id: str, done: str | None = "40%", **members: object) -> bytes:
    """Return a report of the first version, as a source that knows no other sends it."""
    event = json.loads(encode(reported()))
    data = {"unit": "市残联", "said": "廉江市就业基地已挂牌。", "done": done, **members}
    return json.dumps(event | {"id": id, "type": V1, "data": data}, ensure_ascii=False).encode()


def test_an_old_event_is_read_as_the_newest_version() -> None:
    """From a source and from the log alike; new bytes have the newest version, old bytes are kept."""
    raw = old("r-1")
    event = parse(raw)
    assert (event.type, event.data) == (V2, ProgressReported("市残联", "廉江市就业基地已挂牌。", 40))
    stored = seal(raw, RECORDED, "units")
    assert read(stored).data == event.data
    assert submitted(stored) == raw
    assert json.loads(encode(event))["type"] == V2


def test_each_version_is_held_to_its_own_shape() -> None:
    """An old event with a new member, or a new one with an old member, is invalid-data, also by its schema."""
    for raw, name in ((old("r-1", percent=40), V1), (old("r-1").replace(V1.encode(), V2.encode()), V2)):
        with pytest.raises(InvalidEvent, match=f"data does not match {name}") as caught:
            parse(raw)
        assert caught.value.code == "invalid-data"
        assert not Draft202012Validator(schema_of(name)).is_valid(json.loads(raw))
    assert Draft202012Validator(schema_of(V1)).is_valid(json.loads(old("r-1")))


def test_versions_are_lifted_one_after_another() -> None:
    """With a third version the first goes through the second: each upcaster knows one step."""

    class Weighed(FromReporter, frozen=True):
        unit: UnitName
        share: float | None

    def weighed(data: ProgressReported) -> Weighed:
        return Weighed(data.unit, data.percent / 100 if data.percent is not None else None)

    new = encode(reported())
    with rehearsing({V3: Weighed}, {V2: weighed}):
        lifted: list[object] = [parse(old("r-1")).data, parse(new).data]
        assert lifted == [Weighed("市残联", 0.4), Weighed("市残联", 0.5)]
        assert read(seal(old("r-1"), RECORDED, "units")).type == V3
    assert parse(old("r-1")).type == V2


def test_an_upcaster_has_to_lead_somewhere() -> None:
    """Where its next version is missing, the language itself cannot be made: this is told before any event comes."""
    missing = pytest.raises(ValueError, match=r"needs the type duban\.progress\.reported\.v3, which is not there")
    with missing, rehearsing({}, {V2: counted}):
        pass
    with pytest.raises(ValueError, match="names no version"):
        following("duban.progress.reported")
    assert parse(old("r-1")).type == V2


LIFTED = ("duban.task.assigned.v1", "duban.deadline.clarified.v1")
"""Types of the language itself that have an upcaster."""


def test_types_without_an_upcaster_are_read_as_ever() -> None:
    """They have msgspec's own decoder, with nothing around it."""
    own = msgspec.json.Decoder(Any).decode
    assert type(DECODERS[V1]) is not type(own)
    assert {type(DECODERS[name]) for name in TYPES.keys() - {V1, *LIFTED}} == {type(own)}


async def test_an_old_version_on_its_whole_way(redis: Any, server_url: str, tmp_path: Path) -> None:
    """Decided on and folded as what it means now, while log and history keep the very bytes that were sent."""
    raws = [old("r-1"), old("r-2", "60%")]
    async with working(redis, FixedClock(START)) as running:
        assert short(await running.submit(assigned())) == [("accepted", 1)]
        assert short(await running.submit(*raws, raws[0], old("r-2", "70%"), old("r-3", unit="市体育局"))) == [
            ("accepted", 2),
            ("accepted", 3),
            ("duplicate", 2),
            ("refused", "id-reused"),
            ("refused", "not-responsible"),
        ]
        row = running.writer.model.state.rows[TASK]
        assert set(row.reported.values()) == {START}
    stored = [entry.raw for entry in await Log(redis, NAME).read(1)]
    assert [submitted(raw) for raw in stored] == raws
    shutil.copy(shipped(f"{NAME}.toml"), tmp_path)
    async with StatusService(server_url, tmp_path).running("2018-04-01T10:00:00+08:00") as board:
        await board.until(3)
        _, rows = await board.rows()
        assert (rows[TASK]["percent"], rows[TASK]["state"], rows[TASK]["position"]) == (60, "in-progress", 3)
        history = (await board.get(f"tasks/{TASK}/events")).content
    for position, raw in enumerate(stored, 2):
        assert raw[:-1] + b',"position":%d}' % position in history
    assert [json.loads(history)["items"][number]["data"]["done"] for number in (1, 2)] == ["40%", "60%"]
