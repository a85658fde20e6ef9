"""How often, and how soon, a process that ended is started again."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.cli.restarts import PAUSES, Restarts
from services.cli.target import SupervisionError


def _next_start(restarts: Restarts, name: str, now: float) -> float:
    """Return when a process that went down at `now` is started, looking twice a second."""
    while not restarts.due(name, now):
        now += 0.5
    return now


@given(st.floats(0, 1000))
def test_one_that_never_answers_is_given_up(seconds: float) -> None:
    """However long each start takes on a slow machine; starts are as far apart as the pauses say."""
    restarts, starts = Restarts(), [100.0]
    for _ in PAUSES:
        starts.append(_next_start(restarts, "status", starts[-1] + seconds))
    apart = [later - earlier for earlier, later in pairwise(starts[1:])]
    assert all(got >= pause for got, pause in zip(apart, PAUSES[1:], strict=True))
    with pytest.raises(SupervisionError, match=f"status ended or could not be started {len(PAUSES)} times in a row"):
        restarts.due("status", starts[-1] + seconds)


def test_one_that_answers_begins_anew() -> None:
    """A service that is killed again and again is always started again, at once."""
    restarts = Restarts()
    for number in range(100):
        assert restarts.due("status", float(number))
        assert restarts.counts("status")
        restarts.answered("status")
        assert not restarts.counts("status")


def test_each_process_counts_for_itself() -> None:
    """One that keeps ending does not use up the starts of another."""
    restarts = Restarts()
    for number in range(len(PAUSES)):
        assert restarts.due("status", number * 20.0)
    assert restarts.due("ingest", 0.0)
    with pytest.raises(SupervisionError):
        restarts.due("status", len(PAUSES) * 20.0)
