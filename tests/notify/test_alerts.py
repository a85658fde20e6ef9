"""Which alerts events cause, and for which recipients."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from events.alerting import AlertRule, AlertRules
from events.entries import Recorded
from events.envelope import Event, read
from events.ledger import Ledger
from events.schema import DeadlineNeared, DeadlinePassed, Unit
from services.notify.alerts import NotifiedTask, alert_id, alerts_for, evolve
from services.notify.deliveries import Digest, message
from tests.examples import EXAMPLES, store

LEDGER = Ledger(
    "湛江市残疾人工作重点任务",
    groups={"各县（市、区）政府": ("赤坎区", "徐闻县")},
    alerts=AlertRules(supervisor="市政府督查室"),
)
TASK = NotifiedTask(
    "全市至少建立两个规模化残疾人集中就业基地",
    "市残联",
    (Unit("市残联", "lead"), Unit("各县（市、区）政府", group=True)),
)
DUE = datetime(2019, 1, 1, tzinfo=UTC) - timedelta(hours=8)


def recorded(data: object, at: datetime, position: int = 7) -> Recorded:
    """Return an event of the clock as the log has it."""
    event = msgspec.structs.replace(EXAMPLES["duban.deadline.passed.v1"], data=data, recorded=at)
    return Recorded(position, event)


def test_passed_is_told_to_every_unit_of_a_group_and_to_the_supervisor() -> None:
    """Groups are expanded, each recipient is told once, ids count up within the position."""
    told = list(alerts_for(LEDGER, TASK, recorded(DeadlinePassed(DUE), DUE)))
    assert [one.recipient for one in told] == ["市残联", "赤坎区", "徐闻县", "市政府督查室"]
    assert len({one.id for one in told}) == 4
    assert [one.id for one in told] == [
        alert_id("passed", 0, "zj-2017-07", DUE.astimezone(LEDGER.zone), one.recipient) for one in told
    ]
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
    assert told[0].lead == "市残联"


def test_a_recipient_that_two_rules_name_is_told_once() -> None:
    """One alert per recipient and event, however many rules and audiences name it."""
    rules = (AlertRule("passed", ("units", "lead", "cooperating")), AlertRule("passed", ("lead", "supervisor")))
    ledger = msgspec.structs.replace(LEDGER, alerts=AlertRules(supervisor="市残联", rules=rules))
    told = [one.recipient for one in alerts_for(ledger, TASK, recorded(DeadlinePassed(DUE), DUE))]
    assert told == ["市残联", "赤坎区", "徐闻县"]


def test_the_due_instant_is_told_as_the_day_before_it() -> None:
    """The due instant is exclusive: people read the last day that is in time, in the ledger's zone."""
    near = next(alerts_for(LEDGER, TASK, recorded(DeadlineNeared(DUE, 7), DUE - timedelta(days=7))))
    title, text = message(LEDGER, Digest("d", "市残联", DUE, (near.id,)), [near])
    assert title == "【督办】还有 7 天到期：zj-2017-07 全市至少建立两个规模化残疾人集中就业基地"
    assert text.endswith("应于2018年12月31日前（含当日）办结")


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
