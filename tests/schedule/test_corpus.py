"""The corpus: what the reader makes of deadline cells, tables and lists of both halves, and of every made-up cell."""

import pytest

from tests.schedule.cells import DeadlineCell, answer, deadline_cells, made_up_cells
from tests.schedule.corpora import TableCase, judge_table, table_cases
from tests.schedule.verdicts import FAIR, HALVES, Half, Verdict

MADE_UP = made_up_cells()
TABLES = [case for half in HALVES for case in table_cases(half)]


@pytest.mark.parametrize("cell", MADE_UP, ids=[cell.text for cell in MADE_UP])
def test_made_up_cells(cell: DeadlineCell) -> None:
    """Each kind of cell that published documents ask of the reader, with siblings, is read as an official would."""
    assert answer(cell).verdict in FAIR


EXCEPTIONS: dict[Half, list[tuple[str, Verdict]]] = {
    "building": [
        ("2024年年前实", "wrongly refused"),  # 年前 may mean before the Spring Festival
        ("在既定的项目完成", "wrongly refused"),
        ("对农作物秸秆露天", "wrongly refused"),
        ("3月底前完成数据", "wrong"),  # with a doubt: over when it was issued
        ("12月10日前由", "wrong"),  # with the same
        ("8月20日前未交", "wrongly refused"),
        ("4月15日进入汛", "wrongly refused"),
    ],
    "measuring": [],
}


@pytest.mark.parametrize("half", HALVES)
def test_published_cells_are_read_as_an_official_would(half: Half) -> None:
    """Each is right or fairly refused, but those named here."""
    answers = [answer(cell) for cell in deadline_cells(half)]
    found = [(each.cell.text, each.verdict) for each in answers if each.verdict not in FAIR]
    assert [(text[:8], verdict) for text, verdict in found] == EXCEPTIONS[half]


@pytest.mark.parametrize("case", TABLES, ids=[case.source for case in TABLES])
def test_published_tables_and_lists(case: TableCase) -> None:
    """Each is read wholly as an official would, in all its forms."""
    assert judge_table(case)[0] == "right"


def test_the_halves_share_no_cell() -> None:
    """Together they have 400 at least."""
    building, measuring = ({cell.text for cell in deadline_cells(half)} for half in HALVES)
    assert not building & measuring
    assert len(building | measuring) >= 400
