"""Which readings of a clock are believed: properties of the policy, and the instants of one wrong jump."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from services.common.jump import ABSENT, BEFORE, JUMP, ClockReading, accepts, judge

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)
GOOD = ClockReading(NOON, 1_000.0, "one")
SECOND = timedelta(seconds=1)

instants = st.timedeltas(timedelta(0), timedelta(days=383_000)).map(
    lambda span: datetime(1950, 1, 1, tzinfo=UTC) + span
)
uptimes = st.floats(0, 1e8)
spans = st.floats(0, 1e8)
offsets = st.timedeltas(-timedelta(days=40_000), timedelta(days=40_000))


@pytest.mark.parametrize(
    ("shown", "seconds", "held"),
    [
        (NOON + 10 * SECOND, 10, False),
        (datetime(2126, 11, 29, 12, tzinfo=UTC), 10, True),
        (NOON + JUMP, 0, False),
        (NOON + JUMP + SECOND, 0, True),
        (NOON + timedelta(days=300), 300 * 86_400, False),
        (NOON - JUMP, 10, False),
        (NOON - JUMP - SECOND, 10, True),
    ],
    ids=["runs", "a century ahead", "an hour", "more than an hour", "slept for 300 days", "an hour back", "more back"],
)
def test_under_one_boot_the_time_since_counts(shown: datetime, seconds: int, *, held: bool) -> None:
    """A jump of more than an hour is held, with both instants; a machine that slept has not jumped."""
    hold = judge(GOOD, ClockReading(shown, GOOD.uptime + seconds, "one"), 0.0)
    assert (hold is not None) == held
    if hold is not None:
        assert (hold.reading.instant, hold.expected) == (shown, NOON + seconds * SECOND)
        assert f"{shown:%Y-%m-%dT%H:%M:%S}" in str(hold)
        assert "duban doctor --accept-clock" in str(hold)


@pytest.mark.parametrize(
    ("shown", "held"),
    [(NOON + ABSENT, False), (NOON + ABSENT + SECOND, True), (NOON - BEFORE, False), (NOON - BEFORE - SECOND, True)],
)
def test_under_another_boot_the_last_record_counts(shown: datetime, *, held: bool) -> None:
    """More than 45 days after it, or before it, is held; the time goes on from the start."""
    hold = judge(GOOD, ClockReading(shown, 40.0, "two"), 30.0)
    assert (hold is not None) == held
    assert hold is None or hold.expected == NOON + 10 * SECOND


@given(instants, uptimes, spans)
def test_a_clock_that_only_runs_is_never_held(instant: datetime, uptime: float, seconds: float) -> None:
    """However long nobody looked."""
    good = ClockReading(instant, uptime, "one")
    assume(uptime + seconds - uptime >= 0)
    now = ClockReading(instant + timedelta(seconds=uptime + seconds - uptime), uptime + seconds, "one")
    assert judge(good, now, 0.0) is None


@given(instants, uptimes, spans, offsets, st.sampled_from(["one", "two"]))
def test_what_is_taken_instead_never_jumps(
    instant: datetime, uptime: float, seconds: float, offset: timedelta, boot: str
) -> None:
    """A hold's instant does not depend on what the clock shows, nor does it run back behind the last good one."""
    good = ClockReading(instant, uptime, "one")
    shown = datetime(2000, 1, 1, tzinfo=UTC) + offset
    hold = judge(good, ClockReading(shown, uptime + seconds, boot), uptime)
    if hold is not None:
        again = judge(good, ClockReading(shown + offset * 2, uptime + seconds, boot), uptime)
        assert again is None or again.expected == hold.expected
        assert hold.expected >= instant


@given(instants, uptimes, spans, offsets)
def test_a_wrong_jump_and_back_leaves_nothing(
    instant: datetime, uptime: float, seconds: float, offset: timedelta
) -> None:
    """As long as it is held the good reading stays, so the clock that is right again is believed again."""
    good = ClockReading(instant, uptime, "one")
    assert judge(good, ClockReading(instant + offset, uptime, "one"), 0.0) is None or abs(offset) > JUMP
    back = ClockReading(good.instant + timedelta(seconds=uptime + seconds - uptime), uptime + seconds, "one")
    assert judge(good, back, 0.0) is None


@given(instants, uptimes, spans, offsets)
def test_what_was_accepted_is_accepted_as_it_runs_on(
    instant: datetime, uptime: float, seconds: float, offset: timedelta
) -> None:
    """And no clock that is more than an hour off from it."""
    accepted = ClockReading(instant, uptime, "one")
    passed = timedelta(seconds=uptime + seconds - uptime)
    assert accepts(accepted, ClockReading(instant + passed, uptime + seconds, "one"))
    assert accepts(accepted, ClockReading(instant + passed + offset, uptime + seconds, "one")) == (abs(offset) <= JUMP)


@given(instants, uptimes, offsets, st.sampled_from(["one", "two"]))
def test_what_is_meant_is_believed(instant: datetime, uptime: float, offset: timedelta, boot: str) -> None:
    """An instant that was set on purpose has not jumped."""
    now = ClockReading(datetime(2000, 1, 1, tzinfo=UTC) + offset, uptime, boot, meant=True)
    assert judge(ClockReading(instant, uptime, "one"), now, 0.0) is None


def test_the_end_of_the_calendar_is_no_fault() -> None:
    """A clock near the year 9999 is judged, too."""
    end = datetime.max.replace(tzinfo=UTC)
    assert judge(ClockReading(end, 0.0, "one"), ClockReading(end, 1e9, "one"), 0.0) is None
    assert judge(ClockReading(end, 0.0, "one"), ClockReading(NOON, 1e9, "one"), 0.0) is not None
