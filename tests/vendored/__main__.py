"""`make vendor` fetches the files of other projects from npm; with --check they are compared with what is recorded.

A manifest (vendor.json) names each package, its version, the integrity of its archive as npm publishes it, and the
SHA-256 of each file that is kept. An archive with another integrity is refused.
"""

import base64
import hashlib
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import msgspec

from tests.vendored.manifest import Manifest, Package, described, differences

ROOT = Path(__file__).parents[2]

MANIFESTS = (ROOT / "services/status/web/vendor/vendor.json", ROOT / "tests/browser/vendor/vendor.json")
"""What the wheel contains, and what only tests use."""

SBOM = ROOT / "services/status/web/vendor/sbom.cdx.json"
"""The description of the first manifest that the wheel carries (PEP 770)."""

PREFIX = "package/"
"""The folder of all files in an npm archive."""


def fetch(package: Package, directory: Path) -> None:
    """Replace the kept files of a package by those of its archive; raises SystemExit on another integrity."""
    title = f"{package.name} {package.version}"
    with tempfile.TemporaryDirectory() as temporary:
        command = ["npm", "pack", "--silent", f"{package.name}@{package.version}"]
        name = subprocess.run(command, cwd=temporary, check=True, capture_output=True, text=True).stdout.strip()
        archive = Path(temporary, name)
        found = "sha512-" + base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
        if found != package.integrity:
            raise SystemExit(f"{title}: the archive has the integrity {found}, not {package.integrity}")
        with tarfile.open(archive) as members:
            for path in package.files:
                member = members.extractfile(PREFIX + path)
                if member is None:
                    raise SystemExit(f"{title}: the archive has no file {path}")
                content = member.read()
                target = directory / package.name / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
                package.files[path] = hashlib.sha256(content).hexdigest()


def main(arguments: list[str]) -> None:
    """Fetch and record, or compare with --check; exit code 1 where something differs."""
    check = arguments == ["--check"]
    if arguments and not check:
        raise SystemExit(f"{arguments}: expected nothing, or --check")
    wrong: list[str] = []
    for path in MANIFESTS:
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
        if not check:
            for package in manifest.packages:
                fetch(package, path.parent)
            path.write_bytes(msgspec.json.format(msgspec.json.encode(manifest)) + b"\n")
        wrong += differences(manifest, path.parent)
    sbom = described(msgspec.json.decode(MANIFESTS[0].read_bytes(), type=Manifest))
    if not check:
        SBOM.write_bytes(sbom)
    if not SBOM.is_file() or SBOM.read_bytes() != sbom:
        wrong.append(f"{SBOM} does not describe the vendored packages; `make vendor` writes it")
    if wrong:
        raise SystemExit("\n".join(wrong))


if __name__ == "__main__":
    main(sys.argv[1:])
