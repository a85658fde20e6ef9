"""Following a log to its end, step by step, next to its alerts."""

from collections.abc import Callable
from contextlib import ExitStack
from itertools import islice

import msgspec

from services.cli.archived.alert_process import alert_steps
from services.cli.archived.archives import FollowedLog
from services.cli.archived.beginning import Beginning
from services.cli.archived.contents import Contents, ContentsState
from services.cli.archived.entries import SealedEntries
from services.cli.archived.keeper import StateKeeper
from services.cli.checks.finding import Finding

STEP = 32
"""Bundles of a step, after which a state may be saved: half a second."""


async def follow_log(
    task: FollowedLog, beginning: Beginning, keeper: StateKeeper, report: Callable[[int], None]
) -> list[Finding]:
    """Return the findings on the entries or, if there are none, on the alerts: others would only repeat them.

    `report` gets each position that was reached. Raises FormatError, OSError and VerificationStoppedError.
    """
    log, entries = task.log, SealedEntries(*task.log)
    state = msgspec.json.decode(beginning.contents, type=ContentsState | None)
    contents = Contents(entries, task.rules, task.present.ledger, log.after, state)
    batches = entries.batches()
    with ExitStack() as stack:
        alerts = None
        if task.record is not None:
            alerts = stack.enter_context(alert_steps(task, beginning.alerts))
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
