import json
from datetime import datetime
from typing import get_args

import msgspec
import pytest

from events.deadline import (
    Ambiguous,
    Deadline,
    Fixed,
    Milestone,
    Milestones,
    Ongoing,
    Recurring,
    Triggered,
    Unspecified,
)
from events.envelope import InvalidEvent, encode, parse
from events.schema import NAMES, TYPES, EventData, Unit
from tests.examples import EXAMPLES, NEWER, OPERATION_EXAMPLES, OPERATIONS_WIRE, WIRE

LANGUAGE = [
    "duban.task.assigned.v1",
    "duban.task.assigned.v2",
    "duban.task.signed.v1",
    "duban.progress.reported.v1",
    "duban.progress.corrected.v1",
    "duban.completion.submitted.v1",
    "duban.completion.returned.v1",
    "duban.task.closed.v1",
    "duban.task.reopened.v1",
    "duban.task.reassigned.v1",
    "duban.task.urged.v1",
    "duban.extension.requested.v1",
    "duban.extension.granted.v1",
    "duban.extension.refused.v1",
    "duban.deadline.clarified.v1",
    "duban.deadline.clarified.v2",
    "duban.alert.acknowledged.v1",
    "duban.deadline.neared.v1",
    "duban.deadline.passed.v1",
    "duban.ops.session.started.v1",
    "duban.ops.session.failed.v1",
    "duban.ops.link.made.v1",
    "duban.ops.token.made.v1",
    "duban.ops.token.revoked.v1",
    "duban.ops.rules.changed.v1",
    "duban.ops.export.made.v1",
    "duban.ops.loss.accepted.v1",
    "duban.ops.key.made.v1",
    "duban.ops.rows.rebuilt.v1",
    "duban.ops.log.restored.v1",
    "duban.ops.log.trimmed.v1",
    "duban.ops.log.ended.v1",
    "duban.ops.clock.accepted.v1",
    "duban.ops.session.ended.v1",
    "duban.ops.record.trimmed.v1",
]
"""Written out here: a renamed type would leave stored events unreadable."""

EVERY = EXAMPLES | NEWER | OPERATION_EXAMPLES

EVERY_WIRE = (*WIRE, *OPERATIONS_WIRE)

IDS = [json.loads(wire)["type"] for wire in EVERY_WIRE]


def test_the_language_keeps_its_names() -> None:
    """The type tags are a storage format: all are there, and an event's type is the tag it was read from."""
    assert list(TYPES) == LANGUAGE
    assert {NAMES[data]: data for data in TYPES.values()} == TYPES
    assert sorted(EVERY) == sorted(LANGUAGE)


@pytest.mark.parametrize("name", LANGUAGE)
def test_every_type_has_an_example_that_decodes(name: str) -> None:
    """The canonical example of a type is read as the newest version's struct, from bytes with its tag."""
    event = EVERY[name]
    assert isinstance(event.data, get_args(EventData))
    assert json.loads(encode(event))["type"] == name


@pytest.mark.parametrize("wire", EVERY_WIRE, ids=IDS)
def test_no_type_takes_an_unknown_member(wire: bytes) -> None:
    """One member that the schema does not have makes an event invalid-data, whatever its type."""
    event = json.loads(wire)
    event["data"]["remark"] = "抄送"
    with pytest.raises(InvalidEvent, match="unknown field `remark`") as caught:
        parse(json.dumps(event).encode())
    assert caught.value.code == "invalid-data"


@pytest.mark.parametrize("wire", EVERY_WIRE, ids=IDS)
def test_no_type_does_without_its_members(wire: bytes) -> None:
    """Each member without a default is needed: without it the event is invalid-data, and the detail names it."""
    event = json.loads(wire)
    required = [field.encode_name for field in msgspec.structs.fields(TYPES[event["type"]]) if field.required]
    assert required
    for name in required:
        data = {other: value for other, value in event["data"].items() if other != name}
        with pytest.raises(InvalidEvent, match=f"missing required field `{name}`"):
            parse(json.dumps(event | {"data": data}).encode())


def at(year: int, month: int, day: int) -> datetime:
    """Return the first instant of a day in 湛江."""
    return datetime.fromisoformat(f"{year}-{month:02}-{day:02}T00:00:00+08:00")


DEADLINES: list[tuple[Deadline, str]] = [
    (
        Fixed("2018年12月底前完成", at(2019, 1, 1)),
        '{"kind":"fixed","text":"2018年12月底前完成","due":"2019-01-01T00:00:00+08:00"}',
    ),
    (
        Ambiguous("2018年12月前完成", at(2018, 12, 1), at(2019, 1, 1)),
        '{"kind":"ambiguous","text":"2018年12月前完成","strict":"2018-12-01T00:00:00+08:00","loose":"2019-01-01T00:00:00+08:00"}',
    ),
    (
        Recurring("每年12月底前", "year", at(2018, 1, 1)),
        '{"kind":"recurring","text":"每年12月底前","every":"year","first":"2018-01-01T00:00:00+08:00"}',
    ),
    (Ongoing("持续实施"), '{"kind":"ongoing","text":"持续实施"}'),
    (
        Triggered("按省的要求及时制定", "按省的要求"),
        '{"kind":"triggered","text":"按省的要求及时制定","trigger":"按省的要求"}',
    ),
    (
        Milestones(
            "6月底前启动，2019年12月底前完成",
            (Milestone("6月底前启动", at(2018, 7, 1), 50), Milestone("2019年12月底前完成", at(2020, 1, 1))),
        ),
        (
            '{"kind":"milestones","text":"6月底前启动，2019年12月底前完成","milestones":['
            '{"text":"6月底前启动","due":"2018-07-01T00:00:00+08:00","percent":50},'
            '{"text":"2019年12月底前完成","due":"2020-01-01T00:00:00+08:00"}]}'
        ),
    ),
    (Unspecified(""), '{"kind":"unspecified","text":""}'),
]


@pytest.mark.parametrize(
    ("deadline", "wire"), DEADLINES, ids=lambda value: value[9:16] if isinstance(value, str) else ""
)
def test_deadlines_are_tagged_objects(deadline: Deadline, wire: str) -> None:
    """Each kind of deadline is written as exactly this JSON and read back from it."""
    assert msgspec.json.encode(deadline).decode() == wire
    assert msgspec.json.decode(wire, type=Deadline) == deadline


@pytest.mark.parametrize(
    ("every", "other"), [("year", "yearly"), ("half-year", "half"), ("quarter", "3"), ("month", "")]
)
def test_recurring_deadlines_name_their_period(every: str, other: str) -> None:
    """A recurring deadline has one of four periods, and no other word for one."""
    wire = '{"kind":"recurring","text":"","every":"%s","first":"2018-01-01T00:00:00+08:00"}'
    assert msgspec.json.decode(wire % every, type=Recurring).every == every
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(wire % other, type=Recurring)


def test_units_are_written_in_full() -> None:
    """A unit always shows its role and whether it is a group or open, so that readers need no defaults."""
    unit = Unit("各县（市、区）政府", group=True)
    assert msgspec.json.encode(unit).decode() == (
        '{"name":"各县（市、区）政府","role":"cooperating","group":true,"open":false}'
    )


@pytest.mark.parametrize("data", TYPES.values(), ids=TYPES)
def test_data_cannot_be_changed(data: type[EventData]) -> None:
    """An event's data are frozen and can be compared and hashed by value."""
    event = EVERY[NAMES[data]]
    example = event.data
    with pytest.raises(AttributeError):
        setattr(example, example.__struct_fields__[0], None)
    assert hash(example) == hash(parse(encode(event)).data)


def test_an_event_names_the_units_that_it_is_about() -> None:
    """The units that need a duty in the task: of a report its unit, of an urging all; of the task itself none."""
    named = {name: event.data.units_named() for name, event in EXAMPLES.items() if event.data.units_named()}
    one = {name: (event.data.unit,) for name, event in EXAMPLES.items() if hasattr(event.data, "unit")}
    assert named == one | {"duban.task.urged.v1": ("市残联", "湛江开发区管委会")}
