"""The record of vendored files: what differs from it is found, and the wheel describes what it contains."""

import hashlib
import json
import tomllib
from pathlib import Path

import msgspec

from tests.vendored.__main__ import MANIFESTS, ROOT, SBOM
from tests.vendored.manifest import Manifest, Package, described, differences

CONTENT = b"export const answer = 42;\n"


def _manifest() -> Manifest:
    files = {"lib/answer.js": hashlib.sha256(CONTENT).hexdigest()}
    return Manifest([Package("answer", "1.0.0", "MIT", "sha512-AAAA", files)])


def _kept(directory: Path) -> Path:
    path = directory / "answer/lib/answer.js"
    path.parent.mkdir(parents=True)
    path.write_bytes(CONTENT)
    return path


def test_a_changed_a_missing_and_an_unknown_file_are_found(tmp_path: Path) -> None:
    """Each is named, with the way to mend it."""
    path = _kept(tmp_path)
    assert differences(_manifest(), tmp_path) == []
    path.write_bytes(CONTENT + b"//")
    assert differences(_manifest(), tmp_path) == [f"{path} is not the recorded file; `make vendor` fetches that"]
    path.unlink()
    assert differences(_manifest(), tmp_path) == [f"{path} is missing; `make vendor` fetches it"]
    path.write_bytes(CONTENT)
    other = path.with_name("other.js")
    other.touch()
    assert differences(_manifest(), tmp_path) == [f"{other} is not recorded in {tmp_path / 'vendor.json'}"]


def test_the_files_here_are_those_that_are_recorded() -> None:
    """Byte for byte, with the licence of each package beside it."""
    for path in MANIFESTS:
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
        assert differences(manifest, path.parent) == []
        for package in manifest.packages:
            assert "LICENSE" in package.files
            assert package.integrity.startswith("sha512-")


def test_the_wheel_describes_what_is_vendored() -> None:
    """The bill of materials is that of the manifest, and the wheel's settings name it (PEP 770)."""
    manifest = msgspec.json.decode(MANIFESTS[0].read_bytes(), type=Manifest)
    assert SBOM.read_bytes() == described(manifest)
    component = json.loads(SBOM.read_bytes())["components"][0]
    assert (component["purl"], component["licenses"]) == (
        "pkg:npm/lit-html@3.3.3",
        [{"license": {"id": "BSD-3-Clause"}}],
    )
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert settings["tool"]["hatch"]["build"]["targets"]["wheel"]["sbom-files"] == [SBOM.relative_to(ROOT).as_posix()]
