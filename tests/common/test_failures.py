"""Failed sign-ins: how an address that guesses is slowed."""

from services.common.failures import (
    FORGET_SECONDS,
    FREE,
    LONGEST_SECONDS,
    MOST,
    MOST_ADDRESSES,
    PAUSE_SECONDS,
    FailedSignIns,
)


def test_failures_are_answered_later_and_later_then_refused() -> None:
    """At once, after 1, 2, 4, 8 seconds, and from the eleventh on not before a minute has passed."""
    failures = FailedSignIns()
    assert [failures.add("a", 0) for _ in range(FREE + 5)] == [0, 0, 0, 1, 2, 4, 8, 8]
    assert [failures.add("a", 0) for _ in range(FREE + 5, MOST)] == [LONGEST_SECONDS] * (MOST - FREE - 5)
    assert [failures.add("a", now) for now in (0, 20, PAUSE_SECONDS - 1)] == [-PAUSE_SECONDS, -40, -1]
    assert failures.add("a", PAUSE_SECONDS) == LONGEST_SECONDS
    assert failures.add("a", PAUSE_SECONDS + 1) == 1 - PAUSE_SECONDS


def test_each_address_has_its_own_and_they_are_forgotten() -> None:
    """After a quarter of an hour without any."""
    failures = FailedSignIns()
    for _ in range(MOST):
        failures.add("a", 0)
    assert failures.add("b", 0) == 0
    assert failures.add("a", FORGET_SECONDS - 1) == LONGEST_SECONDS
    assert failures.add("a", 2 * FORGET_SECONDS) == 0


def test_the_memory_of_addresses_is_bounded() -> None:
    """The address that failed longest ago is forgotten first."""
    failures = FailedSignIns()
    for _ in range(MOST):
        failures.add("first", 0)
        failures.add("second", 0)
    failures.add("first", PAUSE_SECONDS)
    for number in range(MOST_ADDRESSES - 1):
        failures.add(f"{number}", PAUSE_SECONDS)
    assert failures.add("first", PAUSE_SECONDS) < 0
    assert failures.add("second", PAUSE_SECONDS) == 0
