"""`duban audit verify --archive`, as it is typed and printed."""

import asyncio
from pathlib import Path
from typing import NamedTuple

import msgspec
from rich.progress import Progress

from events.seal.errors import FormatError, PolicyError, SignatureError
from services.cli.archived.verifying import Archives, PresentRules, Verified, verify_archives
from services.cli.checks.finding import TreeHead
from services.cli.checks.rules import notes
from services.cli.fsck.commands import authorities_in, files_of, print_trusted, trust_of
from services.cli.options import err, out
from services.ingest.sealing.places import LOG, RECORD, RULES


class ArchiveOptions(NamedTuple):
    """Where the archives are, by whom they have to be signed, and the token of those that are not public."""

    place: str
    policy: Path | None
    key: str | None
    token_file: Path | None
    tsa_ca: Path | None = None


def verify_sealed(asked: ArchiveOptions, present: PresentRules, since: TreeHead | None, *, json: bool) -> int:
    """Verify the archives of a ledger, print what was found, and return the exit code."""
    policy = trust_of(asked.policy, asked.key)
    authorities = authorities_in(asked.tsa_ca) if asked.tsa_ca is not None else None
    place = asked.place.rstrip("/")
    archives = Archives(*(files_of(f"{place}/{stream}", asked.token_file) for stream in (LOG, RULES, RECORD)))
    with Progress(console=err, disable=json) as progress:
        bar = progress.add_task("verifying entries", total=1.0)
        try:
            done = asyncio.run(
                verify_archives(
                    archives,
                    policy,
                    present,
                    since,
                    lambda done: progress.update(bar, completed=done),
                    authorities,
                )
            )
        except (FormatError, PolicyError, SignatureError) as error:
            err.print(f"duban: {place}/{LOG}: {error}", style="red", markup=False, soft_wrap=True)
            return 1
    if json:
        _print_json(done)
    else:
        _print(done)
    return 1 if done.findings else 0


def _print_json(done: Verified) -> None:
    checkpoint = done.trusted.checkpoint
    result = {
        "origin": checkpoint.origin,
        "position": checkpoint.size,
        "tree": f"{checkpoint.size}:{checkpoint.root.hex()}",
        "findings": [finding._asdict() for finding in done.findings],
        "notes": [*notes(done.rules.entries, checkpoint.size), *done.unread, *filter(None, [done.continues])],
        "stamp": done.stamp._asdict() if done.stamp is not None else None,
    }
    out.out(msgspec.json.encode(result).decode(), highlight=False)


def _print(done: Verified) -> None:
    size = done.trusted.checkpoint.size
    print_trusted(done.trusted)
    if done.stamp is not None:
        out.print(f"the first {done.stamp.size} entries are stamped, at {done.stamp.time.isoformat()}", soft_wrap=True)
    for note in filter(None, (*notes(done.rules.entries, size), *done.unread, done.continues)):
        out.print(note, markup=False, soft_wrap=True)
    for finding in done.findings:
        out.print(f"{finding.check}: {finding.where}: {finding.detail}", style="red", markup=False, soft_wrap=True)
    if not done.findings:
        alerts = "" if done.unread else "; each alert has its cause, and none is missing"
        out.print(
            f"{size} events: as they were sealed, and each acceptable after those before it{alerts}", soft_wrap=True
        )
