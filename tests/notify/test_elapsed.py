"""What time alone gives rise to: steps of an escalation, silence, the weekly summary; each once."""

import random
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events import schema
from events.alert_rule import AlertRule
from events.deadline import Fixed, Ongoing
from events.ledger import Ledger
from events.schema import DeadlinePassed
from services.notify.elapsed import next_moment
from services.notify.notified_task import NotifiedTask
from tests.notify.life import DAYS, DUE, LEAD, OTHER, TASK, Life, after, assignment, day, with_rules

STEPS = (
    AlertRule("open", ("supervisor",), after="7d", step=1),
    AlertRule("open", ("supervisor", "leader"), after="30d", step=2),
)

ESCALATING = with_rules(rules=STEPS, leader="市政府办")


def late(ledger: Ledger = ESCALATING) -> Life:
    """Return the life of a task whose due passed."""
    life = Life(ledger)
    life.event(day("2018-02-01"), assignment())
    life.event(DUE, DeadlinePassed(DUE))
    return life


def test_steps_count_from_the_due_and_come_once() -> None:
    """Seven days after the due to the supervisor, thirty days after to the leader, too."""
    life = late()
    assert life.look(after(DUE, 6.9)) == []
    (first,) = life.look(after(DUE, 7))
    assert (first.on, first.step, first.days, first.at, first.due) == ("open", 1, 8, after(DUE, 7), DUE)
    assert (first.causes, first.waits) == ((2,), False)
    life.look(after(DUE, 400))
    assert list(life.told("open")) == [
        ("2018-04-08", "督查室", 1),
        ("2018-05-01", "督查室", 2),
        ("2018-05-01", "市政府办", 2),
    ]


def test_working_days_are_counted_by_the_calendar() -> None:
    """Five working days after 2018-03-31: 清明 is 5 to 7 April, 8 April is worked, so the fifth is 9 April."""
    life = late(with_rules(rules=(AlertRule("open", ("supervisor",), after="5wd"),)))
    life.look(after(DUE, 30))
    assert list(life.told("open")) == [("2018-04-10", "督查室", 1)]


def test_a_passing_that_is_recorded_late_brings_the_steps_that_are_due_at_once() -> None:
    """After an outage both steps arise at the passing's record, and no step arises twice."""
    life = Life(ESCALATING)
    life.event(day("2018-02-01"), assignment())
    found = life.event(after(DUE, 40), DeadlinePassed(DUE))
    assert [(alert.step, alert.recipient, alert.at) for alert in found] == [
        (1, "督查室", after(DUE, 40)),
        (2, "督查室", after(DUE, 40)),
        (2, "市政府办", after(DUE, 40)),
    ]
    assert life.look(after(DUE, 90)) == []


def test_a_last_step_is_repeated_after_each_interval() -> None:
    """The last step alone, and its number goes on."""
    life = late(with_rules(rules=(STEPS[0], AlertRule("open", ("leader",), after="10d", step=2)), leader="L"))
    assert next_moment(life.ledger, DAYS, life.tasks[TASK], after(DUE, 10)) is None
    life = late(with_rules(rules=STEPS, leader="L", repeat_interval="10d"))
    life.look(after(DUE, 51))
    assert [step for _, recipient, step in life.told("open") if recipient == "L"] == [2, 3, 4]


@pytest.mark.parametrize(
    "event",
    [
        schema.TaskClosed("implemented"),
        schema.CompletionSubmitted(LEAD, "已办结"),
        schema.DeadlineClarified(Fixed("年底前", DUE.replace(year=2019)), "更正"),
    ],
)
def test_a_task_that_is_settled_does_not_escalate(event: schema.EventData) -> None:
    """Closed, submitted or on another due: no step arises."""
    life = late()
    life.event(after(DUE, 2), event)
    assert life.look(after(DUE, 200)) == []


def test_a_submission_that_is_returned_resumes_the_escalation() -> None:
    """What fell due meanwhile comes at the return, and only once."""
    life = late()
    life.event(after(DUE, 2), schema.CompletionSubmitted(LEAD, "已办结"))
    assert life.look(after(DUE, 9)) == []
    found = life.event(after(DUE, 10), schema.CompletionReturned(LEAD, "缺材料"))
    assert [(alert.on, alert.step, alert.at) for alert in found] == [("open", 1, after(DUE, 10))]
    assert [alert.step for alert in life.look(after(DUE, 40))] == [2, 2]


def test_a_reopened_task_escalates_again() -> None:
    """The steps that fell due while it was closed come when it is opened again."""
    life = late()
    life.event(after(DUE, 2), schema.TaskClosed("implemented"))
    found = life.event(after(DUE, 40), schema.TaskReopened("未投入使用"))
    assert [(alert.step, alert.recipient) for alert in found] == [(1, "督查室"), (2, "督查室"), (2, "市政府办")]


def acknowledged(life: Life, at: datetime, until: datetime) -> None:
    """A person acknowledges the last alert until an instant."""
    life.event(at, schema.AlertAcknowledged(life.alerts[-1].id if life.alerts else "0" * 24, "李明", "周五前报", until))


def test_an_acknowledgement_stops_the_escalation_until_then() -> None:
    """The step that falls due meanwhile comes when it ends."""
    life = late()
    acknowledged(life, after(DUE, 5), after(DUE, 12))
    assert life.look(after(DUE, 11)) == []
    (step,) = life.look(after(DUE, 12))
    assert (step.step, step.at) == (1, after(DUE, 12))
    assert [alert.step for alert in life.look(after(DUE, 31))] == [2, 2]


def test_without_a_report_the_acknowledged_step_comes_again() -> None:
    """As another alert, which names the acknowledgement among its causes; the next steps go on as they were."""
    life = late()
    (first,) = life.look(after(DUE, 8))
    acknowledged(life, after(DUE, 8), after(DUE, 12))
    (again,) = life.look(after(DUE, 13))
    assert (again.step, again.at, again.causes) == (1, after(DUE, 12), (2, 3))
    assert again.id != first.id
    assert [alert.step for alert in life.look(after(DUE, 31))] == [2, 2]


def test_a_report_answers_an_acknowledgement() -> None:
    """Neither the acknowledged step nor one that falls into that time comes; a later step does."""
    life = late()
    acknowledged(life, after(DUE, 5), after(DUE, 12))
    life.event(after(DUE, 11), schema.ProgressReported(OTHER, "已联系施工方"))
    assert life.look(after(DUE, 20)) == []
    assert [alert.step for alert in life.look(after(DUE, 31))] == [2, 2]


def ongoing(ledger: Ledger | None = None) -> Life:
    """Return the life of an ongoing task that was assigned on 2018-01-01."""
    life = Life(ledger or with_rules(rules=(AlertRule("silent", ("lead",)),)))
    life.event(day("2018-01-01"), assignment(Ongoing("持续实施")))
    return life


def test_a_silent_task_alerts_its_lead_after_ninety_days_and_each_further_ninety() -> None:
    """Counted from the last report of any unit, or else from the assignment."""
    life = ongoing()
    life.look(day("2018-07-10"))
    assert list(life.told("silent")) == [("2018-04-01", LEAD, 1), ("2018-06-30", LEAD, 2)]
    assert [alert.days for alert in life.alerts] == [90, 180]
    life.event(day("2018-07-11"), schema.ProgressReported(OTHER, "推进中"))
    life.look(day("2018-10-09"))
    assert list(life.told("silent"))[2:] == [("2018-10-09", LEAD, 1)]
    assert life.alerts[-1].causes == (2,)


@pytest.mark.parametrize(
    ("rule", "days"),
    [
        (AlertRule("silent", ("lead",), repeat_interval="7d"), ["2018-04-01", "2018-04-08", "2018-04-15"]),
        (
            AlertRule("silent", ("lead",), after="5wd", repeat_interval="30d"),
            ["2018-01-09", "2018-02-08", "2018-03-10"],
        ),
        (AlertRule("silent", ("lead",), after="5wd"), ["2018-01-09", "2018-01-16", "2018-01-23"]),
    ],
)
def test_silence_is_repeated_after_the_interval_of_its_rule(rule: AlertRule, days: list[str]) -> None:
    """Without one, after each further time that it waits for the first alert."""
    life = ongoing(with_rules(rules=(rule,)))
    life.look(day("2018-06-01"))
    assert [at for at, _, _ in life.told("silent")][:3] == days


def test_a_weekly_summary_arises_at_its_time() -> None:
    """To the supervisor, from the first one after the first assignment on."""
    life = Life(with_rules(rules=(AlertRule("weekly", ("supervisor",), day="fri", at="16:00"),)))
    life.event(day("2018-02-01"), assignment())
    life.look(day("2018-02-10"))
    assert [(alert.at, alert.recipient, alert.task) for alert in life.alerts] == [
        (day("2018-02-02T16:00:00"), "督查室", ""),
        (day("2018-02-09T16:00:00"), "督查室", ""),
    ]


EVENTS = st.sampled_from(
    [
        schema.ProgressReported(LEAD, "推进中"),
        schema.ProgressReported(OTHER, "推进中"),
        schema.CompletionSubmitted(LEAD, "已办结"),
        schema.CompletionReturned(LEAD, "缺材料"),
        schema.TaskClosed("implemented"),
        schema.TaskReopened("抽查"),
        schema.TaskUrged((LEAD,), "请报进展"),
        schema.DeadlineClarified(Fixed("5月底前", DUE.replace(month=6)), "更正"),
        schema.DeadlineClarified(Ongoing("持续实施"), "更正"),
        schema.AlertAcknowledged("0" * 24, "李明", "周五前报", DUE + timedelta(days=20)),
    ]
)

steps = st.lists(st.tuples(st.integers(0, 25 * 24), EVENTS), max_size=14)


RULES = (
    *STEPS,
    AlertRule("passed", ("lead",)),
    AlertRule("urged", ("units",)),
    AlertRule("silent", ("lead",)),
    AlertRule("weekly", ("supervisor",)),
)


def lived(events: list[tuple[int, schema.EventData]], often: float, seed: int) -> Life:
    """Return a life in which the clock is read at random instants between events, so often; passings are recorded."""
    chance, life, now = random.Random(seed), Life(with_rules(rules=RULES, repeat_interval="20d")), day("2018-02-01")
    life.event(now, assignment())
    for hours, data in events:
        then = now + timedelta(hours=hours)
        for share in sorted(chance.random() for _ in range(3)):
            if chance.random() < often:
                pass_by(life, now + (then - now) * share)
                life.look(now + (then - now) * share)
        now = then
        pass_by(life, now)
        if accepted(life.tasks[TASK], data):
            life.event(now, data)
    pass_by(life, now + timedelta(days=100))
    life.look(now + timedelta(days=100))
    return life


def pass_by(life: Life, now: datetime) -> None:
    """Record the passings up to an instant, as the ledger's clock does: when they are due."""
    task = life.tasks[TASK]
    due = task.term.due_ahead(task.seen, life.ledger.zone)
    if task.closed is None and due is not None and due <= now and task.term.passed != due:
        life.event(max(due, task.seen), DeadlinePassed(due))


def accepted(task: NotifiedTask, data: schema.EventData) -> bool:
    """Return whether the task's state accepts an event."""
    if isinstance(data, schema.TaskReopened):
        return task.closed is not None
    return task.closed is None and (not isinstance(data, schema.CompletionReturned) or data.unit in task.submitted)


@given(steps, st.integers(0, 2**32))
def test_alerts_do_not_depend_on_when_the_clock_is_read(events: list[tuple[int, schema.EventData]], seed: int) -> None:
    """The same ids at the same instants, whether it is read often, at random or at the end alone; each id once."""
    found = [{(alert.id, alert.at) for alert in lived(events, often, seed).alerts} for often in (0, 0.5, 1)]
    assert found[0] == found[1] == found[2]
    assert len({id for id, _ in found[0]}) == len(found[0])


@given(steps)
def test_a_closed_task_has_no_alerts_of_time(events: list[tuple[int, schema.EventData]]) -> None:
    """After its closing nothing arises about it, however long it stays closed."""
    life = lived(events, 0, 0)
    before = life.look(life.considered or DUE)
    life.event(life.considered or DUE, schema.TaskClosed("implemented"))
    assert before == []
    assert [alert for alert in life.look(after(life.considered or DUE, 400)) if alert.task] == []
