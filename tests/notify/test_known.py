"""What was known of a delivery at an instant."""

from datetime import timedelta

import pytest

from services.notify.channels.result import Outcome
from services.notify.deliveries import Attempt, Delivery, DeliveryState, Digest, PartDelivery, PerAddress, state_of
from services.notify.known import KnownMoment, digest_at
from tests.notify.life import LEAD, day

CLOSES = day("2018-02-01")

GOOD: PerAddress = (("good@b.cn", "accepted", ""),)
BAD: PerAddress = (("bad@b.cn", "never", ""),)
LATER: PerAddress = (("bad@b.cn", "again", ""),)


def sent(*attempts: tuple[Outcome, PerAddress]) -> Digest:
    """Return a digest that was sent by the last of these attempts, an hour apart, the first an hour after it closed."""
    made = tuple(
        Attempt(CLOSES + timedelta(hours=number), outcome, "", recipients)
        for number, (outcome, recipients) in enumerate(attempts, 1)
    )
    return Digest("a", LEAD, CLOSES, ("a",), (Delivery("c", "webhook a.cn", (PartDelivery("sent", made),)),))


@pytest.mark.parametrize(
    ("attempts", "states"),
    [
        ([("again", ())], ["waiting", "waiting", "sent"]),
        ([("never", ())], ["waiting", "failed", "sent"]),
        ([("again", ()), ("misconfigured", ())], ["waiting", "waiting", "failed", "sent"]),
        ([("uncertain", ())], ["waiting", "uncertain", "sent"]),
        ([("again", (*GOOD, *LATER))], ["waiting", "waiting", "sent"]),
        ([("again", (*GOOD, *LATER)), ("never", BAD)], ["waiting", "waiting", "failed", "sent"]),
    ],
)
def test_a_state_is_that_to_which_the_attempts_by_then_had_led(
    attempts: list[tuple[Outcome, PerAddress]], states: list[DeliveryState]
) -> None:
    """What had failed for good was among the dead letters until an order sent it again."""
    digest = sent(*attempts, ("accepted", ()))
    moments = [KnownMoment(at=CLOSES + timedelta(hours=number)) for number in range(len(states))]
    assert [state_of(digest_at(digest, moment), "a") for moment in moments] == states
