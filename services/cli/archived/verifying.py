"""Verifying the archives of a ledger: every entry and signature, then what the entries say."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

from events.seal.checkpoint import LogCheckpoint
from events.seal.policy import LogPolicy, Trusted
from events.seal.timestamps import Authorities
from services.cli.archived.archives import ArchivePart, Archives, FollowedLog, JudgedLog, PresentRules, flaws_of
from services.cli.archived.beginning import Beginning, beginning_after
from services.cli.archived.following import follow_log
from services.cli.archived.keeper import Keeping, StateKeeper
from services.cli.archived.siblings import Siblings, not_continued, siblings_of
from services.cli.archived.stamps import StampFound, stamp_of
from services.cli.archived.state import NOTHING, Basis, VerifiedState
from services.cli.checks.finding import Finding, TreeHead
from services.cli.checks.rules import RulesFound
from services.common.settings import SettingsError

Report = Callable[[float], None]
"""Gets the share of the work that is done."""

TILES_SHARE = 0.1
"""Of checking tiles and entries in the time of everything."""


class Verified(NamedTuple):
    """What was found in a ledger's archives: the log's checkpoint, rules, what is wrong, what is unread, the stamp.

    `continues` says which log this one continues, if it does; `beginning` says what an earlier run had verified, and
    `kept` whether the state has all of the log now.
    """

    trusted: Trusted
    rules: RulesFound
    findings: list[Finding]
    unread: list[str]
    stamp: StampFound | None = None
    continues: str | None = None
    beginning: Beginning = Beginning()
    kept: bool = False


async def verify_archives(
    archives: Archives,
    policy: LogPolicy,
    present: PresentRules,
    since: TreeHead | None,
    report: Report,
    authorities: Authorities | None = None,
    keeping: Keeping | None = None,
) -> Verified:
    """Verify a ledger's log, and that it continues an earlier head, by the rules in their own archive.

    A checkpoint that the quorum of witnesses has not cosigned is a finding, and the rest is verified. What the entries
    say is looked at where all of them are those that were sealed. With `keeping`, what an earlier run verified is not
    read again. Raises PolicyError, SignatureError and FormatError for a checkpoint of the log that is not trusted,
    SettingsError for a state that is not one of this log, VerificationStoppedError, and OSError, but for the record,
    which not everybody may read.
    """
    judged = JudgedLog.of(archives.log, policy)
    checkpoint, basis = judged.checkpoint, Basis.of(present)
    continues = judged.continued(archives.log)
    state = _state_of(keeping, checkpoint.origin)
    siblings = siblings_of(archives, judged, state)
    judged.wrong.extend(not_continued(archives, state, judged, siblings))
    beginning = Beginning(keeps=False)
    if not judged.wrong and not siblings.rules.findings:
        beginning = beginning_after(state, basis, siblings.rules, with_record=siblings.record is not None)
    keeper = StateKeeper(keeping, _draft(judged, siblings, basis) if beginning.keeps else None)
    log, record = _parts(archives, judged, siblings, beginning)
    reached = _share(report, log)
    judged.wrong[:0] = flaws_of("archive", *log, since, keeper.watched(lambda at: reached(0, TILES_SHARE, at)))
    judged.wrong.extend(flaws_of("record", *record) if record is not None else [])
    findings = [*judged.wrong, *siblings.rules.findings]
    if not findings:
        work = FollowedLog(log, record, present, siblings.rules)
        findings = await follow_log(work, beginning, keeper, lambda at: reached(TILES_SHARE, 1, at))
        report(1)
    stamp = stamp_of(archives.log, policy, checkpoint, authorities) if authorities is not None else None
    wrong, stamped = ([stamp], None) if isinstance(stamp, Finding) else ([], stamp)
    found, kept = judged.weak + findings + wrong, keeper.saved == checkpoint.size
    return Verified(judged.trusted, siblings.rules, found, siblings.unread, stamped, continues, beginning, kept)


def _parts(
    archives: Archives, judged: JudgedLog, siblings: Siblings, beginning: Beginning
) -> tuple[ArchivePart, ArchivePart | None]:
    """Return the parts of log and record that are read."""
    log = ArchivePart(archives.log, judged.checkpoint, beginning.after)
    if siblings.record is None:
        return log, None
    return log, ArchivePart(archives.record, siblings.record, beginning.record_after)


def _share(report: Report, log: ArchivePart) -> Callable[[float, float, int], None]:
    """Return what reports that a part of the work, from one share of all to another, has reached a position."""
    after, rest = log.after, max(1, log.checkpoint.size - log.after)
    return lambda begun, done, at: report(begun + (done - begun) * (at - after) / rest)


def _state_of(keeping: Keeping | None, origin: str) -> VerifiedState | None:
    """Return the state of an earlier run; raises SettingsError for one of another log."""
    state = keeping.file.load() if keeping is not None else None
    if keeping is not None and state is not None and state.origin != origin:
        raise SettingsError(
            f"{keeping.file.path} has {state} of the log {state.origin!r}, the archive is that of {origin!r}; nothing"
            " was verified or written: name a file for each log"
        )
    return state


def _draft(judged: JudgedLog, siblings: Siblings, basis: Basis) -> VerifiedState:
    """Return the state before the first entry, with the heads that were verified."""
    origin, log = judged.checkpoint.origin, _head(judged.checkpoint)
    rules, record = (_head(one) if one is not None else None for one in (siblings.rules_checkpoint, siblings.record))
    texts = tuple(sorted(siblings.rules.texts))
    return VerifiedState(origin, datetime.min.replace(tzinfo=UTC), basis, log, 0, rules, texts, record, NOTHING)


def _head(checkpoint: LogCheckpoint) -> TreeHead:
    return TreeHead(checkpoint.size, checkpoint.root.hex())
