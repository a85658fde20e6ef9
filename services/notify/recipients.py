"""Recipients: whom a rule chooses for a task. Pure."""

import re
from collections.abc import Iterator, Sequence
from typing import assert_never

from events.alert_rule import AlertRule, Audience
from events.ledger import Ledger
from services.notify.notified_task import NotifiedTask

_BETWEEN = re.compile(r"[、，,；;/\s]+")
"""Between several officials in one cell of a table."""


def chosen(ledger: Ledger, rule: AlertRule, task: NotifiedTask, concerned: Sequence[str] | None = None) -> list[str]:
    """Return the recipients of a rule's alert about a task, each once.

    `concerned` are the units that the event names, which alone are its `units`; None stands for all units of the task.
    """
    found = (name for audience in rule.to for name in audience_of(ledger, audience, task, concerned))
    return list(dict.fromkeys(found))


def audience_of(
    ledger: Ledger, audience: Audience, task: NotifiedTask | None, concerned: Sequence[str] | None = None
) -> Iterator[str]:
    """Yield the recipients that a word of a rule stands for; without a task, those that depend on none."""
    match audience:
        case "supervisor":
            yield ledger.alerts.supervisor
        case "leader":
            yield from leaders(ledger, task)
        case "units" if concerned is not None:
            yield from concerned
        case "units" if task is not None:
            yield from ledger.directory.obligations(task.units)
        case "lead" if task is not None:
            yield from _leading(ledger, task)
        case "cooperating" if task is not None:
            leading = set(_leading(ledger, task))
            yield from (unit for unit in ledger.directory.obligations(task.units) if unit not in leading)
        case "units" | "lead" | "cooperating":
            return
        case _:
            assert_never(audience)


def leaders(ledger: Ledger, task: NotifiedTask | None) -> list[str]:
    """Return the leading officials of a task who have channels of their own, or else the ledger's leader, if any."""
    named = _BETWEEN.split(task.leader) if task is not None and task.leader is not None else []
    whole = [task.leader] if task is not None and task.leader is not None else []
    known = [name for name in (*whole, *named) if name in ledger.alerts.people]
    if known:
        return known
    return [ledger.alerts.leader] if ledger.alerts.leader is not None else []


def _leading(ledger: Ledger, task: NotifiedTask) -> tuple[str, ...]:
    """Return the units that lead and have a duty: none if an open name leads."""
    duties = ledger.directory.obligations(unit for unit in task.units if not unit.open)
    return tuple(name for name in ledger.directory.leading(task.lead) if name in duties)
