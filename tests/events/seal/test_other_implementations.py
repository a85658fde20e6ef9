"""Implementations that are not ours verify our archives, and ours verifies theirs.

aics-tlog needs Python 3.12, so they are no dependency of duban: `make verifiers` puts them into a virtual environment
of their own, `.verifiers`; DUBAN_TEST_VERIFIERS may name another Python that has aics-tlog and proofbundle.
"""

import os
import subprocess
from pathlib import Path

import pytest

from events.seal.keys import parse_key
from events.seal.policy import policy_of
from services.cli.fsck.check import check_archive
from services.cli.fsck.files import DirectoryFiles
from tests.events.seal.logs import Sealed, entries

ROOT = Path(__file__).parents[3]

PYTHON = Path(os.environ.get("DUBAN_TEST_VERIFIERS", ROOT / ".verifiers" / "bin" / "python"))

SIZES = [0, 1, 255, 256, 257, 65_535, 65_536, 65_537]
"""Around the boundaries of tiles of level 0 and 1."""


@pytest.fixture(scope="module")
def python() -> str:
    """Return the Python with the other implementations."""
    if not PYTHON.exists():
        pytest.skip(f"no {PYTHON}: `make verifiers` makes it, where there is a Python 3.12")
    return str(PYTHON)


def other(python: str, *words: str) -> str:
    """Run the other implementations and return what they print."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [python, str(Path(__file__).with_name("other_verifier.py")), *words]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_they_verify_our_archive_at_every_boundary(python: str, tmp_path: Path) -> None:
    """Signatures of both kinds, every tile, every entry, inclusion, and consistency with all checkpoints before."""
    sealed = Sealed(tmp_path)
    earlier: list[str] = []
    keys = [str(key) for key in sealed.signer.keys]
    log = entries(SIZES[-1])
    done = 0
    for size in SIZES:
        data = sealed.grow(log[done:size])
        done = size
        assert other(python, "verify", str(sealed.root), *keys, *earlier) == str(size)
        earlier.append(str(tmp_path / f"checkpoint.{size}"))
        Path(earlier[-1]).write_bytes(data)


def test_they_refuse_a_changed_entry(python: str, tmp_path: Path) -> None:
    """The verifiers are able to say no."""
    sealed = Sealed(tmp_path)
    sealed.grow(entries(300))
    path = sealed.root / "tile/entries/000"
    path.write_bytes(path.read_bytes().replace(b"r-41", b"r-14"))
    with pytest.raises(AssertionError, match="tile/entries/000 does not match its level 0 tile"):
        other(python, "verify", str(sealed.root), *map(str, sealed.signer.keys))


@pytest.mark.parametrize("size", [0, 1, 256, 257, 66_000])
def test_we_verify_theirs(python: str, tmp_path: Path, size: int) -> None:
    """An archive that knows nothing of duban."""
    key = parse_key(other(python, "build", str(tmp_path), str(size)))
    checkpoint = policy_of(key).check((tmp_path / "checkpoint").read_bytes()).checkpoint
    assert checkpoint.size == size
    checked = check_archive(DirectoryFiles(tmp_path), checkpoint, lambda _: None)
    assert (checked.entries, checked.flaws) == (size, [])
