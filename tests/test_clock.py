"""A clock that stands at the instant in a file."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.common.clock import ClockError, FileClock, clock_for

NOON = datetime(2018, 12, 20, 4, tzinfo=UTC)


def test_a_clock_in_a_file_stands_until_it_is_set(tmp_path: Path) -> None:
    """Everybody who reads the file is at its instant, to the microsecond, and goes on when another is put there."""
    clock = FileClock(tmp_path / "clock")
    clock.set(NOON)
    other = clock_for(f"file:{tmp_path / 'clock'}", 0)
    assert (clock.now(), other.now(), other.now()) == (NOON, NOON, NOON)
    later = NOON + timedelta(days=400, microseconds=1)
    clock.set(later)
    assert (clock.now(), other.now()) == (later, later)


def test_people_may_write_the_file(tmp_path: Path) -> None:
    """An instant with any offset, and the end of a line, is what an editor leaves there."""
    path = tmp_path / "clock"
    path.write_text("2018-12-20T12:00:00+08:00\n", encoding="ascii")
    assert clock_for(f"file:{path}", 0).now() == NOON


@pytest.mark.parametrize("text", ["", "noon", "2018-12-20T12:00:00"])
def test_a_file_without_an_instant_is_no_clock(text: str, tmp_path: Path) -> None:
    """What a clock cannot tell the time from is refused when the clock is made, and names the file."""
    path = tmp_path / "clock"
    path.write_text(text, encoding="ascii")
    with pytest.raises(ClockError, match=f"{path}: .* is no instant with an offset"):
        clock_for(f"file:{path}", 0)


def test_a_file_that_is_not_there_is_no_clock(tmp_path: Path) -> None:
    """A path where nothing lies is told at once."""
    with pytest.raises(ClockError, match="No such file"):
        clock_for(f"file:{tmp_path / 'clock'}", 0)
