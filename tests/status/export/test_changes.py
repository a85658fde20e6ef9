"""What changed in a task, as a reader of an exported table reads it."""

from typing import Any

import pytest
from msgspec.structs import replace

from events.deadline import Unspecified
from services.status.export.changes import changes
from services.status.past.compared import RowBefore, compared_row
from services.status.past.comparison import Change
from tests.status.export.reading import ABOUT, ROWS
from tests.status.tracked_tasks import COUNTIES, HELPER, LEAD

ROW = ROWS[1]

ENGLISH = ABOUT._replace(language="en")


def before(**differing: Any) -> RowBefore:
    """Return the values of the row at the other moment, with those that differ."""
    own = {name: getattr(ROW, name) for name in RowBefore.__struct_fields__ if name != "units"}
    return RowBefore(**own | {"units": ROW.unit_names} | differing)


def read(kind: Change, differing: dict[str, Any], **now: Any) -> tuple[str, str]:
    """Return a row's change in both languages."""
    row = compared_row(replace(ROW, **now), [kind], before(**differing))
    return changes(row, ABOUT), changes(row, ENGLISH)


CASES: list[tuple[Change, dict[str, Any], dict[str, Any], str, str]] = [
    ("percent", {"percent": 45.5}, {"percent": 100.0}, "进展：45.5%改为100%", "progress: 45.5% → 100%"),
    ("percent", {"percent": None}, {"percent": 50.0}, "进展：未填报改为50%", "progress: not reported → 50%"),
    (
        "deadline",
        {"due_day": None},
        {},
        "时限：无到期日改为2018年12月31日",
        "deadline: no due day → 31 December 2018",
    ),
    (
        "deadline",
        {"deadline": Unspecified("")},
        {},
        "时限：未写明改为2018年12月底前完成",
        "deadline: not stated → 2018年12月底前完成",
    ),
    (
        "units",
        {"lead": HELPER, "units": (HELPER, COUNTIES[0], COUNTIES[1])},
        {},
        f"单位：牵头单位由{HELPER}改为{LEAD}，增加{LEAD}，减少{COUNTIES[0]}、{COUNTIES[1]}",
        f"units: the lead {HELPER} → {LEAD}, with {LEAD}, without {COUNTIES[0]}, {COUNTIES[1]}",
    ),
    ("units", {}, {}, "单位：牵头与配合的分工有变化", "units: who leads and who cooperates"),
]


@pytest.mark.parametrize(("kind", "differing", "now", "chinese", "english"), CASES)
def test_a_change_is_a_sentence(
    kind: Change, differing: dict[str, Any], now: dict[str, Any], chinese: str, english: str
) -> None:
    """Days and numbers are as documents write them, a missing value has a word, and the lead is named as such."""
    assert read(kind, differing, **now) == (chinese, english)
