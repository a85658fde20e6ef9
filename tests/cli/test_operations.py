"""What operators do, from commands and the page of a real duban to a sealed log that an auditor verifies offline."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from tests.cli.terminal import Terminal, run

TYPES = (
    *("key.made", "rules.changed", "token.made", "link.made", "session.started", "session.failed"),
    *("export.made", "token.revoked", "rows.rebuilt"),
)
"""Without the beginning of their names."""


class Audited(NamedTuple):
    """A duban whose operators have done something of each kind, and what its log of operations has of it."""

    duban: Terminal
    events: list[dict[str, Any]]
    token: str

    def data(self, kind: str, writer: str) -> list[dict[str, Any]]:
        """Return the data of the events of a kind and writer, about the shipped ledger."""
        name = f"duban.ops.{kind}.v1"
        found = [event for event in self.events if (event["type"], event["authid"]) == (name, writer)]
        return [event["data"] for event in found if event["subject"] == "zhanjiang"]

    def url(self, what: str) -> str:
        return f"http://127.0.0.1:{self.duban.port}/v1/ops/{what}"

    def bearer(self, source: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.duban.token(source)}"}


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Audited]:
    folder = tmp_path_factory.mktemp("operations")
    duban = Terminal(folder / "data")
    with duban.running():
        token = act(duban, folder)
    file = duban.data / "ledgers/zhanjiang.toml"
    text = file.read_text(encoding="utf-8").replace("remind_days = [30, 7, 1]", "remind_days = [7]")
    file.write_text(text, encoding="utf-8")
    with duban.running():
        done(duban("archive", "seal", "--ledger", "ops"))
        lines = done(duban("audit", "replay", "--ledger", "ops", "--ndjson")).splitlines()
        policy = done(duban("audit", "key", "--ledger", "ops"))
        (folder / "policy").write_text(policy, encoding="utf-8")
        yield Audited(duban, [json.loads(line) for line in lines], token)


def act(duban: Terminal, folder: Path) -> str:
    """Do something of each kind; return the id of the token that was made and revoked."""
    done(duban("publish", str(events(folder)), "--source", "office"))
    made = duban("token", "make", "board", "--by", "王芳", "--expires", "90d")
    secret = done(made).strip()
    session = f"http://127.0.0.1:{duban.port + 1}/v1/zhanjiang/session"
    assert httpx.post(session, json={"token": secret}).status_code == 200
    link = done(duban("open")).strip()
    assert httpx.post(session, json={"code": link.partition("#code=")[2]}).status_code == 200
    for number in range(3):
        assert httpx.post(session, json={"token": f"wrong-{number}"}).status_code == 401
    assert duban.read("tasks?format=csv").status_code == 200
    found = re.search("token ([0-9a-f]{16}) of board", made.stderr)
    assert found is not None
    done(duban("token", "revoke", found[1], "--by", "王芳"))
    done(duban("rebuild", "--by", "王芳", "--only", "status"))
    done(duban("audit", "export", str(folder / "bag")))
    return found[1]


def events(folder: Path) -> Path:
    """Write an assignment."""
    unit = {"name": "市民政局", "role": "lead", "group": False, "open": False}
    deadline = {"kind": "ongoing", "text": "持续实施"}
    data = {"title": "提高补贴标准", "plan": "p", "lead": "市民政局", "lead_inferred": True}
    event = {
        "specversion": "1.0",
        "id": "a",
        "source": "office",
        "type": "duban.task.assigned.v1",
        "subject": "t-1",
        "time": "2018-03-31T10:00:00+08:00",
        "data": {**data, "units": [unit], "deadline": deadline},
    }
    (folder / "events.ndjson").write_text(json.dumps(event), encoding="utf-8")
    return folder / "events.ndjson"


def done(command: Any) -> str:
    """Return what a command printed; fail unless it succeeded."""
    assert command.returncode == 0, command.stderr + command.stdout
    printed: str = command.stdout
    return printed


def test_the_log_has_what_was_done(audited: Audited) -> None:
    """Of each kind what an auditor asks for: who, which token, how many, and no secret."""
    assert {event["type"] for event in audited.events} == {f"duban.ops.{name}.v1" for name in TYPES}
    *first, made = audited.data("token.made", "commands")
    assert [one["source"] for one in first] == ["office", "units", "audit", "board"]
    assert (made["token"], made["source"], made["by"], "expires" in made) == (audited.token, "board", "王芳", True)
    assert audited.data("token.revoked", "commands") == [{"source": "board", "token": audited.token, "by": "王芳"}]
    typed, linked = audited.data("session.started", "status")
    assert (typed["token"], typed["means"], linked["means"]) == (audited.token, "token", "link")
    assert [one["source"] for one in audited.data("link.made", "status")] == ["board"]
    failed = audited.data("session.failed", "status")
    assert sum(one["count"] for one in failed) == 3
    assert {one["networks"] for one in failed} == {1}
    exported = {"by": "board", "what": "tasks", "format": "csv", "position": 1}
    assert audited.data("export.made", "status") == [exported]
    (package,) = audited.data("export.made", "audit")
    assert (package["what"], package["format"], package["position"]) == ("ledger", "bagit", 1)
    assert audited.data("rows.rebuilt", "commands") == [{"by": "王芳", "models": ["status"], "differing": 0}]


def test_the_log_has_the_changed_rules_and_the_keys(audited: Audited) -> None:
    """The first start and the one with another file; the three keys of each ledger."""
    first, second = audited.data("rules.changed", "ingest")
    assert "before" not in first
    assert (second["before"], second["changed"]) == (first["sha256"], ["remind_days"])
    origins = [one["origin"].partition("/")[2] for one in audited.data("key.made", "ingest")]
    assert sorted(origins) == ["zhanjiang", "zhanjiang/record", "zhanjiang/rules"]


def test_no_secret_and_no_address_is_in_it(audited: Audited) -> None:
    """Neither tokens nor codes, nor where a browser is."""
    text = json.dumps(audited.events, ensure_ascii=False)
    secrets = [audited.duban.token(source) for source in ("office", "units", "audit", "board")]
    assert not any(secret in text for secret in (*secrets, "duban_", "127.0.0.1", "wrong-"))


def test_it_is_verified_like_any_ledger(audited: Audited, tmp_path: Path) -> None:
    """On the server, and from its archive alone: decisions, signatures, order."""
    duban = audited.duban
    assert "positions dense" in done(duban("audit", "verify", "--ledger", "ops"))
    policy = ("--policy", str(duban.data.parent / "policy"), "--ledger", "ops")
    copy = shutil.copytree(duban.data / "archive/ops", tmp_path / "ops")
    size = len(audited.events)
    assert f"{size} events: as they were sealed" in done(run("audit", "verify", "--archive", str(copy), *policy))
    place, token = audited.url(""), str(duban.data / "tokens/audit.token")
    served = run("audit", "verify", "--archive", place, *policy, "--token-file", token)
    assert f"{size} events" in done(served)
    proof = duban("audit", "prove", "1", "--ledger", "ops", "--out", str(tmp_path / "proof"))
    assert proof.returncode == 0, proof.stderr
    assert "all is well" in done(duban("doctor", "--ledger", "ops"))


def test_auditors_alone_read_it(audited: Audited) -> None:
    """A token of another role is refused, and so is none; nobody submits over HTTP."""
    place = audited.url("log/checkpoint")
    answers = [httpx.get(place, headers=headers) for headers in ({}, *map(audited.bearer, ("board", "audit")))]
    assert [answer.status_code for answer in answers] == [401, 403, 200]
    assert "auditor" in answers[1].json()["detail"]
    assert answers[2].headers["cache-control"].startswith("private")
    for source in ("office", "audit"):
        refused = httpx.post(audited.url("events"), content=b"{}", headers=audited.bearer(source))
        assert (refused.status_code, "takes nothing over HTTP" in refused.text) == (403, True)
    assert httpx.post(audited.url("seal"), headers=audited.bearer("office")).status_code == 403


@pytest.mark.parametrize(
    "words",
    [
        ("token", "make", "status", "--ledger", "ops"),
        ("audit", "state", "--as-of", "1", "--ledger", "ops"),
        ("rebuild", "--ledger", "ops"),
    ],
)
def test_its_name_is_taken(audited: Audited, words: tuple[str, ...]) -> None:
    """No commands of ordinary ledgers are for it."""
    refused = audited.duban(*words)
    assert (refused.returncode, "a ledger cannot be called ops" in refused.stderr) == (2, True)


def test_no_file_can_be_called_so(tmp_path: Path) -> None:
    """Nor has a source in a file the role of its writers."""
    (tmp_path / "ledgers").mkdir()
    for name, text, wrong in (
        ("ops", 'title = "运维"', "a ledger cannot be called ops"),
        ("other", 'title = "台账"\n[sources.x]\nrole = "operations"', "operations is for the ledger ops alone"),
    ):
        file = tmp_path / f"ledgers/{name}.toml"
        file.write_text(text, encoding="utf-8")
        refused = run(
            "deadline", "年底前", "--issued", "2018-01-01", "--ledger", name, environment={"DUBAN_DATA": str(tmp_path)}
        )
        assert (refused.returncode, wrong in refused.stderr) == (2, True), refused.stderr
        file.unlink()
