"""What events and time do to a row; pure."""

import json
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events.entries import Recorded
from events.ledger import LightRules
from events.schema import (
    TaskAssigned,
)
from services.status.core import evolve
from services.status.lights import relight
from services.status.row import TrackedTask
from tests.events.strategies import events as any_event
from tests.examples import EXAMPLES
from tests.status.tracked_tasks import (
    COUNTIES,
    LEDGER,
    after_each_example,
    opened,
    then_any,
)

ROW_MEMBERS = [
    "task",
    "title",
    "plan",
    "section",
    "row",
    "lead",
    "lead_inferred",
    "units",
    "deadline",
    "due",
    "due_day",
    "state",
    "percent",
    "light",
    "light_reason",
    "overdue_since",
    "opened_at",
    "closed_at",
    "outcome",
    "extensions",
    "returns",
    "last_report_at",
    "position",
]
"""Written out here: dashboards read them."""

UNIT_MEMBERS = ["unit", "role", "percent", "signed_at", "last_report_at", "state"]

RULES = LightRules()


def written(task: TrackedTask) -> dict[str, Any]:
    """Return a row as JSON shows it."""
    row: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(task.row))
    return row


def difference(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """Return the members of a row that are new, and of its units those that are new, by the unit's name."""
    changed = {name: value for name, value in after.items() if name != "units" and before[name] != value}
    parts = {part["unit"]: part for part in before["units"]}
    units = {
        part["unit"]: {name: value for name, value in part.items() if parts[part["unit"]][name] != value}
        for part in after["units"]
        if parts[part["unit"]] != part
    }
    return changed | ({"units": units} if units else {})


LIFE: list[tuple[str, dict[str, Any]]] = [
    ("duban.task.signed.v1", {"position": 2, "units": {"市残联": {"signed_at": "2017-08-02T10:15:00+08:00"}}}),
    (
        "duban.progress.reported.v1",
        {
            "state": "in-progress",
            "percent": 50,
            "last_report_at": "2018-03-31T10:00:00+08:00",
            "position": 3,
            "units": {"市残联": {"percent": 50, "last_report_at": "2018-03-31T10:00:00+08:00", "state": "in-progress"}},
        },
    ),
    (
        "duban.progress.corrected.v1",
        {
            "percent": 45.5,
            "last_report_at": "2018-04-03T16:20:00+08:00",
            "position": 4,
            "units": {"市残联": {"percent": 45.5, "last_report_at": "2018-04-03T16:20:00+08:00"}},
        },
    ),
    (
        "duban.deadline.clarified.v1",
        {
            "deadline": {"kind": "fixed", "text": "2018年11月底前完成", "due": "2018-12-01T00:00:00+08:00"},
            "due": "2018-12-01T00:00:00+08:00",
            "due_day": "2018-11-30",
            "position": 5,
        },
    ),
    ("duban.extension.refused.v1", {"position": 6}),
    ("duban.extension.requested.v1", {"light": "yellow", "light_reason": "behind", "position": 7}),
    (
        "duban.extension.granted.v1",
        {
            "deadline": {"kind": "fixed", "text": "2018年11月底前完成", "due": "2019-01-01T00:00:00+08:00"},
            "due": "2019-01-01T00:00:00+08:00",
            "due_day": "2018-12-31",
            "extensions": 1,
            "position": 8,
        },
    ),
    ("duban.deadline.neared.v1", {"light_reason": "due-soon", "position": 9}),
    (
        "duban.deadline.passed.v1",
        {
            "light": "red",
            "light_reason": "overdue",
            "overdue_since": "2019-01-01T00:00:00+08:00",
            "position": 10,
        },
    ),
    ("duban.task.urged.v1", {"position": 11}),
    (
        "duban.completion.submitted.v1",
        {
            "state": "submitted",
            "last_report_at": "2019-01-18T17:40:00+08:00",
            "position": 12,
            "units": {"市残联": {"last_report_at": "2019-01-18T17:40:00+08:00", "state": "submitted"}},
        },
    ),
    (
        "duban.completion.returned.v1",
        {"state": "returned", "returns": 1, "position": 13, "units": {"市残联": {"state": "returned"}}},
    ),
    (
        "duban.task.closed.v1",
        {
            "state": "closed",
            "light": "blue",
            "light_reason": "closed",
            "closed_at": "2019-02-15T10:00:00+08:00",
            "outcome": "implemented",
            "position": 14,
        },
    ),
    (
        "duban.task.reopened.v1",
        {
            "state": "in-progress",
            "light": "red",
            "light_reason": "overdue",
            "closed_at": None,
            "outcome": None,
            "position": 15,
            "units": {"市残联": {"state": "in-progress"}},
        },
    ),
    (
        "duban.task.reassigned.v1",
        {
            "lead": "市人力资源社会保障局",
            "lead_inferred": False,
            "percent": None,
            "position": 16,
            "units": {"市人力资源社会保障局": {"role": "lead"}, "市残联": {"role": "cooperating"}},
        },
    ),
]
"""What each event of the examples changes in the row; nothing else does."""

COUNTY = '{"unit":"%s","role":"cooperating","percent":null,"signed_at":null,"last_report_at":null,"state":"assigned"}'

GOLDEN = (
    '{"task":"zj-2017-07","title":"全市至少建立两个规模化残疾人集中就业基地，企业所在地政府要对其设施设备、无障碍改造等给予支持。",'
    '"plan":"zj-2017","section":null,"row":7,"lead":"市人力资源社会保障局","lead_inferred":false,"units":['
    '{"unit":"市人力资源社会保障局","role":"lead","percent":null,"signed_at":null,"last_report_at":null,"state":"assigned"},'
    '{"unit":"市残联","role":"cooperating","percent":45.5,"signed_at":"2017-08-02T10:15:00+08:00",'
    '"last_report_at":"2019-01-18T17:40:00+08:00","state":"in-progress"},'
    f"{','.join(COUNTY % county for county in COUNTIES)},{COUNTY % '湛江开发区管委会'}],"
    '"deadline":{"kind":"fixed","text":"2018年11月底前完成","due":"2019-01-01T00:00:00+08:00"},'
    '"due":"2019-01-01T00:00:00+08:00","due_day":"2018-12-31","state":"in-progress","percent":null,"light":"red",'
    '"light_reason":"overdue",'
    '"overdue_since":"2019-01-01T00:00:00+08:00","opened_at":"2017-08-01T09:00:00+08:00","closed_at":null,'
    '"outcome":null,"extensions":1,"returns":1,"last_report_at":"2019-01-18T17:40:00+08:00","position":16}'
)
"""The row at the end of the examples, byte for byte."""


def test_an_assignment_opens_the_row() -> None:
    """An assigned task has a row with its table's members, its groups expanded, and nothing that has not happened."""
    row = written(after_each_example()[0])
    units = ["市残联", "市人力资源社会保障局", *COUNTIES, "湛江开发区管委会"]
    assert [part["unit"] for part in row["units"]] == units
    assert [part["role"] for part in row["units"]] == ["lead"] + ["cooperating"] * 11
    del row["units"]
    assert row == {
        "task": "zj-2017-07",
        "title": "全市至少建立两个规模化残疾人集中就业基地，企业所在地政府要对其设施设备、无障碍改造等给予支持。",
        "plan": "zj-2017",
        "section": None,
        "row": 7,
        "lead": "市残联",
        "lead_inferred": True,
        "deadline": {
            "kind": "ambiguous",
            "text": "2018年12月前完成",
            "strict": "2018-12-01T00:00:00+08:00",
            "loose": "2019-01-01T00:00:00+08:00",
        },
        "due": "2019-01-01T00:00:00+08:00",
        "due_day": "2018-12-31",
        "state": "assigned",
        "percent": None,
        "light": "green",
        "light_reason": "on-track",
        "overdue_since": None,
        "opened_at": "2017-08-01T09:00:00+08:00",
        "closed_at": None,
        "outcome": None,
        "extensions": 0,
        "returns": 0,
        "last_report_at": None,
        "position": 1,
    }


@pytest.mark.parametrize("number", range(15), ids=[name for name, _ in LIFE])
def test_each_event_changes_what_is_its_own(number: int) -> None:
    """An event of the examples changes exactly the members of the row that the contract states, and the position."""
    name, changed = LIFE[number]
    assert list(EXAMPLES)[number + 1] == name
    before, after = after_each_example()[number : number + 2]
    assert difference(written(before), written(after)) == changed


def test_every_event_type_has_its_place_in_that_life() -> None:
    """The examples show all 16 event types, so what each does is pinned."""
    assert {"duban.task.assigned.v1", *(name for name, _ in LIFE)} == set(EXAMPLES)


def test_the_whole_life_is_one_row() -> None:
    """The examples fold into one row, the same byte for byte wherever it is rebuilt."""
    assert msgspec.json.encode(after_each_example()[-1].row).decode() == GOLDEN


@pytest.mark.parametrize("number", range(16))
def test_a_row_has_the_members_of_the_contract(number: int) -> None:
    """Row and units have exactly the contract's members, in its order, whatever happened."""
    row = json.loads(msgspec.json.encode(after_each_example()[number].row))
    assert list(row) == ROW_MEMBERS
    assert all(list(part) == UNIT_MEMBERS for part in row["units"])


@pytest.mark.parametrize("name", [name for name in EXAMPLES if name != "duban.task.assigned.v1"])
def test_nothing_happens_to_a_task_that_was_not_assigned(name: str) -> None:
    """An event of a task that was not assigned makes no row."""
    assert evolve(LEDGER, None, Recorded(1, EXAMPLES[name])) is None


examples = st.lists(st.sampled_from(list(EXAMPLES.values())), max_size=40)


@given(examples, st.integers(0, 3_000))
def test_folding_is_total_over_the_examples(happened: list[Any], days: int) -> None:
    """The examples fold in any order and number: a row from the assignment on, and never an error."""
    task: TrackedTask | None = None
    for position, event in enumerate(happened, 1):
        task = evolve(LEDGER, task, Recorded(position, event))
        assert (task is None) == all(not isinstance(past.data, TaskAssigned) for past in happened[:position])
        if task is not None:
            assert task.row.position == position
            assert list(written(task)) == ROW_MEMBERS
            relight(task, LEDGER.lights, event.time + timedelta(days=days))


@settings(max_examples=50)
@given(st.lists(any_event, max_size=15))
def test_folding_is_total_over_the_language(happened: list[Any]) -> None:
    """Any valid events fold after an assignment, in any order, without an error."""
    task = opened()
    for position, event in enumerate(happened, 2):
        task = then_any(task, position, event)
        assert msgspec.json.decode(msgspec.json.encode(task), type=TrackedTask) == task
