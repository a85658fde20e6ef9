"""The archives of a ledger, and how they are judged: the log by its policy, the others by the log."""

from collections.abc import Callable
from typing import NamedTuple

from events.ledger import Ledger
from events.seal.checkpoint import LogCheckpoint
from events.seal.eras import CONTINUES
from events.seal.errors import FormatError, PolicyError, SignatureError
from events.seal.policy import LogPolicy, Trusted
from events.seal.storage import CHECKPOINT
from events.working_days import LIBRARY, WorkingDays
from services.cli.checks.finding import Finding, TreeHead
from services.cli.checks.rules import RulesFound
from services.cli.fsck.check import check_archive, since_flaws, weaker
from services.cli.fsck.files import ArchiveFiles


class Archives(NamedTuple):
    """The archives of a ledger: of its log, of the rules by which it was decided, and of its alerts."""

    log: ArchiveFiles
    rules: ArchiveFiles
    record: ArchiveFiles


class ArchivePart(NamedTuple):
    """The entries of an archive after a position, which were checked against its checkpoint."""

    files: ArchiveFiles
    checkpoint: LogCheckpoint
    after: int = 0


class PresentRules(NamedTuple):
    """What counts for positions from before rules were recorded, and the working days."""

    ledger: Ledger
    days: WorkingDays = LIBRARY


class FollowedLog(NamedTuple):
    """The parts of log and record that are followed, None if no record is, and the rules.

    It is a value that another process can have.
    """

    log: ArchivePart
    record: ArchivePart | None
    present: PresentRules
    rules: RulesFound


class JudgedLog(NamedTuple):
    """A ledger's log, by which its other archives are judged; `weak` gets what their quorums lack, `wrong` the rest."""

    policy: LogPolicy
    trusted: Trusted
    wrong: list[Finding]
    weak: list[Finding]

    @classmethod
    def of(cls, files: ArchiveFiles, policy: LogPolicy) -> "JudgedLog":
        """Return the log in an archive; raises FormatError, PolicyError, SignatureError and OSError."""
        trusted = _trusted(files, policy)
        return cls(policy, trusted, [], _weaker("witnesses", trusted))

    @property
    def checkpoint(self) -> LogCheckpoint:
        """The verified checkpoint."""
        return self.trusted.checkpoint

    def sibling(self, files: ArchiveFiles, stream: str) -> LogCheckpoint | None:
        """Return the trusted checkpoint of another archive of the ledger; None with a finding."""
        try:
            trusted = _trusted(files, self.policy)
        except (FormatError, PolicyError, SignatureError) as error:
            self.wrong.append(Finding(stream, "", f"the archive of the {stream} is not trusted: {error}"))
            return None
        self.weak.extend(_weaker(stream, trusted))
        checkpoint, wanted = trusted.checkpoint, f"{self.checkpoint.origin}/{stream}"
        if checkpoint.origin != wanted:
            wrong = f"the archive of the {stream} is that of {checkpoint.origin!r} instead of {wanted!r}"
            self.wrong.append(Finding(stream, "", wrong))
            return None
        return checkpoint

    def continued(self, files: ArchiveFiles) -> str | None:
        """Return which log this one continues after an accepted loss; one that is not trusted is a finding."""
        data = files.read(CONTINUES)
        if data is None:
            return None
        try:
            before = self.policy.weigh(data).checkpoint
        except (FormatError, PolicyError, SignatureError) as error:
            self.wrong.append(Finding("archive", "", f"the checkpoint that the log continues is not trusted: {error}"))
            return None
        return (
            f"this log continues {before.origin}, which ended with {before.size} entries: an operator accepted a loss"
        )


def flaws_of(
    check: str,
    files: ArchiveFiles,
    checkpoint: LogCheckpoint,
    after: int = 0,
    since: TreeHead | None = None,
    report: Callable[[int], None] = lambda _: None,
) -> list[Finding]:
    """Return what is wrong with the files of an archive, entries up to `after` excepted, and with its earlier head."""
    earlier = _earlier(checkpoint, since) if since is not None else None
    flaws = check_archive(files, checkpoint, report, earlier, after).flaws
    return [Finding(check, str(flaw.position) if flaw.position is not None else "", flaw.detail) for flaw in flaws]


def head_flaws(files: ArchiveFiles, checkpoint: LogCheckpoint, head: TreeHead) -> list[str]:
    """Return why an archive does not continue an earlier head; nothing if it does. Raises OSError."""
    return [flaw.detail for flaw in since_flaws(files, checkpoint, _earlier(checkpoint, head))]


def _earlier(checkpoint: LogCheckpoint, head: TreeHead) -> LogCheckpoint:
    return LogCheckpoint(checkpoint.origin, head.position, bytes.fromhex(head.digest))


def _trusted(files: ArchiveFiles, policy: LogPolicy) -> Trusted:
    data = files.read(CHECKPOINT)
    if data is None:
        raise FormatError(f"there is no file {CHECKPOINT!r}")
    return policy.weigh(data)


def _weaker(check: str, trusted: Trusted) -> list[Finding]:
    lack = weaker(trusted)
    return [Finding(check, "", lack)] if lack is not None else []
