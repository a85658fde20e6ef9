"""Why an event or a task alerted whom: the rules, the recipients that they chose, and what became of each alert."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from msgspec import Struct

from events.alert_rule import AlertRule
from events.entries import Recorded
from events.ledger import Ledger
from events.working_days import WorkingDays
from services.cli.alert_plan import said
from services.notify.alerts import Alert, AlertFacts, facts_of
from services.notify.elapsed import next_moment
from services.notify.notified_task import NotifiedTask, evolve
from services.notify.recipients import audience_of
from services.notify.simulation import AlertVerdict, Simulation
from services.notify.words.lines import one_line

AUDIENCES = {
    "units": "责任单位",
    "lead": "牵头单位",
    "cooperating": "配合单位",
    "supervisor": "督查机构",
    "leader": "领导",
}

TRIGGERS = {
    "assigned": "任务交办",
    "neared": "临近时限",
    "passed": "逾期",
    "open": "逾期后仍未销号",
    "submitted": "报送办结",
    "returned": "退回",
    "requested": "申请延期",
    "granted": "准予延期",
    "refused": "不予延期",
    "urged": "催办",
    "reassigned": "责任单位调整",
    "silent": "长期未反馈进展",
    "weekly": "每周汇总",
    "trouble": "通知渠道异常",
}


class ExplainedAlert(Struct, frozen=True, omit_defaults=True):
    """A recipient that a rule chose, or why it chose nobody, and what became of the alert."""

    rule: str
    on: str
    audience: str
    recipient: str = ""
    step: int = 0
    arose: datetime | None = None
    sent: datetime | None = None
    reason: str | None = None


class UnmatchedRule(Struct, frozen=True, omit_defaults=True):
    """A kind of rules that did not match, or a step of an escalation."""

    on: str
    rule: str = ""
    step: int = 0


class Explained(Struct, frozen=True):
    """Why an event, or a task, alerted whom; `others` are the rules that did not match."""

    position: int | None
    task: str
    title: str
    at: datetime
    what: str
    alerts: tuple[ExplainedAlert, ...]
    others: tuple[UnmatchedRule, ...]
    next: datetime | None = None


def explain_position(
    ledger: Ledger, days: WorkingDays, entries: Sequence[Recorded], position: int, now: datetime
) -> Explained:
    """Explain an event of the log."""
    entry = entries[position - 1]
    name, before, task = entry.event.subject, None, None
    for one in entries[:position]:
        if one.event.subject == name:
            before, task = task, evolve(ledger, task, one)
    assert task is not None, "the log begins each task with its assignment"
    facts = facts_of(ledger, before, task, entry)
    verdicts = [one for one in Simulation(ledger, days).run(entries, now) if position in one.alert.causes]
    alerts: list[ExplainedAlert] = []
    others: list[UnmatchedRule] = []
    for rule in ledger.alerts.rules:
        own = list(_of_rule(ledger, rule, task, facts, verdicts))
        alerts += own
        if not own:
            others.append(_kind_of(rule))
    at = entry.event.at.astimezone(ledger.zone)
    return Explained(position, name, task.title, at, entry.event.type, tuple(alerts), tuple(dict.fromkeys(others)))


def explain_task(ledger: Ledger, days: WorkingDays, entries: Sequence[Recorded], name: str, now: datetime) -> Explained:
    """Explain all alerts about a task, in the order in which they arose, and when the next arises by time alone."""
    simulation = Simulation(ledger, days)
    verdicts = [one for one in simulation.run(entries, now) if one.alert.task == name]
    task = simulation.tasks[name]
    alerts = tuple(_explained(ledger, "", one) for one in sorted(verdicts, key=lambda one: (one.alert.at, one.at)))
    alerted = {
        _kind_of(rule) for rule in ledger.alerts.rules if any(_is_of(ledger, rule, one.alert) for one in verdicts)
    }
    others = tuple(dict.fromkeys(kind for rule in ledger.alerts.rules if (kind := _kind_of(rule)) not in alerted))
    upcoming = next_moment(ledger, days, task, now)
    return Explained(None, name, task.title, now.astimezone(ledger.zone), "task", alerts, others, upcoming)


def explained_lines(explained: Explained, width: int) -> Iterator[str]:
    """Yield an explanation as lines for people, in Chinese."""
    where = f"日志序号 {explained.position}：{explained.what}" if explained.position is not None else "任务全部提醒"
    yield where
    yield f"{explained.task} {one_line(explained.title, max(10, width // 2 - 12))}（{explained.at:%Y-%m-%d %H:%M}）"
    rule = ""
    for alert in explained.alerts:
        head = f"规则 {alert.rule}（{_trigger(alert.on, alert.step)}）"
        if head != rule:
            rule = head
            yield head
        arose = f"{alert.arose:%Y-%m-%d %H:%M}产生，" if explained.position is None and alert.arose is not None else ""
        audience = f"{AUDIENCES[alert.audience]} " if alert.audience else ""
        yield f"  {audience}{alert.recipient or '——'}：{arose}{_fate(alert)}"
    if explained.next is not None:
        yield f"如无变化，下次提醒产生于 {explained.next:%Y-%m-%d %H:%M}"
    if explained.others:
        yield f"其余规则未触发：{'、'.join(_trigger(one.on, one.step) for one in explained.others)}"


def _of_rule(
    ledger: Ledger, rule: AlertRule, task: NotifiedTask, facts: AlertFacts | None, verdicts: Sequence[AlertVerdict]
) -> Iterator[ExplainedAlert]:
    """Yield what a rule made of an event: by recipient, and by words of the rule that chose nobody."""
    own: dict[str, list[AlertVerdict]] = {}
    for one in verdicts:
        if _is_of(ledger, rule, one.alert):
            own.setdefault(one.alert.recipient, []).append(one)
    matches = facts is not None and facts.on == rule.on
    if not matches and not own:
        return
    others = {one.alert.recipient: one.alert.rule for one in verdicts if one.alert.on == rule.on}
    for audience in rule.to:
        names = list(audience_of(ledger, audience, task, facts.concerned if facts is not None else None))
        if not names:
            yield ExplainedAlert(rule.called, rule.on, audience, reason="nobody")
        for name in names:
            if name in own:
                yield from (_explained(ledger, audience, one) for one in own.pop(name))
            elif matches:
                reason = f"by-rule: {others[name]}" if name in others else "twice"
                yield ExplainedAlert(rule.called, rule.on, audience, name, reason=reason)
    for left in own.values():  # recipients of a later instant, when the task had other units
        yield from (_explained(ledger, "", one) for one in left)


def _is_of(ledger: Ledger, rule: AlertRule, alert: Alert) -> bool:
    """Return whether a rule raised an alert: the last step of an escalation may be repeated, with further numbers."""
    if (alert.on, alert.rule) != (rule.on, rule.called):
        return False
    steps = [one.number for one in ledger.alerts.steps(rule) if one.number <= alert.step]
    return not rule.number or rule.number == max(steps, default=0)


def _kind_of(rule: AlertRule) -> UnmatchedRule:
    return UnmatchedRule(rule.on, rule.called, rule.number) if rule.number else UnmatchedRule(rule.on)


def _trigger(on: str, step: int) -> str:
    return f"{TRIGGERS[on]}{f'，第{step}步' if step else ''}"


def _explained(ledger: Ledger, audience: str, verdict: AlertVerdict) -> ExplainedAlert:
    alert, reason = verdict.alert, verdict.reason
    if reason is None and not ledger.alerts.channels_of(alert.recipient):
        reason = "no-channel"
    at = verdict.at.astimezone(ledger.zone)
    return ExplainedAlert(
        alert.rule, alert.on, audience, alert.recipient, alert.step, alert.at.astimezone(ledger.zone), at, reason
    )


def _fate(alert: ExplainedAlert) -> str:
    """Return what became of an alert, in words."""
    at = f"{alert.sent:%Y-%m-%d %H:%M}" if alert.sent is not None else ""
    match (alert.reason or "").partition(": "):
        case ("", _, _):
            return f"{at}发送"
        case ("nobody", _, _):
            return "未设置接收人" if alert.audience == "leader" else "本任务无此类单位"
        case ("no-channel", _, _):
            return "未配置通知渠道，未发送"
        case ("by-rule", _, other):
            return f"已由规则 {other} 提醒，不重复"
        case ("twice", _, _):
            return "已提醒，不重复"
        case ("waits", _, _):
            return f"待发送（{at}汇总）"
        case _:
            return f"未发送：{said(alert.reason or '')}"
