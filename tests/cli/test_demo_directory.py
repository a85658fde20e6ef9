"""The demo's directory: only what a demo made is deleted."""

from pathlib import Path

import pytest

from services.cli.demo import MARKER, clear
from services.cli.lock import LOCK, locked
from services.common.settings import SettingsError
from tests.cli.terminal import run


def test_a_missing_or_empty_directory_is_taken(tmp_path: Path) -> None:
    """It is marked, and the next run empties it."""
    for data in (tmp_path, tmp_path / "new" / "deep"):
        clear(data)
        (data / "left").write_text("by a demo")
        clear(data)
        assert [path.name for path in data.iterdir() if path.is_file() and path.name != LOCK] == [MARKER]


def test_nothing_else_is_deleted(tmp_path: Path) -> None:
    """A directory with files, one that `up` made, a file, and a link to a directory are refused and stay."""
    (tmp_path / "office").mkdir()
    (tmp_path / "office" / "table.docx").write_text("dear")
    clear(tmp_path / "demo")
    (tmp_path / "link").symlink_to(tmp_path / "demo")
    (tmp_path / "file").write_text("dear")
    for name in ("office", "link", "file"):
        with pytest.raises(SettingsError, match="--data"):
            clear(tmp_path / name)
    assert (tmp_path / "office" / "table.docx").read_text() == (tmp_path / "file").read_text() == "dear"
    assert (tmp_path / "demo" / MARKER).exists()


def test_a_directory_in_use_is_not_emptied(tmp_path: Path) -> None:
    """A second demo on a running one's directory is refused, and leaves its data."""
    clear(tmp_path)
    (tmp_path / "log").write_text("dear")
    with locked(tmp_path), pytest.raises(SettingsError, match="already runs here"):
        clear(tmp_path)
    assert (tmp_path / "log").read_text() == "dear"


def test_the_command_refuses_it(tmp_path: Path) -> None:
    """Exit code 2, one line, and everything is still there."""
    (tmp_path / "table.docx").write_text("dear")
    done = run("demo", "--once", "--data", str(tmp_path))
    assert (done.returncode, "Traceback" in done.stderr, str(tmp_path) in done.stderr) == (2, False, True)
    assert [path.name for path in tmp_path.iterdir()] == ["table.docx"]
