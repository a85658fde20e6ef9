"""Which alerts events cause, and how digests go on; pure."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.entries import Recorded
from events.envelope import Event, read
from events.ledger import AlertRule, AlertRules, Ledger
from events.schema import DeadlineNeared, DeadlinePassed, Unit
from services.notify.core import (
    BACKOFF_SECONDS,
    DIGEST_MOST,
    TRIES,
    Alert,
    Attempt,
    Delivery,
    Digest,
    Task,
    alerts_for,
    attempted,
    backoff,
    evolve,
    gather,
    interrupted,
    message,
    state_of,
)
from tests.examples import EXAMPLES, store

LEDGER = Ledger(
    "湛江市残疾人工作重点任务",
    groups={"各县（市、区）政府": ("赤坎区", "徐闻县")},
    alerts=AlertRules(supervisor="市政府督查室"),
)
TASK = Task(
    "全市至少建立两个规模化残疾人集中就业基地",
    "市残联",
    (Unit("市残联", "lead"), Unit("各县（市、区）政府", group=True)),
)
DUE = datetime(2019, 1, 1, tzinfo=UTC) - timedelta(hours=8)
WINDOW = timedelta(minutes=10)


def recorded(data: object, at: datetime, position: int = 7) -> Recorded:
    """Return an event of the clock as the log has it."""
    event = msgspec.structs.replace(EXAMPLES["duban.deadline.passed.v1"], data=data, recorded=at)
    return Recorded(position, event)


def alert(number: int, at: datetime, recipient: str = "市残联") -> Alert:
    """Return an alert of position `number`."""
    return Alert(f"{number}-0", at, "passed", "zj-2017-07", recipient, "逾期：zj-2017-07", "…", (number,))


def test_passed_is_told_to_every_unit_of_a_group_and_to_the_supervisor() -> None:
    """Groups are expanded, each recipient is told once, ids count up within the position."""
    told = list(alerts_for(LEDGER, TASK, recorded(DeadlinePassed(DUE), DUE)))
    assert [one.recipient for one in told] == ["市残联", "赤坎区", "徐闻县", "市政府督查室"]
    assert [one.id for one in told] == ["7-0", "7-1", "7-2", "7-3"]
    assert {one.causes for one in told} == {(7,)}
    assert all(one.at == DUE and one.on == "passed" for one in told)


def test_a_unit_is_told_once_by_the_directorys_name() -> None:
    """A unit that the table calls by an alias is told under its own name, as the task's lead, too."""
    rules = (AlertRule("passed", ("lead", "units")),)
    ledger = msgspec.structs.replace(
        LEDGER, units=("市残联",), aliases={"市残疾人联合会": "市残联"}, alerts=AlertRules(rules=rules)
    )
    units = (Unit("市残疾人联合会", "lead"), Unit("各县（市、区）政府", group=True))
    task = msgspec.structs.replace(TASK, lead="市残疾人联合会", units=units)
    told = list(alerts_for(ledger, task, recorded(DeadlinePassed(DUE), DUE)))
    assert [one.recipient for one in told] == ["市残联", "赤坎区", "徐闻县"]
    assert "牵头单位：市残联" in told[0].text


def test_a_recipient_that_two_rules_name_is_told_once() -> None:
    """One alert per recipient and event, however many rules and audiences name it."""
    rules = (AlertRule("passed", ("units", "lead", "cooperating")), AlertRule("passed", ("lead", "supervisor")))
    ledger = msgspec.structs.replace(LEDGER, alerts=AlertRules(supervisor="市残联", rules=rules))
    told = [one.recipient for one in alerts_for(ledger, TASK, recorded(DeadlinePassed(DUE), DUE))]
    assert told == ["市残联", "赤坎区", "徐闻县"]


def test_the_due_instant_is_told_as_the_day_before_it() -> None:
    """The due instant is exclusive: people read the last day that is in time, in the ledger's zone."""
    near = next(alerts_for(LEDGER, TASK, recorded(DeadlineNeared(DUE, 7), DUE - timedelta(days=7))))
    assert near.title == "还有 7 天到期：zj-2017-07 全市至少建立两个规模化残疾人集中就业基地"
    assert near.text.endswith("应于2018年12月31日前（含当日）办结")


def test_a_reminder_that_was_recorded_after_its_due_tells_nobody() -> None:
    """After a time of being down, that the deadline passed is told, not that it will."""
    assert not list(alerts_for(LEDGER, TASK, recorded(DeadlineNeared(DUE, 1), DUE)))


@pytest.mark.parametrize("type_", EXAMPLES)
def test_every_type_of_event_folds_and_tells_those_whom_the_rules_name(type_: str) -> None:
    """The fold is total; only the kinds of events that rules name are told."""
    event: Event = read(store(EXAMPLES[type_], "2018-12-03T00:00:00Z"))
    task = evolve(TASK, Recorded(3, event))
    assert task is not None
    told = {one.on for one in alerts_for(LEDGER, task, Recorded(3, event))}
    named = {"duban.task.assigned.v1": "assigned", "duban.deadline.neared.v1": "neared"}
    expected = {named[type_]} if type_ in named else {"passed"} if type_ == "duban.deadline.passed.v1" else set()
    assert told == expected


def test_nothing_is_known_of_a_task_before_it_is_assigned() -> None:
    """An event without an assignment before it makes no row."""
    assert evolve(None, Recorded(1, EXAMPLES["duban.task.reassigned.v1"])) is None


@given(st.lists(st.integers(0, 40), min_size=1).map(sorted))
def test_a_digest_holds_what_came_within_the_window_of_its_first_alert(minutes: list[int]) -> None:
    """Every alert is in one digest; none lies a window or more after the digest's first."""
    pending: Digest | None = None
    digests: dict[str, Digest] = {}
    for number, minute in enumerate(minutes, 1):
        pending = gather(pending, alert(number, DUE + timedelta(minutes=minute)), WINDOW)
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
    assert gather(full, alert(900, DUE), WINDOW).id == "900-0"


def test_a_digest_of_several_alerts_says_how_many_and_repeats_them_all() -> None:
    """One alert speaks for itself; several have a title of their own."""
    digest = Digest("1-0", "市残联", DUE, ("1-0", "2-0"))
    title, text = message(LEDGER, digest, [alert(1, DUE), alert(2, DUE)])
    assert title == "【督办】湛江市残疾人工作重点任务：市残联有 2 条提醒"
    assert text.count("逾期：zj-2017-07") == 2
    assert message(LEDGER, digest, [alert(1, DUE)])[0] == "【督办】逾期：zj-2017-07"


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
