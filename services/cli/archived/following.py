"""Following a log to its end, step by step, next to its alerts."""

from collections.abc import Callable
from contextlib import ExitStack
from itertools import islice
from typing import NamedTuple

import msgspec

from services.cli.archived.alert_process import alert_steps
from services.cli.archived.alerts import AlertTask
from services.cli.archived.archives import ArchivePart, PresentRules
from services.cli.archived.beginning import Beginning
from services.cli.archived.contents import Contents, ContentsState
from services.cli.archived.entries import SealedEntries
from services.cli.archived.keeper import StateKeeper
from services.cli.checks.finding import Finding
from services.cli.checks.rules import RulesFound

STEP = 32
"""Bundles of a step, after which a state may be saved: half a second."""


class LogTask(NamedTuple):
    """The parts of log and record that are looked at, None if there is no record, and the rules."""

    log: ArchivePart
    record: ArchivePart | None
    present: PresentRules
    rules: RulesFound


async def follow_log(
    task: LogTask, beginning: Beginning, keeper: StateKeeper, report: Callable[[int], None]
) -> list[Finding]:
    """Return what is wrong with what the entries say, or else with the alerts: those of a wrong log repeat that.

    `report` gets each position that was reached. Raises FormatError, OSError and VerificationStoppedError.
    """
    log, record, present, rules = task
    entries = SealedEntries(*log)
    state = msgspec.json.decode(beginning.contents, type=ContentsState | None)
    contents = Contents(entries, rules, present.ledger, log.after, state)
    batches = entries.batches()
    with ExitStack() as stack:
        alerts = None
        if record is not None:
            alerts = stack.enter_context(alert_steps(AlertTask(log, record, present, rules), beginning.alerts))
        while step := list(islice(batches, STEP)):
            position = step[-1][-1].position
            if alerts is not None and not contents.findings:
                alerts.follow(position)
            for batch in step:
                await contents.follow(batch)
            keeper.step(position, contents, alerts)
            report(position)
        findings = contents.end() or (alerts.end() if alerts is not None else [])
        if not findings:
            keeper.save(log.checkpoint.size, contents, alerts)
    return findings
