"""A manifest of vendored packages: what differs from it, and its bill of materials (CycloneDX 1.6)."""

import base64
import hashlib
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct


class Package(Struct):
    """A package, and the SHA-256 of each kept file by its path in the archive."""

    name: str
    version: str
    licence: str
    integrity: str
    files: dict[str, str]


class Manifest(Struct):
    """The packages of one folder."""

    packages: list[Package]


def differences(manifest: Manifest, directory: Path) -> list[str]:
    """Return what differs between the files of a folder and its manifest."""
    recorded = {
        directory / package.name / path: digest
        for package in manifest.packages
        for path, digest in package.files.items()
    }
    folders = [directory / package.name for package in manifest.packages]
    present = {path for folder in folders for path in folder.rglob("*") if path.is_file()}
    wrong = [f"{path} is not recorded in {directory / 'vendor.json'}" for path in sorted(present - recorded.keys())]
    for path, digest in recorded.items():
        if path not in present:
            wrong.append(f"{path} is missing; `make vendor` fetches it")
        elif hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            wrong.append(f"{path} is not the recorded file; `make vendor` fetches that")
    return wrong


def described(manifest: Manifest) -> bytes:
    """Return the bill of materials of a manifest; equal input gives equal bytes."""
    document = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "components": [_component(package) for package in manifest.packages],
    }
    return msgspec.json.format(msgspec.json.encode(document)) + b"\n"


def _component(package: Package) -> dict[str, Any]:
    purl = f"pkg:npm/{package.name}@{package.version}"
    archive = base64.b64decode(package.integrity.removeprefix("sha512-")).hex()
    return {
        "type": "library",
        "bom-ref": purl,
        "name": package.name,
        "version": package.version,
        "purl": purl,
        "licenses": [{"license": {"id": package.licence}}],
        "hashes": [{"alg": "SHA-512", "content": archive}],
        "components": [
            {"type": "file", "name": f"{package.name}/{path}", "hashes": [{"alg": "SHA-256", "content": digest}]}
            for path, digest in package.files.items()
        ],
    }
