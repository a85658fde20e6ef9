"""The corpus of deadline cells: what the reader makes of both halves, and of every made-up input."""

import pytest

from tests.schedule.cells import DeadlineCell, Verdict, answer, counts, deadline_cells, made_up_cells

MADE_UP = made_up_cells()


@pytest.mark.parametrize("cell", MADE_UP, ids=[cell.text for cell in MADE_UP])
def test_made_up_cells(cell: DeadlineCell) -> None:
    """Each kind of cell that published documents ask of the reader, with siblings, is read as an official would."""
    assert answer(cell).verdict in ("right", "fairly refused")


def test_the_building_half_is_read_as_an_official_would() -> None:
    """No cell is read wrong, and but one is right or fairly refused: 年前 may mean before the Spring Festival."""
    answers = [answer(cell) for cell in deadline_cells("building")]
    assert [each.cell.text[:8] for each in answers if each.verdict not in ("right", "fairly refused")] == [
        "2024年年前实"
    ]


def test_the_measuring_half_is_hardly_ever_wrong() -> None:
    """Its cells are compared without being shown: 98 % are right or fairly refused, and none is wrong."""
    found: dict[Verdict, int] = counts([answer(cell) for cell in deadline_cells("measuring")])
    assert found["wrong"] == 0
    assert found["right"] + found["fairly refused"] >= 0.98 * sum(found.values())


def test_the_halves_share_no_cell() -> None:
    """Together they have 400 at least."""
    building, measuring = ({cell.text for cell in deadline_cells(half)} for half in ("building", "measuring"))
    assert not building & measuring
    assert len(building | measuring) >= 400
