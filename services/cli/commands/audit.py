"""`duban audit`: commands for the audit team."""

import re
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.progress import Progress
from rich.table import Table

from events.ledger import Ledger
from events.recorded_rules import RulesEntry, read_rules, read_texts
from events.seal.checkpoint import parse_checkpoint
from events.seal.errors import FormatError
from events.seal.merkle import Tree
from events.seal.notes import parse_note
from services.cli.archived.archives import PresentRules
from services.cli.archived.commands import ArchiveOptions, verify_sealed
from services.cli.asking.commands import diff, state, who_knew
from services.cli.asking.replaying import replay
from services.cli.checks import verify
from services.cli.checks.finding import Finding, TreeHead
from services.cli.checks.rules import notes
from services.cli.exporting.commands import export
from services.cli.fsck.commands import AuthorityOption, KeyOption, PolicyOption, TokenFileOption, check_proof, fsck
from services.cli.log_at import log_at, record_at
from services.cli.options import (
    DataOption,
    JsonOption,
    LedgerOption,
    audited_ledger_of,
    err,
    out,
    with_server,
    working_days_of,
)
from services.cli.proving import key as print_key
from services.cli.proving import prove
from services.cli.target import LEDGER
from services.common.accepted import Acceptance, accepted
from services.common.settings import SettingsError

commands = typer.Typer(add_completion=False, no_args_is_help=True, help="Replay the log, or verify it.")
commands.command("replay")(replay)
commands.command("fsck")(fsck)
commands.command("check-proof")(check_proof)
commands.command("state")(state)
commands.command("diff")(diff)
commands.command("who-knew")(who_knew)
commands.command("export")(export)
commands.command("key")(print_key)
commands.command("prove")(prove)

SinceOption = Annotated[
    str | None, typer.Option("--since", help="An earlier tree head N:<hex>, or a file `checkpoint` that was saved")
]
PlaceOption = Annotated[
    str | None, typer.Option("--archive", metavar="URL|DIR", help="Instead of the server: what has `log` and `rules`")
]


StateOption = Annotated[
    Path | None,
    typer.Option(
        "--state",
        metavar="FILE",
        help="With --archive: keep there what was verified, and do not read it again; FILE vouches for it then",
    ),
]


@commands.command("verify")
def audit_verify(
    data: DataOption = None,
    ledger: LedgerOption = LEDGER,
    since: SinceOption = None,
    archive: PlaceOption = None,
    policy: PolicyOption = None,
    key: KeyOption = None,
    token_file: TokenFileOption = None,
    tsa_ca: AuthorityOption = None,
    state: StateOption = None,
    json: JsonOption = False,
) -> None:
    """Verify the log, and that rows and alerts follow from it; or its archive alone. Print its tree head.

    With --archive and --state FILE, a verification resumes where it was interrupted, or where the last one ended: it
    reads what is new, and proves that the archive continues what FILE has. For everything before, FILE vouches, not
    the archive: whoever can write FILE can forge it. Without --state, all of the archive is read.
    """
    noted, present = _head(since) if since is not None else None, audited_ledger_of(data, ledger)
    if state is not None and archive is None:
        raise SettingsError("--state is for --archive: a log on a server is verified as a whole")
    if archive is not None:
        asked = ArchiveOptions(archive, policy, key, token_file, tsa_ca, state)
        raise SystemExit(verify_sealed(asked, PresentRules(present, working_days_of(data)), noted, json=json))
    raise SystemExit(_verify_server(data, ledger, present, noted, json=json))


def _verify_server(data: Path | None, ledger: str, present: Ledger, noted: TreeHead | None, *, json: bool) -> int:
    """Verify a ledger on its server, print what was found, and return the exit code."""
    tree = Tree()

    async def work(redis: Any) -> tuple[int, list[Finding], list[Acceptance], list[str]]:
        tail = await (log := log_at(data, redis, ledger)).tail()
        with Progress(console=err, disable=json) as progress:
            bar = progress.add_task("verifying events", total=tail)

            def report(position: int) -> None:
                progress.update(bar, completed=position)

            found = await verify(
                redis, log, present, report, tree, noted, working_days_of(data), record_at(data, redis, ledger)
            )
            return tail, found, await accepted(redis, ledger), notes(await read_rules(redis, ledger), tail)

    position, findings, acceptances, remarks = with_server(data, work)
    head, found = f"{tree.size}:{tree.head()}", [finding._asdict() for finding in findings]
    if json:
        result = {"position": position, "tree": head, "findings": found, "accepted": acceptances, "notes": remarks}
        out.out(msgspec.json.encode(result).decode())
    else:
        _print_verified(ledger, position, head, findings, [*(f"accepted: {one}" for one in acceptances), *remarks])
    return 1 if findings else 0


def _print_verified(ledger: str, position: int, head: str, findings: list[Finding], remarks: list[str]) -> None:
    out.out(head)
    for remark in remarks:
        out.print(remark, markup=False)
    for finding in findings:
        out.print(f"{finding.check}: {finding.where}: {finding.detail}", style="red", markup=False)
    if not findings:
        out.print(f"{ledger}: {position} events; positions dense, rows and alerts follow from the log")


@commands.command("rules")
def audit_rules(
    data: DataOption = None,
    ledger: LedgerOption = LEDGER,
    show: Annotated[
        str | None, typer.Option("--show", help="Print the text of the rules with this SHA-256, or its first digits")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Print which rules decided from which position on: versions of the code's rules and of the ledger's file."""

    async def work(redis: Any) -> tuple[list[RulesEntry], bytes | None]:
        entries = await read_rules(redis, ledger)
        if show is None:
            return entries, None
        named = sorted({entry.sha256 for entry in entries if entry.sha256.startswith(show)})
        if len(named) != 1:
            known = ", ".join(entry.sha256[:12] for entry in entries) or "none"
            raise SettingsError(f"--show {show!r}: {len(named)} texts begin with it; on record are: {known}")
        (text,) = await read_texts(redis, ledger, named)
        if text is None:
            raise SettingsError(f"--show {show!r}: the text of {named[0]} is missing; `duban audit verify` says more")
        return entries, text

    entries, text = with_server(data, work)
    if text is not None:
        out.out(msgspec.json.format(text, indent=2).decode())
    elif json:
        out.out(msgspec.json.encode(entries).decode())
    else:
        table = Table("自日志序号", "程序规则版本", "台账规则（SHA-256）", title=ledger)
        for entry in entries:
            table.add_row(str(entry.first), entry.version, entry.sha256)
        out.print(table)


def _head(text: str) -> TreeHead:
    """Read a tree head, or that of a checkpoint that was saved; who saved it knows that it was signed."""
    if (found := re.fullmatch(r"([0-9]{1,18}):([0-9a-f]{64})", text)) is not None:
        return TreeHead(int(found[1]), found[2])
    try:
        checkpoint = parse_checkpoint(parse_note(Path(text).read_bytes()).text)
    except (OSError, FormatError) as error:
        raise SettingsError(
            f"--since {text!r} is neither a tree head N:<64 hexadecimal digits>, as `duban audit verify` prints it, nor"
            f" a file with a checkpoint: {error}"
        ) from error
    return TreeHead(checkpoint.size, checkpoint.root.hex())
