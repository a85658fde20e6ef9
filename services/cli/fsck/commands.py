"""The commands `duban audit fsck` and `duban audit check-proof`."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import httpx
import msgspec
import typer
from rich.progress import Progress

from events.seal.checkpoint import LogCheckpoint
from events.seal.errors import FormatError, PolicyError, SignatureError
from events.seal.keys import SM2_SM3, parse_key
from events.seal.log_proof import parse_proof
from events.seal.policy import LogPolicy, Trusted, parse_policy, policy_of
from events.seal.roots import root_of
from events.seal.storage import CHECKPOINT
from events.seal.timestamps import Authorities, load_authorities, verify_stamp
from services.cli.fsck.check import Checked, check_archive, weaker
from services.cli.fsck.files import ArchiveFiles, HttpFiles, files_at
from services.cli.fsck.tree_check import Flaw
from services.cli.options import JsonOption, err, out
from services.cli.target import bearer_from
from services.cli.terminal import visible
from services.common.settings import SettingsError

SHOWN = 20
"""Flaws that are printed one by one."""

UNTRUSTED = (FormatError, SignatureError, PolicyError)
"""What keeps a checkpoint or a proof from being trusted: exit code 1."""

PolicyOption = Annotated[Path | None, typer.Option("--policy", help="A C2SP tlog-policy file: trusted logs, quorum")]
TokenFileOption = Annotated[
    Path | None, typer.Option("--token-file", help="The token of an archive that is not public")
]
AuthorityOption = Annotated[
    Path | None, typer.Option("--tsa-ca", help="Of time stamps: certificates (PEM) of the authority, its root too")
]
KeyOption = Annotated[str | None, typer.Option("--key", help="Instead of a policy: the log's verifier key (vkey)")]


def fsck(
    archive: Annotated[str, typer.Argument(metavar="URL|DIR", help="Where the file `checkpoint` is")],
    policy: PolicyOption = None,
    key: KeyOption = None,
    since: Annotated[Path | None, typer.Option("--since", help="A checkpoint that was saved earlier")] = None,
    token_file: TokenFileOption = None,
    json: JsonOption = False,
) -> None:
    """Check every entry of any C2SP tlog-tiles archive against its signed checkpoint. Exit 1 if something is wrong.

    A checkpoint that the quorum of witnesses has not cosigned is checked all the same, and exits with 1.
    """
    trust, files = trust_of(policy, key), files_of(archive, token_file)
    data = files.read(CHECKPOINT)
    if data is None:
        raise FileNotFoundError(f"{archive} has no file `{CHECKPOINT}`; give the directory or URL that has it")
    trusted = _trusted(trust, data, f"{archive}/{CHECKPOINT}")
    earlier = _trusted(trust, _content(since), str(since)).checkpoint if since is not None else None
    if earlier is not None and earlier.origin != trusted.checkpoint.origin:
        raise SettingsError(f"{since} is of the log {earlier.origin!r}, the archive of {trusted.checkpoint.origin!r}")
    checked = _weakened(trusted, _with_progress(files, trusted.checkpoint, earlier, hidden=json))
    if json:
        out.out(msgspec.json.encode(_as_json(trusted, checked)).decode(), highlight=False)
    else:
        print_trusted(trusted)
        _print_checked(checked)
    raise SystemExit(1 if checked.flaws else 0)


def check_proof(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A .tlog-proof")],
    policy: PolicyOption = None,
    key: KeyOption = None,
    entry: Annotated[
        Path | None, typer.Option("--entry", help="The entry; default: the extra data of the proof")
    ] = None,
    tsr: Annotated[Path | None, typer.Option("--tsr", help="The time stamp of the proof's checkpoint")] = None,
    tsa_ca: AuthorityOption = None,
) -> None:
    """Check that an entry is in a log, without a network. Exit 1 if it is not proved."""
    trust, authorities = trust_of(policy, key), authorities_in(tsa_ca) if tsa_ca is not None else None
    if (tsr is None) != (authorities is None):
        raise SettingsError("--tsr and --tsa-ca belong together: a time stamp, and who vouches for it")
    data = _content(file)
    try:
        proof = parse_proof(data)
        content = _content(entry) if entry is not None else proof.extra
        if content is None:
            raise SettingsError(f"{file} does not have the entry; give it with --entry FILE")
        trusted = proof.check(content, trust)
        time = verify_stamp(_content(tsr), proof.checkpoint, authorities) if tsr is not None and authorities else None
    except UNTRUSTED as error:
        raise SystemExit(_failed(f"{file}: {error}")) from error
    print_trusted(trusted)
    if time is not None:
        out.print(f"stamped at {time.isoformat()}", style="green")
    out.print(f"position {proof.entry_index + 1}: this entry is in the log", style="green")
    out.out(visible(content.decode(errors="replace")), highlight=False)


def trust_of(policy: Path | None, key: str | None) -> LogPolicy:
    """Return the policy in a file, or that which trusts one key; raises SettingsError."""
    if (policy is None) == (key is None):
        raise SettingsError("give one of --policy FILE and --key VKEY: without a trusted key nothing can be checked")
    try:
        return parse_policy(_content(policy)) if policy is not None else policy_of(parse_key(key or ""))
    except FormatError as error:
        raise SettingsError(f"{policy if policy is not None else '--key'}: {error}") from error


def files_of(archive: str, token_file: Path | None) -> ArchiveFiles:
    """Return the archive below a URL, in a bucket or in a directory; raises SettingsError."""
    if archive.startswith(("http://", "https://")):
        _check_url(archive)
        if token_file is None:
            return HttpFiles(archive)
        text = _content(token_file).decode(errors="replace")
        return HttpFiles(archive, bearer_from(text, str(token_file), "give the file that has it alone").token)
    if token_file is not None:
        raise SettingsError(f"--token-file is for a URL of HTTP; {archive} is none")
    try:
        return files_at(root_of(archive))
    except ValueError as error:
        raise SettingsError(str(error)) from error


def authorities_in(path: Path) -> Authorities:
    """Return the certificates in a file; raises SettingsError."""
    try:
        return load_authorities(path.read_bytes())
    except (OSError, FormatError) as error:
        raise SettingsError(f"--tsa-ca: {path}: {error}") from error


def _check_url(text: str) -> None:
    try:
        found = bool(httpx.URL(text).host)
    except httpx.InvalidURL as error:
        raise SettingsError(f"{text} is not a URL: {error}") from error
    if not found:
        raise SettingsError(f"{text} is not a URL: it names no host")


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}") from error


def _trusted(policy: LogPolicy, data: bytes, name: str) -> Trusted:
    try:
        return policy.weigh(data)
    except UNTRUSTED as error:
        raise SystemExit(_failed(f"{name}: {error}")) from error


def _failed(what: str) -> int:
    err.print(f"duban: {what}", style="red", soft_wrap=True)
    return 1


def _with_progress(
    files: ArchiveFiles, checkpoint: LogCheckpoint, earlier: LogCheckpoint | None, *, hidden: bool
) -> Checked:
    with Progress(console=err, disable=hidden) as progress:
        bar = progress.add_task("checking entries", total=checkpoint.size)
        return check_archive(files, checkpoint, lambda done: progress.update(bar, completed=done), earlier)


def print_trusted(trusted: Trusted) -> None:
    """Print a checkpoint, and who signed it."""
    checkpoint = trusted.checkpoint
    out.print(f"{checkpoint.origin}: {checkpoint.size} entries, head {checkpoint.root.hex()}", soft_wrap=True)
    for key in trusted.signed:
        out.print(f"signed by {key.name}+{key.key_id.hex()}{' (SM2/SM3)' * (key.type == SM2_SM3)}", soft_wrap=True)
    for key in trusted.unchecked:
        out.print(f"not checked: SM2/SM3 of {key.name}+{key.key_id.hex()}; install duban[sm]", soft_wrap=True)
    for name, time in trusted.witnesses.items():
        when = f"at {_instant(time)}" if time is not None else "without a time"
        out.print(f"cosigned by {name} {when}", soft_wrap=True)


def _weakened(trusted: Trusted, checked: Checked) -> Checked:
    """Return what was found, with what the checkpoint lacks."""
    lack = weaker(trusted)
    return checked if lack is None else checked._replace(flaws=[Flaw(None, lack), *checked.flaws])


def _print_checked(checked: Checked) -> None:
    for flaw in checked.flaws[:SHOWN]:
        where = f"position {flaw.position}: " if flaw.position is not None else ""
        out.print(where + flaw.detail, style="red", soft_wrap=True)
    if len(checked.flaws) > SHOWN:
        out.print(f"and {len(checked.flaws) - SHOWN} more", style="red")
    if not checked.flaws:
        out.print(f"{checked.entries} entries ({checked.size} bytes) and all tiles agree with the checkpoint")


def _as_json(trusted: Trusted, checked: Checked) -> dict[str, Any]:
    checkpoint = trusted.checkpoint
    return {
        "origin": checkpoint.origin,
        "size": checkpoint.size,
        "root": checkpoint.root.hex(),
        "witnesses": {
            visible(name): _instant(time) if time is not None else None for name, time in trusted.witnesses.items()
        },
        "entries": checked.entries,
        "findings": [flaw._asdict() for flaw in checked.flaws],
    }


def _instant(time: int) -> str:
    """Return a cosignature's time as an instant; one beyond the calendar as its seconds."""
    try:
        return datetime.fromtimestamp(time, UTC).isoformat()
    except (ValueError, OverflowError, OSError):
        return f"{time} s after 1970"
