"""When a part is tried again, and when it is abandoned."""

import itertools
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.channels.result import Outcome, Result
from services.notify.deliveries import ENDED, PartDelivery
from services.notify.retries import DELAYS, JITTER, LONGEST, TRIES, attempted, delay, interrupted, ordered, paused

AT = datetime(2019, 1, 1, tzinfo=UTC)
NOW = 1_700_000_000.0
AGAIN = Result("again", "503 Service Unavailable")


def after(*results: Result, part: PartDelivery | None = None, chance: float = 0.5) -> PartDelivery:
    """Return a part after attempts, each made when it was due."""
    part = part or PartDelivery()
    for result in results:
        if part.state in ENDED:
            break
        part = attempted(part, result, AT, now=max(NOW, part.next), chance=chance)
    return part


def test_the_schedule_is_that_of_the_specification() -> None:
    """Ten tries: at once, and then 5 s, 5 min, 30 min, 2, 5, 10, 14, 20 and 24 h apart; 75 h 35 min 5 s in all."""
    part, instants = PartDelivery(), [NOW]
    while (part := after(AGAIN, part=part)).state == "waiting":
        instants.append(part.next)
    assert part.state == "failed"
    assert len(instants) == len(part.attempts) == TRIES == 10
    assert instants[-1] - instants[0] == 75 * 3_600 + 35 * 60 + 5
    assert [later - earlier for earlier, later in itertools.pairwise(instants)] == list(DELAYS)


@given(st.integers(1, TRIES - 1), st.floats(0, 1))
def test_a_delay_is_a_fifth_longer_or_shorter_at_most(tries: int, chance: float) -> None:
    """What failed together is not repeated together."""
    usual = DELAYS[tries - 1]
    assert abs(delay(tries, chance) - usual) <= usual * JITTER + 1e-6


def test_a_receiver_may_ask_for_more_time() -> None:
    """Retry-After is the least: the schedule may be longer."""
    assert after(Result("again", "503", after=40.0)).next == NOW + 40
    assert after(AGAIN, Result("again", "503", after=40.0)).next == NOW + 5 + 300


def test_a_channel_that_asks_for_a_rest_costs_no_try() -> None:
    """A robot that is sent too much says nothing about the message."""
    part = after(*[Result("again", "too fast", rest=60.0)] * 30)
    assert (part.state, part.tries, part.next) == ("waiting", 0, NOW + 30 * 60)
    assert len(part.attempts) == 30


def test_a_rest_is_not_asked_for_without_end() -> None:
    """After four days of rests the part is abandoned."""
    part = after(*[Result("again", "too fast", rest=3_600.0)] * 200)
    assert part.state == "failed"


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        ("accepted", "sent"),
        ("handed-over", "handed-over"),
        ("never", "failed"),
        ("misconfigured", "failed"),
        ("uncertain", "uncertain"),
    ],
)
def test_other_outcomes_end_at_once(outcome: Outcome, state: str) -> None:
    """What a repeat cannot mend is not repeated, nor what a repeat would show twice."""
    assert after(Result(outcome, "…")).state == state


def test_of_a_mail_only_the_addresses_that_are_open_are_tried_again() -> None:
    """The others have got it, or never will; at the end the worst of all counts."""
    first = Result("again", "", recipients=(("good@b.cn", "accepted", "250"), ("bad@b.cn", "again", "450")))
    part = after(first)
    assert (part.state, part.open) == ("waiting", ("bad@b.cn",))
    assert after(Result("accepted", "", recipients=(("bad@b.cn", "accepted", "250"),)), part=part).state == "sent"
    part = after(Result("never", "", recipients=(("bad@b.cn", "never", "550"),)), part=part)
    assert (part.state, part.open) == ("failed", ())
    assert {address: outcome for address, outcome, _ in part.recipients}["good@b.cn"] == "accepted"


def test_a_result_of_a_whole_mail_is_that_of_its_open_addresses() -> None:
    """A server that is away at the second attempt refuses those alone who are still open."""
    first = Result("again", "", recipients=(("good@b.cn", "accepted", "250"), ("bad@b.cn", "again", "450")))
    assert after(first, AGAIN).open == ("bad@b.cn",)
    assert after(first, Result("uncertain", "the answer is lost")).state == "uncertain"


def test_an_interrupted_part_is_tried_again_only_where_a_repeat_is_recognised() -> None:
    """A webhook has an id; a chat message that was perhaps sent is not sent again."""
    sending = PartDelivery("sending")
    assert interrupted(sending, AT, repeatable=True).state == "waiting"
    assert interrupted(sending, AT, repeatable=False).state == "uncertain"
    assert interrupted(sending, AT, repeatable=False).attempts[-1].outcome == "interrupted"


def test_an_order_begins_the_schedule_from_the_start_and_keeps_the_attempts() -> None:
    """Only what is dead is sent again, and of a mail only to those who did not get it."""
    both = Result("never", "", recipients=(("good@b.cn", "accepted", "250"), ("bad@b.cn", "never", "550")))
    part = ordered(after(both))
    assert (part.state, part.tries, part.next, part.open, len(part.attempts)) == ("waiting", 0, 0.0, ("bad@b.cn",), 1)
    sent = after(Result("accepted", "200"))
    assert ordered(sent) == sent
    assert ordered(paused(PartDelivery())).state == "waiting"
    assert paused(sent) == sent


RESULTS = st.builds(
    Result,
    st.sampled_from(["accepted", "handed-over", "again", "never", "misconfigured", "uncertain"]),
    st.just("…"),
    after=st.sampled_from([0.0, 40.0, 100_000.0]),
    rest=st.sampled_from([0.0, 0.0, 60.0]),
)


@given(st.lists(RESULTS, min_size=1, max_size=15))
def test_a_part_goes_from_waiting_to_one_end(results: list[Result]) -> None:
    """Each attempt is kept; a part waits for an instant that is not past, or has ended, and then for good."""
    part, now = PartDelivery(), NOW
    for number, result in enumerate(results, 1):
        part = attempted(part, result, AT, now=now, chance=0.5)
        assert len(part.attempts) == number
        if part.state in ENDED:
            assert result.outcome != "again" or part.tries == TRIES or now - part.first > LONGEST
            break
        assert part.state == "waiting"
        assert part.next > now
        now = part.next
