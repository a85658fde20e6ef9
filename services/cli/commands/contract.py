"""`duban contract`: the published schemas, OpenAPI and AsyncAPI documents."""

from pathlib import Path
from typing import Annotated

import typer

from services.cli.options import err, out
from services.contract import published as contract

commands = typer.Typer(add_completion=False)


@commands.command("contract")
def publish_contract(
    directory: Annotated[Path, typer.Argument(help="The directory of the contract", file_okay=False)],
    check: Annotated[bool, typer.Option("--check", help="Write nothing; report files that differ")] = False,
) -> None:
    """Write the contract: JSON Schemas, OpenAPI, AsyncAPI. Needs no server. Never changes a published shape."""
    present = contract.documents()
    if check:
        findings = contract.check(directory, present)
        _print_findings(findings)
        if not findings:
            out.print(f"{directory}: {len(present)} files, all up to date", highlight=False)
        raise SystemExit(1 if findings else 0)
    try:
        written = contract.write(directory, present)
    except contract.PublishedError as error:
        _print_findings(error.findings)
        err.print("nothing was written", style="red")
        raise SystemExit(1) from error
    for file in written:
        out.print(f"wrote {directory / file}", soft_wrap=True, highlight=False, markup=False)
    out.print(f"{directory}: {len(present)} files, {len(written)} written, the others unchanged", highlight=False)


def _print_findings(findings: list[contract.ContractFinding]) -> None:
    for finding in findings:
        err.print(f"{finding.file}: {finding.detail}", style="red", soft_wrap=True, highlight=False, markup=False)
