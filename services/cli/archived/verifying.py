"""Verifying the archives of a ledger: every entry and signature, then what the entries say."""

from collections.abc import Callable
from typing import NamedTuple

from events.entries import Recorded
from events.ledger import Ledger
from events.seal.checkpoint import LogCheckpoint
from events.seal.errors import FormatError, PolicyError, SignatureError
from events.seal.policy import LogPolicy, Trusted
from events.seal.storage import CHECKPOINT
from events.seal.timestamps import Authorities
from services.cli.archived.entries import SealedEntries
from services.cli.archived.stamps import StampFound, stamp_of
from services.cli.checks.decisions import Decisions
from services.cli.checks.decoding import Decoding
from services.cli.checks.finding import Finding, TreeHead
from services.cli.checks.rules import RulesFound, rules_of, with_texts
from services.cli.fsck.check import check_archive, weaker
from services.cli.fsck.files import ArchiveFiles

Report = Callable[[int], None]


class Verified(NamedTuple):
    """What was found in the archives of a ledger: the log's checkpoint, the rules, what is wrong, its time stamp."""

    trusted: Trusted
    rules: RulesFound
    findings: list[Finding]
    stamp: StampFound | None = None


class Archives(NamedTuple):
    """The archives of a ledger: of its log, and of the rules by which it was decided."""

    log: ArchiveFiles
    rules: ArchiveFiles


async def verify_archives(
    archives: Archives,
    policy: LogPolicy,
    present: Ledger,
    since: TreeHead | None,
    report: Report,
    authorities: Authorities | None = None,
) -> Verified:
    """Verify a ledger's log, and that it continues an earlier head, by the rules in their own archive.

    A checkpoint that the quorum of witnesses has not cosigned is a finding, and the rest is verified. `present` are the
    rules for positions from before rules were recorded. What the entries say is looked at where all of them are those
    that were sealed. Raises PolicyError, SignatureError and FormatError for a checkpoint of the log that is not
    trusted, and OSError.
    """
    trusted = _trusted(archives.log, policy)
    weak = _weaker("witnesses", trusted)
    checkpoint = trusted.checkpoint
    earlier = since and LogCheckpoint(checkpoint.origin, since.position, bytes.fromhex(since.digest))
    rules = _rules(archives.rules, policy, trusted, weak)
    findings = [*_flaws("archive", archives.log, checkpoint, report, earlier), *rules.findings]
    if not findings:
        entries = SealedEntries(archives.log, checkpoint.size)
        findings = await _contents(entries, rules, present, report)
    stamped = stamp_of(archives.log, policy, checkpoint, authorities) if authorities is not None else None
    wrong = [stamped] if isinstance(stamped, Finding) else []
    return Verified(trusted, rules, weak + findings + wrong, None if isinstance(stamped, Finding) else stamped)


def _trusted(files: ArchiveFiles, policy: LogPolicy) -> Trusted:
    data = files.read(CHECKPOINT)
    if data is None:
        raise FormatError(f"there is no file {CHECKPOINT!r}")
    return policy.weigh(data)


def _flaws(
    check: str, files: ArchiveFiles, checkpoint: LogCheckpoint, report: Report, earlier: LogCheckpoint | None = None
) -> list[Finding]:
    """Return what is wrong with the files of an archive."""
    flaws = check_archive(files, checkpoint, report, earlier).flaws
    return [Finding(check, str(flaw.position) if flaw.position is not None else "", flaw.detail) for flaw in flaws]


def _weaker(check: str, trusted: Trusted) -> list[Finding]:
    lack = weaker(trusted)
    return [Finding(check, "", lack)] if lack is not None else []


def _rules(files: ArchiveFiles, policy: LogPolicy, log: Trusted, weak: list[Finding]) -> RulesFound:
    """Return the sealed rules of a log; none where there is no archive of them. `weak` gets what their quorum lacks."""
    none = RulesFound([], {}, [])
    if files.read(CHECKPOINT) is None:
        return none
    try:
        trusted = _trusted(files, policy)
    except (FormatError, PolicyError, SignatureError) as error:
        return none._replace(findings=[Finding("rules", "", f"the archive of the rules is not trusted: {error}")])
    weak += _weaker("rules", trusted)
    if trusted.checkpoint.origin != f"{log.checkpoint.origin}/rules":
        wrong = f"the rules are those of {trusted.checkpoint.origin!r}, the log is {log.checkpoint.origin!r}"
        return none._replace(findings=[Finding("rules", "", wrong)])
    if flaws := _flaws("rules", files, trusted.checkpoint, lambda _: None):
        return none._replace(findings=flaws)
    found = rules_of(one for batch in SealedEntries(files, trusted.checkpoint.size).batches() for one in batch)
    return with_texts(found, {entry.sha256: files.read(entry.sha256) for entry in found.entries})


async def _contents(entries: SealedEntries, rules: RulesFound, present: Ledger, report: Report) -> list[Finding]:
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
        report(batch[-1].position)
    decisions.end(held=False)
    return decoding.findings + decisions.findings
