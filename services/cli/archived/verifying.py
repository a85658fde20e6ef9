"""Verifying the archives of a ledger: every entry and signature, then what the entries say."""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from functools import partial
from multiprocessing import get_context
from typing import NamedTuple

from events.entries import Recorded
from events.ledger import Ledger
from events.seal.checkpoint import LogCheckpoint
from events.seal.eras import CONTINUES
from events.seal.errors import FormatError, PolicyError, SignatureError
from events.seal.policy import LogPolicy, Trusted
from events.seal.storage import CHECKPOINT
from events.seal.timestamps import Authorities
from events.working_days import LIBRARY, WorkingDays
from services.cli.archived.alerts import AlertTask, alert_findings
from services.cli.archived.entries import SealedEntries
from services.cli.archived.stamps import StampFound, stamp_of
from services.cli.checks.decisions import Decisions
from services.cli.checks.decoding import Decoding
from services.cli.checks.finding import Finding, TreeHead
from services.cli.checks.rules import RulesFound, rules_of, with_texts
from services.cli.fsck.check import check_archive, processors, weaker
from services.cli.fsck.files import ArchiveFiles

Report = Callable[[float], None]
"""Gets the share of the work that is done."""

TILES_SHARE = 0.1
"""Of checking tiles and entries in the time of everything."""

FEWEST_APART = 200_000
"""Entries from which another process compares the alerts meanwhile: it takes two seconds to start."""


class Verified(NamedTuple):
    """What was found in a ledger's archives: the log's checkpoint, rules, what is wrong, what is unread, the stamp.

    `continues` says which log this one continues, if it does.
    """

    trusted: Trusted
    rules: RulesFound
    findings: list[Finding]
    unread: list[str]
    stamp: StampFound | None = None
    continues: str | None = None


class Archives(NamedTuple):
    """The archives of a ledger: of its log, of the rules by which it was decided, and of its alerts."""

    log: ArchiveFiles
    rules: ArchiveFiles
    record: ArchiveFiles


class PresentRules(NamedTuple):
    """What counts for positions from before rules were recorded, and the working days."""

    ledger: Ledger
    days: WorkingDays = LIBRARY


class _Judged(NamedTuple):
    """A ledger's log, by which its other archives are judged; `weak` gets what their quorums lack, `wrong` the rest."""

    policy: LogPolicy
    log: Trusted
    wrong: list[Finding]
    weak: list[Finding]


async def verify_archives(
    archives: Archives,
    policy: LogPolicy,
    present: PresentRules,
    since: TreeHead | None,
    report: Report,
    authorities: Authorities | None = None,
) -> Verified:
    """Verify a ledger's log, and that it continues an earlier head, by the rules in their own archive.

    A checkpoint that the quorum of witnesses has not cosigned is a finding, and the rest is verified. What the entries
    say is looked at where all of them are those that were sealed. Raises PolicyError, SignatureError and FormatError
    for a checkpoint of the log that is not trusted, and OSError, but for the record, which not everybody may read.
    """
    trusted = _trusted(archives.log, policy)
    weak = _weaker("witnesses", trusted)
    checkpoint = trusted.checkpoint
    earlier = since and LogCheckpoint(checkpoint.origin, since.position, bytes.fromhex(since.digest))
    size = checkpoint.size
    flaws = _flaws("archive", archives.log, checkpoint, lambda done: report(TILES_SHARE * done / size), earlier)
    judged = _Judged(policy, trusted, flaws, weak)
    rules = _rules(archives.rules, judged)
    recorded, unread = _record(archives.record, judged)
    continues = _continued(archives.log, judged)
    findings = [*judged.wrong, *rules.findings]
    if not findings:
        with ExitStack() as stack:
            task = AlertTask(archives.log, size, archives.record, recorded or 0, *present, rules)
            alerts = _alerts(task, stack) if recorded is not None else list[Finding]
            findings = await _contents(SealedEntries(archives.log, size), rules, present.ledger, size, report)
            findings = findings or alerts()  # those of a wrong log would repeat its findings
    stamped = stamp_of(archives.log, policy, checkpoint, authorities) if authorities is not None else None
    wrong = [stamped] if isinstance(stamped, Finding) else []
    stamp = None if isinstance(stamped, Finding) else stamped
    return Verified(trusted, rules, weak + findings + wrong, unread, stamp, continues)


def _alerts(task: AlertTask, stack: ExitStack) -> Callable[[], list[Finding]]:
    """Return what finds what is wrong with the alerts; for a large log another process has begun with it."""
    if task.size < FEWEST_APART or processors() == 1:
        return partial(alert_findings, task)
    pool = stack.enter_context(ProcessPoolExecutor(1, get_context("spawn")))
    return pool.submit(alert_findings, task).result


def _trusted(files: ArchiveFiles, policy: LogPolicy) -> Trusted:
    data = files.read(CHECKPOINT)
    if data is None:
        raise FormatError(f"there is no file {CHECKPOINT!r}")
    return policy.weigh(data)


def _flaws(
    check: str,
    files: ArchiveFiles,
    checkpoint: LogCheckpoint,
    report: Callable[[int], None],
    earlier: LogCheckpoint | None = None,
) -> list[Finding]:
    """Return what is wrong with the files of an archive."""
    flaws = check_archive(files, checkpoint, report, earlier).flaws
    return [Finding(check, str(flaw.position) if flaw.position is not None else "", flaw.detail) for flaw in flaws]


def _record(files: ArchiveFiles, judged: _Judged) -> tuple[int | None, list[str]]:
    """Return the size of the sealed record of a log, or why it is not read."""
    try:
        if files.read(CHECKPOINT) is None:
            return None, ["alerts were not looked at: there is no archive of the record"]
    except OSError as error:
        return None, [f"alerts were not looked at: the archive of the record cannot be read ({error})"]
    checkpoint = _sibling(files, judged, "record")
    return (checkpoint.size if checkpoint is not None else None), []


def _sibling(files: ArchiveFiles, judged: _Judged, stream: str) -> LogCheckpoint | None:
    """Return the checkpoint of another archive of a ledger, all of whose files are right; None with a finding."""
    try:
        trusted = _trusted(files, judged.policy)
    except (FormatError, PolicyError, SignatureError) as error:
        judged.wrong.append(Finding(stream, "", f"the archive of the {stream} is not trusted: {error}"))
        return None
    judged.weak.extend(_weaker(stream, trusted))
    checkpoint, wanted = trusted.checkpoint, f"{judged.log.checkpoint.origin}/{stream}"
    if checkpoint.origin != wanted:
        wrong = f"the archive of the {stream} is that of {checkpoint.origin!r} instead of {wanted!r}"
        judged.wrong.append(Finding(stream, "", wrong))
        return None
    flaws = _flaws(stream, files, checkpoint, lambda _: None)
    judged.wrong.extend(flaws)
    return checkpoint if not flaws else None


def _continued(files: ArchiveFiles, judged: _Judged) -> str | None:
    """Return which log this one continues after an accepted loss; one that the policy does not trust is a finding."""
    data = files.read(CONTINUES)
    if data is None:
        return None
    try:
        before = judged.policy.weigh(data).checkpoint
    except (FormatError, PolicyError, SignatureError) as error:
        judged.wrong.append(Finding("archive", "", f"the log says that it continues one that is not trusted: {error}"))
        return None
    return f"this log continues {before.origin}, which ended with {before.size} entries: an operator accepted a loss"


def _weaker(check: str, trusted: Trusted) -> list[Finding]:
    lack = weaker(trusted)
    return [Finding(check, "", lack)] if lack is not None else []


def _rules(files: ArchiveFiles, judged: _Judged) -> RulesFound:
    """Return the sealed rules of a log; none where there is no archive of them."""
    none = RulesFound([], {}, [])
    if files.read(CHECKPOINT) is None:
        return none
    checkpoint = _sibling(files, judged, "rules")
    if checkpoint is None:
        return none
    found = rules_of(one for batch in SealedEntries(files, checkpoint.size).batches() for one in batch)
    return with_texts(found, {entry.sha256: files.read(entry.sha256) for entry in found.entries})


async def _contents(
    entries: SealedEntries, rules: RulesFound, present: Ledger, size: int, report: Report
) -> list[Finding]:
    """Return what is wrong with what the entries say: form, order, repetition, decisions."""
    decisions, decoding = Decisions(present, rules, entries.cited), Decoding()
    for batch in entries.batches():
        events: list[Recorded] = []
        for entry in batch:
            if (event := decoding.event(entry)) is None:
                continue
            if (before := entries.place(event, entry.position)) is not None:
                wrong = f"position {before} has this source and id"
                decoding.findings.append(Finding("once", str(entry.position), wrong))
            events.append(Recorded(entry.position, event))
        await decisions.follow(events)
        report(TILES_SHARE + (1 - TILES_SHARE) * batch[-1].position / size)
    decisions.end(held=False)
    return decoding.findings + decisions.findings
