"""How alerts become digests, and the states of deliveries and of their parts."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from events.ledger import Ledger
from events.working_days import LIBRARY
from services.notify.alerts import Alert
from services.notify.deliveries import DIGEST_MOST, Delivery, Digest, PartDelivery, state_of
from services.notify.gathering import gather

LEDGER = Ledger("湛江市残疾人工作重点任务")
DUE = datetime(2019, 1, 1, tzinfo=UTC) - timedelta(hours=8)
WINDOW = timedelta(minutes=10)


def alert(number: int, at: datetime, recipient: str = "市残联") -> Alert:
    """Return an alert of position `number`."""
    return Alert(f"{number}-0", at, "passed", recipient, "passed", "zj-2017-07", due=DUE, causes=(number,))


@given(st.lists(st.integers(0, 40), min_size=1).map(sorted))
def test_a_digest_holds_what_came_within_the_window_of_its_first_alert(minutes: list[int]) -> None:
    """Every alert is in one digest; none lies a window or more after the digest's first."""
    last: Digest | None = None
    digests: dict[str, Digest] = {}
    for number, minute in enumerate(minutes, 1):
        at = DUE + timedelta(minutes=minute)
        if last is not None and last.closes <= at:
            last = replace(last, deliveries=())
        last = gather(last, alert(number, at), LEDGER, LIBRARY)
        digests[last.id] = last
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
        (("sent", "handed-over"), "handed-over"),
        (("sent", "paused"), "paused"),
    ],
)
def test_an_alert_is_as_far_as_its_deliveries(states: tuple[str, ...] | None, expected: str) -> None:
    """What is still under way comes first, then what went wrong; of parts as of channels."""
    parts = None if states is None else tuple(PartDelivery(state) for state in states)  # type: ignore[arg-type]
    ways = None if parts is None else tuple(Delivery("c", "…", (part,)) for part in parts)
    assert state_of(Digest("1-0", "市残联", DUE, ("1-0",), ways), "1-0") == expected
    if parts:
        assert Delivery("c", "…", parts).state == expected


def test_an_alert_that_was_settled_is_dropped_whatever_became_of_its_digest() -> None:
    """Others of the digest have states of their own; one without a digest waits."""
    sent = (Delivery("c", "…", (PartDelivery("sent"),)),)
    digest = Digest("1-0", "市残联", DUE, ("1-0", "2-0"), sent, dropped=(("1-0", "已销号"),))
    assert [state_of(digest, id) for id in digest.alerts] == ["dropped", "sent"]
    assert digest.sent_alerts == ("2-0",)
    assert state_of(None, "3-0") == "waiting"


def test_parts_are_sent_in_order() -> None:
    """The current part is the first that is not ended; a dead one does not hold up the next."""
    parts = (PartDelivery("sent"), PartDelivery("failed"), PartDelivery("waiting"), PartDelivery("waiting"))
    assert Delivery("c", "…", parts).current == 2
    assert Delivery("c", "…", parts[:2]).current is None


def test_a_digest_is_done_dead_or_unreached() -> None:
    """Done: no attempt is left. Dead: an operator can order one. Unreached: there was no channel for what it says."""
    open_ = Digest("1-0", "市残联", DUE, ("1-0",))
    assert (open_.done, open_.dead, open_.unreached) == (False, False, False)
    reached = Digest("1-0", "市残联", DUE, ("1-0",), (Delivery("c", "…", (PartDelivery("uncertain"),)),))
    assert (reached.done, reached.dead, reached.unreached) == (True, True, False)
    nobody = Digest("1-0", "市残联", DUE, ("1-0",), ())
    assert (nobody.done, nobody.dead, nobody.unreached) == (True, False, True)
    settled = Digest("1-0", "市残联", DUE, ("1-0",), (), dropped=(("1-0", "已销号"),))
    assert not settled.unreached
