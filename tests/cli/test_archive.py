"""From a running duban to a finding: seal, the policy, every entry checked over HTTP, and a proof checked by itself."""

import json
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from events.seal.log_proof import parse_proof
from tests.cli.terminal import Terminal, run
from tests.events.seal.logs import Sealed, entries

EVENTS = 300
"""A full tile, and part of a second."""


@pytest.fixture(scope="module")
def duban(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """Return a running duban with events of a task, sealed."""
    folder = tmp_path_factory.mktemp("archive")
    with Terminal(folder / "data").running() as duban:
        (folder / "events.ndjson").write_text("\n".join(map(json.dumps, _events())), encoding="utf-8")
        published = duban("publish", str(folder / "events.ndjson"), "--source", "office")
        assert published.returncode == 0, published.stderr
        sealed = duban("archive", "seal")
        assert (sealed.returncode, f"position {EVENTS} of the log" in sealed.stdout) == (0, True), sealed.stderr
        policy = duban("audit", "key")
        assert policy.returncode == 0, policy.stderr
        (folder / "policy").write_text(policy.stdout, encoding="utf-8")
        yield duban


def _events() -> Iterator[dict[str, object]]:
    common = {"specversion": "1.0", "source": "office", "subject": "t-1", "datacontenttype": "application/json"}
    unit = {"name": "市民政局", "role": "lead", "group": False, "open": False}
    assigned = {
        "title": "提高补贴标准",
        "plan": "p",
        "lead": "市民政局",
        "lead_inferred": True,
        "units": [unit],
        "deadline": {"kind": "ongoing", "text": "持续实施"},
    }
    at = "2018-03-31T10:00:00+08:00"
    yield {**common, "id": "a", "type": "duban.task.assigned.v1", "time": at, "data": assigned}
    for number in range(2, EVENTS + 1):
        data = {"units": ["市民政局"], "message": f"请于一周内报送进展（{number}）。"}
        yield {**common, "id": f"u-{number}", "type": "duban.task.urged.v1", "time": at, "data": data}


def policy(duban: Terminal) -> str:
    return str(duban.data.parent / "policy")


def url(duban: Terminal, stream: str) -> str:
    return f"http://127.0.0.1:{duban.port}/v1/zhanjiang/{stream}"


@pytest.mark.parametrize("stream", ["log", "record", "rules"])
def test_an_auditor_checks_every_entry_over_http(duban: Terminal, stream: str) -> None:
    """With a token and the policy; without a token nothing is read."""
    token = str(duban.data / "tokens/audit.token")
    checked = run("audit", "fsck", url(duban, stream), "--policy", policy(duban), "--token-file", token, "--json")
    assert checked.returncode == 0, checked.stderr
    found = json.loads(checked.stdout)
    assert (found["findings"], found["entries"] == found["size"]) == ([], True)
    assert found["origin"].endswith(".duban.invalid/zhanjiang" + ("" if stream == "log" else f"/{stream}"))
    assert found["entries"] == {"log": EVENTS, "rules": 1}.get(stream, found["entries"])
    refused = run("audit", "fsck", url(duban, stream), "--policy", policy(duban))
    assert (refused.returncode, "401" in refused.stderr) == (1, True)


@pytest.mark.parametrize("where", ["url", "copy"])
def test_an_auditor_verifies_a_ledger_without_its_server(duban: Terminal, tmp_path: Path, where: str) -> None:
    """From its address with a token, or from a copy of its files; the finding is the same."""
    place, token = url(duban, ""), ["--token-file", str(duban.data / "tokens/audit.token")]
    if where == "copy":
        place, token = str(shutil.copytree(duban.data / "archive/zhanjiang", tmp_path / "copy")), []
    done = run("audit", "verify", "--archive", place, "--policy", policy(duban), *token, "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["position"], found["findings"], found["notes"]) == (EVENTS, [], [])
    again = run("audit", "verify", "--archive", place, "--policy", policy(duban), *token, "--since", found["tree"])
    assert (again.returncode, f"{EVENTS} events: as they were sealed" in again.stdout) == (0, True), again.stderr
    other = f"{EVENTS}:{'0' * 64}"
    wrong = run("audit", "verify", "--archive", place, "--policy", policy(duban), *token, "--since", other)
    assert (wrong.returncode, "not those of the earlier checkpoint" in wrong.stdout) == (1, True), wrong.stdout


def test_the_key_is_shown_with_its_origin(duban: Terminal) -> None:
    """As a policy, and as JSON for programs; private keys are never printed, and are for their owner alone."""
    shown = json.loads(duban("audit", "key", "--json").stdout)
    text = Path(policy(duban)).read_text(encoding="utf-8")
    assert shown["policy"] == text
    assert "PRIVATE" not in text
    for stream in ("log", "record", "rules"):
        assert f"# the {stream} of zhanjiang: {shown[stream]['origin']}\n" in text
        assert [f"log {key}" in text for key in shown[stream]["keys"]] == [True, True]
    keys = duban.data / "keys"
    assert [stat.S_IMODE(path.stat().st_mode) for path in (keys, keys / "zhanjiang")] == [0o700, 0o700]
    private = [path for path in (keys / "zhanjiang").iterdir() if path.is_file()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in private} == {0o600}


def test_the_policy_has_the_witnesses_of_the_setting(duban: Terminal, tmp_path: Path) -> None:
    """With their quorum; a setting that cannot be used is named."""
    witness = run("witness", "key", "--data", str(tmp_path / "w"), "--url", "https://w.example").stdout.splitlines()[0]
    (tmp_path / "p").write_text(f"log x\n# 本市\n{witness}\nquorum {witness.split()[1]}\n", encoding="utf-8")
    wrong = run("audit", "key", "--data", str(duban.data), environment={"DUBAN_POLICY": str(tmp_path / "p")})
    assert (wrong.returncode, "DUBAN_POLICY" in wrong.stderr, "line 1" in wrong.stderr) == (2, True, True)
    (tmp_path / "p").write_text(f"# 本市\n{witness}\nquorum {witness.split()[1]}\n", encoding="utf-8")
    shown = run("audit", "key", "--data", str(duban.data), environment={"DUBAN_POLICY": str(tmp_path / "p")})
    text = Path(policy(duban)).read_text(encoding="utf-8").replace("quorum none\n", "")
    assert shown.stdout == text + (tmp_path / "p").read_text(encoding="utf-8")


@pytest.mark.parametrize("position", [1, 256, 257, EVENTS])
@pytest.mark.parametrize("where", ["local", "url"])
def test_a_proof_is_checked_with_the_policy_alone(duban: Terminal, tmp_path: Path, where: str, position: int) -> None:
    """It has the entry, its place and the signed checkpoint."""
    file = tmp_path / "event.tlog-proof"
    token = str(duban.data / "tokens/board.token")
    archive = ["--archive", url(duban, "log"), "--token-file", token] if where == "url" else []
    made = duban("audit", "prove", str(position), "--out", str(file), *archive)
    assert made.returncode == 0, made.stderr
    checked = run("audit", "check-proof", str(file), "--policy", policy(duban))
    assert checked.returncode == 0, checked.stderr
    assert f"position {position}: this entry is in the log" in checked.stdout
    entry = json.loads(parse_proof(file.read_bytes()).extra or b"")
    assert entry["id"] == ("a" if position == 1 else f"u-{position}")


def test_a_remote_archive_is_found_by_its_address(duban: Terminal) -> None:
    """With DUBAN_URL and DUBAN_TOKEN alone, as on an auditor's machine."""
    place = {"DUBAN_URL": f"http://127.0.0.1:{duban.port}", "DUBAN_TOKEN": duban.token("audit")}
    made = run("audit", "prove", "7", environment={**place, "DUBAN_DATA": "/nonexistent"})
    assert parse_proof(made.stdout.encode()).entry_index == 6
    sealed = run("archive", "seal", "--json", environment=place)
    assert json.loads(sealed.stdout)["log"] == EVENTS


def test_what_cannot_be_proved_is_said(duban: Terminal, tmp_path: Path) -> None:
    """A position that is not sealed, a damaged archive, no archive, no key, a file that is no proof."""
    later = duban("audit", "prove", str(EVENTS + 1))
    assert (later.returncode, f"sealed up to {EVENTS}" in later.stderr) == (1, True)
    sealed = Sealed(tmp_path / "own")
    sealed.grow(entries(10))
    bundle = sealed.root / "tile/entries/000.p/10"
    bundle.write_bytes(bundle.read_bytes().replace(b"r-3", b"r-x"))
    damaged = run("audit", "prove", "4", "--archive", str(sealed.root))
    assert (damaged.returncode, "position 4 is not what was sealed" in damaged.stderr) == (1, True)
    assert run("audit", "prove", "3", "--archive", str(sealed.root)).returncode == 0
    none = run("audit", "prove", "1", "--archive", str(tmp_path))
    assert (none.returncode, "no archive with a checkpoint" in none.stderr) == (1, True)
    keyless = run("audit", "key", "--data", str(tmp_path))
    assert (keyless.returncode, "DUBAN_KEYS" in keyless.stderr) == (2, True)
    (tmp_path / "letter.txt").write_text("Dear auditor", encoding="utf-8")
    foreign = duban("audit", "prove", "1", "--out", str(tmp_path / "letter.txt"))
    assert (foreign.returncode, "is not a proof" in foreign.stderr) == (2, True)


def test_a_role_that_may_only_read_seals_nothing(duban: Terminal) -> None:
    """The refusal says who may."""
    place = {"DUBAN_URL": f"http://127.0.0.1:{duban.port}", "DUBAN_TOKEN": duban.token("board")}
    refused = run("archive", "seal", environment=place)
    assert (refused.returncode, "assigner and auditor" in refused.stderr) == (1, True)
