"""The rules and the record of a ledger, judged by its log."""

from typing import NamedTuple

from events.seal.checkpoint import LogCheckpoint
from events.seal.storage import CHECKPOINT
from services.cli.archived.archives import Archives, JudgedLog, flaws_of, head_flaws
from services.cli.archived.entries import SealedEntries
from services.cli.archived.state import VerifiedState
from services.cli.checks.finding import Finding, TreeHead
from services.cli.checks.rules import RulesFound, rules_of, with_texts
from services.cli.fsck.files import ArchiveFiles


class Siblings(NamedTuple):
    """The other archives of a ledger: the rules with their checkpoint, that of the record, and why that is not read."""

    rules: RulesFound
    rules_checkpoint: LogCheckpoint | None
    record: LogCheckpoint | None
    unread: list[str]


def siblings_of(archives: Archives, judged: JudgedLog, state: VerifiedState | None) -> Siblings:
    """Return the archives of rules and record; what is wrong with them, entries of the record excepted, is added."""
    rules, checkpoint = RulesFound([], {}, []), None
    if archives.rules.read(CHECKPOINT) is not None:
        checkpoint = judged.sibling(archives.rules, "rules")
        if checkpoint is not None:
            rules = _rules(archives.rules, checkpoint, judged)
    elif state is not None:
        judged.wrong.extend(_gone("rules", state, state.rules))
    try:
        if archives.record.read(CHECKPOINT) is not None:
            return Siblings(rules, checkpoint, judged.sibling(archives.record, "record"), [])
    except OSError as error:
        unread = f"alerts were not looked at: the archive of the record cannot be read ({error})"
        return Siblings(rules, checkpoint, None, [unread])
    if state is not None:
        judged.wrong.extend(_gone("record", state, state.record))
    return Siblings(rules, checkpoint, None, ["alerts were not looked at: there is no archive of the record"])


def _rules(files: ArchiveFiles, checkpoint: LogCheckpoint, judged: JudgedLog) -> RulesFound:
    """Return the rules in an archive, none if one of its files is wrong."""
    flaws = flaws_of("rules", files, checkpoint)
    judged.wrong.extend(flaws)
    if flaws:
        return RulesFound([], {}, [])
    found = rules_of(one for batch in SealedEntries(files, checkpoint).batches() for one in batch)
    return with_texts(found, {entry.sha256: files.read(entry.sha256) for entry in found.entries})


def _gone(stream: str, state: VerifiedState, head: TreeHead | None) -> list[Finding]:
    """Return a finding if an archive is not there any more of which a state has a head."""
    if head is None:
        return []
    return [Finding("state", stream, f"{state} has {head.position} entries of the {stream}; its archive is not there")]


def not_continued(
    archives: Archives, state: VerifiedState | None, judged: JudgedLog, siblings: Siblings
) -> list[Finding]:
    """Return which archives do not continue the heads of a state."""
    if state is None:
        return []
    heads = (
        ("log", archives.log, judged.checkpoint, state.log),
        ("rules", archives.rules, siblings.rules_checkpoint, state.rules),
        ("record", archives.record, siblings.record, state.record),
    )
    return [
        Finding("state", stream, f"{state} is not continued: {detail}")
        for stream, files, checkpoint, head in heads
        if checkpoint is not None and head is not None
        for detail in head_flaws(files, checkpoint, head)
    ]
