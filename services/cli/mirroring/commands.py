"""The command `duban archive mirror`."""

import asyncio
from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.progress import Progress, TaskID

from events.recorded_rules import rules_decoder
from events.rules_text import sha256_of
from events.seal.errors import FormatError, PolicyError, SignatureError, StorageConflictError
from events.seal.policy import LogPolicy
from events.seal.roots import ArchiveRoot, root_of, storage_of
from services.cli.fsck.commands import PolicyOption, TokenFileOption, files_of, trust_of
from services.cli.fsck.files import ArchiveFiles
from services.cli.mirroring.copying import ArchiveCopy, Copied
from services.cli.mirroring.own import own_copy
from services.cli.options import JsonOption, err, out
from services.common.clock import sleep
from services.common.settings import SettingsError
from services.ingest.sealing.places import LOG, RECORD, RULES

REFUSED = (FormatError, PolicyError, SignatureError, StorageConflictError)
"""What shows that the source, or the copy, is not what it should be: exit code 1."""


class Stream(StrEnum):
    """The logs of a ledger."""

    LOG = LOG
    RECORD = RECORD
    RULES = RULES


def mirror(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="URL, s3:// or DIR of a ledger: what has `log`")],
    dest: Annotated[str, typer.Argument(metavar="DEST", help="DIR or s3://…: empty at first, then the copy")],
    policy: PolicyOption = None,
    token_file: TokenFileOption = None,
    stream: Annotated[list[Stream] | None, typer.Option("--stream", help="Copy this one alone; repeatable")] = None,
    follow: Annotated[
        float | None, typer.Option("--follow", min=1, help="Again after so many seconds, for ever")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Keep a verified copy of a ledger's archives. Exit 1 if the source is not signed or does not continue it."""
    if policy is None:
        raise SettingsError("give --policy FILE: the log, the record and the rules have a key each")
    root = _root(dest)
    own_copy(root)
    copies = _copies(source.rstrip("/"), root, trust_of(policy, None), token_file, stream or list(Stream))

    async def work() -> None:
        while True:
            try:
                _print(await asyncio.to_thread(_update, copies, hidden=json), json=json)
            except OSError as error:
                if follow is None:
                    raise
                err.print(f"duban: {error}; again in {follow:g} s", style="yellow", markup=False, soft_wrap=True)
            if follow is None:
                return
            await sleep(follow)

    try:
        asyncio.run(work())
    except REFUSED as error:
        err.print(f"duban: {source}: {error}", style="red", markup=False, soft_wrap=True)
        raise SystemExit(1) from error


def _root(dest: str) -> ArchiveRoot:
    try:
        return root_of(dest.rstrip("/"))
    except ValueError as error:
        raise SettingsError(str(error)) from error


def _copies(
    source: str, dest: ArchiveRoot, policy: LogPolicy, token_file: Path | None, streams: Iterable[Stream]
) -> dict[Stream, ArchiveCopy]:
    copies: dict[Stream, ArchiveCopy] = {}
    for stream in streams:
        files = files_of(f"{source}/{stream}", token_file)
        texts = partial(_texts, files) if stream is Stream.RULES else _no_texts
        copies[stream] = ArchiveCopy(files, storage_of(dest / stream), policy, texts)
    return copies


def _texts(files: ArchiveFiles, entries: Iterable[bytes]) -> dict[str, bytes]:
    """Return the texts of rules that entries name; one that the source lacks is left to who verifies."""
    hashes = {rules_decoder.decode(raw).sha256 for raw in entries}
    read = {sha256: files.read(sha256) for sha256 in sorted(hashes)}
    return {sha256: text for sha256, text in read.items() if text is not None and sha256_of(text) == sha256}


def _no_texts(entries: Iterable[bytes]) -> dict[str, bytes]:
    del entries
    return {}


def _update(copies: Mapping[Stream, ArchiveCopy], *, hidden: bool) -> dict[Stream, Copied | None]:
    """Bring each copy to its source's checkpoint; the record and the rules are those of the log."""
    done: dict[Stream, Copied | None] = {}
    log = None
    with Progress(console=err, disable=hidden, transient=True) as progress:
        for stream, copy in copies.items():
            bar = progress.add_task(f"copying the {stream}", total=None)
            origin = f"{log}/{stream}" if log is not None else None
            done[stream] = copied = copy.update(origin, partial(_show, progress, bar))
            if stream is Stream.LOG and copied is not None:
                log = copied.trusted.checkpoint.origin
    return done


def _show(progress: Progress, bar: TaskID, copied: int, total: int) -> None:
    progress.update(bar, completed=copied, total=total)


def _print(done: Mapping[Stream, Copied | None], *, json: bool) -> None:
    if json:
        found = {stream: _as_json(copied) for stream, copied in done.items() if copied is not None}
        out.out(msgspec.json.encode(found).decode(), highlight=False)
        return
    for stream, copied in done.items():
        if copied is None:
            out.print(f"{stream}: the source has no checkpoint of it")
        else:
            checkpoint = copied.trusted.checkpoint
            out.print(f"{stream}: {checkpoint.origin}: {checkpoint.size} entries, {copied.new} new", soft_wrap=True)


def _as_json(copied: Copied) -> dict[str, object]:
    origin, size, root, _ = copied.trusted.checkpoint
    return {"origin": origin, "size": size, "tree": f"{size}:{root.hex()}", "new": copied.new}
