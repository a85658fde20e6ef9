"""Which alerts events cause, and for which recipients."""

from datetime import timedelta

import msgspec
import pytest
from msgspec.structs import replace

from events import schema
from events.alert_rule import AlertRule
from events.alerting import AlertRules
from events.channel import Channel
from events.deadline import Fixed
from events.entries import Recorded
from events.envelope import Event, read
from events.ledger import Ledger
from events.schema import DeadlineNeared, DeadlinePassed, Unit
from events.seal.tiles import MOST_ENTRY_BYTES
from services.notify.alerts import alert_id, alerts_for
from services.notify.notified_task import evolve
from services.notify.record import alert_entry
from services.notify.words.composing import compose
from tests.examples import EXAMPLES, store
from tests.notify.life import DUE, LEAD, LEDGER, OTHER, TASK, Life, assignment, day, with_rules

GROUP = (Unit(LEAD, "lead"), Unit("各县（市、区）政府", group=True))

CLEAR = day("2018-03-01")


def opened(ledger: Ledger = LEDGER, units: tuple[Unit, ...] = (Unit(LEAD, "lead"), Unit(OTHER))) -> Life:
    """Return the life of a task that was assigned on 2018-02-01."""
    life = Life(ledger)
    life.event(day("2018-02-01"), assignment(units=units))
    return life


def test_alerts_of_different_kinds_have_different_ids() -> None:
    """Also where their rules have one name: the assignment is event 30, and 30 days remain."""
    rules = tuple(AlertRule(on, ("lead",), name="各单位") for on in ("assigned", "neared"))
    life = Life(with_rules(rules=rules))
    life.position = 29
    life.event(day("2018-03-02"), assignment())
    life.event(day("2018-03-02"), DeadlineNeared(DUE, 30))
    assert [(one.on, one.due, one.recipient) for one in life.alerts] == [("assigned", DUE, LEAD), ("neared", DUE, LEAD)]
    assert len({one.id for one in life.alerts}) == 2


def test_an_alert_is_never_too_long_to_be_sealed() -> None:
    """Whatever texts an office submits: the longest that are accepted, each character six bytes as JSON."""
    life = Life(LEDGER)
    life.event(day("2018-02-01"), replace(assignment(), title="\x01" * 20_000))
    life.event(day("2018-02-02"), schema.TaskUrged((LEAD,), "\x01" * 20_000))
    assert {one.on for one in life.alerts} >= {"assigned", "urged"}
    assert all(len(alert_entry(one)) < MOST_ENTRY_BYTES for one in life.alerts)


def test_passed_alerts_every_unit_of_a_group_and_the_supervisor() -> None:
    """Groups are expanded, each recipient is alerted once, and ids are those of rule, task, due and recipient."""
    found = opened(units=GROUP).event(DUE, DeadlinePassed(DUE))
    assert [one.recipient for one in found] == [LEAD, "赤坎区", "徐闻县", "督查室"]
    assert [one.id for one in found] == [alert_id("passed", 0, TASK, DUE, one.recipient) for one in found]
    assert {(one.causes, one.at, one.on) for one in found} == {((2,), DUE, "passed")}


def test_a_unit_is_alerted_once_by_the_directorys_name() -> None:
    """A unit that the table calls by an alias is alerted under its own name, as the task's lead, too."""
    aliases = {"市残疾人联合会": LEAD}
    ledger = msgspec.structs.replace(
        LEDGER, aliases=aliases, alerts=AlertRules(rules=(AlertRule("passed", ("lead", "units")),))
    )
    units = (Unit("市残疾人联合会", "lead"), Unit("各县（市、区）政府", group=True))
    found = opened(ledger, units).event(DUE, DeadlinePassed(DUE))
    assert [one.recipient for one in found] == [LEAD, "赤坎区", "徐闻县"]
    assert found[0].lead == LEAD


def test_a_recipient_that_two_rules_name_is_alerted_once() -> None:
    """One alert per recipient and event, however many rules and audiences name it."""
    rules = (AlertRule("passed", ("units", "lead", "cooperating")), AlertRule("passed", ("lead", "supervisor")))
    ledger = msgspec.structs.replace(LEDGER, alerts=AlertRules(supervisor=LEAD, rules=rules))
    found = opened(ledger, GROUP).event(DUE, DeadlinePassed(DUE))
    assert [one.recipient for one in found] == [LEAD, "赤坎区", "徐闻县"]


def test_the_due_instant_is_shown_as_the_day_before_it() -> None:
    """The due instant is exclusive: people read the last day that is in time, in the ledger's zone."""
    near = opened().event(DUE - timedelta(days=7), DeadlineNeared(DUE, 7))[0]
    letter = compose(LEDGER, "zhanjiang", LEAD, [near], language="zh", public_url=None, now=near.at)
    assert "还有7天到期" in letter.items[0].title
    assert any("2018年3月31日" in line for line in letter.items[0].lines)


def test_a_reminder_that_was_recorded_after_its_due_alerts_nobody() -> None:
    """After an outage, that the deadline passed is news, not that it will."""
    assert opened().event(DUE, DeadlineNeared(DUE, 1)) == []


EVENTS: dict[str, tuple[schema.EventData, list[str], str]] = {
    "submitted": (schema.CompletionSubmitted(OTHER, "已办结"), ["督查室"], "已办结"),
    "returned": (schema.CompletionReturned(OTHER, "缺材料"), [OTHER], "缺材料"),
    "requested": (schema.ExtensionRequested(LEAD, "雨季", CLEAR.replace(month=6)), ["督查室"], "雨季"),
    "granted": (schema.ExtensionGranted("r", CLEAR.replace(month=6)), [LEAD, OTHER], ""),
    "refused": (schema.ExtensionRefused("r", "理由不足"), [LEAD], "理由不足"),
    "urged": (schema.TaskUrged((OTHER,), "请于一周内报送进展"), [OTHER], "请于一周内报送进展"),
    "reassigned": (
        schema.TaskReassigned("赤坎区", (Unit("赤坎区", "lead"), Unit(OTHER)), "机构改革"),
        ["赤坎区", OTHER, LEAD],
        "机构改革",
    ),
}


@pytest.mark.parametrize("on", EVENTS)
def test_what_office_and_units_do_alerts_those_whom_it_concerns(on: str) -> None:
    """By the rules of a ledger whose file has none; the text that came with the event is in the alert."""
    life = opened()
    if on in {"granted", "refused"}:
        life.event(CLEAR - timedelta(days=1), EVENTS["requested"][0])
    data, recipients, detail = EVENTS[on]
    found = life.event(CLEAR, data)
    assert [alert.recipient for alert in found] == recipients
    assert {(alert.on, alert.detail, alert.causes) for alert in found} == {(on, detail, (life.position,))}
    again = life.event(CLEAR + timedelta(days=1), data)
    assert {alert.id for alert in again}.isdisjoint(alert.id for alert in found), "each event is news of its own"


def test_an_extension_shows_the_due_that_holds_then_and_who_asked() -> None:
    """The office reads what is proposed; the units what was granted."""
    life = opened()
    wanted = CLEAR.replace(month=6)
    (asked,) = life.event(CLEAR, schema.ExtensionRequested(LEAD, "雨季", wanted))
    assert (asked.unit, asked.due, asked.proposed) == (LEAD, DUE, wanted)
    granted, _ = life.event(CLEAR, schema.ExtensionGranted("r"))
    assert (granted.unit, granted.due, granted.days) == (LEAD, wanted, 93)


def test_the_leading_official_is_alerted_where_people_has_a_channel() -> None:
    """Otherwise the leader whom the rules name; without one, nobody."""
    rules = (AlertRule("passed", ("leader",)),)
    people: dict[str, tuple[Channel, ...]] = {"张三": (Channel(apprise="slack://TokenA/TokenB/TokenC/"),)}
    for alerts, expected in (
        (AlertRules(rules=rules, people=people, leader="市政府办"), ["张三"]),
        (AlertRules(rules=rules, leader="市政府办"), ["市政府办"]),
        (AlertRules(rules=rules), []),
    ):
        life = Life(msgspec.structs.replace(LEDGER, alerts=alerts))
        life.event(day("2018-02-01"), assignment(), leader="张三、李四")
        assert [alert.recipient for alert in life.event(DUE, DeadlinePassed(DUE))] == expected


def test_a_group_that_leads_is_alerted_as_its_members() -> None:
    """A group has no channel: its members lead together."""
    units = (Unit("各县（市、区）政府", "lead", group=True), Unit(OTHER))
    ledger = msgspec.structs.replace(LEDGER, alerts=AlertRules(rules=(AlertRule("passed", ("lead",)),)))
    found = opened(ledger, units).event(DUE, DeadlinePassed(DUE))
    assert [alert.recipient for alert in found] == ["赤坎区", "徐闻县"]


@pytest.mark.parametrize("type_", EXAMPLES)
def test_every_type_of_event_folds_and_alerts_those_whom_the_rules_name(type_: str) -> None:
    """The fold is total; only the kinds of events that rules name cause alerts."""
    event: Event = read(store(EXAMPLES[type_], "2018-12-03T00:00:00Z"))
    ledger = msgspec.structs.replace(LEDGER, alerts=AlertRules(rules=(AlertRule("passed", ("units",)),)))
    before = opened(ledger).tasks[TASK]
    after = evolve(ledger, before, Recorded(3, event))
    assert after is not None
    causes = {one.on for one in alerts_for(ledger, before, after, Recorded(3, event))}
    assert causes == ({"passed"} if type_ == "duban.deadline.passed.v1" else set())


def test_nothing_is_known_of_a_task_before_it_is_assigned() -> None:
    """An event without an assignment before it makes no row."""
    assert evolve(LEDGER, None, Recorded(1, EXAMPLES["duban.task.reassigned.v1"])) is None


def test_a_later_due_starts_afresh() -> None:
    """An alert of another due is another alert."""
    life = opened()
    first = life.event(DUE - timedelta(days=7), DeadlineNeared(DUE, 7))
    later = DUE.replace(month=6)
    life.event(CLEAR + timedelta(days=25), schema.DeadlineClarified(Fixed("5月底前", later), "更正"))
    second = life.event(later - timedelta(days=7), DeadlineNeared(later, 7))
    assert {alert.id for alert in first}.isdisjoint(alert.id for alert in second)
