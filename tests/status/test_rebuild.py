"""Rows that time has changed, folded from the log once more."""

from datetime import datetime
from typing import Any

from msgspec.structs import replace

from events.difference import members
from services.status.store import Board
from tests.examples import assigned
from tests.status.status_client import LEDGER, History
from tests.status.tracked_tasks import LEDGER as DIRECTORY

LATER = datetime.fromisoformat("2030-01-01T00:00:00+08:00")


async def relit(redis: Any, history: History) -> Board:
    """Return a board on which the one task has turned red by time alone."""
    await history.append(assigned(), recorded=None)
    board = Board(redis, LEDGER, DIRECTORY)
    await board.projection.catch_up()
    before = dict(board.projection.rows)
    await board.relight(LATER)
    assert board.projection.rows != before
    return board


async def test_rows_that_time_has_lit_do_not_differ(redis: Any, history: History) -> None:
    """A rebuild compares the rows as of the instant at which the saved ones were lit."""
    board = await relit(redis, history)
    assert await board.projection.rebuild() == {}


async def test_a_difference_names_its_members(redis: Any, history: History) -> None:
    """A forged member is found, and it alone, on a row that time has lit; a row too many is one as a whole."""
    board = await relit(redis, history)
    [(name, task)] = board.projection.rows.items()
    forged = replace(task, row=replace(task.row, title="别的"))
    await board.projection.update({name: forged, "invented": task})
    differing = await board.projection.rebuild()
    assert {row: members(*pair) for row, pair in differing.items()} == {name: ["row.title"], "invented": ["."]}
