"""The checks of `duban audit verify`, one file per subject, beginning with the log."""

from collections.abc import Callable
from typing import Any

from events.keys import key
from events.ledger import Ledger
from events.log import Log
from events.projection import Projection
from events.record import Record
from events.seal.merkle import Tree
from events.working_days import LIBRARY, WorkingDays
from services.cli.checks.alerts import check_alerts
from services.cli.checks.decisions import Decisions, cited_in
from services.cli.checks.digests import check_digests
from services.cli.checks.finding import Finding, TreeHead
from services.cli.checks.log import check_log
from services.cli.checks.outcomes import check_receipts, check_refused
from services.cli.checks.record import check_record
from services.cli.checks.rows import check_rows
from services.cli.checks.rules import find_rules
from services.common.ledger_clock import ahead_of_wall
from services.ingest.write_model import rules as ingest_rules
from services.notify.calendar.reader import rules as dues_rules
from services.notify.store import rules as notify_rules
from services.status.store import rules as status_rules


async def verify(
    redis: Any,
    log: Log,
    ledger: Ledger,
    progress: Callable[[int], None],
    tree: Tree,
    since: TreeHead | None = None,
    days: WorkingDays = LIBRARY,
    record: Record | None = None,
) -> list[Finding]:
    """Check a ledger and return the findings; `progress` and `tree` get the events as they are read.

    A `record` that was never trimmed may be left out. Raises TrimmedError where an archive is needed and not there.
    """
    name = log.ledger
    record = record or Record(redis, name)
    decisions = Decisions(ledger, await find_rules(redis, name), cited_in(log))
    findings = await check_log(redis, log, ledger, progress, tree, since, decisions.follow)
    if any(finding.check != "tree" for finding in findings):
        return findings  # decisions and rows of a broken log would repeat its findings
    decisions.end(held=bool(await redis.exists(key(name, "clock", "held"))))
    findings += decisions.findings
    for rules in (ingest_rules(ledger), status_rules(ledger), notify_rules(ledger, days), dues_rules(ledger)):
        findings += await check_rows(Projection(redis, log, rules))
    wrong_entries, recorded = await check_record(redis, record)
    findings += wrong_entries
    findings += await check_alerts(redis, log, record, ledger, days, recorded)
    findings += await check_digests(redis, record)
    findings += await check_refused(redis, name)
    for source in ledger.sources:
        findings += await check_receipts(redis, log, source)
    if (wrong := await ahead_of_wall(redis, name)) is not None:
        findings.append(Finding("clock", str(tree.size), wrong))
    return findings
