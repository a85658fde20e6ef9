"""What time alone gives rise to: steps of an escalation, silence, the weekly summary. Pure.

Each is a function of the folded task, the rules and the instant up to which the ledger's clock has been considered, so
it arises once, whenever the clock is looked at. At one instant, time comes before events.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from heapq import merge
from itertools import chain, count, takewhile
from typing import NamedTuple

from events.alert_rule import WEEKLY, AlertRule
from events.alert_times import WEEKDAYS, After, time_of_day
from events.deadline import Ongoing, last_day
from events.entries import Recorded
from events.ledger import Ledger
from events.working_days import WorkingDays
from services.notify.alerts import Alert, AlertFacts, alerts_for, days_late, days_since, made
from services.notify.notified_task import NotifiedTask
from services.notify.recipients import audience_of, chosen

WEEK = timedelta(weeks=1)

NEVER = datetime.max.replace(tzinfo=UTC)
"""Later than any instant of a ledger."""


class AlertMoment(NamedTuple):
    """An instant at which a rule gives rise to an alert about a task; `since` is the due or report it counts from.

    `ack` is the position of the acknowledgement after which a step comes again, 0 if it comes for the first time.
    """

    at: datetime
    rule: AlertRule
    step: int
    since: datetime
    ack: int = 0


def caused(
    ledger: Ledger,
    days: WorkingDays,
    before: NotifiedTask | None,
    task: NotifiedTask,
    entry: Recorded,
    considered: datetime | None = None,
) -> list[Alert]:
    """Return all alerts that arise when an event is folded, in order, each once.

    These are what arose by time before the event and after `considered`, what the event causes, and what arises at
    once as the task stands now.
    """
    name, now = entry.event.subject, task.seen
    earlier: list[Alert] = []
    if before is not None:
        since = before.seen if considered is None else max(before.seen, considered)
        earlier = arisen(ledger, days, name, before, since, now)
    until = now if considered is None else max(now, considered)
    later = arisen(ledger, days, name, task, now - timedelta.resolution, until)
    every = (*earlier, *alerts_for(ledger, before, task, entry), *later)
    return list({alert.id: alert for alert in reversed(every)}.values())[::-1]


def arisen(
    ledger: Ledger, days: WorkingDays, name: str, task: NotifiedTask, after: datetime, until: datetime
) -> list[Alert]:
    """Return the alerts about a task that arise by time alone after an instant up to another, in order."""
    if not _is_timed(task):
        return []
    found: list[AlertMoment] = []
    for rule in ledger.alerts.timed:
        for moment in _moments(ledger, days, task, rule):
            if moment.at > until:
                break
            if moment.at > after:
                found.append(moment)
    found.sort(key=lambda moment: moment.at)
    return list(chain.from_iterable(_alerts(ledger, name, task, moment) for moment in found))


def next_moment(ledger: Ledger, days: WorkingDays, task: NotifiedTask, after: datetime) -> datetime | None:
    """Return the first instant after another at which an alert about a task arises by time alone, if any."""
    if not _is_timed(task):
        return None
    firsts = (
        next((moment.at for moment in _moments(ledger, days, task, rule) if moment.at > after), None)
        for rule in ledger.alerts.timed
    )
    return min((at for at in firsts if at is not None), default=None)


def weekly(ledger: Ledger, after: datetime, until: datetime) -> list[Alert]:
    """Return the weekly summaries that arise after an instant up to another; they are filled when they are sent."""
    found: list[Alert] = []
    for rule in ledger.alerts.rules:
        if rule.on == "weekly":
            recipients = dict.fromkeys(one for word in rule.to for one in audience_of(ledger, word, None))
            at = next_weekly(ledger, rule, after)
            while at <= until:
                facts = AlertFacts("weekly", at)
                found += [made(rule, 0, "", None, recipient, at, facts) for recipient in recipients]
                at = next_weekly(ledger, rule, at)
    return sorted(found, key=lambda alert: alert.at)


def next_weekly(ledger: Ledger, rule: AlertRule, after: datetime) -> datetime:
    """Return the first instant after another at which a rule's weekly summary arises."""
    day, at = WEEKDAYS.index(rule.day or WEEKLY[0]), time_of_day("at", rule.at or WEEKLY[1])
    first = ledger.day(after)
    first += timedelta(days=(day - first.weekday()) % 7)
    found = datetime.combine(first, at, ledger.zone)
    return found if found > after else datetime.combine(first + WEEK, at, ledger.zone)


def _is_timed(task: NotifiedTask) -> bool:
    """Return whether time alone can give rise to an alert about a task: it is open, and late or ongoing."""
    return task.closed is None and (task.late is not None or isinstance(task.term.deadline, Ongoing))


def _alerts(ledger: Ledger, name: str, task: NotifiedTask, moment: AlertMoment) -> Iterator[Alert]:
    at, rule, step, since, ack = moment
    counted = days_since(ledger, since, at) if rule.on == "silent" else days_late(ledger, since, at)
    causes: tuple[int, ...] = (task.report_cause if rule.on == "silent" else task.late_cause,)
    if rule.on == "silent":
        facts = AlertFacts(rule.on, days=counted, key=task.report_cause)
    else:
        facts = AlertFacts(rule.on, task.late, counted, key=ack)
    if ack:
        causes = (*causes, ack)
    for recipient in chosen(ledger, rule, task):
        yield made(rule, step, name, task, recipient, at, facts, causes)


def _moments(ledger: Ledger, days: WorkingDays, task: NotifiedTask, rule: AlertRule) -> Iterator[AlertMoment]:
    """Yield the moments of one rule in order, without end if it repeats; none beyond a pause that has no end."""
    found = _firsts(ledger, days, task, rule)
    if rule.on == "open" and any(pause.cause for pause in task.pauses):
        return merge(found, _again(ledger, days, task, rule), key=lambda moment: moment.at)
    return found


def _firsts(ledger: Ledger, days: WorkingDays, task: NotifiedTask, rule: AlertRule) -> Iterator[AlertMoment]:
    """Yield the moments at which the steps of a rule come for the first time."""
    if task.closed is not None:
        return
    since, floor = (task.last_report or task.opened, task.opened)
    if rule.on in {"open", "passed"}:
        if task.late is None or task.late_since is None:
            return
        since, floor = task.late, task.late_since
    elif rule.on != "silent" or not isinstance(task.term.deadline, Ongoing):
        return
    for step, base in _bases(ledger, days, rule, since):
        at = _resumed(task, max(base, floor))
        if at is NEVER:
            return
        if at is not None:
            yield AlertMoment(at.astimezone(ledger.zone), rule, step, since)


def _again(ledger: Ledger, days: WorkingDays, task: NotifiedTask, rule: AlertRule) -> Iterator[AlertMoment]:
    """Yield a rule's last step before each acknowledgement that no report answered, again when that ends.

    It does not come again if the next step falls into the time of the acknowledgement, as that comes then.
    """
    steps = ledger.alerts.steps(rule)
    for pause in task.pauses:
        if not pause.cause or pause.answered or pause.until is None:
            continue
        before = [moment for step in steps for moment in _until(pause.until, _firsts(ledger, days, task, step))]
        last = max(before, key=lambda moment: (moment.at, moment.step), default=None)
        at = _resumed(task, pause.until)
        if last is not None and last.rule is rule and last.at <= pause.since and at is not None and at is not NEVER:
            yield AlertMoment(at.astimezone(ledger.zone), rule, last.step, last.since, pause.cause)


def _until(instant: datetime, moments: Iterator[AlertMoment]) -> Iterator[AlertMoment]:
    return takewhile(lambda moment: moment.at <= instant, moments)


def _resumed(task: NotifiedTask, at: datetime) -> datetime | None:
    """Return when what falls due at an instant comes: after the pauses that it falls into, and NEVER if one has no end.

    None if it does not come at all, as a unit reported within an acknowledgement.
    """
    for pause in task.pauses:
        if pause.has(at):
            if pause.answered:
                return None
            if pause.until is None:
                return NEVER
            at = pause.until
    return at


def _bases(ledger: Ledger, days: WorkingDays, rule: AlertRule, since: datetime) -> Iterator[tuple[int, datetime]]:
    """Yield the steps of a rule and when each falls due, whatever happens meanwhile."""
    interval = ledger.alerts.repeats(rule)
    match rule.on:
        case "silent" if interval is None:
            for step in count(1):
                yield step, _later(ledger, days, rule.delay, since, step)
        case "silent" | "open":
            number = rule.number or 1
            first = _later(ledger, days, rule.delay, since, 1)
            yield number, first
            if interval is not None and rule.number == max(one.number for one in ledger.alerts.steps(rule)):
                for step in count(1):
                    yield number + step, first + step * interval
        case _:
            if interval is not None:
                for step in count(1):
                    yield step, since + step * interval


def _later(ledger: Ledger, days: WorkingDays, delay: After, since: datetime, times: int) -> datetime:
    """Return the instant so many days after another: for working days, the end of the last of them."""
    if not delay.working:
        return since + timedelta(days=times * delay.days)
    day: date = days.after(last_day(since, ledger.zone), times * delay.days)
    return datetime.combine(day + timedelta(days=1), time(), ledger.zone)
