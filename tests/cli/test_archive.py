"""From a running duban to a finding: seal, the policy, every entry checked over HTTP, and a proof checked by itself."""

import asyncio
import json
import shutil
import signal
import stat
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from events.seal.archive import Archive
from events.seal.checkpoint import parse_checkpoint
from events.seal.log_proof import parse_proof
from events.seal.notes import parse_note
from events.seal.policy import parse_policy
from events.seal.signers import KeyFile
from events.seal.signing_state import SigningState
from events.seal.storage import DirectoryStorage
from services.cli.archived import alert_process, verifying
from services.cli.archived.archives import Archives, PresentRules
from services.cli.archived.entries import SealedEntries
from services.cli.fsck.files import DirectoryFiles
from services.common.settings import load_ledger, shipped
from services.notify.record import is_alert
from tests.cli.terminal import DUBAN, Terminal, run
from tests.events.seal.logs import Sealed, entries

EVENTS = 300
"""A full tile, and part of a second."""


@pytest.fixture(scope="module")
def duban(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """Return a running duban with events of a task, sealed."""
    folder = tmp_path_factory.mktemp("archive")
    with Terminal(folder / "data").running() as duban:
        (folder / "events.ndjson").write_text("\n".join(map(json.dumps, events(EVENTS))), encoding="utf-8")
        published = duban("publish", str(folder / "events.ndjson"), "--source", "office")
        assert published.returncode == 0, published.stderr
        sealed = duban("archive", "seal")
        assert (sealed.returncode, f"position {EVENTS} of the log" in sealed.stdout) == (0, True), sealed.stderr
        policy = duban("audit", "key")
        assert policy.returncode == 0, policy.stderr
        (folder / "policy").write_text(policy.stdout, encoding="utf-8")
        yield duban


def events(count: int) -> Iterator[dict[str, object]]:
    """Yield an assignment and the urgings of its task."""
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
    for number in range(2, count + 1):
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


def test_a_mirror_keeps_a_second_copy(duban: Terminal, tmp_path: Path) -> None:
    """All three logs with the texts of rules; an auditor verifies the copy, and a second run finds nothing new."""
    copy, token = tmp_path / "copy", ("--token-file", str(duban.data / "tokens/audit.token"))
    words = url(duban, "").rstrip("/"), str(copy), "--policy", policy(duban), *token, "--json"
    for new in (EVENTS, 0):
        done = run("archive", "mirror", *words)
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout)
        assert (found["log"]["new"], found["log"]["size"], set(found)) == (new, EVENTS, {"log", "record", "rules"})
    verified = run("audit", "verify", "--archive", str(copy), "--policy", policy(duban), "--json")
    assert (verified.returncode, json.loads(verified.stdout)["position"]) == (0, EVENTS)


def test_a_mirror_follows_its_source(duban: Terminal, tmp_path: Path) -> None:
    """Until it is stopped; a source that does not answer is asked again."""
    words = "http://127.0.0.1:9", str(tmp_path / "copy"), "--policy", policy(duban), "--follow", "1"
    with subprocess.Popen([*DUBAN, "archive", "mirror", *words], stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert any("again in 1 s" in line for line in process.stderr)
        process.send_signal(signal.SIGTERM)
        process.communicate()
    assert process.returncode != 0


def first_alert(raws: list[bytes]) -> int:
    """Return the place of the first alert of a record."""
    return next(place for place, raw in enumerate(raws) if is_alert(raw))


def removed(raws: list[bytes]) -> None:
    del raws[first_alert(raws)]


def invented(raws: list[bytes]) -> None:
    alert = json.loads(raws[first_alert(raws)])
    raws.append(json.dumps(alert | {"id": "0" * 24}, separators=(",", ":")).encode())


def altered(raws: list[bytes]) -> None:
    place = first_alert(raws)
    alert = json.loads(raws[place])
    raws[place] = json.dumps(alert | {"title": "另一项任务"}, separators=(",", ":")).encode()


def repeated(raws: list[bytes]) -> None:
    raws.append(raws[first_alert(raws)])


def copied(duban: Terminal, folder: Path) -> Path:
    """Return a copy of the archives, sealed anew as they are."""
    assert duban("archive", "seal").returncode == 0
    return Path(shutil.copytree(duban.data / "archive/zhanjiang", folder / "copy"))


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (removed, "missing: 提高补贴标准, to 市民政局, about position 1"),
        (invented, "neither an event nor time causes it"),
        (altered, "altered: title"),
        (repeated, "is there already"),
    ],
)
def test_alerts_that_were_tampered_with_are_found_without_the_server(
    duban: Terminal, tmp_path: Path, edit: Callable[[list[bytes]], None], said: str
) -> None:
    """In a record that was sealed again with the right key."""
    copy = tampered(duban, tmp_path, edit)
    words = "--archive", str(copy), "--policy", policy(duban), "--json"
    found = json.loads(run("audit", "verify", *words).stdout)["findings"]
    assert [said in one["detail"] for one in found] == [True], found


def test_alerts_of_a_large_log_are_compared_by_another_process(
    duban: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Meanwhile, with the same findings; the share of the work that is done grows to all of it."""
    monkeypatch.setattr(alert_process, "FEWEST_APART", 0)
    monkeypatch.setattr(alert_process, "processors", lambda: 2)
    trust = parse_policy(Path(policy(duban)).read_bytes())
    present = PresentRules(load_ledger(shipped("zhanjiang.toml")))
    copy, shares = tampered(duban, tmp_path, removed), list[float]()
    archives = Archives(*(DirectoryFiles(copy / stream) for stream in ("log", "rules", "record")))
    done = asyncio.run(verifying.verify_archives(archives, trust, present, None, shares.append))
    assert [one.detail.startswith("missing: ") for one in done.findings] == [True]
    assert (shares == sorted(shares), shares[-1]) == (True, 1)


def tampered(duban: Terminal, folder: Path, edit: Callable[[list[bytes]], None]) -> Path:
    """Return a copy of the archives with another record."""
    copy, key = copied(duban, folder), KeyFile.load(duban.data / "keys/zhanjiang/record.key")
    read = DirectoryFiles(copy / "record")
    checkpoint = parse_checkpoint(parse_note(read.read("checkpoint") or b"").text)
    raws = [entry.raw for batch in SealedEntries(read, checkpoint).batches() for entry in batch]
    edit(raws)
    shutil.rmtree(copy / "record")
    archive = Archive.open(DirectoryStorage(copy / "record"), key, SigningState(folder / "signed"))
    archive.append(raws)
    archive.publish(archive.sign(1_900_000_000))
    return copy


def test_without_the_record_alerts_are_not_looked_at(duban: Terminal, tmp_path: Path) -> None:
    """It is not open to everybody; the rest is verified, and the answer says what was not."""
    copy = copied(duban, tmp_path)
    words = "--archive", str(copy), "--policy", policy(duban)
    assert "each alert has its cause" in run("audit", "verify", *words).stdout
    shutil.rmtree(copy / "record")
    done = run("audit", "verify", *words, "--since", str(copy / "log/checkpoint"))
    assert (done.returncode, "alerts were not looked at" in done.stdout) == (0, True)
    assert "each alert has its cause" not in done.stdout
