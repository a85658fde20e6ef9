"""How alerts become digests, and the states of a delivery."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from events.ledger import Ledger
from events.working_days import LIBRARY
from services.notify.alerts import Alert
from services.notify.deliveries import (
    BACKOFF_SECONDS,
    DIGEST_MOST,
    TRIES,
    Attempt,
    Delivery,
    Digest,
    attempted,
    backoff,
    interrupted,
    message,
    state_of,
)
from services.notify.gathering import gather

LEDGER = Ledger("湛江市残疾人工作重点任务")
DUE = datetime(2019, 1, 1, tzinfo=UTC) - timedelta(hours=8)
WINDOW = timedelta(minutes=10)


def alert(number: int, at: datetime, recipient: str = "市残联") -> Alert:
    """Return an alert of position `number`."""
    return Alert(f"{number}-0", at, "passed", recipient, "passed", "zj-2017-07", "建立基地", "市残联", due=DUE)


@given(st.lists(st.integers(0, 40), min_size=1).map(sorted))
def test_a_digest_holds_what_came_within_the_window_of_its_first_alert(minutes: list[int]) -> None:
    """Every alert is in one digest; none lies a window or more after the digest's first."""
    pending: Digest | None = None
    digests: dict[str, Digest] = {}
    for number, minute in enumerate(minutes, 1):
        at = DUE + timedelta(minutes=minute)
        if pending is not None and pending.closes <= at:
            pending = replace(pending, deliveries=())
        pending = gather(pending, alert(number, at), LEDGER, LIBRARY)
        digests[pending.id] = pending
    grouped = [id for digest in digests.values() for id in digest.alerts]
    assert grouped == [f"{number}-0" for number in range(1, len(minutes) + 1)]
    for digest in digests.values():
        spread = [minutes[int(id[:-2]) - 1] for id in digest.alerts]
        assert spread[-1] - spread[0] < WINDOW.total_seconds() / 60
        assert digest.id == digest.alerts[0]


def test_a_digest_that_is_full_makes_room_for_another() -> None:
    """A digest has a bound, whatever arrives within one window."""
    full = Digest("1-0", "市残联", DUE + WINDOW, tuple(f"{n}-0" for n in range(1, DIGEST_MOST + 1)))
    assert gather(full, alert(900, DUE), LEDGER, LIBRARY).id == "900-0"


def test_a_digest_of_several_alerts_says_how_many_and_repeats_them_all() -> None:
    """One alert speaks for itself; several have a title of their own."""
    digest = Digest("1-0", "市残联", DUE, ("1-0", "2-0"))
    title, text = message(LEDGER, digest, [alert(1, DUE), alert(2, DUE)])
    assert title == "【督办】湛江市残疾人工作重点任务：市残联有 2 条提醒"
    assert text.count("逾期：zj-2017-07") == 2
    assert message(LEDGER, digest, [alert(1, DUE)])[0] == "【督办】逾期：zj-2017-07 建立基地"


def test_a_delivery_is_given_up_after_its_last_try_or_at_a_final_answer() -> None:
    """Attempts are bounded, all are kept, and each waits for its time."""
    failed = Attempt(DUE, "failed", "503")
    delivery = Delivery("c", "webhook example.org")
    for number in range(1, TRIES):
        delivery = attempted(delivery, failed, final=False, retry_at=float(number))
        assert (delivery.state, delivery.next) == ("waiting", float(number))
    assert attempted(delivery, failed, final=False, retry_at=0).state == "failed"
    assert attempted(Delivery("c", "…"), failed, final=True, retry_at=0).state == "failed"
    assert attempted(delivery, Attempt(DUE, "sent", "204"), final=False, retry_at=0).state == "sent"


def test_an_interrupted_delivery_is_tried_again_only_where_a_repeat_can_be_told() -> None:
    """A webhook has an id; a chat message that was perhaps sent is not sent again."""
    sending = Delivery("c", "…", "sending")
    assert interrupted(sending, DUE, repeatable=True).state == "waiting"
    assert interrupted(sending, DUE, repeatable=False).state == "uncertain"
    assert interrupted(sending, DUE, repeatable=False).attempts[-1].result == "interrupted"


@given(st.integers(1, 40), st.floats(0, 1))
def test_back_off_grows_is_spread_and_bounded(tried: int, chance: float) -> None:
    """Between half and one and a half of the doubled time, never beyond the longest."""
    shortest, longest = BACKOFF_SECONDS
    whole = min(longest, shortest * 2 ** (tried - 1))
    assert whole / 2 <= backoff(tried, chance) <= whole * 1.5


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        (None, "waiting"),
        ((), "no-channel"),
        (("sent", "sent"), "sent"),
        (("sent", "failed"), "failed"),
        (("sent", "uncertain"), "uncertain"),
        (("failed", "waiting"), "waiting"),
        (("waiting", "sending"), "sending"),
    ],
)
def test_an_alert_is_as_far_as_its_deliveries(states: tuple[str, ...] | None, expected: str) -> None:
    """What is still under way comes first, then what went wrong."""
    ways = None if states is None else tuple(Delivery("c", "…", state) for state in states)  # type: ignore[arg-type]
    assert state_of(Digest("1-0", "市残联", DUE, ("1-0",), ways)) == expected
    assert state_of(None) == "waiting"
