"""`duban audit verify --archive`, as it is typed and printed."""

import asyncio
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from rich.progress import Progress

from events.seal.errors import FormatError, PolicyError, SignatureError
from events.seal.policy import LogPolicy
from services.cli.archived.archives import Archives, PresentRules
from services.cli.archived.interruption import Interruption
from services.cli.archived.keeper import Keeping, VerificationStoppedError
from services.cli.archived.state_file import StateFile, VerifyClock
from services.cli.archived.verifying import Verified, verify_archives
from services.cli.checks.finding import TreeHead
from services.cli.checks.rules import notes
from services.cli.fsck.commands import authorities_in, files_of, print_trusted, trust_of
from services.cli.options import err, out
from services.common.clock import SystemClock, monotonic
from services.ingest.sealing.places import LOG, RECORD, RULES

INTERRUPTED = 130
"""The exit code of what Ctrl-C ended, as shells have it."""


class ArchiveOptions(NamedTuple):
    """Where the archives are, by whom they have to be signed, and the token of those that are not public.

    `state` is the file that has what earlier runs verified.
    """

    place: str
    policy: Path | None
    key: str | None
    token_file: Path | None
    tsa_ca: Path | None = None
    state: Path | None = None


def verify_sealed(asked: ArchiveOptions, present: PresentRules, since: TreeHead | None, *, json: bool) -> int:
    """Verify the archives of a ledger, print what was found, and return the exit code."""
    policy, place = trust_of(asked.policy, asked.key), asked.place.rstrip("/")
    try:
        if asked.state is None:
            done = _verify(asked, policy, present, since, None, json=json)
        else:
            with Interruption() as interruption:
                file = StateFile(asked.state, VerifyClock(SystemClock().now, monotonic))
                keeping = Keeping(file, interruption.is_wanted)
                done = _verify(asked, policy, present, since, keeping, json=json)
    except (FormatError, PolicyError, SignatureError) as error:
        err.print(f"duban: {place}/{LOG}: {error}", style="red", markup=False, soft_wrap=True)
        return 1
    except VerificationStoppedError as stopped:
        err.print(_stopped(asked.state, stopped.position), markup=False, soft_wrap=True)
        return INTERRUPTED
    if json:
        _print_json(done, asked.state)
    else:
        _print(done)
    return 1 if done.findings else 0


def _verify(
    asked: ArchiveOptions,
    policy: LogPolicy,
    present: PresentRules,
    since: TreeHead | None,
    keeping: Keeping | None,
    *,
    json: bool,
) -> Verified:
    authorities = authorities_in(asked.tsa_ca) if asked.tsa_ca is not None else None
    place = asked.place.rstrip("/")
    archives = Archives(*(files_of(f"{place}/{stream}", asked.token_file) for stream in (LOG, RULES, RECORD)))
    with Progress(console=err, disable=json) as progress:
        bar = progress.add_task("verifying entries", total=1.0)

        def report(done: float) -> None:
            progress.update(bar, completed=done)

        return asyncio.run(verify_archives(archives, policy, present, since, report, authorities, keeping))


def _stopped(file: Path | None, position: int | None) -> str:
    if position is None:
        return f"interrupted: nothing more was saved in {file}"
    return f"interrupted: {file} has what was verified up to entry {position}; the same command resumes there"


def _print_json(done: Verified, state: Path | None) -> None:
    checkpoint = done.trusted.checkpoint
    result: dict[str, Any] = {
        "origin": checkpoint.origin,
        "position": checkpoint.size,
        "tree": f"{checkpoint.size}:{checkpoint.root.hex()}",
        "findings": [finding._asdict() for finding in done.findings],
        "notes": [*notes(done.rules.entries, checkpoint.size), *_remarks(done)],
        "stamp": done.stamp._asdict() if done.stamp is not None else None,
    }
    if state is not None:
        earlier, after = done.beginning.state, done.beginning.after
        result["state"] = {
            "earlier": after,
            "saved": earlier.saved if earlier is not None else None,
            "read": checkpoint.size - after,
            "record_earlier": done.beginning.record_after,
            "kept": done.kept,
        }
    out.out(msgspec.json.encode(result).decode(), highlight=False)


def _remarks(done: Verified) -> list[str]:
    return [*done.unread, *filter(None, [done.continues, done.beginning.note])]


def _print(done: Verified) -> None:
    size = done.trusted.checkpoint.size
    print_trusted(done.trusted)
    if done.stamp is not None:
        out.print(f"the first {done.stamp.size} entries are stamped, at {done.stamp.time.isoformat()}", soft_wrap=True)
    for note in (*notes(done.rules.entries, size), *_remarks(done), *_earlier(done)):
        out.print(note, markup=False, soft_wrap=True)
    for finding in done.findings:
        out.print(f"{finding.check}: {finding.where}: {finding.detail}", style="red", markup=False, soft_wrap=True)
    if not done.findings:
        alerts = "" if done.unread else "; each alert has its cause, and none is missing"
        by_state = f"; for the first {done.beginning.after} the state vouches" if done.beginning.after else ""
        out.print(
            f"{size} events: as they were sealed, and each acceptable after those before it{alerts}{by_state}",
            soft_wrap=True,
        )


def _earlier(done: Verified) -> list[str]:
    """Return what an earlier run verified, and what was read now."""
    beginning, size = done.beginning, done.trusted.checkpoint.size
    if beginning.state is None:
        return []
    after = beginning.after
    read = f"read now: {after + 1} to {size}" if after < size else "none is new"
    verified = f"entries 1 to {after} were verified earlier ({beginning.state}), and the log continues them; {read}"
    if not beginning.record_after:
        return [verified]
    return [verified, f"so were entries 1 to {beginning.record_after} of the record, and the record continues them"]
