"""What is still true when a digest closes, in the facts of that instant, and why the rest is not sent."""

from datetime import datetime

import pytest
from msgspec.structs import replace

from events import schema
from events.alert_matching import Inhibition, Silence
from events.deadline import Fixed, Ongoing, Recurring
from events.schema import DeadlineNeared, DeadlinePassed, Unit
from services.notify.alerts import Alert
from services.notify.settling import settled
from tests.notify.life import DUE, LEAD, LEDGER, OTHER, TASK, Life, after, assignment, day, with_rules

SUPERVISOR = LEDGER.alerts.supervisor


def left(life: Life, now: datetime, recipient: str = LEAD) -> tuple[list[Alert], dict[str, str]]:
    """Return what is sent of all alerts to a recipient, and why the others are not, by kind and step or days."""
    alerts = [alert for alert in life.alerts if alert.recipient == recipient and alert.on != "assigned"]
    true, over = settled(life.ledger, life.tasks, alerts, now)
    assert sorted([alert.id for alert in true] + [alert.id for alert, _ in over]) == sorted(a.id for a in alerts)
    return true, {f"{alert.on} {alert.step or alert.days or ''}".strip(): reason for alert, reason in over}


def neared(*days: int) -> Life:
    """Return the life of a task due after 2018-03-31 whose reminders were recorded on 27 March, after an outage."""
    life = Life()
    life.event(day("2018-02-01"), assignment())
    for number in days:
        life.event(day("2018-03-27"), DeadlineNeared(DUE, number))
    return life


def test_of_missed_reminders_the_latest_is_sent_in_the_words_of_now() -> None:
    """Services were down from 10 February to 27 March: one reminder, which says that five days are left."""
    (reminder,), over = left(neared(30, 7), day("2018-03-27"))
    assert (reminder.on, reminder.days, reminder.due) == ("neared", 5, DUE)
    assert list(over.values()) == ["superseded"]


def test_the_last_day_counts() -> None:
    """On 31 March the task falls due today."""
    (reminder,), _ = left(neared(1), day("2018-03-31"))
    assert reminder.days == 1


SETTLING: dict[str, tuple[schema.EventData, str]] = {
    "closed": (schema.TaskClosed("implemented"), "closed"),
    "submitted": (schema.CompletionSubmitted(LEAD, "已办结"), "submitted"),
    "another due": (schema.DeadlineClarified(Fixed("年底前", DUE.replace(year=2019)), "更正"), "new-due"),
    "no due": (schema.DeadlineClarified(Ongoing("持续实施"), "更正"), "new-due"),
    "passed": (DeadlinePassed(DUE), "passed"),
    "left": (schema.TaskReassigned(OTHER, (Unit(OTHER, "lead"),), "机构改革"), "left"),
}


@pytest.mark.parametrize("what", SETTLING)
def test_a_reminder_that_was_settled_is_not_sent(what: str) -> None:
    """With the reason."""
    life = neared(7)
    data, reason = SETTLING[what]
    life.event(DUE if what == "passed" else day("2018-03-28"), data)
    life.alerts = [alert for alert in life.alerts if alert.on == "neared"]
    true, over = left(life, max(life.tasks[TASK].seen, day("2018-03-28")))
    assert (true, list(over.values())) == ([], [reason])


@pytest.mark.parametrize(("reports", "reason"), [(True, "reported"), (False, "new-due")])
@pytest.mark.parametrize("passes", [False, True])
def test_an_occurrence_that_a_report_meets_is_told_as_reported(*, passes: bool, reports: bool, reason: str) -> None:
    """Before or after it passes; where the deadline became another one, it is that."""
    life = Life()
    due, every = day("2018-04-01T00:00:00"), Recurring("每季度末", "quarter", day("2018-04-01T00:00:00"))
    life.event(day("2018-02-01"), assignment(every))
    now = due if passes else day("2018-03-25")
    life.event(now, DeadlinePassed(due) if passes else DeadlineNeared(due, 7))
    other = schema.DeadlineClarified(Fixed("年底前", DUE.replace(year=2019)), "更正")
    life.event(after(now, 1), schema.ProgressReported(LEAD, "推进中") if reports else other)
    true, over = left(life, after(now, 2))
    assert (true, list(over.values())) == ([], [reason])


def test_passed_inhibits_neared_of_the_same_due() -> None:
    """Both in one digest: the passing alone is sent."""
    life = neared(1)
    life.event(DUE, DeadlinePassed(DUE))
    true, over = left(life, DUE)
    assert [alert.on for alert in true] == ["passed"]
    assert list(over.values()) == ["passed"]


def test_of_several_steps_that_were_missed_each_recipient_gets_the_latest() -> None:
    """The supervisor one alert instead of three, the leader the second step."""
    life = Life(with_rules(leader="市政府办"))
    life.event(day("2018-02-01"), assignment())
    life.event(after(DUE, 40), DeadlinePassed(DUE))
    (last,), over = left(life, after(DUE, 40), SUPERVISOR)
    assert (last.on, last.step, last.days) == ("open", 2, 41)
    assert over == {"passed 41": "superseded", "open 1": "superseded"}
    assert [alert.step for alert in left(life, after(DUE, 40), "市政府办")[0]] == [2]


def test_a_submission_that_was_returned_and_a_request_that_was_answered_are_no_news() -> None:
    """To the supervisor, who did it."""
    life = Life()
    life.event(day("2018-02-01"), assignment())
    life.event(day("2018-02-02"), schema.CompletionSubmitted(OTHER, "已办结"))
    life.event(day("2018-02-02"), schema.ExtensionRequested(LEAD, "雨季", DUE.replace(month=6)))
    assert [alert.on for alert in left(life, day("2018-02-02"), SUPERVISOR)[0]] == ["submitted", "requested"]
    life.event(day("2018-02-03"), schema.CompletionReturned(OTHER, "缺材料"))
    life.event(day("2018-02-03"), schema.ExtensionRefused(life.tasks[TASK].term.request.id, "理由不足"))  # type: ignore[union-attr]
    true, over = left(life, day("2018-02-03"), SUPERVISOR)
    assert (true, set(over.values())) == ([], {"returned", "answered"})


def test_silence_that_a_report_ended_is_not_sent() -> None:
    """In the words of now: the days of silence until now, where it lasts."""
    life = Life()
    life.event(day("2018-01-01"), assignment(Ongoing("持续实施")))
    life.look(day("2018-04-02"))
    (silent,), _ = left(life, day("2018-04-03"))
    assert (silent.on, silent.days) == ("silent", 92)
    life.event(day("2018-04-02"), schema.ProgressReported(OTHER, "推进中"))
    assert left(life, day("2018-04-03"))[1] == {"silent 1": "reported"}


def test_a_silence_of_the_file_holds_back_what_matches_while_it_lasts() -> None:
    """With its reason; what does not match is sent."""
    silence = Silence(start=day("2018-03-20").date(), until=day("2018-04-01").date(), reason="机构调整", on=("neared",))
    life = neared(7)
    life.ledger = with_rules(silence=(silence,))
    assert left(life, day("2018-03-27"))[1] == {"neared 5": "silenced: 机构调整"}
    life.ledger = with_rules(silence=(replace(silence, recipient=(OTHER,)),))
    assert len(left(life, day("2018-03-27"))[0]) == 1
    life.ledger = with_rules(silence=(replace(silence, until=day("2018-03-27").date()),))
    assert len(left(life, day("2018-03-27"))[0]) == 1


def test_an_inhibition_of_the_file_holds_back_its_targets() -> None:
    """While an extension is requested, no step is sent."""
    life = Life(with_rules(inhibit=(Inhibition("requested", ("neared",)),)))
    life.event(day("2018-02-01"), assignment())
    life.event(day("2018-03-20"), schema.ExtensionRequested(LEAD, "雨季", DUE.replace(month=6)))
    life.event(day("2018-03-25"), DeadlineNeared(DUE, 7))
    assert list(left(life, day("2018-03-25"))[1].values()) == ["inhibited"]


def test_a_weekly_summary_says_what_is_overdue_due_and_done() -> None:
    """As of the instant at which it is sent; of missed ones the latest; none of a ledger without an open task."""
    life = Life()
    soon = Fixed("4月上旬", day("2018-04-10T00:00:00"))
    for name, deadline in (("t-1", None), ("t-2", soon), ("t-3", None), ("t-4", Ongoing("持续实施"))):
        life.event(day("2018-03-01"), assignment(deadline), name)
    life.event(DUE, DeadlinePassed(DUE), "t-1")
    life.event(day("2018-04-04"), schema.TaskClosed("implemented"), "t-3")
    life.look(day("2018-04-09"))
    (weekly,), over = left(life, day("2018-04-09"), SUPERVISOR)[0][-1:], left(life, day("2018-04-09"), SUPERVISOR)[1]
    assert weekly.week is not None
    assert [(task.task, task.days) for task in weekly.week.overdue] == [("t-1", 9)]
    assert [(task.task, task.days) for task in weekly.week.soon] == [("t-2", 1)]
    assert (weekly.week.open, weekly.week.closed) == (3, 1)
    assert over["weekly"] == "superseded"
    for name in ("t-1", "t-2", "t-4"):
        life.event(day("2018-04-10"), schema.TaskClosed("implemented"), name)
    assert left(life, day("2018-06-01"), SUPERVISOR)[1]["weekly"] in {"nothing", "superseded"}
