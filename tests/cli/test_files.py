"""Commands replace what they made and refuse to touch anything else, byte for byte."""

import json
import os
from pathlib import Path

import pytest

from events.ledger import Ledger
from services.cli import files, target
from services.cli.progress_file import Destination, ProgressFile, PublishProgress
from services.cli.target import LEDGER, Run
from services.cli.users import passwords
from services.common import acl
from services.common.settings import SettingsError, shipped
from services.contract import published as contract
from tests.cli.terminal import run

DEAR = b"the only copy\n"

TARGET = Destination("http://127.0.0.1:8801/v1/zhanjiang/events", "units")

REFUSED = {
    "line": 3,
    "source": "units",
    "id": "r-1",
    "code": "unknown-task",
    "detail": "there is no task",
    "outcome": "refused",
    "raw": "{}",
}

Tree = dict[str, bytes | str]


def tree(directory: Path) -> Tree:
    """Return all that is in a directory: the bytes of files, the targets of links."""
    return {
        str(path.relative_to(directory)): str(path.readlink()) if path.is_symlink() else path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.is_symlink() or path.is_file()
    }


def mine(content: bytes) -> bool:
    return content.startswith(b"mine")


def test_missing_empty_and_own_files_are_replaced(tmp_path: Path) -> None:
    """In one step, with the mode that is asked for, and no draft is left behind."""
    for before in (None, b"", b"mine, old"):
        path = tmp_path / "deep" / f"{before!r}"
        if before is not None:
            path.write_bytes(before)
        files.replace(path, [b"mine, ", b"new"], "mine", mine)
        assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"mine, new", 0o600)
    assert len(list((tmp_path / "deep").iterdir())) == 3


def test_others_files_links_and_folders_are_refused(tmp_path: Path) -> None:
    """The error names the path; the content stays, as does a file with the name of an older version's draft."""
    (tmp_path / "others").write_bytes(DEAR)
    (tmp_path / "own").write_bytes(b"mine")
    (tmp_path / "link").symlink_to("own")
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "folder").mkdir()
    (tmp_path / "own.new").write_bytes(DEAR)
    before = tree(tmp_path)
    for name in ("others", "link", "dangling", "folder"):
        with pytest.raises(SettingsError, match=f"{name} is .*nothing was written"):
            files.replace(tmp_path / name, [b"mine"], "mine", mine)
    assert tree(tmp_path) == before
    files.replace(tmp_path / "own", [b"mine, new"], "mine", mine)
    assert tree(tmp_path) == before | {"own": b"mine, new"}


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    """Where what is written cannot be made, the old content stays, and no draft."""
    (tmp_path / "own").write_bytes(b"mine, old")
    with pytest.raises(ZeroDivisionError):
        files.replace(tmp_path / "own", (b"%d" % (1 // number) for number in (1, 0)), "mine", mine)
    assert tree(tmp_path) == {"own": b"mine, old"}


def test_a_new_data_directory_gets_its_ledger_in_one_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A crash while it is made leaves no half of it, and the next start makes it."""

    def crash(self: Path, target: Path) -> Path:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(Path, "rename", crash)
        with pytest.raises(KeyboardInterrupt):
            target.prepare(tmp_path)
    assert list(tmp_path.iterdir()) == []
    target.prepare(tmp_path)
    assert [path.name for path in (tmp_path / "ledgers").iterdir()] == [f"{LEDGER}.toml"]
    path = tmp_path / "ledgers" / f"{LEDGER}.toml"
    path.write_bytes(path.read_bytes() + b"# ours\n")
    before = tree(tmp_path)
    target.prepare(tmp_path)
    assert tree(tmp_path) == before


def test_another_programs_run_json_stays(tmp_path: Path) -> None:
    """It is neither written over nor removed; one that `up` wrote is both."""
    (tmp_path / "run.json").write_bytes(b'{"their": "run"}')
    with pytest.raises(SettingsError, match=r"run\.json is not what `duban up` writes"):
        target.write_run(tmp_path, Run("redis://x", 1, 2))
    target.remove_run(tmp_path)
    assert tree(tmp_path) == {"run.json": b'{"their": "run"}'}
    (tmp_path / "run.json").unlink()
    for pid in (2, 3):
        target.write_run(tmp_path, Run("redis://x", 1, pid))
    assert json.loads((tmp_path / "run.json").read_bytes())["pid"] == 3
    target.remove_run(tmp_path)
    assert tree(tmp_path) == {}


def test_refusals_are_not_written_over_anything_else(tmp_path: Path) -> None:
    """Events by another name, the progress that is kept of them, another file, a link: exit 2, and all stays."""
    (tmp_path / "events.ndjson").write_bytes(b"{}\n")
    os.link(tmp_path / "events.ndjson", tmp_path / "same.ndjson")
    (tmp_path / "others.ndjson").write_bytes(b'{"line":1}\n')
    (tmp_path / "mixed.ndjson").write_bytes(json.dumps(REFUSED).encode() + b"\n" + DEAR)
    (tmp_path / "link.ndjson").symlink_to("others.ndjson")
    before = tree(tmp_path)
    for name, message in (
        ("events.ndjson", "is the file of events itself"),
        ("same.ndjson", "is the file of events itself"),
        ("events.ndjson.progress", "is the progress file of"),
        ("others.ndjson", "is not the output of an earlier --refused"),
        ("mixed.ndjson", "is not the output of an earlier --refused"),
        ("link.ndjson", "is a symbolic link"),
    ):
        done = run("publish", str(tmp_path / "events.ndjson"), "--source", "units", "--refused", str(tmp_path / name))
        assert (done.returncode, message in done.stderr) == (2, True), done.stderr
    assert tree(tmp_path) == before


@pytest.mark.parametrize("content", [DEAR, b"no line break", b'{"type":"reached","line":7}\n', b"{}\n"])
def test_what_has_the_name_of_a_progress_file_stays(tmp_path: Path, content: bytes) -> None:
    """It is neither read as progress nor removed."""
    (tmp_path / "events.ndjson.progress").write_bytes(content)
    with pytest.raises(SettingsError, match=r"is not the progress of events\.ndjson"):
        ProgressFile.open_for(tmp_path / "events.ndjson")
    assert tree(tmp_path) == {"events.ndjson.progress": content}


def test_a_progress_file_is_no_link(tmp_path: Path) -> None:
    """The target of a link, even an own file, is neither written nor created."""
    for name in ("real", "missing"):
        (tmp_path / f"{name}.ndjson.progress").symlink_to(name)
    (tmp_path / "real").write_bytes(b"")
    before = tree(tmp_path)
    for name in ("real", "missing"):
        with pytest.raises(SettingsError, match="is a symbolic link"):
            ProgressFile.open_for(tmp_path / f"{name}.ndjson")
    assert tree(tmp_path) == before


@pytest.mark.parametrize("torn", [0, 1, 10, 40, 90])
def test_own_progress_resumes(tmp_path: Path, torn: int) -> None:
    """Whole, or torn by a crash at any byte."""
    path = tmp_path / "events.ndjson"
    progress_file = ProgressFile.open_for(path)
    progress_file.start(TARGET)
    progress_file.add([], PublishProgress(1, 2, "x", 1))
    progress_file.close()
    kept = (tmp_path / "events.ndjson.progress").read_bytes()
    (tmp_path / "events.ndjson.progress").write_bytes(kept[: torn or len(kept)])
    progress_file = ProgressFile.open_for(path)
    assert progress_file.checkpoint.line == (0 if torn else 1)
    progress_file.done = True
    progress_file.close()
    assert tree(tmp_path) == {}


def test_only_the_open_progress_file_is_removed(tmp_path: Path) -> None:
    """A file that replaced it meanwhile stays."""
    progress_file = ProgressFile.open_for(tmp_path / "events.ndjson")
    (tmp_path / "events.ndjson.progress").unlink()
    (tmp_path / "events.ndjson.progress").write_bytes(DEAR)
    progress_file.done = True
    progress_file.close()
    assert tree(tmp_path) == {"events.ndjson.progress": DEAR}


def test_a_contract_is_not_written_over_anything_else(tmp_path: Path) -> None:
    """Another's document, a link to a document, a link to a folder: nothing at all is written."""
    for name in ("another", "linked", "folder"):
        contract.write(tmp_path / name, contract.documents())
    another = {"asyncapi": "3.0.0", "info": {"title": "another's"}}
    (tmp_path / "another" / "asyncapi.json").write_text(json.dumps(another))
    (tmp_path / "linked" / "openapi" / "ingest.json").rename(tmp_path / "kept.json")
    (tmp_path / "linked" / "openapi" / "ingest.json").symlink_to(tmp_path / "kept.json")
    (tmp_path / "folder" / "openapi").rename(tmp_path / "kept")
    (tmp_path / "folder" / "openapi").symlink_to(tmp_path / "kept")
    for name in ("another", "linked", "folder"):
        (tmp_path / name / "schemas" / "duban.task.signed.v1.json").unlink()
    before = tree(tmp_path)
    for name, message in (
        ("another", "asyncapi.json is not an edition of what is to be written"),
        ("linked", "ingest.json is a symbolic link"),
        ("folder", "openapi: this is not a folder of a contract"),
    ):
        done = run("contract", str(tmp_path / name))
        assert (done.returncode, message in done.stderr, "nothing was written" in done.stderr) == (1, True, True)
    assert tree(tmp_path) == before


def test_an_edition_of_the_contract_is_replaced(tmp_path: Path) -> None:
    """A document of the same name with any other content."""
    contract.write(tmp_path, contract.documents())
    path = tmp_path / "openapi" / "ingest.json"
    path.write_text(json.dumps({"info": {"title": "duban ingest"}}))
    assert contract.write(tmp_path, contract.documents()) == ["openapi/ingest.json"]


ROWS = [
    "user default on nopass sanitize-payload ~* &* +@all",
    "user monitor on #00 ~* +@all",
    "# users",
]


def test_an_acl_file_with_others_users_stays(tmp_path: Path) -> None:
    """Another's user or setting is never lost; a server's first file, and one of duban's users alone, are replaced."""
    hashes = passwords(tmp_path)
    own = [*acl.fixed([LEDGER], hashes), *acl.sources(LEDGER, Ledger("湛江市"), {}), "user zhanjiang.units off"]
    default, monitor, comment = ROWS
    environment = {"DUBAN_REDIS_URL": "redis://127.0.0.1:1/0", "DUBAN_LEDGERS": str(shipped(f"{LEDGER}.toml").parent)}
    for lines, replaced in (
        (own, True),
        ([default], True),
        (["user default on #00 ~* &* +@all"], False),
        ([*own, monitor], False),
        ([*own, comment], False),
        ([monitor], False),
        ([], True),
    ):
        path = tmp_path / "users.acl"
        path.write_text("".join(f"{line}\n" for line in lines))
        before = path.read_bytes()
        done = run("init", "--offline", "--acl", str(path), "--data", str(tmp_path), environment=environment)
        assert (done.returncode, path.read_bytes() == before) == ((0, lines == own) if replaced else (2, True)), lines
