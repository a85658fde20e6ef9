"""The published contract: what its files are, whether a directory has them, and what may not change in it.

schemas/<type>.json   the shape of an event type, which never changes: a new shape is a new version of the type
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from events.contract import schema_of
from events.schema import TYPES
from events.shape import differences
from events.upcast import following
from services.applications import BUILDERS
from services.cli.files import SHARED_MODE, replace
from services.cli.files import check as check_file
from services.cli.target import LEDGER
from services.common.settings import Settings, SettingsError, shipped
from services.contract.asyncapi import asyncapi

SCHEMAS = "schemas"

_WHAT = "an edition of what is to be written"


class ContractFinding(NamedTuple):
    """What is not right about a published file, and what to do."""

    file: str
    detail: str


class PublishedError(Exception):
    """Writing the contract would lose a shape that was published, or a file that is not of a contract."""

    def __init__(self, findings: list[ContractFinding]) -> None:
        super().__init__(f"{len(findings)} files would be lost")
        self.findings = findings


def documents() -> dict[str, bytes]:
    """Return the files of the contract by their paths; the same bytes wherever and whenever they are made."""
    settings = Settings(ledgers=shipped(f"{LEDGER}.toml").parent)  # nothing of a ledger is in the descriptions
    built = {service: build(settings).state.description for service, build in BUILDERS.items()}
    return {
        "asyncapi.json": _bytes(asyncapi()),
        **{f"openapi/{service}.json": _bytes(description) for service, description in built.items()},
        **{f"{SCHEMAS}/{name}.json": _bytes(schema_of(name)) for name in sorted(TYPES)},
    }


def check(directory: Path, present: dict[str, bytes]) -> list[ContractFinding]:
    """Return what is not right about the contract that was published in a directory."""
    findings = list(_lost(directory, present))
    lost = {finding.file for finding in findings}
    for file, content in present.items():
        path = directory / file
        if file in lost:
            continue
        if not path.exists():
            findings.append(ContractFinding(file, f"this is not published yet; run `duban contract {directory}`"))
        elif path.read_bytes() != content:
            findings.append(ContractFinding(file, f"this is out of date; run `duban contract {directory}`"))
    return findings


def write(directory: Path, present: dict[str, bytes]) -> list[str]:
    """Write the files that are new or have changed and return their paths.

    Raises PublishedError, with nothing written, where a published type would be lost or get another shape, or where a
    file or folder is in the way that is not of a contract.
    """
    findings = list(_in_the_way(directory, present)) or list(_lost(directory, present))
    if findings:
        raise PublishedError(findings)
    changed = []
    for file, content in present.items():
        path = directory / file
        if not path.exists() or path.read_bytes() != content:
            replace(path, [content], _WHAT, partial(_is_of, content), SHARED_MODE)
            changed.append(file)
    return changed


def _in_the_way(directory: Path, present: dict[str, bytes]) -> Iterator[ContractFinding]:
    """Find what would be written over or through that no contract has."""
    for folder in sorted({path for file in present for path in (directory / file).parents} - {*directory.parents}):
        if folder != directory and (folder.is_symlink() or (folder.exists() and not folder.is_dir())):
            yield ContractFinding(
                folder.name, "this is not a folder of a contract, or only a link to one; move it away"
            )
            return
    for file, content in present.items():
        try:
            check_file(directory / file, _WHAT, partial(_is_of, content))
        except SettingsError as error:
            yield ContractFinding(file, str(error))


def _is_of(content: bytes, found: bytes) -> bool:
    """Return whether a file is an edition of the same document: it has its name, in the place where such have one."""
    own, other = msgspec.json.decode(content), _decoded(found)
    name = "$id" if "$id" in own else "info"
    if not isinstance(other, dict) or name == "$id":
        return isinstance(other, dict) and other.get(name) == own[name]
    return isinstance(other.get(name), dict) and other[name].get("title") == own[name]["title"]


def _lost(directory: Path, present: dict[str, bytes]) -> Iterator[ContractFinding]:
    """Find published types that are gone or have another shape."""
    for path in sorted((directory / SCHEMAS).glob("*.json")):
        name, file = path.stem, f"{SCHEMAS}/{path.name}"
        if file not in present:
            yield ContractFinding(
                file,
                f"the type {name} was published and is no more in the language: events of it are in logs and could not"
                " be read; put it back in events/schema/language.py",
            )
            continue
        published = _decoded(path.read_bytes())
        if published is None:
            yield ContractFinding(file, "this is no JSON; take it from the history of the repository")
            continue
        for difference in differences(published, msgspec.json.decode(present[file])):
            yield ContractFinding(
                file,
                f"the shape of {name} was published and is another one at {difference}; leave it as it was, and make"
                f" {following(name)} beside it with an upcaster (ARCHITECTURE.md, “A new version of a type”)",
            )


def _decoded(content: bytes) -> Any:
    try:
        return msgspec.json.decode(content)
    except msgspec.MsgspecError:
        return None


def _bytes(document: Any) -> bytes:
    """Write a document for people and machines: indented, and its members in the order they were given."""
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"
